"""What weighted comparisons match on: counts, rates or a unit's course; and the weights of any choice of treated units."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms
from vru.panel import Panel
from vru.stats.simplex import simplex_weights
from vru.stats.synthetic_nested import Stretch, nested_weights, validated_weights
from vru.stats.synthetic_ridge import ridge_weights

Matching = Literal["counts", "rates", "index"]
Augment = Literal["none", "ridge"]
Means = Literal["thirds", "none"]
Share = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""``(treated bool (n_units,), pool bool (n_units,), n_pre) -> weights (n_units,)`` summing to one over the pool."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Arms on a common window and what each unit counts for.

    size : ``(n_units,)``; a unit's counts over its size are what is matched: 1 (counts), mean
    exposure (rates), or its own mean before the start (index). covariates : ``(n_units, k)`` or None.
    """

    arms: Arms
    size: np.ndarray
    covariates: np.ndarray | None
    notes: tuple[str, ...]

    @property
    def counts(self) -> np.ndarray:
        """``(n_units, n_periods)``."""
        return self.arms.counts

    @property
    def n_pre(self) -> int:
        """Periods before the common start."""
        return int((~self.arms.post).sum())

    @property
    def scaled(self) -> np.ndarray:
        """Counts over size, ``(n_units, n_periods)``."""
        return np.asarray(self.arms.counts / self.size[:, None])

    def target(self, chosen: np.ndarray) -> np.ndarray:
        """What the chosen units (bool) have together, over their size, ``(n_periods,)``."""
        return np.asarray(self.arms.counts[chosen].sum(axis=0) / self.size[chosen].sum())

    def expected(self, chosen: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Multipliers of unit counts that sum to what is expected of the chosen units, ``(n_units,)``."""
        return np.asarray(weights * self.size[chosen].sum() / self.size)


def settle(panel: Panel, outcome: str, arms: Arms, matching: Matching, predictors: tuple[str, ...] = ()) -> Setting:
    """Sizes, covariates and what had to be left out.

    Raises MethodError where treated units have no offence before the start, where no comparison unit is
    usable, or where rates or covariates are asked for that the panel does not have.
    """
    before = arms.counts[:, ~arms.post].sum(axis=1)
    if before[arms.treated].sum() == 0:
        raise MethodError(
            Problem(
                "no offences were recorded in treated units before the start, so there is no course to follow",
                where=f"outcome {outcome}",
                hint="use a broader outcome or a longer window before the start",
            )
        )
    if matching == "rates":
        return Setting(arms, _exposure(arms), _covariates(panel, arms, predictors), ())
    if matching == "counts":
        return Setting(arms, np.ones(len(arms.units)), _covariates(panel, arms, predictors), ())
    keep = before > 0
    if not (keep & ~arms.treated).any():
        raise MethodError(Problem("no comparison unit has offences before the start", where=f"outcome {outcome}"))
    kept = _rows(arms, keep)
    months = kept.counts[:, ~kept.post].shape[1]
    lost = int((~keep).sum())
    note = f"{lost} unit(s) without an offence before the start were left out: they have no course to follow."
    size = before[keep] / months
    return Setting(kept, size, _covariates(panel, kept, predictors), (note,) if lost else ())


def outcome_share(setting: Setting, augment: Augment) -> Share:
    """Weights from every month before the start, plain or ridge-augmented."""

    def share(chosen: np.ndarray, pool: np.ndarray, n_pre: int) -> np.ndarray:
        donors, target = setting.scaled[pool, :n_pre], setting.target(chosen)[:n_pre]
        found = np.zeros(len(pool))
        found[pool] = ridge_weights(donors, target).weights if augment == "ridge" else simplex_weights(donors.T, target)
        return found

    return share


def nested_share(setting: Setting, means: Means, starts: int | None, seed: int) -> Share:
    """Weights from covariates and, with ``means`` thirds, the outcome's mean in each third of the time before; V nested."""
    covariates = setting.covariates
    assert covariates is not None

    def share(chosen: np.ndarray, pool: np.ndarray, n_pre: int) -> np.ndarray:
        donors, target = setting.scaled[pool, :n_pre], setting.target(chosen)[:n_pre]
        found = np.zeros(len(pool))
        found[pool] = nested_weights(
            np.column_stack([covariates[pool], _past(donors, means)]),
            np.append(covariates[chosen].mean(axis=0), _past(target[None, :], means)[0]),
            donors,
            target,
            np.random.default_rng(seed),
            starts,
        ).weights
        return found

    return share


def validated_share(setting: Setting, means: Means, starts: int | None, seed: int) -> Share:
    """The same with V chosen by cross-validation: predictors of the first half of the time before, judged on the second.

    Covariates have one value a unit, the same in both halves; the outcome's means are each half's own.
    """
    covariates = setting.covariates
    assert covariates is not None

    def share(chosen: np.ndarray, pool: np.ndarray, n_pre: int) -> np.ndarray:
        donors, target = setting.scaled[pool, :n_pre], setting.target(chosen)[:n_pre]
        own = covariates[chosen].mean(axis=0)

        def stretch(months: slice) -> Stretch:
            past, goal = _past(donors[:, months], means), _past(target[None, months], means)[0]
            return Stretch(
                np.column_stack([covariates[pool], past]), np.append(own, goal), donors[:, months], target[months]
            )

        half = n_pre // 2
        training, validation = stretch(slice(0, half)), stretch(slice(n_pre - half, n_pre))
        found = np.zeros(len(pool))
        found[pool] = validated_weights(training, validation, np.random.default_rng(seed), starts).weights
        return found

    return share


def _past(outcomes: np.ndarray, means: Means) -> np.ndarray:
    """Means of up to three equal stretches, ``(n_units, 3)``, or no column at all."""
    if means == "none":
        return np.empty((len(outcomes), 0))
    parts = np.array_split(outcomes, min(3, outcomes.shape[1]), axis=1)
    return np.column_stack([p.mean(axis=1) for p in parts])


def _exposure(arms: Arms) -> np.ndarray:
    if arms.exposure is None:
        raise MethodError(
            Problem("matching: rates needs exposure and the panel has none", where="options.matching", hint="use index")
        )
    return np.asarray(arms.exposure.mean(axis=1))


def _covariates(panel: Panel, arms: Arms, names: tuple[str, ...]) -> np.ndarray | None:
    if not names:
        return None
    there = [] if panel.covariates is None else [str(c) for c in panel.covariates.columns]
    lost = [n for n in names if n not in there]
    if panel.covariates is None or lost:
        raise MethodError(
            Problem(f"the panel has no covariate {', '.join(lost)}", "options.predictors", ", ".join(there))
        )
    rows = [panel.units.index(u) for u in arms.units]
    values = _numbers(panel.covariates.iloc[rows], names)
    gaps = [arms.units[i] for i in np.flatnonzero(~np.isfinite(values).all(axis=1))]
    if gaps:
        raise MethodError(
            Problem(f"covariates are missing or not numbers in {', '.join(gaps[:5])}", "options.predictors")
        )
    return np.asarray(values)


def _numbers(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Columns as floats ``(n_units, k)``, NaN where a value is missing or not a number."""
    return np.column_stack([pd.to_numeric(frame[n], errors="coerce").to_numpy(dtype=float) for n in names])


def _rows(arms: Arms, keep: np.ndarray) -> Arms:
    return Arms(
        tuple(u for u, k in zip(arms.units, keep, strict=True) if k),
        arms.periods,
        arms.role[keep],
        arms.counts[keep],
        arms.observed[keep],
        arms.first[keep],
        None if arms.exposure is None else arms.exposure[keep],
        arms.notes,
        arms.calendar,
    )
