"""Standard errors of a regression on time when it is not known how much months resemble each other."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, stats

from vru.stats.intervals import Bounds

SHARES = (0.25, 0.5, 0.75, 1.0)
PERSISTENCE = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
INDEPENDENT = 0.4
"""Prior probability that months are independent; the rest is spread evenly over the grid."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """An estimate's error as a mixture of t laws, one per correlation considered, all centred at zero.

    se, weight : ``(n_grid,)``; df : of each t law; rho : posterior mean lag-1 correlation of residuals.
    """

    se: np.ndarray
    weight: np.ndarray
    df: int
    rho: float

    def tail(self, distance: float) -> float:
        """Probability of an error larger than ``distance`` (0 or more) on one side."""
        return float((self.weight * stats.t.sf(distance / self.se, self.df)).sum())

    def interval(self, value: float, level: float) -> Bounds:
        """The central interval around ``value``."""
        half = self.half_width(level)
        return Bounds(value - half, value + half)

    def half_width(self, level: float) -> float:
        """Half the width of the central interval."""
        aim = (1 - level) / 2
        top = float(self.se.max()) * float(stats.t.isf(aim, self.df))
        return float(optimize.brentq(lambda x: self.tail(x) - aim, 0.0, top * (1 + 1e-9), xtol=1e-12))

    def p_value(self, value: float) -> float:
        """Two-sided p-value of "the value is zero"."""
        return min(1.0, 2 * self.tail(abs(value)))


@dataclass(frozen=True, slots=True)
class SerialModel:
    """Covariances of a fit's coefficients under each correlation considered, and how likely each is.

    covariance ``(n_grid, k, k)``; weight ``(n_grid,)``, posterior; rho ``(n_grid,)``, lag-1 correlation.
    """

    covariance: np.ndarray
    weight: np.ndarray
    rho: np.ndarray
    df: int

    def of(self, contrast: np.ndarray) -> Mixture:
        """The error of ``contrast @ coefficients``, contrast ``(k,)``."""
        se = np.sqrt(np.einsum("i,gij,j->g", contrast, self.covariance, contrast))
        return Mixture(se, self.weight, self.df, float(self.weight @ self.rho))

    @property
    def mean_covariance(self) -> np.ndarray:
        """Covariance averaged over the correlations, ``(k, k)``."""
        return np.asarray(np.tensordot(self.weight, self.covariance, axes=1))


@dataclass(frozen=True, slots=True)
class _Grid:
    """Correlation matrices ``(g, n, n)``, their inverses, log determinants, log prior and lag-1 values."""

    matrix: np.ndarray
    inverse: np.ndarray
    log_det: np.ndarray
    log_prior: np.ndarray
    rho: np.ndarray


def serial_model(weighted: np.ndarray, residual: np.ndarray, time: np.ndarray) -> SerialModel:
    """Average the sandwich covariance of a fit over how strongly its months may be linked.

    Parameters
    ----------
    weighted : ``(n, k)``, design times root working weight. residual : ``(n,)``, Pearson.
    time : ``(n,)`` month numbers, so that a missing month is a longer step.

    A share ``s`` of the residual variance follows a first-order autoregression with persistence
    ``r``; the rest is independent, as the Poisson part of a count is. For each (s, r) of a grid
    the covariance is ``scale * A X'W^.5 R W^.5X A`` with ``A = (X'WX)^-1``; ``scale`` is the
    generalised residual mean square, not below 1. Each is weighted by prior times restricted
    likelihood of the residuals, so that what a short series cannot tell about its own
    correlation widens the interval instead of being set to the estimate, which is biased to zero.

    Source: Zeger (1988) Biometrika 75 for the covariance; Harville (1974) Biometrika 61 for the
    restricted likelihood; the averaging is this toolkit's, validated in benchmarks/validity_series.md.
    """
    n, k = weighted.shape
    grid = _grid(tuple(int(t) for t in time))
    left = grid.inverse @ weighted
    inner = np.einsum("ni,gnj->gij", weighted, left)
    cross = np.einsum("gni,n->gi", left, residual)
    quadratic = np.einsum("n,gnm,m->g", residual, grid.inverse, residual)
    quadratic -= np.einsum("gi,gi->g", cross, np.linalg.solve(inner, cross[:, :, None])[:, :, 0])
    quadratic = np.maximum(quadratic, 1e-12)
    log_post = grid.log_prior - 0.5 * (grid.log_det + np.linalg.slogdet(inner)[1] + (n - k) * np.log(quadratic))
    weight = np.exp(log_post - log_post.max())
    bread = np.linalg.inv(weighted.T @ weighted)
    meat = np.einsum("ni,gnm,mj->gij", weighted, grid.matrix, weighted, optimize=True)
    scale = np.maximum(quadratic / (n - k), 1.0)
    covariance = scale[:, None, None] * (bread @ meat @ bread)
    return SerialModel(covariance, weight / weight.sum(), grid.rho, n - k)


@lru_cache(maxsize=32)
def _grid(time: tuple[int, ...]) -> _Grid:
    at = np.array(time)
    apart = np.abs(at[:, None] - at[None, :])
    pairs = [(0.0, 0.0), *((s, r) for s in SHARES for r in PERSISTENCE)]
    matrix = np.stack([(1 - s) * np.eye(len(at)) + s * np.power(r, apart) for s, r in pairs])
    matrix[0] = np.eye(len(at))
    rest = (1 - INDEPENDENT) / (len(pairs) - 1)
    prior = np.array([INDEPENDENT, *([rest] * (len(pairs) - 1))])
    return _Grid(
        matrix,
        np.linalg.inv(matrix),
        np.linalg.slogdet(matrix)[1],
        np.log(prior),
        np.array([s * r for s, r in pairs]),
    )
