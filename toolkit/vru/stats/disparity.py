"""Rates of two groups compared: ratios with intervals that hold at small counts, bounds for what was not recorded, agreement."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from vru.stats.intervals import quantile


@dataclass(frozen=True, slots=True)
class RateRatio:
    """A ratio and its interval; None where the counts do not say (nothing in the reference, or no end on that side)."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = RateRatio(None, None, None)


def event_ratio(a: float, size_a: float, c: float, size_c: float, level: float = 0.95) -> RateRatio:
    """Events per head in one group over those in another; the exact interval given how many there were together.

    Events are taken as Poisson: one person can be searched twice, so that searches are no share of the residents. Given
    their sum, ``a`` is binomial with odds ``ratio * size_a / size_c``; Clopper and Pearson's ends are turned into ratios.

    Source: Przyborowski and Wilenski (1940) Biometrika 31; as the exact interval of two Poisson rates in
    Garwood's tradition (see Sahai and Khurshid 1996, Statistics in Epidemiology, chapter 5).
    """
    if min(size_a, size_c) <= 0 or a + c == 0:
        return NOTHING
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, a, c + 1)) if a else 0.0
    high = float(stats.beta.ppf(1 - tail, a + 1, c)) if c else None
    scale = size_c / size_a
    value = a / c * scale if c else None
    return RateRatio(value, low / (1 - low) * scale, None if high is None else high / (1 - high) * scale)


def log_ratio(a: float, n: float, c: float, m: float, level: float = 0.95) -> RateRatio:
    """Ratio of two shares with the interval from its logarithm, as published tables mostly have; none where a count is 0.

    Source: Katz, Baptista, Azen and Pike (1978) Biometrics 34.
    """
    if min(a, c) <= 0 or min(n, m) <= 0:
        return NOTHING
    ratio = (a / n) / (c / m)
    half = quantile(level) * math.sqrt(1 / a - 1 / n + 1 / c - 1 / m)
    return RateRatio(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def share_ratio(a: float, n: float, c: float, m: float, level: float = 0.95) -> RateRatio:
    """Ratio of two shares (a of n, c of m) with the score interval.

    Source: Koopman (1984) Biometrics 40; the restricted shares by Miettinen and Nurminen (1985), without their factor.
    """
    if min(n, m) <= 0 or a + c == 0:
        return NOTHING
    limit = quantile(level) ** 2

    def beyond(log: float) -> float:
        return _score(a, n, c, m, math.exp(log)) - limit

    value = (a / n) / (c / m) if c else None
    middle = math.log(((a or 0.5) / n) / ((c or 0.5) / m))
    far = 25.0
    low = 0.0 if a == 0 else math.exp(optimize.brentq(beyond, middle - far, middle)) if c else _lowest(beyond, far)
    high = None if c == 0 else math.exp(optimize.brentq(beyond, middle if a else -far, middle + far))
    return RateRatio(value, low, high)


def _lowest(beyond: object, far: float) -> float:
    """The lower end where nothing happened in the reference: the score falls all the way as the ratio grows."""
    assert callable(beyond)
    return math.exp(optimize.brentq(beyond, -far, far))


def _score(a: float, n: float, c: float, m: float, ratio: float) -> float:
    """Koopman's chi-squared of "the ratio is this"."""
    big = ratio * (n + m)
    b = -(ratio * n + a + m + ratio * c)
    # The smaller root, as the share of the reference, in the form that large ratios do not spoil; of the other, ratio * p.
    p = min(2 * (a + c) / (math.sqrt(max(b * b - 4 * big * (a + c), 0.0)) - b), 1.0)
    q = min(ratio * p, 1.0)
    variance = q * (1 - q) / n + ratio * ratio * p * (1 - p) / m
    off = a / n - ratio * c / m
    return math.inf if variance <= 0 and off else off * off / variance if variance > 0 else 0.0


def share_interval(a: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share. Source: Wilson (1927) JASA 22."""
    z2 = quantile(level) ** 2
    middle = (a + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (a * (n - a) / n + z2 / 4)) / (n + z2)
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that a ratio can be, whatever the groups of those without a recorded group; None: no limit."""

    low: float | None
    high: float | None


def event_bounds(a: float, size_a: float, c: float, size_c: float, unknown: float) -> Range:
    """A ratio of rates per head when all of the unknown belong to the reference, and when all belong to the group."""
    scale = size_c / size_a
    low = a / (c + unknown) * scale if c + unknown else None
    return Range(low, (a + unknown) / c * scale if c else None)


def share_bounds(a: float, n: float, c: float, m: float, with_it: float, without: float) -> Range:
    """A ratio of shares at its extremes, when of the unknown those with and without the outcome go where they move it most."""
    if min(n, m) <= 0:
        return Range(None, None)
    top, bottom = (a + with_it) / (n + with_it), c / (m + without)
    least, most = a / (n + without), (c + with_it) / (m + with_it)
    return Range(least / most if most else None, top / bottom if bottom else None)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two records of the same people say the same: share, and kappa (beyond what chance would give); n rows."""

    n: int
    share: float | None
    kappa: float | None


def agreement(table: np.ndarray) -> Agreement:
    """Agreement of a square table of counts. Source: Cohen (1960) Educational and Psychological Measurement 20."""
    n = float(table.sum())
    if n == 0:
        return Agreement(0, None, None)
    same = float(np.trace(table)) / n
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return Agreement(round(n), same, (same - chance) / (1 - chance) if chance < 1 else None)
