"""What many replays of one analysis say together: how many are independent, how often they claim, what could be seen."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

POWER = 0.8


def effective_number(units: np.ndarray, periods: np.ndarray) -> float:
    """How many independent replays the replays at hand are worth.

    A replay is a contrast between areas times a contrast between periods. Where areas and periods vary by themselves, two
    replays correlate by the product of the two contrasts' correlations, and the mean of their squares varies as that of
    ``R**2 / sum(correlation**2)`` independent ones.

    Parameters
    ----------
    units
        ``(n_replays, n_units)``: each replay's weights of areas (treated above 0, comparison below).
    periods
        ``(n_replays, n_periods)``: each replay's weights of periods (after above 0, before below).

    Source: Satterthwaite (1946) Biometrics Bulletin 2:110-114, of a quadratic form in correlated normal replays.
    """
    if not len(units):
        return 0.0
    alike = _correlations(units) * _correlations(periods)
    return float(len(units) ** 2 / (alike**2).sum())


def _correlations(rows: np.ndarray) -> np.ndarray:
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    unit = rows / np.where(length > 0, length, 1.0)
    return np.asarray(unit @ unit.T)


@dataclass(frozen=True, slots=True)
class Share:
    """A share and the interval of what it would be over endless replays."""

    value: float
    low: float
    high: float


def share(successes: int, runs: int, effective: float | None = None, level: float = 0.95) -> Share:
    """A share of ``runs`` with its Monte Carlo interval, as wide as ``effective`` independent runs make it.

    Source: Wilson (1927) JASA 22:209-212.
    """
    n = min(float(runs), runs if effective is None else max(effective, 1.0))
    p, z = successes / runs, float(stats.norm.ppf(0.5 + level / 2))
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Share(p, max(0.0, middle - half), min(1.0, middle + half))


def exceeded(placebo: np.ndarray, own: float, effective: float) -> float:
    """Two-sided p: how often a placebo is at least as far from none, counting the analysis itself; never under what so
    many independent placebos can show."""
    p = (1 + int((np.abs(placebo) >= abs(own)).sum())) / (1 + len(placebo))
    return min(1.0, max(p, 1 / (1 + effective)))


def reach(placebo: np.ndarray, level: float) -> float | None:
    """How many standard errors an interval must reach so that ``level`` of placebos are inside; None where so few cannot say.

    The order statistic of rank ``ceil((R + 1) * level)`` of the distances (split conformal, Lei et al. 2018 JASA 113:1094).
    """
    rank = math.ceil((len(placebo) + 1) * level)
    if rank > len(placebo):
        return None
    return float(np.sort(np.abs(placebo))[rank - 1])


def smallest_seen(log_ratios: np.ndarray, power: np.ndarray, wanted: float = POWER) -> float | None:
    """The effect nearest to none, log rate ratio, that is seen with probability ``wanted``; None where none tried is.

    log_ratios : effects of one direction, any order; power : share of replays in which each was seen. Power is made to
    rise with the size of the effect (isotonic regression) and read off between the two effects tried around it; below
    the smallest one tried nothing is claimed.
    """
    order = np.argsort(np.abs(log_ratios))
    x, y = np.abs(log_ratios)[order], rising(power[order])
    enough = np.flatnonzero(y >= wanted)
    if not len(enough):
        return None
    k = int(enough[0])
    at = x[k] if k == 0 else x[k - 1] + (x[k] - x[k - 1]) * (wanted - y[k - 1]) / (y[k] - y[k - 1])
    return float(math.copysign(at, log_ratios[order][k]))


def rising(values: np.ndarray) -> np.ndarray:
    """The nearest sequence that never falls (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for v in values.tolist():
        blocks.append([v, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2], blocks.pop()
            blocks[-1] = [(a * n + b * m) / (n + m), n + m]
    return np.repeat([b[0] for b in blocks], [int(b[1]) for b in blocks])
