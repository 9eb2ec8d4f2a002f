"""Offences prevented where few were recorded after the start: what the comparison supports, and no more."""

import math
from dataclasses import dataclass

from scipy import stats

from vru.stats.intervals import Bounds, prevented_bounds, quantile

FEW = 50
"""Offences after the start from which on, where they are fewer than expected, the ratio's ends are turned into offences."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What was expected without treatment.

    value : offences. spread : variance of its logarithm that the counts behind it have at least (sums of ``1/count``, of
    Poisson counts). phi : how many times as much as Poisson counts vary, or None where that is not known.
    """

    value: float
    spread: float
    phi: float | None = None

    @property
    def inflation(self) -> float:
        """phi, at least 1."""
        return max(self.phi or 1.0, 1.0)


def behind(*counts: float) -> float:
    """Variance of the logarithm of a product or quotient of Poisson counts; a count of nothing stands for one half."""
    return sum(1 / max(c, 0.5) for c in counts)


def prevented_interval(observed: float, expected: Expected, log_bounds: Bounds, level: float) -> Bounds:
    """The interval of offences prevented: what was expected less what treatment leaves.

    With ``FEW`` or more recorded, and fewer than expected, it is the ratio's interval turned into offences, which is wide
    enough. Elsewhere not: with few recorded the far end of a ratio stands for any number of offences, and with more
    recorded than expected the recorded count's own chance would be left out. There the interval of the treated areas' own
    count (exact Poisson, stretched by phi) is taken out of the ratio's, what is left is the interval of the expected count,
    and both are put together as one of their difference. Where its sign and the ratio's interval disagree, the ratio's end
    stands. No interval where the ratio has none on either side.

    Source: Zou & Donner (2008) Statistics in Medicine 27 (limits of a difference from the limits of its parts);
    Garwood (1936) Biometrika 28. Coverage: ``benchmarks/few_prevented.md``.
    """
    as_ratio = prevented_bounds(observed, log_bounds)
    if expected.value <= 0 or (log_bounds.low is None and log_bounds.high is None):
        return as_ratio
    if FEW <= observed <= expected.value:
        return as_ratio
    own = _poisson(observed, expected.inflation, level)
    least = quantile(level) * math.sqrt(expected.inflation * expected.spread)
    up, down = least, least
    if observed > 0:
        value = math.log(observed / expected.value)
        if log_bounds.low is not None:
            up = _left(value - log_bounds.low, math.log(observed / _low(own)), least)
        if log_bounds.high is not None:
            down = _left(log_bounds.high - value, math.log(_high(own) / observed), least)
    most, fewest = expected.value * math.exp(up), expected.value * math.exp(-down)
    middle = expected.value - observed
    low = middle - math.hypot(expected.value - fewest, _high(own) - observed)
    high = middle + math.hypot(most - expected.value, observed - _low(own))
    return _signed(Bounds(low, high), as_ratio, log_bounds)


def _signed(found: Bounds, as_ratio: Bounds, log_bounds: Bounds) -> Bounds:
    """``found``, on the side of nought that the ratio's interval is on, or on both where that is on both."""
    low, high = found.low, found.high
    fewer = log_bounds.high is not None and log_bounds.high < 0
    more = log_bounds.low is not None and log_bounds.low > 0
    if low is not None and (low > 0) != fewer:
        low = as_ratio.low if fewer and as_ratio.low is not None else 0.0
    if high is not None and (high < 0) != more:
        high = as_ratio.high if more and as_ratio.high is not None else 0.0
    return Bounds(low, high)


def _left(whole: float, own: float, least: float) -> float:
    """What of a half-width is left when that of the treated areas' own count is taken out, ``least`` at the least."""
    return max(math.sqrt(max(whole**2 - own**2, 0.0)), least)


def _poisson(count: float, phi: float, level: float) -> Bounds:
    tail = (1 - level) / 2
    low = phi * float(stats.chi2.ppf(tail, 2 * count / phi)) / 2 if count > 0 else 0.0
    return Bounds(low, phi * float(stats.chi2.isf(tail, 2 * (count / phi + 1))) / 2)


def _low(bounds: Bounds) -> float:
    return bounds.low or 0.0


def _high(bounds: Bounds) -> float:
    assert bounds.high is not None  # a count has an upper limit
    return bounds.high
