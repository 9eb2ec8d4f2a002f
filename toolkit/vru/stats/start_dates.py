"""Whose start dates might have been whose: randomisation tests and a bootstrap for averages of ATT(g, t).

Under a trial effect per treated unit-period the counts without treatment are known. Every unit's
part in the average is then a fixed number less the trial effect times another, for every cohort that it
might have been in. So a re-assignment of start dates only picks, and moments serve all trial effects.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.group_time import Cohorts
from vru.stats.permutation import TIE, exchange


@dataclass(frozen=True, slots=True)
class Band:
    """A band that holds all effects at once: the critical value, and the p-value of the first target."""

    critical: float
    p_first: float


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over one arm by assignment, each ``(n_draws,)``: a, b and their products, and with k."""

    a: np.ndarray
    b: np.ndarray
    aa: np.ndarray
    ab: np.ndarray
    bb: np.ndarray
    ka: np.ndarray
    kb: np.ndarray
    k: float
    kk: float
    units: int


def p_of_effect(
    counts: np.ndarray, cohorts: Cohorts, weights: np.ndarray, draws: int, rng: np.random.Generator
) -> Callable[[float], float]:
    """Randomisation p-value as a function of the effect per treated unit-period that is tested.

    Parameters
    ----------
    counts : ``(n_units, n_periods)``. weights : of one average, ``(1, n_cohorts + 1, n_periods)``.

    The statistic is the average over its standard error between units of the treated and of the
    comparison arm (n/(n-1) each), treated units centred on one common effect. With one unit in an arm
    the larger of two p-values is used: of the average itself, and of the average over its Poisson error.

    Source: Janssen (1997) Stat. Probab. Lett. 36; Chung & Romano (2013) Ann. Statist. 41; for staggered
    starts Roth & Sant'Anna (2023) JPE Microeconomics 1, section 2.4.
    """
    labels = exchange(cohorts.group, draws, rng)
    never = len(cohorts.starts)
    after = cohorts.after.astype(float)
    fixed = _anyhow(counts, weights)
    moved = _anyhow(after[cohorts.group], weights)
    one = (after * weights[0]).sum(axis=1)
    rows = np.arange(len(counts))[None, :]
    a, b = fixed[rows, labels], moved[rows, labels]
    treated = labels < never
    inner = _sums(a, b, np.where(treated, one[labels], 0.0), treated)
    outer = _sums(a, b, np.where(treated, 0.0, 1.0), ~treated)
    noise = (counts.mean(axis=1)[:, None] * (weights[0] ** 2).sum(axis=1)[None, :])[rows, labels].sum(axis=1)
    lone = min(inner.units, outer.units) == 1

    def p(effect: float) -> float:
        top = np.abs(inner.a + outer.a - effect * (inner.b + outer.b))
        if lone:
            return max(_as_extreme(top), _as_extreme(top / np.sqrt(np.maximum(noise, 1e-300))))
        variance = _spread(inner, effect) + _spread(outer, effect)
        return _as_extreme(top / np.sqrt(np.maximum(variance, 1e-300)))

    return p


def multiplier_band(
    values: np.ndarray, influence: np.ndarray, level: float, draws: int, rng: np.random.Generator
) -> Band:
    """Critical value for all targets at once, by signs drawn for units.

    values ``(m,)``; influence ``(n_units, m)``. Targets without spread are left out of the maximum.

    Source: Callaway & Sant'Anna (2021), algorithm 1, with Rademacher signs.
    """
    se = np.sqrt((influence**2).sum(axis=0))
    live = se > 0
    if not live.any():
        return Band(float("inf"), 1.0)
    signs = 1 - 2.0 * rng.integers(0, 2, size=(draws, len(influence)))
    t = np.abs(signs @ influence[:, live]) / se[live]
    first = abs(float(values[0])) / max(float(se[0]), 1e-300)
    alone = np.abs(signs @ influence[:, 0]) / max(float(se[0]), 1e-300)
    p = (1 + float((alone >= first * (1 - TIE)).sum())) / (draws + 1)
    return Band(float(np.quantile(t.max(axis=1), level)), p)


def _anyhow(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each unit's part if it were in each group, ``(n_units, n_cohorts + 1)``, period means taken out."""
    centred = values - values.mean(axis=0)
    return np.asarray(centred @ weights[0].T)


def _sums(a: np.ndarray, b: np.ndarray, k: np.ndarray, arm: np.ndarray) -> _Sums:
    a, b = np.where(arm, a, 0.0), np.where(arm, b, 0.0)
    return _Sums(
        a=a.sum(axis=1),
        b=b.sum(axis=1),
        aa=(a * a).sum(axis=1),
        ab=(a * b).sum(axis=1),
        bb=(b * b).sum(axis=1),
        ka=(k * a).sum(axis=1),
        kb=(k * b).sum(axis=1),
        k=float(k[0].sum()),
        kk=float((k[0] ** 2).sum()),
        units=int(arm[0].sum()),
    )


def _spread(s: _Sums, effect: float) -> np.ndarray:
    """Variance of an arm's sum around a common slope on ``k``, by assignment."""
    total, cross = s.a - effect * s.b, s.ka - effect * s.kb
    square = s.aa - 2 * effect * s.ab + effect**2 * s.bb
    slope = total / s.k if abs(s.k) > 1e-12 else np.zeros_like(total)
    around = square - 2 * slope * cross + slope**2 * s.kk
    return np.asarray(s.units / max(s.units - 1, 1) * np.maximum(around, 0.0))


def _as_extreme(statistic: np.ndarray) -> float:
    return float((statistic >= statistic[0] * (1 - TIE)).mean())
