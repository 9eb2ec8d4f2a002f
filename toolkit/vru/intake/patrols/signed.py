"""Check-ins of an app, and timesheets: areas are named, and arrival and departure, or minutes, are written down."""

from dataclasses import dataclass

import numpy as np

from vru.errors import DataError, Problem
from vru.events import Table
from vru.intake import columns as read
from vru.intake.patrols.wall import instants
from vru.keys import fold
from vru.stats.visits import Visits
from vru.tracks import Clock, Read

LONGEST = 24 * 3600


@dataclass(frozen=True, slots=True)
class Signed:
    """Columns of a table: where, arrival, and departure or minutes."""

    area: str
    arrive: str
    leave: str | None
    minutes: str | None


def read_signed(table: Table, columns: Signed, areas: list[str], clock: Clock, seen: Read) -> Visits:
    """Visits, group being the area's position. Raises DataError: columns, times, departures before arrivals, unknown areas.

    Of a timesheet without a time of arrival, minutes count from the beginning of the day that is named.
    """
    wanted = [columns.area, columns.arrive, *(c for c in (columns.leave, columns.minutes) if c)]
    if problems := read.missing_columns(table, wanted):
        raise DataError(*problems)
    reading = read.Reading(table)
    start = read.dates(reading, columns.arrive).to_numpy().astype("datetime64[s]").astype("int64")
    if columns.leave is not None:
        end = read.dates(reading, columns.leave).to_numpy().astype("datetime64[s]").astype("int64")
    else:
        minutes = read.numbers(reading, columns.minutes or "", gaps=False)
        end = start + np.nan_to_num(60 * minutes).astype("int64")
    wrong = (end < start) | (end - start > LONGEST)
    if wrong.any() and not reading.problems:
        what = f"{int(wrong.sum()):,} rows end before they begin, or last more than a day"
        reading.problems.append(Problem(what, reading.at(columns.leave or columns.minutes or "")))
    if reading.problems:
        raise DataError(*reading.problems)
    group = _areas(reading, columns.area, areas, seen)
    if clock == "local":
        (start, ok), (end, fine) = instants(start), instants(end)
        seen.leave("in the hour that clocks show twice or not at all", int((~(ok & fine)).sum()))
    else:
        ok = fine = np.ones(len(start), dtype=bool)
    keep = (group >= 0) & ok & fine
    seen.rows = len(start)
    return Visits(group[keep], start[keep].astype(float), end[keep].astype(float))


def _areas(reading: read.Reading, column: str, areas: list[str], seen: Read) -> np.ndarray:
    at = {fold(a): i for i, a in enumerate(areas)}
    given = [fold(t) for t in read.text(reading.table, column)]
    group = np.array([at.get(g, -1) for g in given], dtype=np.int64)
    if (group < 0).all():
        raise DataError(Problem("no row names an area of the map", reading.at(column), ", ".join(areas[:20])))
    seen.leave("in no area of the map", int((group < 0).sum()))
    return group
