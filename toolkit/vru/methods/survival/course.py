"""Each arm's course: the share free of the event at a few days, with how many were still followed up."""

import math

import numpy as np

from vru.methods.people.rows import Rows
from vru.results import Arm, CoursePoint, SurvivalCourse
from vru.stats.survival_curve import free_at, free_bounds, free_share

READ_AT = 12
"""A course is given at so many days and never at the days of single events."""


def last_day(rows: Rows, time: np.ndarray) -> float:
    """The last day at which somebody is followed up in both arms."""
    return float(min(time[rows.treated].max(), time[~rows.treated].max()))


def courses(rows: Rows, time: np.ndarray, until: float, level: float) -> tuple[SurvivalCourse, ...]:
    """Both arms, read at the same days."""
    step = max(1, math.ceil(until / READ_AT))
    days = np.unique(np.append(np.arange(0, until, step), until))
    return tuple(
        _course(rows, time, side, name, days, level)
        for name, side in (("treated", rows.treated), ("comparison", ~rows.treated))
    )


def _course(
    rows: Rows, time: np.ndarray, side: np.ndarray, name: str, days: np.ndarray, level: float
) -> SurvivalCourse:
    t, e = time[side], rows.y[side] == 1
    curve = free_share(t, e)
    free, (low, high) = free_at(curve, days), free_bounds(curve, days, level)
    points = []
    for j, day in enumerate(days.tolist()):
        since = (t <= day) & (t > days[j - 1]) if j else t <= day
        # Follow-up that ends on the last day ran its whole course: nobody was lost.
        through = (t == day) & ~e if j == len(days) - 1 else np.zeros(len(t), dtype=bool)
        at_risk, gone = int(((t > day) | through).sum()), int((since & ~e & ~through).sum())
        a, b = (None if math.isnan(v) else float(v) for v in (low[j], high[j]))
        points.append(CoursePoint(float(day), float(free[j]), a, b, at_risk, int((since & e).sum()), gone))
    return SurvivalCourse(name, int(side.sum()), tuple(points))


def arms(rows: Rows, time: np.ndarray, until: float, level: float) -> tuple[Arm, ...]:
    """Share with the event by ``until``, as if nobody had left before."""
    made = []
    for name, side, lost in (("treated", rows.treated, rows.lost[0]), ("comparison", ~rows.treated, rows.lost[1])):
        curve, at = free_share(time[side], rows.y[side] == 1), np.array([until])
        low, high = (float(v[0]) for v in free_bounds(curve, at, level))
        n, share = int(side.sum()), 1 - float(free_at(curve, at)[0])
        ends = (None, None) if math.isnan(low) else (1 - high, 1 - low)
        made.append(Arm(name, n + lost, n, share, *ends))
    return tuple(made)
