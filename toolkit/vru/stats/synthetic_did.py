"""Synthetic difference-in-differences: unit weights, time weights, and how far placebos stray."""

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vru.stats.simplex import frank_wolfe, simplex_weights

Solver = Literal["frank_wolfe", "exact"]


@dataclass(frozen=True, slots=True)
class SyntheticDid:
    """Mean effect per treated unit and period after the start, in units of the outcome.

    unit_weights : ``(n_donors,)``, time_weights : ``(n_pre,)``, each summing to one.
    expected : ``(n_periods,)``, what the mean treated unit would have had without treatment; after
    the start its mean is the observed mean less ``effect``.
    """

    effect: float
    unit_weights: np.ndarray
    time_weights: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True, slots=True)
class Spread:
    """Effects where there was no treatment.

    effects : in units of the outcome, observed and expected : mean per unit and period after the
    start, each ``(n_placebos,)``. exact : every choice of placebo units is listed once.
    """

    effects: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    exact: bool

    @property
    def se(self) -> float:
        """Root of the placebo variance, Arkhangelsky et al. (2021) Algorithm 4."""
        return float(self.effects.std())


def synthetic_did(
    donors: np.ndarray,
    treated: np.ndarray,
    n_pre: int,
    n_treated: int,
    solver: Solver = "frank_wolfe",
    size: np.ndarray | None = None,
) -> SyntheticDid:
    """Synthetic difference-in-differences.

    Parameters
    ----------
    donors : ``(n_donors, n_periods)``, treated : ``(n_periods,)`` mean of the treated units.
    n_pre : periods before the start (at least 2). n_treated : treated units in the mean, which
        sets how strongly weights are spread.
    solver : "frank_wolfe" stops and drops small weights as the reference code does;
        "exact" minimises the same objective to the end.
    size : ``(n_donors,)``, what each donor's series was divided by; None where nothing was. Ratios of small donors
        are noisy and rise by their noise: with ``size`` the ridge draws weights towards sizes instead of towards equal
        ones, and donors count by size for the time weights (solved exactly).

    Unit weights minimise the squared gap before the start around a free level, plus
    ``zeta^2 n_pre |w|^2`` with ``zeta = (n_treated n_post)^(1/4)`` times the standard deviation of
    the donors' first differences. Time weights match each donor's mean after the start likewise.

    Source: Arkhangelsky et al. (2021) Am. Econ. Rev. 111, equations (4)-(6), Algorithm 1.
    Reference implementation: R ``synthdid``.
    """
    before, after = donors[:, :n_pre], donors[:, n_pre:].mean(axis=1)
    noise = float(np.diff(before, axis=1).std(ddof=1)) if before.size > len(before) + 1 else 0.0
    zeta = (n_treated * (donors.shape[1] - n_pre)) ** 0.25 * noise
    if size is None:
        unit = _weights(before.T, treated[:n_pre], zeta, noise, solver)
        time = _weights(before, after, 1e-6 * noise, noise, solver)
    else:
        unit, time = _sized_weights(before, after, treated[:n_pre], size / size.mean(), zeta, noise)
    synthetic = unit @ donors
    shift = float((treated - synthetic)[:n_pre] @ time)
    # The synthetic course is flat but for its two levels in the estimator; its months give the path.
    expected = synthetic + shift
    return SyntheticDid(float((treated - expected)[n_pre:].mean()), unit, time, expected)


def placebo_effects(
    donors: np.ndarray,
    n_pre: int,
    n_treated: int,
    draws: int,
    rng: np.random.Generator,
    solver: Solver = "frank_wolfe",
    size: np.ndarray | None = None,
) -> Spread:
    """Effects of treatments that did not happen, on donors ``(n_donors, n_periods)`` alone.

    ``n_treated`` donors are taken for treated: every choice once where there are at most ``draws``
    of them, else ``draws`` random ones. Needs more donors than treated units.

    Source: Arkhangelsky et al. (2021), Algorithm 4. Listing all choices is the limit of drawing
    them for ever, so the standard error then has no simulation noise.
    """
    n = len(donors)
    exact = math.comb(n, n_treated) <= draws
    chosen: list[tuple[int, ...]] = (
        list(itertools.combinations(range(n), n_treated))
        if exact
        else [tuple(rng.choice(n, n_treated, replace=False)) for _ in range(draws)]
    )
    found = np.empty((len(chosen), 2))
    for i, rows in enumerate(chosen):
        # Of sized series the mean is that of counts over that of sizes, as of the treated units themselves.
        mean = np.average(donors[list(rows)], axis=0, weights=None if size is None else size[list(rows)])
        rest = None if size is None else np.delete(size, rows)
        fit = synthetic_did(np.delete(donors, rows, axis=0), mean, n_pre, n_treated, solver, rest)
        found[i] = mean[n_pre:].mean(), fit.expected[n_pre:].mean()
    return Spread(found[:, 0] - found[:, 1], found[:, 0], found[:, 1], exact)


def jackknife(donors: np.ndarray, treated: np.ndarray, n_pre: int, fit: SyntheticDid) -> Spread:
    """Estimates without each unit in turn, weights held (rescaled to one); treated ``(n_treated, n_periods)``.

    Treated units come first. Source: Arkhangelsky et al. (2021), Algorithm 3.
    """
    found = []
    k, n = len(treated), len(donors)
    for i in range(k + n):
        mean = treated[np.arange(k) != i].mean(axis=0) if i < k else treated.mean(axis=0)
        unit = fit.unit_weights * (np.arange(n) != i - k)
        if unit.sum() <= 0:
            continue
        synthetic = unit @ donors / unit.sum()
        due = synthetic[n_pre:].mean() + (mean - synthetic)[:n_pre] @ fit.time_weights
        found.append((mean[n_pre:].mean(), due))
    observed, expected = np.array(found).T
    return Spread(observed - expected, observed, expected, exact=True)


def jackknife_se(values: np.ndarray) -> float:
    """Standard error from leave-one-out estimates ``(n_units,)``: the root of ``(n-1)/n`` times summed squares."""
    return float(np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()))


def _sized_weights(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, share: np.ndarray, zeta: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Unit and time weights with noise that falls with a donor's size; ``share`` ``(n_donors,)`` with mean one."""
    centred, aim = before.T - before.T.mean(axis=0), treated - treated.mean()
    ridge = np.diag(np.sqrt(len(aim) * zeta**2 / share))
    unit = simplex_weights(np.vstack([centred, ridge]), np.concatenate([aim, np.zeros(len(share))]), 0.0)
    root = np.sqrt(share)
    level, goal = np.average(before, axis=0, weights=share), float(np.average(after, weights=share))
    time = simplex_weights(root[:, None] * (before - level), root * (after - goal), len(after) * (1e-6 * noise) ** 2)
    return unit, time


def _weights(columns: np.ndarray, target: np.ndarray, zeta: float, noise: float, solver: Solver) -> np.ndarray:
    centred, aim = columns - columns.mean(axis=0), target - target.mean()
    if solver == "exact":
        return simplex_weights(centred, aim, len(aim) * zeta**2)
    return frank_wolfe(centred, aim, zeta, 1e-5 * noise).weights
