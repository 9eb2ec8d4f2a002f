"""The numbers as an accessible spreadsheet: a cover, contents, notes, one marked-up table per sheet."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vru.protocol import Protocol
from vru.report import claim, tables
from vru.results import EvaluationResult
from vru.words.terms import OFFENCES, Terms, terms_of

if TYPE_CHECKING:
    import pandas as pd

ABSENT = "[x]"
EPOCH = datetime(1980, 1, 1)
A4 = 9
COVER_WIDTH = 85
LINE_CHARACTERS = 75  # of the cover's width, on the safe side: letters differ
LINE_POINTS = 16
TEXT_WIDTH = 60
HEAD_ROWS = 3  # title, instructions, column names
MOST_CHARACTERS = 32_000  # a cell holds 32,767
# Text from a protocol is data: never a formula, never a link.
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its label, the title above its table, and the table."""

    label: str
    title: str
    table: "pd.DataFrame"


def write_workbook(protocol: Protocol, result: EvaluationResult, path: Path) -> None:
    """Write the result's tables to ``path`` (.xlsx); the file appears whole or not at all.

    Numbers are unrounded. A cell with no value holds "[x]". The same result twice is the same bytes.
    """
    sheets = [s for s in _sheets(protocol, result) if len(s.table)]
    partial = path.with_name(path.name + ".partial.xlsx")
    with warnings.catch_warnings():
        # gptables leaves a file of its own open when it is first imported.
        warnings.simplefilter("ignore", ResourceWarning)
        import gptables

        # Notes stand on a sheet of their own here, not behind markers in the text.
        warnings.filterwarnings("ignore", message="No note text provided")
        cover = _cover(protocol, result)
        book = gptables.produce_workbook(
            filename=str(partial),
            sheets={s.label: _page(s) for s in sheets},
            cover=gptables.Cover(**cover, width=COVER_WIDTH),
            contentsheet_options={"title": "Contents", "table_name": "contents"},
            workbook_options=SAFE,
        )
    _for_paper(book)
    _tall_enough(book.worksheets()[0], cover)
    for s in sheets:
        _wrap(book.get_worksheet_by_name(s.label), s)
    book.set_properties({"title": _plain(protocol.title), "author": "", "comments": "", "created": EPOCH})
    book.close()
    partial.replace(path)


def _sheets(protocol: Protocol, result: EvaluationResult) -> tuple[Sheet, ...]:
    terms = terms_of(protocol)
    sheets = (
        Sheet("Notes", "Notes on these tables", _notes()),
        Sheet("Effects", "Effects of every analysis, each on its own scale", tables.effects(result)),
        Sheet("Offences", "Events among all treated units against what was expected", tables.offences(result)),
        Sheet("Groups", "The groups compared, as observed", tables.arms(result)),
        Sheet("Balance", "How alike the groups were beforehand", tables.balance(result)),
        Sheet("Checks", "Checks, failed first", tables.checks(result)),
        Sheet("Check numbers", "Numbers that the checks reported", tables.check_numbers(result)),
        Sheet("Ratings", "Strength of the evidence", tables.ratings(result)),
        Sheet("Series", "Recorded offences by group and month", tables.series(result)),
        Sheet("Paths", "Observed and expected offences over time", tables.paths(result)),
        Sheet("By month", "Estimates by month from the start", tables.by_month(result)),
        Sheet("Parts", "Parts, weights and counts behind the estimates", tables.parts(result)),
        Sheet("Outcomes", "Outcomes", tables.outcomes(protocol)),
        Sheet("Data log", "What was read, kept, dropped or decided", tables.data_log(result)),
    )
    return tuple(_said(s, terms) for s in sheets)


def _said(sheet: Sheet, terms: Terms) -> Sheet:
    """A sheet whose label, title, heads and notes are in the plan's own words: admissions by week."""
    table = sheet.table.rename(columns=terms.say)
    if sheet.label == "Notes":
        table = table.map(terms.say)
    label = "Counts" if sheet.label == "Offences" and terms.counted != OFFENCES else terms.calendar.say(sheet.label)
    return Sheet(label, terms.say(sheet.title), table)


def _notes() -> "pd.DataFrame":
    rows = (
        ("Not available", f"{ABSENT} means that the value does not exist or could not be computed. It is never zero."),
        ("Missing months", "A month for which a police force has no file is missing, not a month without crime."),
        ("Log rate ratio", "Natural logarithm of observed over expected; below 0 means fewer offences."),
        ("Fewer than expected", "Offences over all months from the start; below 0 means more than expected."),
        ("Interval", "The effects that the data are compatible with, if the assumptions of the analysis hold."),
        ("Rounding", "Numbers are not rounded, so that others can compute with them."),
    )
    return tables.frame(("Term", "Meaning"), rows)


def _page(sheet: Sheet) -> Any:
    import gptables

    table = sheet.table.map(_cell)
    return gptables.GPTable(
        table=table,
        table_name=re.sub(r"[^a-z]", "_", sheet.label.lower()) + "_table",
        title=sheet.title,
        instructions=f"This worksheet contains one table. {ABSENT} means not available.",
        index_columns={2: 0},
        additional_formatting=_formats(sheet),
    )


def _formats(sheet: Sheet) -> list[dict[str, Any]]:
    long = _long(sheet)
    top = [{"column": {"columns": list(sheet.table.columns), "format": {"valign": "top"}}}]
    return [*top, {"column": {"columns": list(long), "format": {"text_wrap": True}}}] if long else []


def _long(sheet: Sheet) -> dict[str, int]:
    """Columns of sentences, by name -> place: wrapped, for nobody reads a line of a thousand letters."""
    most = {name: max((len(str(v)) for v in sheet.table[name]), default=0) for name in sheet.table.columns}
    return {name: i for i, (name, n) in enumerate(most.items()) if n > TEXT_WIDTH}


def _cover(protocol: Protocol, result: EvaluationResult) -> Mapping[str, Any]:
    intro = [protocol.disclaimer] if protocol.disclaimer else []
    intro.append(claim.headline(protocol, result, result.primary))
    about = [
        f"Evaluation {result.protocol_id}, plan version {protocol.version}, by {protocol.organisation}.",
        f"Digest of the plan: {result.protocol_digest}.",
        f"Licence: {protocol.licence}.",
    ]
    return {
        "title": _plain(protocol.title),
        "intro": [_plain(t) for t in intro],
        "about": [_plain(t) for t in about],
        "contact": [_plain(protocol.roles.analyst)],
    }


def _for_paper(book: Any) -> None:
    """Each sheet as wide as one page: tables go to meetings on paper, too."""
    for sheet in book.worksheets():
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


def _tall_enough(sheet: Any, cover: Mapping[str, Any]) -> None:
    """Room for the cover's long lines: not every spreadsheet program makes it by itself."""
    row = 1
    for part in ("intro", "about", "contact"):
        row += 1  # the part's heading
        for text in cover[part]:
            lines = -(-len(text) // LINE_CHARACTERS)
            if lines > 1:
                sheet.set_row(row, LINE_POINTS * lines)
            row += 1


def _wrap(page: Any, sheet: Sheet) -> None:
    """Columns of sentences to a width for reading, and each row as tall as its longest cell needs."""
    long = _long(sheet)
    for place in long.values():
        page.set_column(place, place, TEXT_WIDTH)
    for row, values in enumerate(sheet.table[list(long)].itertuples(index=False), start=HEAD_ROWS):
        lines = max((-(-len(str(v)) // TEXT_WIDTH) for v in values), default=1)
        if lines > 1:
            page.set_row(row, LINE_POINTS * lines)


def _cell(value: object) -> object:
    if value is None:
        return ABSENT
    return _plain(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    """Text that gptables takes as text: its marks for notes ($$) and links ([a](b)) are taken apart."""
    return text.replace("$$", "$ $").replace("](", "] (")[:MOST_CHARACTERS]
