"""Visits and minutes by area and period: what was done, beside what was planned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.intake.patrols.placed import Placed
from vru.intake.patrols.wall import Periods
from vru.stats.visits import Visits, by_period, in_places, runs, shares_of_time, together

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """gap : seconds between pings after which a visit has ended. shortest : seconds below which it is none. once : officers in
    one area at the same time count as one visit."""

    gap: float = 180.0
    shortest: float = 180.0
    once: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """table : area, period, visits, minutes, officer_minutes; a row for each area and period.

    hours : on record in areas and outside all of them (of pings alone). short : visits shorter than the shortest that counts.
    outside : visits that begin before the first period or after the last.
    """

    table: pd.DataFrame
    visits: int
    short: int
    outside: int
    hours_inside: dict[str, float]
    hours_outside: float


def deliver(placed: Placed, areas: Sequence[str], periods: Periods, rules: Rules) -> Delivery:
    """From pings. Minutes of a visit over midnight belong to both days; the visit to the day on which it begins."""
    n = len(areas)
    spent = shares_of_time(placed.packed, rules.gap, n) / HOUR
    own = runs(in_places(placed.packed, n), rules.gap)
    hours = {name: float(spent[i]) for i, name in enumerate(areas)}
    return of_visits(Visits(own.group % n, own.start, own.end), areas, periods, rules, hours, float(spent[-1]))


def of_visits(
    own: Visits, areas: Sequence[str], periods: Periods, rules: Rules, hours: dict[str, float], outside: float
) -> Delivery:
    """From visits of officers, group being the area."""
    long = own.end - own.start >= rules.shortest
    kept = own.take(long)
    counted = together(kept) if rules.once else kept
    first, last = periods.edges[0], periods.edges[-1]
    begins = (counted.start >= first) & (counted.start < last)
    shape = (len(areas), len(periods.labels))
    at = np.searchsorted(periods.edges, counted.start[begins], side="right") - 1
    visits = np.zeros(shape)
    np.add.at(visits, (counted.group[begins], at), 1)
    table = pd.DataFrame(
        {
            "area": np.repeat(np.asarray(areas, dtype=object), shape[1]),
            "period": np.tile(np.asarray(periods.labels, dtype=object), shape[0]),
            "visits": visits.ravel().astype(int),
            "minutes": _minutes(counted, periods, shape).ravel(),
            "officer_minutes": _minutes(kept, periods, shape).ravel(),
        }
    )
    return Delivery(table, int(begins.sum()), int((~long).sum()), int((~begins).sum()), hours, outside)


def _minutes(visits: Visits, periods: Periods, shape: tuple[int, int]) -> np.ndarray:
    parts = by_period(visits, periods.edges)
    found = np.zeros(shape)
    np.add.at(found, (visits.group[parts.row], parts.period), parts.seconds / 60)
    return found
