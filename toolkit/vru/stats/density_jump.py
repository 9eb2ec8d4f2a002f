"""Are there more rows just on one side of a cutoff than on the other: a test of the density of the score there."""

import math
from dataclasses import dataclass

import numpy as np

from vru.stats.intervals import two_sided_p
from vru.stats.local_polynomial import coefficient, side


@dataclass(frozen=True, slots=True)
class DensityJump:
    """below, above : density of the score at the cutoff from each side, per unit of score. se : of their difference."""

    below: float
    above: float
    se: float
    p: float
    rows_below: int
    rows_above: int


def density_jump(x: np.ndarray, above: np.ndarray, bandwidth: float, order: int = 3) -> DensityJump:
    """Slope of the share of rows with at most a score, at the cutoff, fitted on each side by a local polynomial.

    x : ``(n,)``, score less cutoff. above : bool ``(n,)``. A cubic (``order`` 3) takes off the bias of a quadratic.
    Variance from each row's influence on the shares. Raises numpy.linalg.LinAlgError with too few distinct scores.

    Source: Cattaneo, Jansson & Ma (2020) JASA 115, 1449-1455. Reference implementation: ``rddensity`` (its
    jackknifed test, which differs by terms of order 1/n).
    """
    order_of = np.argsort(x, kind="stable")
    x, above, n = x[order_of], above[order_of], len(x)
    share = np.searchsorted(x, x, side="right") / n
    slopes, weights, own = [], np.zeros(n), np.zeros(n)
    for mask, sign in ((~above, -1.0), (above, 1.0)):
        rows = side(x[mask], share[mask], np.ones(int(mask.sum())))
        powers = np.column_stack([coefficient(rows, bandwidth, order, k, "triangular") for k in range(order + 1)])
        beta = powers.T @ share[mask]
        slopes.append(float(beta[1]))
        weights[mask] = sign * powers[:, 1]
        own[mask] = share[mask] - np.vander(rows.x, order + 1, increasing=True) @ beta
    later = np.cumsum(weights[::-1])[::-1][np.searchsorted(x, x, side="left")]
    influence = later - later.mean() + n * weights * own
    se = math.sqrt(float(influence @ influence)) / n
    near = np.abs(x) < bandwidth
    p = two_sided_p(slopes[1] - slopes[0], se)
    return DensityJump(slopes[0], slopes[1], se, p, int((near & ~above).sum()), int((near & above).sum()))
