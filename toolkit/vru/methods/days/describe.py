"""What is told of patrol days whatever the method: arms, weeks, and the interval from redrawn schedules."""

import math

import numpy as np
from scipy import stats

from vru.methods.days.rows import AreaDays
from vru.methods.inference import Inference
from vru.results import Arm, PathPoint
from vru.stats.intervals import Bounds, quantile
from vru.stats.patrol_test import PofValues, invert_in_grids

FEW_EVENTS = 20


def arms(rows: AreaDays, phi: float | None, level: float) -> tuple[Arm, Arm]:
    """Offences per area-day on patrol days and on other days; Poisson intervals widened by ``phi``."""
    return _arm(rows, rows.on, "patrol days", phi, level), _arm(rows, rows.off, "other days", phi, level)


def _arm(rows: AreaDays, cells: np.ndarray, name: str, phi: float | None, level: float) -> Arm:
    side = rows.assigned if name == "patrol days" else ~rows.assigned
    wide, time = max(1.0, phi or 1.0), float(rows.weight[cells].sum())
    events, tail = float(rows.counts[cells].sum()), (1 - level) / 2
    low = wide * stats.chi2.ppf(tail, 2 * events / wide) / 2 / time if events else 0.0
    high = wide * stats.chi2.isf(tail, 2 * events / wide + 2) / 2 / time
    return Arm(name, int(side.sum()), int(cells.sum()), events / time, float(low), float(high))


def by_week(rows: AreaDays, expected: np.ndarray) -> tuple[PathPoint, ...]:
    """Observed and expected offences in all areas by block of 7 days, named by its first day.

    expected : ``(n_areas, n_days)``, without treatment.
    """
    points = []
    for first in range(0, len(rows.days), 7):
        week = slice(first, first + 7)
        if rows.observed[:, week].any():
            points.append(
                PathPoint(rows.days[first], float(rows.counts[:, week].sum()), float(expected[:, week].sum()))
            )
    return tuple(points)


def invert(p: PofValues, value: float, scale: float, level: float, floor: float, words: str) -> Inference:
    """P-value of no effect and the interval of trial effects not rejected; ``floor``: the smallest p there can be."""
    none = float(p(np.zeros(1))[0])
    if floor > 1 - level + 1e-12:
        note = (
            f"There are so few schedules that no p-value can be below {floor:.3f}, so there is no {level:.0%} interval."
        )
        return Inference(Bounds(None, None), None, none, words, (note,))
    bounds = invert_in_grids(p, value, scale, 1 - level)
    if bounds.low is None or bounds.high is None:
        note = "The data do not limit the interval on one side or both."
        return Inference(bounds, None, none, words, (note,))
    return Inference(bounds, (bounds.high - bounds.low) / (2 * quantile(level)), none, words)


def smallest_p(possible: float | None) -> float:
    """One over the number of schedules; 0 where that is not counted. possible : natural logarithm of it."""
    return 0.0 if possible is None else math.exp(-possible)


def limits(rows: AreaDays) -> tuple[str, ...]:
    """Where ``benchmarks/validity_days.md`` measured the method to fail, if these data look like it."""
    events = float(rows.counts[rows.on].sum())
    if events >= FEW_EVENTS:
        return ()
    return (
        f"Only {events:.0f} offences were recorded on patrol days. With about 12, the logarithm of the ratio came out 0.07 to "
        "0.09 too low in simulation, the interval covered 90 to 93 times in 100, and an effect of 25% was seldom found.",
    )
