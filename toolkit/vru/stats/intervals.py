"""Intervals and p-values on an additive scale, and their translation into offences prevented."""

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval; None on a side that the data do not limit."""

    low: float | None
    high: float | None


def quantile(level: float, df: float | None = None) -> float:
    """Two-sided critical value: normal, or Student's t with ``df`` degrees of freedom."""
    upper = 0.5 + level / 2
    return float(stats.norm.ppf(upper) if df is None else stats.t.ppf(upper, df))


def wald(value: float, se: float, level: float, df: float | None = None) -> Bounds:
    """``value`` plus and minus the critical value times ``se``."""
    half = quantile(level, df) * se
    return Bounds(value - half, value + half)


def two_sided_p(value: float, se: float, df: float | None = None) -> float:
    """Two-sided p-value of "the value is zero"; 1.0 when value and se are both zero."""
    if se == 0:
        return 1.0 if value == 0 else 0.0
    z = abs(value) / se
    return float(2 * (stats.norm.sf(z) if df is None else stats.t.sf(z, df)))


def prevented(observed: float, log_ratio: float | None) -> float | None:
    """Offences prevented, ``observed * (1/ratio - 1)``: what was expected less what was recorded.

    ``observed`` is the count after the start in treated units, taken as known: the uncertainty
    is in what would have happened otherwise. None in, or a ratio too small to divide by, gives None.
    """
    if log_ratio is None or -log_ratio > 50:
        return None
    return observed * math.expm1(-log_ratio) + 0.0


def prevented_bounds(observed: float, log_bounds: Bounds) -> Bounds:
    """The interval of offences prevented from the interval of the log ratio (the ends swap)."""
    return Bounds(prevented(observed, log_bounds.high), prevented(observed, log_bounds.low))
