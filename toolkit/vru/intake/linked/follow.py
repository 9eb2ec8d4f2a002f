"""From when to when each person is followed up, in whole days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.errors import Problem, Question
from vru.intake import columns as read
from vru.protocol.fields import Protocol
from vru.protocol.linked import CoversPeople, FollowUp

FAR_APART = 90
"""Days between the arms' middle starts from which index dates are asked about."""


@dataclass(frozen=True, slots=True)
class Follow:
    """People in the order of their list. ids : text ``(n,)``. treated : bool ``(n,)``.

    start : days since 1970-01-01 ``(n,)``. left : the last day at which somebody could be seen, infinite where nobody left.
    first_day : which day after the start is the first of follow-up. days : of follow-up, where an outcome has none of its own.
    """

    ids: np.ndarray
    treated: np.ndarray
    start: np.ndarray
    left: np.ndarray
    first_day: int
    days: int

    def observed(self, covers: CoversPeople, days: int) -> np.ndarray:
        """Days of each one's follow-up that the extract covers and in which the person was there, ``(n,)``."""
        first = self.start + self.first_day
        end = np.minimum(np.minimum(first + days - 1, day_of(covers.last)), self.left)
        return np.asarray(np.where(first >= day_of(covers.first), np.clip(end - first + 1, 0, None), 0.0))


def day_of(text: str) -> int:
    """Days since 1970-01-01 of a date of the plan."""
    return int(np.datetime64(text, "D").astype(int))


def days_of(found: pd.Series) -> np.ndarray:
    """Whole days since 1970-01-01, NaN where there is no date; a time of day is left out."""
    days = found.to_numpy().astype("datetime64[D]")
    return np.asarray(np.where(np.isnat(days), np.nan, days.astype("int64").astype(float)))


def columns(plan: FollowUp) -> list[str]:
    """The columns of the list of people that follow-up needs."""
    named = [plan.start, plan.comparison_start, plan.left, *(e.found for e in plan.linked.values())]
    return [c for c in named if c is not None]


def follow(protocol: Protocol, plan: FollowUp, reading: read.Reading, ids: np.ndarray, arm: np.ndarray) -> Follow:
    """Starts and ends as the plan's columns say; problems and questions go to ``reading``."""
    treated = arm == 1
    start = _starts(plan, reading, treated)
    left = np.full(len(ids), np.inf)
    if plan.left is not None:
        given = days_of(read.dates(reading, plan.left, gaps=True))
        early = given < start
        if early.any():
            what = f"{int(early.sum()):,} rows left before they started"
            reading.problems.append(
                Problem(what, reading.at(plan.left), hint="mend the dates, or leave those rows out")
            )
        left = np.where(np.isnan(given), np.inf, given)
    found = Follow(ids, treated, start, left, plan.from_day, plan.days)
    _ask(protocol, found, reading, plan)
    return found


def _starts(plan: FollowUp, reading: read.Reading, treated: np.ndarray) -> np.ndarray:
    own = days_of(read.dates(reading, plan.start, gaps=plan.comparison_start is not None))
    if plan.comparison_start is None:
        return np.asarray(np.nan_to_num(own))
    other = days_of(read.dates(reading, plan.comparison_start, gaps=True))
    start = np.where(treated, own, other)
    for side, column in ((treated, plan.start), (~treated, plan.comparison_start)):
        if lost := int(np.isnan(start[side]).sum()):
            arm = "treated" if column == plan.start else "comparison"
            reading.problems.append(Problem(f"{lost:,} {arm} rows have no date", reading.at(column)))
    return np.asarray(np.nan_to_num(start))


def _ask(protocol: Protocol, found: Follow, reading: read.Reading, plan: FollowUp) -> None:
    month = found.start.astype("int64").astype("datetime64[D]").astype("datetime64[M]")
    window = [np.datetime64(protocol.window.first, "M"), np.datetime64(protocol.window.last, "M")]
    outside = int(((month < window[0]) | (month > window[1])).sum())
    if outside:
        said = f"{outside:,} people start outside the plan's window. Do they belong to this evaluation?"
        reading.questions.append(Question("starts_outside", said, "mend window, or leave those rows out of the list"))
    if not (found.treated.any() and (~found.treated).any()):
        return
    middle = [float(np.median(found.start[side])) for side in (found.treated, ~found.treated)]
    apart = abs(middle[0] - middle[1])
    if apart >= FAR_APART:
        said = (
            f"{plan.start}: half of the treated start by {_date(middle[0])}, half of those compared by {_date(middle[1])}. "
            "Are their index dates chosen alike?"
        )
        hint = "give those compared an index date drawn from the starts of the treated"
        reading.questions.append(Question("index_dates", said, hint))


def _date(day: float) -> str:
    return str(np.datetime64(int(day), "D").astype("datetime64[M]"))
