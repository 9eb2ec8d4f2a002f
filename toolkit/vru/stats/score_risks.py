"""Two risks compared by score intervals: the ratio and the difference, with no events in an arm allowed."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import optimize, stats

from vru.stats.intervals import Bounds


@dataclass(frozen=True, slots=True)
class TwoRisks:
    """Events of rows: ``y1`` of ``n1`` treated, ``y0`` of ``n0`` in the comparison."""

    y1: float
    n1: float
    y0: float
    n0: float


def score_p(data: TwoRisks) -> float:
    """Two-sided p-value of equal risks: Pearson's chi-squared times (N-1)/N, one degree of freedom."""
    total = data.y1 + data.y0
    n = data.n1 + data.n0
    if total in (0, n):
        return 1.0
    pooled = total / n
    gap = data.y1 / data.n1 - data.y0 / data.n0
    variance = pooled * (1 - pooled) * (1 / data.n1 + 1 / data.n0) * n / (n - 1)
    return float(2 * stats.norm.sf(abs(gap) / math.sqrt(variance)))


def log_ratio_bounds(data: TwoRisks, level: float) -> Bounds:
    """Interval of the log risk ratio; None below where no treated row has the event, above where no other has.

    Source: Miettinen & Nurminen (1985) Statistics in Medicine 4; without their N/(N-1), Koopman (1984) Biometrics 40.
    """
    z = float(stats.norm.ppf(0.5 + level / 2))
    if data.y1 == 0 and data.y0 == 0:
        return Bounds(None, None)

    def excess(log_ratio: float) -> float:
        return _ratio_score(data, math.exp(log_ratio)) - z

    centre = math.log((data.y1 + 0.5) / (data.n1 + 0.5)) - math.log((data.y0 + 0.5) / (data.n0 + 0.5))
    low = None if data.y1 == 0 else _cross(excess, centre if data.y0 == 0 else _log_ratio(data), -1, 60)
    high = None if data.y0 == 0 else _cross(excess, centre if data.y1 == 0 else _log_ratio(data), 1, 60)
    return Bounds(low, high)


def difference_bounds(data: TwoRisks, level: float) -> Bounds:
    """Interval of the risk difference. Source: Miettinen & Nurminen (1985) Statistics in Medicine 4."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    centre = data.y1 / data.n1 - data.y0 / data.n0

    def excess(delta: float) -> float:
        return _difference_score(data, delta) - z

    low = -1.0 if centre <= -1 or excess(-1 + 1e-12) <= 0 else optimize.brentq(excess, -1 + 1e-12, centre)
    high = 1.0 if centre >= 1 or excess(1 - 1e-12) <= 0 else optimize.brentq(excess, centre, 1 - 1e-12)
    return Bounds(float(low), float(high))


def _log_ratio(data: TwoRisks) -> float:
    return math.log(data.y1 / data.n1) - math.log(data.y0 / data.n0)


def _cross(excess: Callable[[float], float], centre: float, side: int, limit: float) -> float:
    step, inner = 0.5, centre
    while abs(inner - centre) < limit:
        outer = inner + side * step
        if excess(outer) > 0:
            return float(optimize.brentq(excess, min(inner, outer), max(inner, outer), xtol=1e-10))
        inner, step = outer, step * 1.5
    return inner


def _ratio_score(data: TwoRisks, ratio: float) -> float:
    """Absolute score statistic for a risk ratio; the risks under it solve a quadratic."""
    n = data.n1 + data.n0
    a = n * ratio
    b = -(data.n1 * ratio + data.y1 + data.n0 + data.y0 * ratio)
    c = data.y1 + data.y0
    p0 = 2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    p1 = min(p0 * ratio, 1.0)
    variance = (p1 * (1 - p1) / data.n1 + ratio**2 * p0 * (1 - p0) / data.n0) * n / (n - 1)
    gap = abs(data.y1 / data.n1 - ratio * data.y0 / data.n0)
    return gap / math.sqrt(variance) if variance > 0 else (0.0 if gap < 1e-12 else math.inf)


def _difference_score(data: TwoRisks, delta: float) -> float:
    """Absolute score statistic for a risk difference; the risks under it maximise the likelihood."""
    n = data.n1 + data.n0
    low, high = max(0.0, -delta), min(1.0, 1.0 - delta)

    def slope(p0: float) -> float:
        p1 = p0 + delta
        up = data.y1 / max(p1, 1e-15) + data.y0 / max(p0, 1e-15)
        return up - (data.n1 - data.y1) / max(1 - p1, 1e-15) - (data.n0 - data.y0) / max(1 - p0, 1e-15)

    inset = 1e-13 * (high - low)
    a, b = low + inset, high - inset
    p0 = low if slope(a) <= 0 else high if slope(b) >= 0 else float(optimize.brentq(slope, a, b, xtol=1e-14))
    p1 = min(max(p0 + delta, 0.0), 1.0)
    variance = (p1 * (1 - p1) / data.n1 + p0 * (1 - p0) / data.n0) * n / (n - 1)
    gap = abs(data.y1 / data.n1 - data.y0 / data.n0 - delta)
    return gap / math.sqrt(variance) if variance > 0 else (0.0 if gap < 1e-12 else math.inf)
