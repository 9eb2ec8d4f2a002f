"""From a predicted rate ratio and one's own counts: events prevented, chances, and the sample needed to find out."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from vru.errors import MethodError, Problem
from vru.stats.intervals import Bounds
from vru.stats.prediction import Law, below, prediction_interval, quantile_of

_POINTS = 100


@dataclass(frozen=True, slots=True)
class Prevented:
    """Events prevented over the period asked for, above 0 = fewer events. Middle value and interval.

    The middle is the median: the mean is ruled by the far end of a law with heavy tails.
    """

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Needed:
    """What it takes to find a rate ratio of ``ratio``: months before and as many after, in each arm.

    area_months : in all, both arms, before and after. areas : per arm, where each is watched ``months``
        before and ``months`` after; None where months were not given.
    """

    ratio: float
    area_months: int
    areas: int | None
    events: int


def prevented(law: Law, baseline: float, share: float, phi: float, level: float) -> Prevented:
    """Events prevented, ``b (1 - exp(effect))``, with the uncertainty of the effect and of the baseline.

    Parameters
    ----------
    law : of the log rate ratio. baseline : events counted, above 0. share : length of the period asked
        for over that of the baseline. phi : variance of counts over their mean.

    The mean behind the baseline is taken as Gamma with shape ``(baseline + 1/2) / phi``; 100 of its
    quantiles are averaged over, each with equal weight.
    """
    shape = (baseline + 0.5) / phi
    means = share * phi * stats.gamma.ppf((np.arange(_POINTS) + 0.5) / _POINTS, shape)
    means = np.maximum(means, 1e-12)

    def probability(x: float) -> float:
        """Of ``x`` or fewer prevented: the effect is above ``log(1 - x / b)``."""
        left = 1 - x / means
        at = np.log(np.maximum(left, 1e-300))[:, None]
        over = special.ndtr((law.centres - at) / law.scales).mean(axis=1)
        return float(np.where(left > 0, over, 1.0).mean())

    expected = baseline * share
    bounds = prediction_interval(law, level)
    start = -expected * math.expm1(min(_middle(law), 50.0))
    step = expected * (1 + abs(math.expm1(min(bounds.high or 0.0, 5.0))))
    middle, low, high = (quantile_of(probability, s, start, step) for s in (0.5, (1 - level) / 2, (1 + level) / 2))
    return Prevented(middle, low, high)


def _middle(law: Law) -> float:
    return quantile_of(lambda x: below(law, x), 0.5, float(np.median(law.centres)), float(np.median(law.scales)))


def sample_needed(
    ratio: float, monthly: float, phi: float, *, power: float = 0.8, level: float = 0.95, months: int | None = None
) -> Needed | None:
    """Months of data that find a rate ratio with the given power; None where the ratio is 1.

    Parameters
    ----------
    ratio : the rate ratio to be found. monthly : mean events per area and month without treatment.
    phi : variance of monthly counts over their mean. months : how long each area is watched before, and after.

    With as many area-months ``n`` in each arm before and after, the log relative rate ratio has
    variance ``phi (3 + 1/ratio) / (n monthly)``; so
    ``n = phi (3 + 1/ratio) (z + z_power)^2 / (monthly log(ratio)^2)``, and four times that in all.
    It takes the areas' rates as steady and months as independent, so it is the least that is needed.

    Source: the variance of Wilson (2022), see ``ratios.relative_rate_ratio``; the rest is the usual
    normal sample size. Verified by simulation in ``tests/stats/test_expectation.py``.
    """
    if not (math.isfinite(ratio) and ratio > 0 and monthly > 0 and phi > 0):
        raise MethodError(Problem("needs a rate ratio, a monthly mean and a dispersion above 0", where="sample needed"))
    if abs(math.log(ratio)) < 1e-6:
        return None
    z = float(stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power))
    per_cell = math.ceil(phi * (3 + 1 / ratio) * z**2 / (monthly * math.log(ratio) ** 2))
    areas = None if months is None else math.ceil(per_cell / months)
    return Needed(ratio, 4 * per_cell, areas, math.ceil(per_cell * monthly * (3 + ratio)))


def chance(law: Law, bounds: Bounds) -> float:
    """Probability that the new effect lies between two log ratios; None on a side is no limit."""
    low = 0.0 if bounds.low is None else below(law, bounds.low)
    high = 1.0 if bounds.high is None else below(law, bounds.high)
    return max(0.0, high - low)
