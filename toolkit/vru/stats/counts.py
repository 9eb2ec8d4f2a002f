"""Two Poisson counts, or many pairs of them, compared exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, signal, special, stats

LOG_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class ExactRatio:
    """A rate ratio after/before with its exact conditional interval.

    ratio : conditional maximum likelihood; 0 when nothing was recorded afterwards.
    low, high : None where the data set no limit. p : two-sided, twice the smaller tail, so that
    it is below ``1 - level`` exactly when the interval leaves out 1.
    """

    ratio: float
    low: float | None
    high: float | None
    p: float


def conditional_ratio(before: np.ndarray, after: np.ndarray, odds: np.ndarray) -> float:
    """Rate ratio by conditional maximum likelihood over units.

    Parameters
    ----------
    before, after : shape ``(n_units,)``, offences recorded before and after the start.
    odds : shape ``(n_units,)``, exposure after over exposure before (months, or person-months).

    Given a unit's total, its later count is binomial with odds ``ratio * odds``. With equal odds
    this is the ratio of the pooled rates.
    """
    total, later = before + after, float(after.sum())
    if later == 0:
        return 0.0
    if before.sum() == 0:
        return float("inf")
    if np.ptp(odds) <= 1e-12 * odds.max():
        return later / (float(before.sum()) * float(odds[0]))

    def score(log_ratio: float) -> float:
        x = np.exp(log_ratio) * odds
        return later - float((total * x / (1 + x)).sum())

    return float(np.exp(optimize.brentq(score, -LOG_LIMIT, LOG_LIMIT)))


def exact_ratio(before: np.ndarray, after: np.ndarray, odds: np.ndarray, level: float) -> ExactRatio:
    """Exact conditional test and interval (the "C-test") for a rate ratio after/before.

    Shapes as in :func:`conditional_ratio`. With equal odds the interval is Clopper and Pearson's
    for the later share of all offences; with unequal odds (staggered starts, months missing) the
    later total is a sum of binomials and its distribution is computed by convolution.

    Source: Przyborowski & Wilenski (1940) Biometrika 31; Clopper & Pearson (1934). Reference
    implementation: R ``poisson.test`` (interval).
    """
    later = round(float(after.sum()))
    total = round(float((before + after).sum()))
    tails = _tails((before + after).round().astype(int), odds, later)
    alpha = (1 - level) / 2
    at_null = tails(0.0)
    low = None if later == 0 else _solve(lambda x: tails(x)[1] - alpha)
    high = None if later == total else _solve(lambda x: alpha - tails(x)[0])
    return ExactRatio(conditional_ratio(before, after, odds), low, high, min(1.0, 2 * min(at_null)))


def e_test_p(before: float, after: float, odds: float) -> float:
    """P-value of equal rates by the E-test, which is less conservative than the conditional test.

    Source: Krishnamoorthy & Thomson (2004) J. Stat. Plan. Inference 119; computed by
    ``scipy.stats.poisson_means_test``.
    """
    return float(stats.poisson_means_test(round(after), odds, round(before), 1.0).pvalue)


def _tails(total: np.ndarray, odds: np.ndarray, later: int) -> Callable[[float], tuple[float, float]]:
    """``log ratio -> (P(later count or fewer), P(later count or more))``."""
    groups = [(float(r), int(total[odds == r].sum())) for r in np.unique(odds)]

    def tails(log_ratio: float) -> tuple[float, float]:
        share = [1 / (1 + np.exp(-log_ratio) / r) for r, _ in groups]
        if len(groups) == 1:
            n = groups[0][1]
            upper = float(special.bdtrc(later - 1, n, share[0])) if later > 0 else 1.0
            return float(special.bdtr(later, n, share[0])), upper
        mass = np.ones(1)
        for (_, n), p in zip(groups, share, strict=True):
            mass = np.clip(signal.convolve(mass, stats.binom(n, p).pmf(np.arange(n + 1))), 0, None)
        return float(mass[: later + 1].sum()), float(mass[later:].sum())

    return tails


def _solve(at: Callable[[float], float]) -> float | None:
    """The ratio where an increasing function of the log ratio crosses zero."""
    if at(-LOG_LIMIT) > 0 or at(LOG_LIMIT) < 0:
        return None
    return float(np.exp(optimize.brentq(at, -LOG_LIMIT, LOG_LIMIT, xtol=1e-12)))
