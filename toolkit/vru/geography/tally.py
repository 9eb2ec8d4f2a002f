"""Events counted by unit, force and period: one grouped query for all outcomes of a source."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Events
from vru.geography.areas import some
from vru.keys import fold
from vru.protocol.fields import Outcome

CRIME_TYPES = (
    "Anti-social behaviour",
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
)
"""As data.police.uk publishes them: one that is not in the data at hand is rare there, not unknown."""


MIDNIGHT = 0.15
"""Share of events in the hour after midnight from which some of these must be times not known."""
OWN_COLUMNS = ("shared_id", "repeats", "has_id")
"""Columns that say how rows of one crime hang together; no filter may use them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one source.

    frame : columns ``unit`` ("" = in no unit), ``force``, ``period``, ``placed`` (has an LSOA code, or
        coordinates), ``rows`` (events of any kind), ``repeats`` (rows dropped for these) and one column of counts per outcome id.
    """

    data: str
    events: Events
    outcomes: tuple[str, ...]
    frame: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Places:
    """Distinct places and the unit each belongs to: three arrays of equal length, unit "" for none."""

    longitude: np.ndarray
    latitude: np.ndarray
    unit: np.ndarray


def connect() -> Any:
    """An in-memory DuckDB that stays small: it spills to disk rather than grow with the data."""
    import duckdb

    con = duckdb.connect()
    con.execute("SET memory_limit = '512MB'")
    con.execute("SET preserve_insertion_order = false")
    return con


def tally(
    data: str,
    events: Events,
    outcomes: Sequence[Outcome],
    places: Places | None,
    codes: Mapping[str, str] | None = None,
) -> Tally:
    """Count events by unit (LSOA code, or by place where ``places`` are given), force and period.

    codes : LSOA code -> the unit that it is counted in, where that is not the code itself.
    """
    path, when = str(events.path), events.column
    tests = {quoted(o.id): _test(o) for o in outcomes}
    with closing(connect()) as con:
        shared = has_column(con, path, "shared_id")
        if places is None:
            unit, source = _by_code(con, codes or {})
        else:
            con.register("places", pd.DataFrame({"x": places.longitude, "y": places.latitude, "unit": places.unit}))
            unit = "coalesce(places.unit, '') AS unit, longitude IS NOT NULL AS placed"
            source = "read_parquet($1) LEFT JOIN places ON longitude = x AND latitude = y"
        n = "n" if has_column(con, path, "n") else "1.0"
        flags = ", ".join([f"{n} AS n", "true AS rows", *(f"({test}) AS {name}" for name, test in tests.items())])
        repeats = "coalesce(repeats, 0) AS repeats" if shared else "0 AS repeats"
        parts = [
            f"SELECT {unit}, force, {when} AS period, {repeats}, {flags} FROM {source}"
            f"{' WHERE shared_id IS NULL' if shared else ''}"
        ]
        if shared:
            # One crime of several types counts once in every outcome: the row with a place first, then the earliest.
            every = ", ".join(_once(name) for name in ["rows", *tests])
            parts.append(
                f"""SELECT unit, placed, force, period, repeats, n, {every} FROM (
                        SELECT {unit}, force, {when} AS period, shared_id, crime_type, {repeats}, {flags} FROM {source}
                        WHERE shared_id IS NOT NULL)"""
            )
        sums = ", ".join(f"coalesce(sum(n) FILTER (WHERE {name}), 0)::DOUBLE AS {name}" for name in ["rows", *tests])
        frame = con.execute(
            f"""SELECT unit, placed, force, period, sum(repeats)::DOUBLE AS repeats, {sums}
                FROM ({" UNION ALL ".join(parts)}) GROUP BY ALL""",
            [path],
        ).df()
    return Tally(data, events, tuple(o.id for o in outcomes), added_up(events, frame))


def added_up(events: Events, frame: pd.DataFrame) -> pd.DataFrame:
    """Counts by month as counts by the longer period that each month belongs to; months of none go."""
    if not events.added_up:
        return frame
    frame = frame.assign(period=frame["period"].map(dict(events.added_up))).dropna(subset=["period"])
    counted = [c for c in frame.columns if pd.api.types.is_float_dtype(frame[c])]
    return frame.groupby([c for c in frame.columns if c not in counted], as_index=False)[counted].sum()


def _by_code(con: Any, codes: Mapping[str, str]) -> tuple[str, str]:
    if not codes:
        return "coalesce(lsoa_code, '') AS unit, lsoa_code IS NOT NULL AS placed", "read_parquet($1)"
    con.register("codes", pd.DataFrame({"code": list(codes), "unit": list(codes.values())}))
    unit = "coalesce(codes.unit, lsoa_code, '') AS unit, lsoa_code IS NOT NULL AS placed"
    return unit, "read_parquet($1) LEFT JOIN codes ON lsoa_code = codes.code"


def has_column(con: Any, path: str, column: str) -> bool:
    """Whether a Parquet file has a column of that name."""
    described = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
    return column in {str(row[0]) for row in described}


def _once(name: str) -> str:
    order = "NOT placed, period, force, unit, crime_type"
    return f"{name} AND row_number() OVER (PARTITION BY shared_id, {name} ORDER BY {order}) = 1 AS {name}"


def distinct_places(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of every distinct place, in order: two float arrays ``(n_places,)``."""
    sql = "SELECT DISTINCT longitude, latitude FROM read_parquet(?) WHERE longitude IS NOT NULL ORDER BY ALL"
    with closing(connect()) as con:
        found = con.execute(sql, [str(events.path)]).fetchnumpy()
    return np.asarray(found["longitude"], dtype=float), np.asarray(found["latitude"], dtype=float)


def force_at(events: Events, longitude: float, latitude: float) -> str:
    """The force with most events at one place."""
    sql = """SELECT force FROM read_parquet(?) WHERE longitude = ? AND latitude = ?
             GROUP BY force ORDER BY count(*) DESC, force LIMIT 1"""
    with closing(connect()) as con:
        return str(con.execute(sql, [str(events.path), longitude, latitude]).fetchone()[0])


def unit_names(events: Events) -> dict[str, str]:
    """LSOA code -> LSOA name as in the data ("" where there is none)."""
    sql = "SELECT lsoa_code, coalesce(min(lsoa_name), '') FROM read_parquet(?) WHERE lsoa_code IS NOT NULL GROUP BY 1"
    with closing(connect()) as con:
        return {str(code): str(name) for code, name in con.execute(sql, [str(events.path)]).fetchall()}


def check_filters(events: Events, outcomes: Sequence[Outcome]) -> list[DataNote]:
    """Hold every outcome's filter against the columns and values there are.

    Raises
    ------
    DataError
        Columns that the events do not have; values that are neither in the data nor among the
        crime types that data.police.uk publishes, with the nearest there are.
    """
    problems, notes = [], []
    with closing(connect()) as con:
        described = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(events.path)]).fetchall()
        columns = [str(row[0]) for row in described if row[0] not in OWN_COLUMNS]
        seen: dict[str, set[str]] = {}
        for o in outcomes:
            if o.times and not set(o.times) <= set(columns):
                hint = "an extract with a date and time in every row has them: source: events"
                what = "the events have no time of day or day of the week"
                problems.append(Problem(what, f"outcomes[{o.id}].{'hours' if o.hours else 'weekdays'}", hint=hint))
            elif o.hours:
                found = _timed(con, events, o)
                problems += [f for f in found if isinstance(f, Problem)]
                notes += [f for f in found if isinstance(f, DataNote)]
            for column, values in o.filter.items():
                where = f"outcomes[{o.id}].filter.{column}"
                if column not in columns:
                    near = get_close_matches(column.lower().replace(" ", "_"), columns, n=1)
                    hint = f"did you mean {near[0]}?" if near else ""
                    problems.append(Problem("the events have no such column", where, ", ".join(columns), hint))
                    continue
                if column not in seen:
                    sql = f"SELECT DISTINCT {quoted(column)}::VARCHAR FROM read_parquet(?) WHERE {quoted(column)} NOT NULL"
                    seen[column] = {row[0] for row in con.execute(sql, [str(events.path)]).fetchall()}
                # Spellings that differ in case or spaces were joined before; what is absent is in no spelling there.
                alike = {fold(v) for v in seen[column]}
                absent = [v for v in values if fold(v) not in alike]
                rare = [v for v in absent if column == "crime_type" and v in CRIME_TYPES]
                problems += [_unknown(where, v, sorted(seen[column])) for v in absent if v not in rare]
                if rare:
                    notes.append(DataNote("panel", f"{o.id}: not once in the data: {', '.join(rare)}", len(rare)))
    if problems:
        raise DataError(*problems)
    return notes


def _timed(con: Any, events: Events, outcome: Outcome) -> list[Problem | DataNote]:
    """Hours of events whose times are not known stand as midnight: none may be counted by them."""
    sql = "SELECT coalesce(avg((hour = '00')::INT), 0) FROM read_parquet(?)"
    share = float(con.execute(sql, [str(events.path)]).fetchone()[0])
    if share == 1.0:
        hint = "dates without a time read as midnight: leave hours out, or have the extract made with times"
        return [Problem("every event lies in the hour after midnight", f"outcomes[{outcome.id}].hours", hint=hint)]
    if share >= MIDNIGHT:
        text = f"{outcome.id}: {share:.0%} of events lie in the hour after midnight, as where no time is known; hours count them"
        return [DataNote("panel", text, severity="question")]
    return []


def _unknown(where: str, value: str, known: list[str]) -> Problem:
    lower = {k.casefold(): k for k in reversed(known)}
    near = get_close_matches(value.casefold(), lower, n=1, cutoff=0.5)
    hint = f"did you mean '{lower[near[0]]}'?" if near else ""
    return Problem(f"'{value}' is not in the data", where, some(known, 20), hint)


def _test(outcome: Outcome) -> str:
    tests = [_among(c, v) for c, v in outcome.filter.items()]
    within = [_among(c, v) for c, v in outcome.times.items()]
    if within:
        inside = " AND ".join(f"coalesce({t}, false)" for t in within)
        tests.append(f"NOT ({inside})" if outcome.outside else f"({inside})")
    return " AND ".join(f"coalesce({t}, false)" for t in tests) or "true"


def _among(column: str, values: Sequence[str]) -> str:
    return f"{quoted(column)}::VARCHAR IN ({', '.join(map(_text, values))})"


def quoted(column: str) -> str:
    """A column's name as SQL takes it."""
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
