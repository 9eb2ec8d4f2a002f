"""How much more counts vary than Poisson counts would."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Extra variation around a fitted mean.

    phi : quasi-Poisson, Pearson chi-squared over ``df``; alpha : negative binomial, variance
    ``mu + alpha * mu**2``; df : residual degrees of freedom. None where ``df`` is zero.
    """

    phi: float | None
    alpha: float | None
    df: int

    @property
    def inflation(self) -> float:
        """Variance multiplier used for intervals: ``phi``, never below 1."""
        return max(1.0, self.phi) if self.phi is not None else 1.0


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """A log-linear Poisson model: coefficients ``(k,)``, fitted means ``(n,)``, inverse information ``(k, k)``."""

    coefficients: np.ndarray
    fitted: np.ndarray
    covariance: np.ndarray


def fit_poisson(design: np.ndarray, counts: np.ndarray, offset: np.ndarray) -> PoissonFit:
    """Poisson regression by iteratively reweighted least squares.

    design ``(n, k)``, counts and offset ``(n,)``. Reference implementation: R ``glm(family = poisson)``.
    """
    mean = counts + 0.5
    beta = np.zeros(design.shape[1])
    for _ in range(100):
        work = np.log(mean) - offset + (counts - mean) / mean
        weighted = design * mean[:, None]
        new = np.linalg.lstsq(weighted.T @ design, weighted.T @ work, rcond=None)[0]
        mean = np.exp(np.clip(design @ new + offset, -30, 30))
        if np.max(np.abs(new - beta)) < 1e-11:
            break
        beta = new
    return PoissonFit(new, mean, np.linalg.pinv((design * mean[:, None]).T @ design))


def dispersion(counts: np.ndarray, fitted: np.ndarray, df: int) -> Dispersion:
    """Extra variation of counts around fitted means (any equal shapes, cells with mean 0 left out).

    Source: McCullagh & Nelder (1989) section 6.2 for phi; alpha solves
    ``sum((y - mu)^2 / (mu + alpha mu^2)) = df``, Breslow (1984) Appl. Statist. 33.
    """
    keep = fitted > 0
    y, mu = counts[keep], fitted[keep]
    if df < 1:
        return Dispersion(None, None, 0)
    square = (y - mu) ** 2

    def excess(alpha: float) -> float:
        return float((square / (mu + alpha * mu**2)).sum()) - df

    alpha = 0.0
    if excess(0.0) > 0:
        high = 1.0
        while excess(high) > 0 and high < 1e8:
            high *= 4
        alpha = float(optimize.brentq(excess, 0.0, high)) if excess(high) <= 0 else high
    return Dispersion(float((square / mu).sum()) / df, alpha, df)


def series_dispersion(
    observed: np.ndarray, expected: np.ndarray, post: np.ndarray, angle: np.ndarray, harmonics: int = 2
) -> Dispersion:
    """Extra variation of one series around its level before and after, and its season.

    Parameters
    ----------
    observed, expected : shape ``(n_periods,)``, offences of all treated units together and their mean
        under one level before and one after the start; ``expected`` enters as the offset.
    post : bool ``(n_periods,)``. angle : ``(n_periods,)`` time of year, 2 pi to a year. harmonics : most that such
        periods can carry.

    Two annual harmonics are fitted where there are at least 24 periods, so that season is not
    taken for noise; with fewer there is too little to fit it on, and season widens the interval.
    """
    keep = expected > 0
    columns = [np.ones(int(keep.sum())), post[keep].astype(float)]
    if keep.sum() >= 24:
        columns += [f(k * angle[keep]) for k in (1, 2) if k <= harmonics for f in (np.sin, np.cos)]
    design = np.column_stack(columns)
    fit = fit_poisson(design, observed[keep], np.log(expected[keep]))
    return dispersion(observed[keep], fit.fitted, int(keep.sum()) - int(np.linalg.matrix_rank(design)))
