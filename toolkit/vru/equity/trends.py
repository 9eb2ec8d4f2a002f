"""The ratio to the reference by month, quarter or year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.disclosure.profiles import Profile
from vru.equity.asked import Asked
from vru.equity.groups import UNKNOWN
from vru.equity.hiding import protect
from vru.stats.disparity import NOTHING, RateRatio, event_ratio, log_ratio


@dataclass(frozen=True, slots=True)
class Period:
    """One period: its months with data of those it has, rows, rows without a group, counts and ratios by group; None hidden."""

    label: str
    months: int
    of: int
    rows: int | None
    unknown: int | None
    counts: Mapping[str, int | None]
    ratios: Mapping[str, RateRatio]


@dataclass(frozen=True, slots=True)
class Trend:
    """Ratios of rates per head of the first stage, by period; residents are taken to be the same throughout."""

    by: str
    periods: tuple[Period, ...]


LENGTH = {"month": 1, "quarter": 3, "year": 12}


def label(month: str, by: str) -> str:
    """The period that a month lies in: 2021-04, 2021 Q2, 2021."""
    if by == "month":
        return month
    return month[:4] if by == "year" else f"{month[:4]} Q{(int(month[5:7]) + 2) // 3}"


def trend_of(
    asked: Asked, frame: pd.DataFrame, groups: Sequence[str], sized: Mapping[str, float] | None, profile: Profile
) -> Trend:
    """Counts by group and period, and each group's ratio where there is a number of residents."""
    period = frame["month"].map(lambda m: label(m, asked.by))
    labels = sorted(set(period))
    names = [*groups, UNKNOWN]
    table = np.array([[int(((frame["group"] == g) & (period == p)).sum()) for p in labels] for g in names])
    hidden = protect(table, profile)
    by_head = log_ratio if asked.interval == "log" else event_ratio
    found = []
    for j, name in enumerate(labels):
        shown = {g: None if hidden[i, j] else int(table[i, j]) for i, g in enumerate(names)}
        c = shown[asked.against]
        ratios = {
            g: NOTHING if sized is None or not sized.get(g) or shown[g] is None or c is None
            else by_head(shown[g] or 0, sized[g], c, sized[asked.against], asked.level)
            for g in groups if g != asked.against
        }  # fmt: skip
        months = frame.loc[period == name, "month"].nunique()
        total = int(table[:, j].sum())
        rows = None if profile.hides(total) else total
        found.append(
            Period(name, months, LENGTH[asked.by], rows, shown[UNKNOWN], {g: shown[g] for g in groups}, ratios)
        )
    return Trend(asked.by, tuple(found))
