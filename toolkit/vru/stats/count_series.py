"""Regression of one count series on time: Poisson, negative binomial, or the treated share of two series."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

FARTHEST = 15.0
"""A fitted log rate this far from the middle of the others means that a coefficient runs to infinity."""


@dataclass(frozen=True, slots=True)
class SeriesFit:
    """A fitted series of ``n`` months with ``k`` coefficients.

    design ``(n, k)``; coefficients ``(k,)``; mean ``(n,)``, fitted count of the (treated) series;
    weight ``(n,)``, working weights; residual ``(n,)``, Pearson; gradient ``(n, k)``, of the log of
    ``mean`` by the coefficients; alpha, of ``variance = mu + alpha mu^2``; converged, whether the
    score equations hold with finite coefficients.
    """

    design: np.ndarray
    coefficients: np.ndarray
    mean: np.ndarray
    weight: np.ndarray
    residual: np.ndarray
    gradient: np.ndarray
    alpha: float
    converged: bool

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return int(self.design.shape[0] - self.design.shape[1])

    @property
    def phi(self) -> float:
        """Pearson chi-squared over its degrees of freedom."""
        return float((self.residual**2).sum()) / self.df

    @property
    def weighted(self) -> np.ndarray:
        """Design times the root of the working weights, ``(n, k)``."""
        return np.asarray(self.design * np.sqrt(self.weight)[:, None])

    @property
    def bread(self) -> np.ndarray:
        """Inverse information, ``(k, k)``: the covariance if the variance function is right."""
        return np.asarray(np.linalg.inv(self.weighted.T @ self.weighted))


def fit_log_linear(design: np.ndarray, counts: np.ndarray, offset: np.ndarray, alpha: float = 0.0) -> SeriesFit:
    """Log-linear model of counts ``(n,)`` by scoring; ``alpha`` 0 is Poisson, above 0 negative binomial.

    Source: McCullagh & Nelder (1989) section 2.5. Reference implementation: R ``glm``.
    """
    mean, beta = counts + 0.5, np.zeros(design.shape[1])
    for _ in range(200):
        weight = mean / (1 + alpha * mean)
        work = np.log(mean) - offset + (counts - mean) / mean
        new = _weighted_least_squares(design, weight, work)
        mean = np.exp(np.clip(design @ new + offset, -30, 30))
        done, beta = bool(np.max(np.abs(new - beta)) < 1e-11), new
        if done:
            break
    weight = mean / (1 + alpha * mean)
    residual = (counts - mean) / np.sqrt(mean + alpha * mean**2)
    score = design.T @ (np.sqrt(weight) * residual)
    settled = bool(np.max(np.abs(score)) < 1e-6 * (1 + counts.sum())) and _finite(design @ beta)
    return SeriesFit(design, beta, mean, weight, residual, design, alpha, settled)


def fit_share(design: np.ndarray, treated: np.ndarray, other: np.ndarray, offset: np.ndarray) -> SeriesFit:
    """Binomial model of the treated share of two series' counts, month by month.

    The same as a Poisson model of both with an effect for every month: whatever both series share
    in a month (season, shocks, trend) cancels. ``offset`` ``(n,)`` is the log of treated over other
    exposure. Months with no offence in either series carry nothing (weight 0).

    Source: Palmgren (1981) Biometrika 68. Reference implementation: R ``glm(poisson)`` with month factors.
    """
    total = treated + other
    p, beta = (treated + 0.5) / (total + 1.0), np.zeros(design.shape[1])
    for _ in range(200):
        spread = p * (1 - p)
        work = special.logit(p) - offset + np.where(total > 0, treated / np.maximum(total, 1) - p, 0) / spread
        new = _weighted_least_squares(design, total * spread, work)
        p = special.expit(np.clip(design @ new + offset, -30, 30))
        done, beta = bool(np.max(np.abs(new - beta)) < 1e-11), new
        if done:
            break
    weight = total * p * (1 - p)
    residual = np.where(total > 0, (treated - total * p) / np.sqrt(np.maximum(weight, 1e-300)), 0.0)
    score = design.T @ (treated - total * p)
    settled = bool(np.max(np.abs(score)) < 1e-6 * (1 + total.sum())) and _finite(design @ beta)
    gradient = design * (1 - p)[:, None]
    return SeriesFit(design, beta, total * p, weight, residual, gradient, 0.0, settled)


def fit_negative_binomial(design: np.ndarray, counts: np.ndarray, offset: np.ndarray) -> SeriesFit:
    """Negative binomial regression with ``alpha`` at the maximum of its profile likelihood.

    Where no ``alpha`` above 0 is more likely than Poisson, the Poisson fit is returned with alpha 0.
    Reference implementation: R ``MASS::glm.nb`` (theta is 1/alpha).
    """

    def loss(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        mean = fit_log_linear(design, counts, offset, alpha).mean
        size = 1 / alpha
        terms = special.gammaln(counts + size) - special.gammaln(size) - (counts + size) * np.log1p(alpha * mean)
        return -float((terms + counts * np.log(alpha * mean)).sum())

    found = optimize.minimize_scalar(loss, bounds=(-11.0, 3.0), method="bounded", options={"xatol": 1e-8})
    poisson = fit_log_linear(design, counts, offset)
    least = -float((counts * np.log(poisson.mean) - poisson.mean).sum())
    if found.fun >= least - 1e-9:
        return poisson
    return fit_log_linear(design, counts, offset, float(np.exp(found.x)))


def newey_west(fit: SeriesFit, time: np.ndarray, lags: int) -> np.ndarray:
    """Covariance ``(k, k)`` of the coefficients robust to autocorrelation up to ``lags`` months, Bartlett weights.

    time : ``(n,)`` month numbers; months that are missing leave gaps and are not bridged. Scaled by
    ``n / (n - k)``. Source: Newey & West (1987) Econometrica 55. Reference implementation: R
    ``sandwich::NeweyWest(prewhite = FALSE, adjust = TRUE)``.
    """
    score = fit.weighted * fit.residual[:, None]
    apart = np.abs(time[:, None] - time[None, :])
    kernel = np.clip(1 - apart / (lags + 1), 0, None)
    n, k = fit.design.shape
    return np.asarray(fit.bread @ (score.T @ kernel @ score) @ fit.bread * n / (n - k))


def _weighted_least_squares(design: np.ndarray, weight: np.ndarray, work: np.ndarray) -> np.ndarray:
    weighted = design * weight[:, None]
    return np.asarray(np.linalg.lstsq(weighted.T @ design, weighted.T @ work, rcond=None)[0])


def _finite(eta: np.ndarray) -> bool:
    return bool(np.max(np.abs(eta - np.median(eta))) < FARTHEST)
