"""A table looked at: every column, rows by month, and what to declare so that it is read as it is meant."""

from collections.abc import Sequence

import pandas as pd

from vru.events import Table
from vru.intake import columns as read
from vru.look.areas_block import areas_plan
from vru.look.column import Column, look_at_column
from vru.look.looked import Coverage, Looked, Part
from vru.look.proposal import DaysTable, Place, options_line, table_plan
from vru.periods import months_between
from vru.sources.extract import ExtractOptions

MOST_MONTHS = 600
"""Dates of birth and the like span more: coverage is of what happened, month by month."""


_EACH = 3
"""Rows that a place has at least, on average."""


def look_at_table(table: Table, place: Place, options: ExtractOptions) -> Looked:
    """What ``table``, read from ``place`` with ``options``, seems to hold. No cell of a row is shown, only counted values."""
    columns = [look_at_column(str(c), read.text(table, str(c)), table.marks) for c in table.frame.columns]
    questions = [q for c in columns for q in c.questions]
    forms = {c.dates for c in columns if c.kind == "date"}
    if len(forms) > 1:
        written = ", ".join(f"{c.name}: {c.dates or 'YYYY-MM-DD'}" for c in columns if c.kind == "date")
        questions.append(f"dates are written in several ways ({written}); the plan can declare one for a table")
    head = f"{len(table.frame):,} rows, {len(columns)} columns"
    left_out = [
        f"{n.text}" + (f" ({n.count:,})" if n.count is not None else "")
        for n in table.log
        if not n.text.startswith("rows read")
    ]
    parts = [*(Part(c.name, c.said) for c in columns), *(Part("note", text) for text in left_out)]
    covered = tuple(c for c in map(_coverage, columns) if c is not None)
    declared = options_line(options, columns)
    return Looked(
        table.name,
        head,
        tuple(parts),
        covered,
        tuple(questions),
        areas_plan(place, table, columns, options) or table_plan(place, declared, columns, _days(table, columns)),
    )


def _days(table: Table, columns: Sequence[Column]) -> DaysTable | None:
    """Whether the rows are dated events of places, or places by day; None where a column names each row once."""
    when = next((c for c in columns if c.kind == "date"), None)
    if when is None or any(c.kind == "id" for c in columns):
        return None
    for c in columns:
        places = table.frame[c.name].nunique()
        if c.kind not in ("name", "category", "number") or not 2 <= places <= len(table.frame) / _EACH:
            continue
        once = not table.frame[[c.name, when.name]].duplicated().any() and when.days is not None
        whole = when.days is not None and (when.days == when.days.dt.normalize()).all()
        return DaysTable(c.name, when.name, bool(once and whole))
    return None


def _coverage(column: Column) -> Coverage | None:
    if column.days is None or not len(column.days):
        return None
    return by_month(column.name, column.days.dt.strftime("%Y-%m"))


def by_month(name: str, months: Sequence[str] | pd.Series) -> Coverage | None:
    """Rows by month of ``months`` (YYYY-MM), gaps as zeros; None where they span more than fifty years."""
    counts = pd.Series(list(months), dtype="str").value_counts()
    every = months_between(str(min(counts.index)), str(max(counts.index)))
    if len(every) > MOST_MONTHS:
        return None
    return Coverage(name, every, tuple(int(counts.get(m, 0)) for m in every))
