"""``vru disproportionality``: read rows and residents, figure rates and ratios by ethnic group, write a folder."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vru.equity import (
    INTERNAL,
    NUMBERS,
    Asked,
    asked_problems,
    figure_out,
    numbers,
    read_benchmark,
    read_population,
    read_rows,
    read_stage,
)  # fmt: skip
from vru.errors import Problem, VruError
from vru.events import DataNote
from vru.run.whole_folder import folder_problem, write_folder
from vru.sources.source import Progress

PAGE, WORD = "disproportionality.html", "disproportionality.docx"
IGNORE = "# Internal until assured.\n*\n"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A finished study: lines to print, where the files are, all numbers."""

    folder: Path
    lines: tuple[str, ...]
    numbers: Mapping[str, Any]


def weigh(paths: tuple[Path, ...], asked: Asked, to: Path, progress: Progress) -> Weighed:
    """Figure everything and write it to the folder ``to``, whole or not at all. Raises VruError with every problem."""
    if problems := [*asked_problems(asked), *folder_problem(to, NUMBERS)]:
        raise VruError(*problems)
    notes: list[DataNote] = []
    with tempfile.TemporaryDirectory(prefix="vru-equity-") as cache:
        sizes = {}
        if asked.population is not None:
            sizes["residents"] = read_population(asked, Path(cache), notes)
        for name, path in asked.benchmarks.items():
            sizes[name] = read_benchmark(path, asked, Path(cache), notes)
        read = read_rows(paths, asked, Path(cache), progress)
    study = figure_out(asked, read, sizes, (*read.notes, *notes))
    found = numbers(study)
    progress("drawing", 0, 1)
    from vru.report import render_html, write_docx
    from vru.report.disparity import disparity_document, told

    document, pictures = disparity_document(study)
    with tempfile.TemporaryDirectory(prefix="vru-equity-") as room:
        write_docx(document, Path(room) / WORD)
        word = (Path(room) / WORD).read_bytes()
    files = {
        PAGE: render_html(document).encode(), WORD: word,
        NUMBERS: (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode(),
        "README.txt": f"{INTERNAL}\n".encode(), ".gitignore": IGNORE.encode(),
        **{f"{name}.png": drawn.png for name, drawn in pictures.items()},
    }  # fmt: skip
    write_folder(to, files)
    progress("drawing", 1, 1)
    return Weighed(to, tuple(told(study)), found)


def ask(
    files: Sequence[Path], given: Any, columns: Mapping[str, str], people: Mapping[str, str], groups: Mapping[str, str],
    benchmarks: Mapping[str, str],
) -> Asked:  # fmt: skip
    """What was typed as a question. Raises VruError: a stage or a condition of no such form."""
    stages = {text: read_stage(text) for text in given.stage}
    if wrong := [text for text, stage in stages.items() if stage is None]:
        allowed = "NAME=COLUMN:VALUE, NAME@BEFORE=COLUMN:VALUE|VALUE; names in small letters"
        raise VruError(*(Problem(f"{text!r} is no stage", "--stage", allowed) for text in wrong))
    # Open data have no small counts to hide; of anything else nobody knows, so the stricter rule holds.
    archive = not columns and all(f.is_dir() or f.suffix.lower() == ".zip" for f in files)
    return Asked(
        columns=columns, stages=tuple(s for s in stages.values() if s is not None), first=given.first, detail=given.detail,
        groups=groups, reference=given.reference, by=given.by, population=given.population, people=people,
        area=tuple(given.area), areas=given.areas, areas_code=given.areas_code, areas_where=_where(given.areas_where),
        benchmarks={name: Path(path) for name, path in benchmarks.items()}, force=given.force, level=given.level,
        blank_is_no=given.blank_is_no, interval=given.interval,
        profile=given.profile or ("public_police_uk" if archive else "police_local"),
    )  # fmt: skip


def _where(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    column, sign, value = text.partition("=")
    if not (column.strip() and sign and value.strip()):
        raise VruError(Problem(f"{text!r} is not of the form COLUMN=VALUE", "--areas-where"))
    return column.strip(), value.strip()
