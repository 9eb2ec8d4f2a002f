"""An extract of offences to events by period and place: dates, ranges, areas, coordinates, repeats."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem, Question
from vru.events import DataNote, Events, Table
from vru.intake import columns as read
from vru.intake.kept import keep
from vru.keys import fold
from vru.periods import MONTHS, Calendar
from vru.protocol.tabled import EventColumns

WHOLE = "extract"
"""What stands for the force where an extract is of one: every area is covered by it."""
_WEEKDAYS = np.array(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
_EASTING, _NORTHING = (0.0, 660_000.0), (0.0, 1_230_000.0)
_LONGITUDE, _LATITUDE = (-8.7, 1.8), (49.8, 60.9)
_FEW = 0.02
"""Share of rows whose place is outside Britain up to which they are left without one; above it the columns are wrong."""
_SILENT = 0.2
"""Share of days or weeks without a row up to which each is asked about; where more are empty, an empty one is nothing odd."""
_MANY = 20.0
"""Rows that periods without any would hold at the usual rate before a sparse file is asked about them all the same."""
_MIDNIGHT = 0.15
"""Share of times at exactly midnight from which the hour says nothing."""


def read_offences(
    table: Table, plan: EventColumns, cache: Path, units: Sequence[str] = (), calendar: Calendar = MONTHS
) -> Events:
    """Events in the cache, without ids: month, period, weekday, hour, place, kind and the columns kept for filters.

    units : areas that the plan names; one that the file spells otherwise (case, spaces) is taken for it. calendar : the
    plan's periods.

    Raises
    ------
    DataError
        Columns that are not there, dates or coordinates that cannot be read, no row in any period that is covered.
    """
    reading = read.Reading(table)
    if problems := read.missing_columns(table, plan.columns()):
        raise DataError(*problems)
    when = _when(reading, plan, calendar)
    place = _place(reading, plan, units)
    kind = reading.cells(plan.kind).text if plan.kind else np.full(len(table.frame), "event")
    if reading.problems:
        raise DataError(*reading.problems)
    frame = pd.DataFrame({"month": when.dt.strftime("%Y-%m"), "force": WHOLE, "crime_type": _or_null(kind), **place})
    if (by := "month" if calendar.kind == "month" else "period") == "period":
        frame["period"] = calendar.of_days(when.to_numpy())
    frame["weekday"] = _WEEKDAYS[when.dt.day_of_week.to_numpy()]
    frame["hour"] = when.dt.strftime("%H")
    for column in plan.keep:
        frame[column] = _or_null(reading.cells(column).text)
    frame = _counted_once(reading, plan, frame.assign(when_=when.to_numpy()), by).drop(columns="when_")
    present = plan.covers.present(calendar)
    _tell_covered(reading, present, frame[by], calendar)
    inside = frame[by].isin(present).to_numpy()
    _tell_times(reading, plan, when)
    _ask_alike(reading, plan)
    made_from = {**plan.model_dump(mode="json"), "units": sorted(units), "calendar": repr(calendar)}
    at = keep(frame[inside], table, made_from, cache)
    if reading.problems:
        raise DataError(*reading.problems)
    log = (*table.log, *reading.notes)
    return Events(at, {WHOLE: present}, table.sha256, log, questions=tuple(reading.questions), calendar=calendar)


def _or_null(text: np.ndarray) -> pd.Series:
    return pd.Series(text, dtype="str").replace("", None)


def _when(reading: read.Reading, plan: EventColumns, calendar: Calendar) -> pd.Series:
    """When each row happened: its date, or the end or middle of its range. Ranges that run backwards are a problem."""
    start = read.dates(reading, plan.when)
    if plan.until is None or reading.problems:
        return start
    end = read.dates(reading, plan.until, gaps=True)
    backwards = (end < start).to_numpy()
    if backwards.any():
        what = f"{int(backwards.sum()):,} rows end before they begin"
        reading.problems.append(Problem(what, reading.at(plan.until), hint=f"is {plan.when} the earlier of the two?"))
    end = end.fillna(start)
    crossing = calendar.of_days(start.to_numpy()) != calendar.of_days(end.to_numpy())
    text = f"{plan.when} to {plan.until}: ranges over more than one {calendar.noun}, counted at their {plan.at}"
    reading.notes.append(DataNote("events", text, int(crossing.sum())))
    moments: Mapping[str, pd.Series] = {"start": start, "middle": start + (end - start) / 2, "end": end}
    return moments[plan.at]


def _place(reading: read.Reading, plan: EventColumns, units: Sequence[str]) -> dict[str, object]:
    """Area code and degrees of each row, null where there is none."""
    n = len(reading.table.frame)
    code: object = pd.Series([None] * n, dtype="str")
    if plan.area:
        code = _or_null(spelt(reading, plan.area, read.keys(reading, plan.area, "area"), units))
    x, y = np.full(n, np.nan), np.full(n, np.nan)
    if plan.easting and plan.northing:
        x, y = _pair(reading, plan.easting, plan.northing, (_EASTING, _NORTHING))
        x, y = _degrees(x, y)
    elif plan.longitude and plan.latitude:
        x, y = _pair(reading, plan.longitude, plan.latitude, (_LONGITUDE, _LATITUDE))
    return {"lsoa_code": code, "lsoa_name": pd.Series([None] * n, dtype="str"), "longitude": x, "latitude": y}


def spelt(reading: read.Reading, column: str, named: np.ndarray, units: Sequence[str]) -> np.ndarray:
    """Areas in the plan's spelling, where the file's differs in case or spaces only."""
    of_plan = {fold(u): u for u in units}
    kinds, at = np.unique(named, return_inverse=True)
    found = np.array([of_plan.get(fold(str(k)), str(k)) for k in kinds], dtype=str)[at]
    if (moved := int((found != named).sum())) > 0:
        reading.notes.append(
            DataNote("events", f"{column}: areas spelt otherwise than in the plan, taken as one", moved)
        )
    return found


Span = tuple[float, float]


def _pair(reading: read.Reading, first: str, second: str, spans: tuple[Span, Span]) -> tuple[np.ndarray, np.ndarray]:
    """Both coordinates, NaN where one is absent, zero or outside Britain; swapped or foreign columns are a problem."""
    x, y = (read.numbers(reading, c, gaps=True) for c in (first, second))
    reading.questions = [q for q in reading.questions if not q.id.startswith("code_")]
    given = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    inside = given & _within(x, spans[0]) & _within(y, spans[1])
    outside = int((given & ~inside).sum())
    where = reading.at(f"{first}, {second}")
    if outside > _FEW * max(int(given.sum()), 1):
        turned = given & _within(y, spans[0]) & _within(x, spans[1])
        hint = f"exchanged? {first} runs from west to east, {second} from south to north"
        if turned.sum() < inside.sum() or not turned.any():
            hint = f"{first} from {spans[0][0]:g} to {spans[0][1]:g}, {second} from {spans[1][0]:g} to {spans[1][1]:g}"
        what = f"{outside:,} of {int(given.sum()):,} rows lie outside Britain"
        reading.problems.append(Problem(what, where, "British National Grid in metres, or degrees", hint))
    elif outside:
        reading.notes.append(
            DataNote("events", "rows whose place is outside Britain, taken as without a place", outside)
        )
    if bare := int((~given).sum()):
        reading.notes.append(DataNote("events", "rows without coordinates", bare))
    return np.where(inside, x, np.nan), np.where(inside, y, np.nan)


def _within(values: np.ndarray, span: Span) -> np.ndarray:
    return (values >= span[0]) & (values <= span[1])


def _degrees(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """National Grid metres as degrees (WGS84)."""
    import pyproj

    x, y = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform(east, north)
    known = np.isfinite(east)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


def _counted_once(reading: read.Reading, plan: EventColumns, frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """One row for each id and kind: of the earliest period, one with a place, then as the cells sort, not as the file does.

    Ids of several kinds are marked, so that an outcome counts them once.
    """
    if plan.id is None:
        return frame
    ref = pd.Series(read.ids(reading, plan.id))
    named = (ref != "").to_numpy()
    rows = frame.assign(ref=ref, kind_=frame["crime_type"].fillna(""))
    rows["unplaced_"] = rows["lsoa_code"].isna() & rows["longitude"].isna()
    order = [
        "ref",
        by,
        "kind_",
        "unplaced_",
        "when_",
        *(c for c in frame.columns if c not in (by, "crime_type", "when_")),
    ]
    rows = rows.sort_values(order, kind="stable").drop(columns="unplaced_")
    again = rows.duplicated(["ref", "kind_"]) & (rows["ref"] != "")
    alike = rows[rows["ref"] != ""].groupby(["ref", "kind_"])[by].transform("size").astype(float)
    places = rows[rows["ref"] != ""].groupby("ref")[[by, "lsoa_code"]].nunique()
    for what, n in (
        (f"rows that repeat a {plan.id} of the same kind, counted once", int(again.sum())),
        (f"{plan.id} whose rows differ in {by}, counted in the first", int((places[by] > 1).sum())),
        (f"{plan.id} whose rows differ in area", int((places["lsoa_code"] > 1).sum())),
        (f"rows without a {plan.id}, counted each", int((~named).sum())),
    ):
        if n:
            reading.notes.append(DataNote("events", what, n))
    kept = rows[~again].copy()
    several = kept[kept["ref"] != ""].groupby("ref")["kind_"].transform("nunique").reindex(kept.index).fillna(1) > 1
    numbers = pd.Series(pd.factorize(kept["ref"])[0], index=kept.index).astype(str)
    kept["shared_id"] = numbers.where(several)
    kept["has_id"] = kept["ref"] != ""
    kept["repeats"] = alike.reindex(kept.index).fillna(1.0) - 1.0
    return kept.drop(columns=["ref", "kind_"])


def _tell_covered(reading: read.Reading, present: Sequence[str], found: pd.Series, calendar: Calendar) -> None:
    """Rows outside the periods that count are told, and covered periods without any row are asked about."""
    where, noun = reading.at("covers"), calendar.plural
    if outside := int((~found.isin(present)).sum()):
        text = f"rows in {noun} that the plan does not say are covered ({found.min()} to {found.max()} in the file)"
        reading.notes.append(DataNote("events", text, outside))
    rows = found.value_counts().reindex(list(present), fill_value=0)
    silent = [p for p in present if not rows[p]]
    if len(silent) == len(present):
        what = f"no row lies in any {calendar.noun} that the plan says is covered"
        whole = f"{present[0]} to {calendar.last_of(present[-1])}" if present else f"at least one whole {calendar.noun}"
        reading.problems.append(Problem(what, where, whole))
    elif silent and (not calendar.by_days or len(silent) <= _SILENT * len(present) or _lost(rows.to_numpy())):
        named = f"{', '.join(silent[:12])}{' and more' if len(silent) > 12 else ''}"
        said = f"no row at all in {named}. Did nothing happen, or were these {noun} not supplied?"
        hint = "name them under covers.missing, or let covers.first and covers.last leave them out"
        reading.questions.append(Question(f"{noun.replace(' ', '_').replace('-', '_')}_without_rows", said, hint))
    elif silent:
        text = f"{noun} without any row, counted as {noun} without events: the file is sparse"
        reading.notes.append(DataNote("events", text, len(silent)))


def _lost(rows: np.ndarray) -> bool:
    """Whether any run of periods without a row would hold many at the usual rate: not supplied, rather than sparse."""
    full = np.flatnonzero(np.concatenate(([1], rows, [1])))
    longest = int(np.diff(full).max()) - 1
    return longest * float(rows.sum()) / max(len(rows) - longest, 1) >= _MANY


def _ask_alike(reading: read.Reading, plan: EventColumns) -> None:
    """Rows alike in every cell, in a file without ids: joined twice, or that many events of the same minute and place."""
    again = 0 if plan.id else int(reading.table.frame.duplicated().sum())
    if again < _MANY or again < _FEW * len(reading.table.frame):
        return
    said = f"{again:,} rows are like another in every cell and are counted each. Are they events of their own?"
    reading.questions.append(
        Question("rows_alike", said, "name the column of references as id, or export each event once")
    )


def _tell_times(reading: read.Reading, plan: EventColumns, when: pd.Series) -> None:
    midnight = float(((when.dt.hour == 0) & (when.dt.minute == 0)).mean())
    if midnight >= _MIDNIGHT:
        text = f"{plan.when}: {midnight:.0%} of times are exactly midnight, so that hour says little"
        reading.notes.append(DataNote("events", text))
