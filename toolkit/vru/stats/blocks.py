"""Unit and period effects with one common start, solved in closed form.

With a complete rectangle of counts, groups of units and one start, the two-way fixed-effects
Poisson model with a group-by-phase effect depends on the counts through margins only, so no
iteration is needed: fitted mean = group-phase total x unit's share of its group x period's
share of its phase.
"""

from dataclasses import dataclass

import numpy as np

from vru.stats.dispersion import Dispersion, dispersion


@dataclass(frozen=True, slots=True)
class BlockFit:
    """The fit: means ``(n_units, n_periods)`` and the extra variation around them."""

    fitted: np.ndarray
    dispersion: Dispersion


def fit_blocks(counts: np.ndarray, group: np.ndarray, post: np.ndarray) -> BlockFit:
    """Fit unit, period and group-by-phase effects to a complete rectangle.

    Parameters
    ----------
    counts : ``(n_units, n_periods)``, offences per unit-period, no gaps.
    group : int ``(n_units,)``. post : bool ``(n_periods,)``.

    Reference implementation: ``glm(counts ~ unit + period + group:post, family = poisson)`` in R.
    """
    fitted = np.zeros_like(counts)
    for phase in (~post, post):
        block = counts[:, phase]
        share = _over(block.sum(axis=0), block.sum())
        for g in np.unique(group):
            rows = group == g
            units = counts[rows].sum(axis=1)
            fitted[np.ix_(rows, phase)] = block[rows].sum() * np.outer(_over(units, units.sum()), share)
    live_rows, live_columns = int((counts.sum(axis=1) > 0).sum()), int((counts.sum(axis=0) > 0).sum())
    groups = len(np.unique(group[counts.sum(axis=1) > 0]))
    df = live_rows * live_columns - (live_rows + live_columns - 1 + groups - 1)
    return BlockFit(fitted, dispersion(counts, fitted, df))


def arm_variance(before: np.ndarray, after: np.ndarray) -> float:
    """Cluster-robust variance of ``ln(sum(after) / sum(before))`` over the units of one arm.

    before, after : ``(n_units,)``. No small-sample factor: the sum over units of squared
    influence values. Zero for one unit, which carries no information on variation between units.
    """
    b, a = float(before.sum()), float(after.sum())
    residual = after - (before + after) * a / (a + b)
    return float((residual**2).sum()) * (1 / a + 1 / b) ** 2


def cluster_se(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, n_periods: int, *, correct: bool = True
) -> float:
    """Standard error of the log ratio of ratios, clustered on units (CRV1).

    Equals ``sandwich::vcovCL(type = "HC1")`` on the Poisson model with unit and period dummies:
    factor ``G/(G-1) x (N-1)/(N-k)`` with ``G`` units, ``N = G x n_periods``, ``k = G + n_periods``.

    Source: closed form of the score sandwich; the weighted residual of the treatment term in the
    block model is +-1/cell total, which gives the sum of the two arms' delta-method variances.
    """
    variance = arm_variance(before[treated], after[treated]) + arm_variance(before[~treated], after[~treated])
    if correct:
        g = len(before)
        n, k = g * n_periods, g + n_periods
        variance *= g / (g - 1) * (n - 1) / (n - k)
    return float(np.sqrt(variance))


def _over(part: np.ndarray, whole: float) -> np.ndarray:
    return part / whole if whole > 0 else np.zeros_like(part)
