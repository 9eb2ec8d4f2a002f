"""The library as an accessible spreadsheet: cover, contents, notes, one marked-up table per sheet.

Source: guidance "Releasing statistics in spreadsheets" of the Analysis Function, through the package gptables.
"""

import tempfile
import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vru.library.exports.export import Export, Holdings, Item
from vru.library.exports.table import HEADER, rows
from vru.library.planned import Planned
from vru.record import LearningRecord

if TYPE_CHECKING:
    import pandas as pd

ABSENT = "[x]"
MOST_CHARACTERS = 32_000  # a cell holds 32,767
EPOCH = datetime(1980, 1, 1)
# Text from a record is data: never a formula, never a link, never a number.
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
NOTES = (
    ("Not available", f"{ABSENT} means that the value does not exist or could not be computed. It is never zero."),
    ("Log rate ratio", "Natural logarithm of observed over expected; below 0 means fewer offences."),
    ("Count difference", "Offences over all months from the start; below 0 means fewer than expected."),
    ("Events prevented", "Offences over all months from the start; above 0 means fewer than expected."),
    (
        "Which versions",
        "Effects and ratings are of the newest published version of each record, retracted ones left out.",
    ),
    ("Rounding", "Numbers are not rounded, so that others can compute with them."),
)


def workbook(holdings: Holdings) -> bytes:
    """The bytes of an .xlsx file; the same library on the same day is the same bytes."""
    with tempfile.TemporaryDirectory(prefix="vru-export-") as private, warnings.catch_warnings():
        # gptables leaves a file of its own open when it is first imported.
        warnings.simplefilter("ignore", ResourceWarning)
        import gptables

        # Notes stand on a sheet of their own here, not behind markers in the text.
        warnings.filterwarnings("ignore", message="No note text provided")
        path = Path(private) / "library.xlsx"
        book = gptables.produce_workbook(
            filename=str(path),
            sheets={label: _page(label, title, table) for label, title, table in _sheets(holdings) if len(table)},
            cover=gptables.Cover(**_cover(holdings)),
            contentsheet_options={"title": "Contents", "table_name": "contents"},
            workbook_options=SAFE,
        )
        book.set_properties({"title": "Shared learning library", "author": "", "comments": "", "created": EPOCH})
        book.close()
        return path.read_bytes()


def _sheets(holdings: Holdings) -> list[tuple[str, str, "pd.DataFrame"]]:
    effects = [[row[name] for name in HEADER] for item in holdings.current for row in rows(item)]
    return [
        ("Notes", "Notes on these tables", _frame(("Term", "Meaning"), NOTES)),
        ("Records", "Records, every version that was published", _records(holdings)),
        ("Effects", "Effects of every analysis, each on its own scale", _frame([_title(n) for n in HEADER], effects)),
        ("Ratings", "Strength of the evidence, per outcome", _ratings(holdings)),
        ("Announced", "Announced and not reported yet", _announced(holdings)),
    ]


def _records(holdings: Holdings) -> "pd.DataFrame":
    names = (
        "Organisation",
        "Record",
        "Version",
        "Status",
        "Published",
        "Title",
        "Summary",
        "Intervention type",
        "Start",
    )
    return _frame(
        names,
        [
            (r.organisation, r.id, r.version, i.standing, _day(i), r.title, r.summary, *_what(r))
            for i in holdings.readable
            for r in (i.stored.record,)
        ],
    )


def _ratings(holdings: Holdings) -> "pd.DataFrame":
    names = ("Organisation", "Record", "Version", "Outcome", "Instrument", "Level", "Label", "Reasons")
    return _frame(
        names,
        [
            (r.organisation, r.id, r.version, g.outcome, g.instrument, g.level, g.label, "; ".join(g.reasons))
            for i in holdings.current
            for r in (i.stored.record,)
            for g in r.ratings
        ],
    )


def _announced(holdings: Holdings) -> "pd.DataFrame":
    names = ("Organisation", "Record", "Title", "Intervention type", "Start", "Last month", "Due by", "Reasons")
    return _frame(
        names,
        [
            (p.organisation, p.record, p.plan.title, p.plan.intervention_type, p.plan.start, p.plan.last, *_due(p))
            for p in holdings.planned
        ],
    )


def _day(item: Item) -> str | None:
    return str(item.on.date()) if item.on else None


def _what(record: LearningRecord) -> tuple[str, str]:
    return record.intervention.type, record.intervention.start


def _due(planned: Planned) -> tuple[str, str | None]:
    reasons = "; ".join(f"{e.reason}: {e.text}".rstrip(": ") for e in planned.explanations)
    return planned.due_by.isoformat(), reasons or None


def _frame(names: Sequence[str], content: Sequence[Sequence[object]]) -> "pd.DataFrame":
    import pandas as pd

    shown = [[_cell(value) for value in row] for row in content]
    return pd.DataFrame(shown, columns=list(names), dtype=object)


def _page(label: str, title: str, table: "pd.DataFrame") -> Any:
    import gptables

    return gptables.GPTable(
        table=table,
        table_name=f"{label.lower()}_table",
        title=title,
        instructions=f"This worksheet contains one table. {ABSENT} means not available.",
        index_columns={2: 0},
    )


def _cover(holdings: Holdings) -> dict[str, Any]:
    count = len({i.name for i in holdings.readable})
    return {
        "title": "Shared learning library",
        "intro": [f"{count} records of evaluations by Violence Reduction Units, as of {holdings.today.isoformat()}."],
        "about": ["Each record belongs to the organisation named beside it; ask it before you rely on a number."],
        "contact": ["The organisation that published the record"],
    }


def _cell(value: object) -> object:
    """A cell that gptables takes as text or number: its marks for notes ($$) and links ([a](b)) are taken apart."""
    if value is None or value == "":
        return ABSENT
    if not isinstance(value, str):
        return value
    return value.replace("$$", "$ $").replace("](", "] (")[:MOST_CHARACTERS]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize().replace("Ci ", "Interval ").replace("sha256", "hash")


EXPORT = Export("xlsx", "records, effects and ratings as an accessible spreadsheet", ".xlsx", workbook)
