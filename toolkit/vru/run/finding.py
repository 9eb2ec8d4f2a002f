"""``vru hotspots``: read an archive, an extract or a plan's data, find hot spots, and write a folder that a plan can use."""

import csv
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from vru.errors import DataError, Problem, ProtocolError, VruError
from vru.events import DataNote, Events, Table
from vru.geography.drawn import Layer, draw_up
from vru.hotspots import Asked, Board, Found, files_of, find, lay_board, plan_block
from vru.hotspots.asked import amount_problems
from vru.hotspots.board import kinds_in
from vru.hotspots.handed import AREAS, INTERNAL, NUMBERS, numbers
from vru.intake import read_offences
from vru.keys import fold
from vru.protocol.reading import plain_reason
from vru.protocol.tabled import EventColumns
from vru.run.study import find_data, load_study, read_sources
from vru.run.whole_folder import folder_problem, write_folder
from vru.sources import SOURCES, extract, police_uk
from vru.sources.extract import ExtractOptions
from vru.sources.police_uk import PoliceUkOptions
from vru.sources.source import Progress, Request

VIOLENCE = "Violence and sexual offences"
README = "README.txt"
EDGE = 5
"""Days without a row at an end of an extract from which its first or last month may be partial."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """A finished search: what was found, the lines to print, where the files are, and all numbers."""

    folder: Path
    lines: tuple[str, ...]
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """Events, what of the question a plan answered, and the plan's entry for the data."""

    events: Events
    asked: Asked
    source: Mapping[str, Any] | None


def hunt(path: Path, asked: Asked, columns: Mapping[str, str], to: Path, progress: Progress) -> Hunt:
    """Find hot spots and write them to the folder ``to``, whole or not at all.

    columns : of an extract: what each column is, as its plan would say. Raises VruError with every problem of the options.
    """
    if problems := [*amount_problems(asked), *folder_problem(to, NUMBERS)]:
        raise VruError(*problems)
    with tempfile.TemporaryDirectory(prefix="vru-hotspots-") as cache:
        read = _read(path, asked, columns, Path(cache), progress)
        progress("counting", 0, 1)
        board = lay_board(read.asked, read.events)
        progress("counting", 1, 1)
        found = find(read.asked, board, progress)
    block = plan_block(found, board, read.source, _relative(to / AREAS))
    files = files_of(found, board, block) | _page(found, board) | {README: f"{INTERNAL}\n".encode()}
    write_folder(to, files)
    from vru.report.hot_spots import told

    return Hunt(to, tuple(told(found, board)), numbers(found, board))


def read_weights(path: Path) -> dict[str, float]:
    """Harm by kind from a CSV file with columns kind and weight. Raises DataError naming every line that cannot be used."""
    if not path.is_file():
        raise DataError(Problem("is not there", str(path), "a CSV file with columns kind, weight"))
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error):
        raise DataError(Problem("is not a CSV table in UTF-8", path.name)) from None
    head = [fold(c) for c in rows[0]] if rows else []
    if "weight" not in head or not {"kind", "crime_type", "crime type"} & set(head):
        raise DataError(Problem("lacks columns", path.name, "kind, weight"))
    kind = next(i for i, c in enumerate(head) if c in ("kind", "crime_type", "crime type"))
    found: dict[str, float] = {}
    problems = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(c.strip() for c in row):
            continue
        name = row[kind].strip() if len(row) > kind else ""
        value = _number(row[head.index("weight")] if len(row) > head.index("weight") else "")
        if value is None or value < 0 or not name or name in found:
            what = "the same kind again" if name in found else "needs a kind, and a weight of 0 or more"
            problems.append(Problem(what, f"{path.name}, line {line}"))
            continue
        found[name] = value
    if not problems and not any(found.values()):
        problems.append(Problem("gives nothing a weight", path.name))
    if problems:
        raise DataError(*problems)
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _read(path: Path, asked: Asked, columns: Mapping[str, str], cache: Path, progress: Progress) -> _Read:
    if not path.exists():
        allowed = "an archive of data.police.uk, an extract (CSV, Excel, Parquet, points), or an evaluation folder"
        raise DataError(Problem("is not there", str(path), allowed))
    if (path / "protocol.yaml").is_file():
        return _of_plan(path, asked, columns, progress)
    request = Request(path, cache, asked.seed, progress)
    if path.is_dir() or path.suffix.lower() == ".zip":
        if columns:
            raise DataError(Problem("an archive's columns are known", "--column", hint="leave --column out"))
        options = PoliceUkOptions()
        events = police_uk.read(request, options)
        kinds = asked.kinds or (kinds_in(events) if asked.weights else (VIOLENCE,))
        entry = {"id": "crimes", "source": "police_uk", "path": _relative(path), "options": {}}
        return _Read(events, replace(asked, kinds=kinds, open_points=True), entry)
    return _of_extract(path, asked, columns, cache, request)


def _of_extract(path: Path, asked: Asked, columns: Mapping[str, str], cache: Path, request: Request) -> _Read:
    how: dict[str, Any] = {k: v for k, v in columns.items() if k in ExtractOptions.model_fields}
    if "missing" in how:
        how["missing"] = [m.strip() for m in how["missing"].split(",")]
    named = {k: v for k, v in columns.items() if k not in how}
    if "when" not in named:
        hint = f"vru look {path.name} says what its columns hold"
        what = "say which column is what: --column when=DATE --column easting=X --column northing=Y"
        raise DataError(Problem(what, "--column", ", ".join(k for k in EventColumns.model_fields if k != "keep"), hint))
    table = extract.read(request, _valid(ExtractOptions, how))
    span, partial = _covered(table, named["when"], how.get("dates"))
    plan = _valid(EventColumns, {**named, "covers": span})
    events = read_offences(table, plan, cache)
    events = replace(events, log=(*events.log, *partial))
    options = {**how, **{k: v for k, v in named.items()}, "covers": span}
    entry = {"id": "offences", "source": "events", "path": _relative(path), "options": options}
    return _Read(events, replace(asked, kinds=asked.kinds or kinds_in(events)), entry)


def _covered(table: Table, when: str, form: str | None) -> tuple[dict[str, str], list[DataNote]]:
    """First and last month with a row, and whether they may be partial; what cannot be read is left to the reader."""
    import pandas as pd

    unknown = {"first": "2000-01", "last": "2000-01"}
    if when not in table.frame.columns:
        return unknown, []
    days = pd.to_datetime(table.frame[when], format=form or "ISO8601", errors="coerce").dropna()
    if days.empty:
        return unknown, []
    first, last = days.min(), days.max()
    notes = []
    if first.day > EDGE or last.days_in_month - last.day >= EDGE:
        text = (
            f"the extract runs from {first:%Y-%m-%d} to {last:%Y-%m-%d}: its first or last month may be partial, and "
            "would then be compared with whole ones; leave it out of the file"
        )
        notes.append(DataNote("hotspots", text, severity="question"))
    return {"first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}, notes


def _valid(model: Any, given: Mapping[str, Any]) -> Any:
    try:
        return model(**given)
    except ValidationError as error:
        problems = []
        for e in error.errors():
            at = ".".join(str(p) for p in e["loc"]) or "columns"
            problems.append(Problem(plain_reason(e["type"], e["msg"].removeprefix("Value error, ")), f"--column {at}"))
        raise DataError(*problems) from None


def _of_plan(folder: Path, asked: Asked, columns: Mapping[str, str], progress: Progress) -> _Read:
    """A plan's data and outcome: its months before the start, because hot spots are chosen before they are treated."""
    if columns or asked.kinds:
        raise ProtocolError(Problem("the plan says what is counted", "--column, --kind", hint="leave them out"))
    study = load_study(folder)
    protocol = study.plan.protocol
    if protocol.units.shape != "areas":
        raise ProtocolError(Problem("hot spots are found among areas", "units.kind", "lsoa11, lsoa21, polygon, area"))
    outcome = next((o for o in protocol.outcomes if o.primary), protocol.outcomes[0])
    if odd := sorted(set(outcome.filter) - {"crime_type"}):
        what = f"filters by {', '.join(odd)}, which a search does not read"
        raise ProtocolError(Problem(what, f"outcomes[{outcome.id}].filter", "crime_type"))
    read = read_sources(study, progress)[outcome.data]
    if not isinstance(read, Events):
        raise ProtocolError(Problem("holds no events", f"data[{outcome.data}]"))
    source = next(d for d in protocol.data if d.id == outcome.data).source
    kinds = tuple(outcome.filter.get("crime_type", ()))
    shapes, id_field, radius = asked.shapes, asked.id_field, asked.radius
    if asked.by == "areas" and shapes is None and protocol.units.boundaries is not None:
        shapes, id_field = find_data(study, protocol.units.boundaries), protocol.units.id_field
        radius = protocol.units.radius_m
    open_points = SOURCES[source].name == "police_uk"
    changed = replace(
        asked, kinds=kinds, outcome=outcome.id, shapes=shapes, id_field=id_field, radius=radius, open_points=open_points,
        until=protocol.intervention.start,
    )  # fmt: skip
    return _Read(read, changed, None)


def _page(found: Found, board: Board) -> dict[str, bytes]:
    from vru.report import render_html
    from vru.report.figures import area_map_figure
    from vru.report.hot_spots import hot_spots_document

    picture = None
    if board.shapes is not None:
        title = f"{len(found.chosen)} hot spots of {found.asked.outcome.replace('_', ' ')}"
        subtitle = f"{found.asked.words}; {board.months[found.first]} to {board.months[found.last]}"
        picture = area_map_figure(draw_up(_layers(found, board)), "hotspots", title, subtitle)
    page = render_html(hot_spots_document(found, board, picture)).encode()
    if picture is None:
        return {"hotspots.html": page}
    return {"hotspots.html": page, "map.svg": picture.svg.encode(), "map.png": picture.png}


def _layers(found: Found, board: Board) -> list[Layer]:
    """The chosen areas, over all others as one."""
    import shapely

    assert board.shapes is not None
    rest = np.setdiff1d(np.arange(len(board.ids)), found.chosen)
    layers: list[Layer] = []
    if len(rest):
        whole = shapely.union_all(shapely.set_precision(board.shapes[rest], 1.0))
        layers.append(("other candidates", "context", whole))
    return [*layers, *((board.ids[i], "chosen", board.shapes[i]) for i in found.chosen.tolist())]


def _relative(path: Path) -> str:
    """The path as it is typed in a plan: from here, where it lies below."""
    here, there = Path.cwd().resolve(), path.resolve()
    return there.relative_to(here).as_posix() if there.is_relative_to(here) else str(there)
