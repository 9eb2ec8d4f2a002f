"""A coarse event study with its covariance: how treated units stood against comparison, some periods at a time.

Months are added up to points of equal length, counted from each unit's own start, because counts of
single months are mostly noise. The last point before the start is the reference.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from vru.stats.honest_magnitudes import EventStudy

STEADY = 2.0
Scale = Literal["log_rate_ratio", "count_difference"]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Which columns make up which point, for each start.

    columns : per point, offsets from a unit's start ``(width,)``; n_pre : points before the start without
    the reference; reference : position of the reference point.
    """

    columns: tuple[np.ndarray, ...]
    n_pre: int
    reference: int


@dataclass(frozen=True, slots=True)
class Arms:
    """Counts ``(n_units, n_periods)`` of both arms; first : start columns of treated units; phi : of the counts."""

    treated: np.ndarray
    first: np.ndarray
    comparison: np.ndarray
    phi: float


def cut_blocks(first: np.ndarray, n_periods: int, width: int) -> Blocks | None:
    """Points of ``width`` periods that every treated unit has; None with fewer than two before or none after.

    Periods that do not fill a point are left out at the far ends.
    """
    before, after = int(first.min()) // width, (n_periods - int(first.max())) // width
    if before < 2 or after < 1:
        return None
    columns = tuple(np.arange(b * width, (b + 1) * width) for b in range(-before, after))
    return Blocks(columns, before - 1, before - 1)


def study_blocks(arms: Arms, blocks: Blocks, scale: Scale, *, between: bool) -> EventStudy | None:
    """Coefficients against the reference, and their covariance.

    On the log scale: log of treated offences over those expected from each cohort's reference count and the
    comparison's course. On the count scale: offences per treated unit and period, less the comparison's change.
    With ``between`` the covariance comes from the spread between units (n/(n-1) per arm), otherwise from
    Poisson variance times phi. None where a count that must be divided by is zero.

    Source: influence functions of ratios and means, summed by unit (Liang & Zeger 1986).
    """
    own = np.stack(
        [arms.treated[np.arange(len(arms.first))[:, None], arms.first[:, None] + c].sum(1) for c in blocks.columns]
    )
    starts, cohort = np.unique(arms.first, return_inverse=True)
    other = np.stack([[arms.comparison[:, s + c].sum(axis=1) for c in blocks.columns] for s in starts])
    keep = np.arange(len(blocks.columns)) != blocks.reference
    build = _on_logs if scale == "log_rate_ratio" else _on_counts
    made = build(own, other, cohort, blocks.reference, len(blocks.columns[0]))
    if made is None:
        return None
    t, c = made.treated[:, keep], made.comparison[:, keep]
    covariance = arms.phi * _poisson(arms, blocks, made, keep)
    if between:
        covariance = _steadied(_between(t, c), covariance, len(t) + len(c) - 2)
    return EventStudy(made.value[keep], np.asarray(covariance), blocks.n_pre)


def _between(t: np.ndarray, c: np.ndarray) -> np.ndarray:
    n, m = len(t), len(c)
    t, c = t - t.mean(axis=0), c - c.mean(axis=0)
    return np.asarray(n / (n - 1) * t.T @ t + m / (m - 1) * c.T @ c)


def _steadied(seen: np.ndarray, poisson: np.ndarray, df: int) -> np.ndarray:
    """Covariance between units drawn towards the shape that counts have, and widened for few units.

    Weights chosen to be least noisy would otherwise exploit what is chance in a covariance from few units.
    The share of the Poisson shape, at the size seen, grows with coefficients per unit.
    """
    share = min(1.0, STEADY * len(seen) / df)
    shape = poisson * np.trace(seen) / max(float(np.trace(poisson)), 1e-300)
    widen = (float(student.ppf(0.975, df)) / float(norm.ppf(0.975))) ** 2
    return np.asarray(widen * ((1 - share) * seen + share * shape))


@dataclass(frozen=True, slots=True)
class _Made:
    """value ``(points,)``; influence of units ``(units, points)``; weights of counts, for Poisson variance.

    on_now, on_reference : ``(points,)`` and ``(cohorts, points)`` weight of a treated count at a point and at the
    reference; minus_now, minus_reference : of a comparison count by cohort, ``(cohorts, points)``.
    """

    value: np.ndarray
    treated: np.ndarray
    comparison: np.ndarray
    on_now: np.ndarray
    on_reference: np.ndarray
    minus_now: np.ndarray
    minus_reference: np.ndarray


def _on_logs(own: np.ndarray, other: np.ndarray, cohort: np.ndarray, at: int, width: int) -> _Made | None:
    cohorts = other.shape[0]
    course = other.sum(axis=2)
    size = np.array([own[at, cohort == g].sum() for g in range(cohorts)])
    if (course <= 0).any() or (own.sum(axis=1) <= 0).any() or (size <= 0).any():
        return None
    due = size[:, None] * course / course[:, [at]]
    share = due / due.sum(axis=0)
    observed = own.sum(axis=1)
    on_reference = share / size[:, None]
    minus_now, minus_reference = share / course, share / course[:, [at]]
    treated = own.T / observed - own[at][:, None] * on_reference[cohort]
    comparison = np.einsum("gpj,gp->jp", other, -minus_now) + np.einsum("gj,gp->jp", other[:, at], minus_reference)
    value = np.log(observed / due.sum(axis=0))
    return _Made(value, treated, comparison, 1 / observed, on_reference, minus_now, minus_reference)


def _on_counts(own: np.ndarray, other: np.ndarray, cohort: np.ndarray, at: int, width: int) -> _Made | None:
    n, m = own.shape[1], other.shape[2]
    share = np.bincount(cohort) / n
    one = 1 / (n * width)
    treated = (own - own[at]).T * one
    weight = np.repeat(share[:, None], len(own), axis=1) / (m * width)
    comparison = -np.einsum("gpj,gp->jp", other - other[:, [at]], weight)
    value = treated.sum(axis=0) + comparison.sum(axis=0)
    every = np.full(len(own), one)
    return _Made(value, treated, comparison, every, np.repeat(every[None, :], len(share), axis=0), weight, weight)


def _poisson(arms: Arms, blocks: Blocks, made: _Made, keep: np.ndarray) -> np.ndarray:
    """Sum over independent unit-periods of count times the outer product of their weights."""
    starts, cohort = np.unique(arms.first, return_inverse=True)
    points, periods = len(blocks.columns), arms.treated.shape[1]
    of_comparison = np.zeros((points, periods))
    total = np.zeros((points, points))
    for g, start in enumerate(starts):
        weight = np.zeros((points, periods))
        for p, columns in enumerate(blocks.columns):
            weight[p, start + columns] += made.on_now[p]
            of_comparison[p, start + columns] -= made.minus_now[g, p]
        base = start + blocks.columns[blocks.reference]
        weight[:, base] -= made.on_reference[g][:, None]
        of_comparison[:, base] += made.minus_reference[g][:, None]
        total += (weight * arms.treated[cohort == g].sum(axis=0)) @ weight.T
    total += (of_comparison * arms.comparison.sum(axis=0)) @ of_comparison.T
    return np.asarray(total[np.ix_(keep, keep)])
