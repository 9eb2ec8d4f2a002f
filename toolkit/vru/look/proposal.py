"""The block of plan that a look ends in: YAML that can be pasted, with the choices left to a person as comments."""

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from vru.look.column import Column
from vru.sources.extract import ExtractOptions
from vru.sources.source import Asked

_COVARIATES = ("number", "category", "yes_no", "date")


def quoted(text: str) -> str:
    """A text as YAML takes it whatever is in it."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", text) and text.lower() not in (
        "yes",
        "no",
        "true",
        "false",
        "null",
    )
    return text if plain else json.dumps(text, ensure_ascii=False)


def options_line(given: ExtractOptions, columns: Sequence[Column]) -> str:
    """``options`` of the data source: what was given, and what the columns need; "" where nothing has to be declared."""
    missing = list(dict.fromkeys([*given.missing, *(m for c in columns for m in c.missing)]))
    decimal = "," if "," in {given.decimal, *(c.decimal for c in columns)} else "."
    form = given.dates or next((c.dates for c in columns if c.dates), None)
    parts = [f"sheet: {quoted(given.sheet)}"] if given.sheet else []
    parts += [f"separator: {json.dumps(given.separator)}"] if given.separator else []
    parts += [f"missing: [{', '.join(json.dumps(m, ensure_ascii=False) for m in missing)}]"] if missing else []
    parts += ['decimal: ","'] if decimal == "," else []
    parts += [f"dates: {json.dumps(form)}"] if form else []
    return f", options: {{{', '.join(parts)}}}" if parts else ""


Place = str | Asked
"""Where a table is: the path of a file, or what is asked of a connection."""


def placed(place: Place) -> tuple[str, ...]:
    """The same as entries of a plan's data."""
    if isinstance(place, str):
        return (f"path: {quoted(place)}",)
    what = ("table", place.table) if place.table is not None else ("query", place.query or "")
    return f"connection: {place.connection}", f"{what[0]}: {quoted(what[1])}"


def table_plan(place: Place, declared: str, columns: Sequence[Column], days: "DaysTable | None" = None) -> str:
    """A plan's ``data`` and ``cohort`` for a table with one row per person, or ``days`` where it is of places and dates."""
    lines = ["data:", f"  - {{id: extract, source: extract, {', '.join(placed(place))}{declared}}}"]
    hidden = list(dict.fromkeys(m for c in columns for m in c.suppressed))
    if hidden:
        ranges = ", ".join(f"{json.dumps(m, ensure_ascii=False)}: [LOWEST, HIGHEST]" for m in hidden)
        lines.append(f"    # and in options, as its publisher says: suppressed: {{{ranges}}}")
    return "\n".join([*lines, *(_days(days) if days is not None else _cohort(columns))])


@dataclass(frozen=True, slots=True)
class DaysTable:
    """A table of dated events, or a schedule (each place once a day): the names of its columns."""

    place: str
    when: str
    is_schedule: bool


def _days(found: DaysTable) -> list[str]:
    if found.is_schedule:
        return [
            "days:",
            "  schedule:",
            "    data: extract",
            f"    unit: {quoted(found.place)}",
            f"    date: {quoted(found.when)}",
            '    # assigned: {column: COLUMN, treated: ["1"], comparison: ["0"]}  # what was drawn for that day',
        ]
    return [
        "days:",
        "  events:",
        "    data: extract",
        f"    unit: {quoted(found.place)}  # the column that names the hot spot, as in the schedule",
        f"    when: {quoted(found.when)}",
    ]


def _cohort(columns: Sequence[Column]) -> list[str]:
    own = next((c.name for c in columns if c.kind == "id"), None)
    arms = [c.name for c in columns if c.kind == "yes_no"]
    lines = ["cohort:", "  data: extract"]
    lines.append(f"  id: {quoted(own)}" if own else "  # id: the column that names the person, each once")
    at = quoted(arms[0]) if arms else "COLUMN"
    lines.append(f'  # assigned (allocated) or received: {{column: {at}, treated: ["1"], comparison: ["0"]}}')
    lines += ["  covariates:  # keep what was known before the start; outcomes go under outcomes"]
    known = [c for c in columns if c.kind in _COVARIATES]
    names = _names([c.name for c in known])
    lines += [
        f"    {name}: {{column: {quoted(c.name)}, kind: {c.kind}{_unit(c)}}}"
        for name, c in zip(names, known, strict=True)
    ]
    lines[-1] += "" if known else " (none found)"
    return lines


def _unit(column: Column) -> str:
    return f", unit: {column.unit}" if column.unit else ""


def _names(columns: Sequence[str]) -> list[str]:
    """Names that a plan takes, each once: two columns may differ only in case."""
    found: list[str] = []
    for column in columns:
        bare = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
        name = bare if bare[:1].isalpha() else f"x_{bare}"
        tried = (f"{name}_{i}" for i in itertools.count(1))
        found.append(name if name not in found else next(t for t in tried if t not in found))
    return found
