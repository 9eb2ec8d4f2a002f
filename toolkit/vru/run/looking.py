"""``vru look``: a file before there is a plan, told by its ending."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vru.errors import DataError, Problem
from vru.look import Looked, Part, look_at_archive, look_at_areas, look_at_table
from vru.protocol.reading import plain_reason
from vru.protocol.whole_file import write_whole
from vru.sources import extract, police_uk
from vru.sources.extract import ExtractOptions
from vru.sources.police_uk import PoliceUkOptions
from vru.sources.source import Asked, Progress, Request
from vru.sources.sql import tables_of

TABLES, MAPS = (".csv", ".xlsx", ".parquet"), (".gpkg", ".geojson", ".json", ".shp")
_NAME = re.compile(r"[a-z][a-z0-9_]+")
_ALLOWED = ", ".join([*TABLES, ".zip or a folder from data.police.uk", *MAPS])


def look_at(path: Path, options: ExtractOptions, progress: Progress) -> Looked:
    """What a file holds. Raises DataError: absent, of no kind that is read, or not readable as what its ending says."""
    if not path.exists():
        hint = f"of a database: {path}:TABLE" if _NAME.fullmatch(str(path)) else ""
        raise DataError(Problem("is not there", str(path), _ALLOWED, hint))
    kind = path.suffix.lower()
    if kind in MAPS:
        return look_at_areas(path, str(path))
    # Nothing of what is read stays on the disk: there is no workspace yet that it would belong to.
    with tempfile.TemporaryDirectory(prefix="vru-look-") as cache:
        request = Request(path, Path(cache), 0, progress)
        if path.is_dir() or kind == ".zip":
            return look_at_archive(police_uk.read(request, PoliceUkOptions()), str(path))
        if kind in TABLES:
            found = look_at_table(extract.read(request, options), str(path), options)
            return replace(found, head=f"{kind[1:]}, {found.head}")
    raise DataError(Problem(f"{kind or 'a file without ending'} is not read", path.name, _ALLOWED))


def look_at_database(asked: Asked, options: ExtractOptions, progress: Progress) -> Looked:
    """What a table or a query of a connection holds; of a connection alone, its tables. Raises DataError."""
    if asked.table is None and asked.query is None:
        kind, tables = tables_of(asked)
        plan = f"data:\n  - {{id: extract, source: extract, connection: {asked.connection}, table: TABLE}}"
        parts = tuple(Part(t, f"vru look {asked.connection}:{t}") for t in tables)
        return Looked(asked.connection, f"{kind}, {len(tables)} tables and views", parts, (), (), plan)
    if asked.table is not None and asked.query is not None:
        raise DataError(Problem("names a table and gives a query", asked.connection, "one of them"))
    with tempfile.TemporaryDirectory(prefix="vru-look-") as cache:
        return look_at_table(extract.read(Request(None, Path(cache), 0, progress, asked), options), asked, options)


def options_given(**given: Any) -> ExtractOptions:
    """Options of an extract as typed on the command line. Raises DataError naming the one that is not understood."""
    try:
        return ExtractOptions(**given)
    except ValidationError as error:
        wrong = error.errors()[0]
        at = str(wrong["loc"][0]) if wrong["loc"] else "dates"
        raise DataError(
            Problem(plain_reason(wrong["type"], wrong["msg"].removeprefix("Value error, ")), f"--{at}")
        ) from None


def draw_coverage(looked: Looked, to: Path) -> None:
    """Rows by month as a figure (.svg or .png). Raises DataError where there are no months, or the ending is another."""
    from vru.report.figures import coverage_figure

    if not looked.coverage:
        raise DataError(Problem("holds no column of dates or months to draw", looked.name))
    if to.suffix.lower() not in (".svg", ".png"):
        raise DataError(Problem(f"{to.suffix or 'no ending'} is not drawn", str(to), ".svg or .png"))
    drawn = coverage_figure([(c.name, c.months, c.rows, c.low) for c in looked.coverage], "coverage")
    write_whole(to, drawn.svg.encode() if to.suffix.lower() == ".svg" else drawn.png)
