"""The sources ``events`` and ``counts``: a force's own extract of offences, or a table that somebody has already tallied.

The file is read as any extract is; ``vru.intake`` makes events of areas and months out of its columns.
"""

from dataclasses import replace
from hashlib import sha256
from typing import ClassVar

import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.protocol.tabled import CountColumns, EventColumns
from vru.sources import extract, points
from vru.sources.extract import ExtractOptions
from vru.sources.source import Request, Source, SourceOptions

KINDS = (".csv", ".xlsx", ".parquet")
"""What is read of a folder; anything else in it is nobody's table."""


class EventsOptions(ExtractOptions, EventColumns):
    """How the file is written, and which column says when, where and what."""


class CountsOptions(ExtractOptions, CountColumns):
    """How the file is written, and which columns say where, when and how many. ``dates`` may name months: "%b %Y"."""

    by_day: ClassVar[bool] = False


def read(request: Request, options: SourceOptions) -> Table:
    """One file, every file of a folder as one table in the order of their names, or of events a map layer of points.

    Raises DataError: as ``extract.read``; a folder without such files, or whose files differ in their columns.
    """
    folder = request.path
    if (
        folder is not None
        and folder.suffix.lower() in points.KINDS
        and folder.is_file()
        and isinstance(options, EventsOptions)
    ):
        return points.read_points(folder, options.marks)
    if folder is None or not folder.is_dir():
        return extract.read(request, options)
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in KINDS and not p.name.startswith((".", "~$")))
    if not paths:
        raise DataError(Problem("holds no table", str(folder), ", ".join(KINDS)))
    tables = [extract.read(replace(request, path=p), options) for p in paths]
    first = list(tables[0].frame.columns)
    problems = []
    for table in tables[1:]:
        own = list(table.frame.columns)
        if lost := [c for c in first if c not in own]:
            problems.append(Problem(f"lacks columns that {tables[0].name} has: {', '.join(lost[:10])}", table.name))
    if problems:
        raise DataError(*problems)
    extra = sorted({c for t in tables[1:] for c in t.frame.columns} - set(first))
    notes = [DataNote("extract", f"columns that not every file has, left out: {', '.join(extra[:10])}", len(extra))]
    digest = sha256("".join(t.sha256 for t in tables).encode()).hexdigest()
    return Table(
        folder.name,
        pd.concat([t.frame[first] for t in tables], ignore_index=True),
        f"sha256:{digest}",
        (*(n for t in tables for n in t.log), *(notes if extra else ())),
        marks=tables[0].marks,
    )


EVENTS = Source(
    name="events",
    label="An extract of offences or calls, one row each, with a date and an area or coordinates",
    needs_path=True,
    options=EventsOptions,
    read=read,
    profile="police_local",
    asks=True,
)
COUNTS = Source(
    name="counts",
    label="A table of counts by area and month, as a publication, dashboard or hospital gives it",
    needs_path=True,
    options=CountsOptions,
    read=read,
    profile="police_local",
    asks=True,
)
