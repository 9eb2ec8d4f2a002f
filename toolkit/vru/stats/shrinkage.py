"""Empirical Bayes for counts: what an area's rate is likely to be once luck is taken out.

Areas picked because their counts were high had, on average, good reason and bad luck. The
gamma-Poisson model says how much of a peak was luck, from the spread of the whole pool that
the areas were picked from.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """The prior fitted to a pool and the expected rate of every unit in it.

    mean : prior mean, events per unit-period.
    k : weight of the prior in periods of observation; ``math.inf`` where the pool's spread is no
        wider than chance (then every expected rate is the pool's mean).
    reliability : share of a unit's distance from the mean that is real, ``n / (n + k)``.
    expected : ``(n_units,)`` expected events per unit-period.
    """

    mean: float
    k: float
    reliability: float
    expected: np.ndarray


def gamma_poisson(totals: np.ndarray, n_periods: int, dispersion: float = 1.0) -> Shrinkage:
    """Shrink unit rates towards the mean of their pool: ``(k * mean + total) / (k + n)``.

    Parameters
    ----------
    totals : ``(n_units,)`` events per unit over ``n_periods``; the whole pool, chosen or not.
    dispersion : variance of a count about its own unit's rate, over the Poisson variance (1 = Poisson).
        ``k = dispersion * mean / (s2 - dispersion * mean / n)``, with ``s2`` the variance of unit means:
        the method of moments, since ``s2`` estimates real spread plus ``dispersion * mean / n``.

    Source: Morris (1983) JASA 78:47-55; Hauer (1997) *Observational Before-After Studies in Road
    Safety*, ch. 11.
    """
    mean = float(totals.mean()) / n_periods
    if mean == 0:
        return Shrinkage(0.0, math.inf, 0.0, np.zeros(len(totals)))
    noise = dispersion * mean / n_periods
    real = float((totals / n_periods).var(ddof=1)) - noise
    if real <= 0:
        return Shrinkage(mean, math.inf, 0.0, np.full(len(totals), mean))
    k = dispersion * mean / real
    return Shrinkage(mean, k, n_periods / (n_periods + k), (k * mean + totals) / (k + n_periods))


@dataclass(frozen=True, slots=True)
class ExpectedFall:
    """Fall to expect in chosen units from being chosen alone; 0.1 is 10% fewer. Negative is a rise.

    low, high : interval over the uncertainty of the prior (units of the pool resampled) and of
        the chosen units' own rates.
    """

    value: float
    low: float
    high: float
    reliability: float
    k: float


def expected_fall(
    totals: np.ndarray,
    chosen: np.ndarray,
    n_periods: int,
    dispersion: float,
    rng: np.random.Generator,
    draws: int = 500,
    level: float = 0.95,
) -> ExpectedFall:
    """The relative fall that regression to the mean alone gives the chosen units of a pool.

    Parameters
    ----------
    totals : ``(n_units,)`` events over ``n_periods`` in the selection window.
    chosen : bool ``(n_units,)``; their summed total must be above 0.

    Source: Hauer (1997) ch. 11; the interval resamples the pool and draws the chosen units' rates
    from their posterior, whose variance is ``expected * dispersion / (k + n)``.
    """
    fit = gamma_poisson(totals, n_periods, dispersion)
    observed = float(totals[chosen].sum()) / n_periods
    mine = totals[chosen]
    falls = np.empty(draws)
    for d in range(draws):
        again = gamma_poisson(totals[rng.integers(0, len(totals), len(totals))], n_periods, dispersion)
        if math.isinf(again.k):
            rates = np.full(len(mine), again.mean)
        else:
            rate = (again.k * again.mean + mine) / (again.k + n_periods)
            spread = dispersion / (again.k + n_periods)
            rates = rng.gamma(np.maximum(rate / spread, 1e-9), spread)
        falls[d] = 1 - rates.sum() / observed
    low, high = np.quantile(falls, [(1 - level) / 2, (1 + level) / 2])
    value = 1 - float(fit.expected[chosen].sum()) / observed
    return ExpectedFall(value, float(low), float(high), fit.reliability, fit.k)
