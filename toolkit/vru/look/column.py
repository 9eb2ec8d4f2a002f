"""One column looked at: what it seems to hold, what to declare, what to ask."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from vru.events import Marks
from vru.intake import columns as read
from vru.intake import values as v
from vru.keys import fold, groups, near_twins
from vru.look import forms

_MOST_SHOWN = 8
_MEAN_REPEATS = 3
_ID_FROM = 20


@dataclass(slots=True)
class Column:
    """What a column seems to be. ``kind`` is a kind of covariate, or what else a column may be.

    missing, suppressed, decimal, dates : what the plan has to declare of the table for it. days : where it holds dates.
    """

    name: str
    kind: str
    said: str
    questions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    suppressed: list[str] = field(default_factory=list)
    decimal: str = "."
    dates: str | None = None
    unit: str | None = None
    days: pd.Series | None = None


def look_at_column(name: str, given: np.ndarray, marks: Marks) -> Column:
    """Text cells ``(n,)`` of one column, as ``sources`` hands them over. Cells are never shown but as counted values."""
    cells = v.cells(given, marks)
    filled = cells.text[~cells.missing]
    gone = int(cells.missing.sum())
    if not len(filled):
        return Column(name, "empty", "not a cell filled")
    found = (
        _months(name, filled) or _yes_no(name, filled) or _dates(name, filled, marks) or _numbers(name, filled, marks)
    )
    found = found or _words(name, filled)
    if gone:
        found.said += f", {gone:,} empty or declared as missing"
    return found


def _months(name: str, filled: np.ndarray) -> Column | None:
    kinds = np.unique(filled)
    if not all(forms.MONTH.fullmatch(str(k)) for k in kinds):
        return None
    column = Column(name, "month", f"month, {len(filled):,} values {kinds[0]} to {kinds[-1]}")
    column.days = pd.to_datetime(pd.Series(filled) + "-01", format="%Y-%m-%d")
    return column


def _yes_no(name: str, filled: np.ndarray) -> Column | None:
    kinds, n = np.unique([fold(t) for t in filled.tolist()], return_counts=True)
    if not set(kinds.tolist()) <= {*read.YES, *read.NO, "1.0", "0.0"}:
        return None
    listed = ", ".join(f"{k} ({c:,})" for k, c in zip(kinds, n, strict=True))
    return Column(name, "yes_no", f"yes or no, {len(filled):,} values: {listed}")


def _numbers(name: str, filled: np.ndarray, marks: Marks) -> Column | None:
    form = forms.as_numbers(filled, marks)
    if form is None:
        return None
    known = form.found[np.isfinite(form.found)]
    column = Column(name, "number", f"number, {len(known):,} values {known.min():g} to {known.max():g}")
    column.decimal, column.unit = form.decimal, form.unit
    if form.unit or form.decimal != marks.decimal:
        column.said += f", written in {form.unit or 'decimal commas'}"
    _odd_cells(column, filled[~np.isfinite(form.found)])
    for code, n in v.sentinels(form.found).items():
        column.questions.append(f"{name}: {code:g} ({n:,} rows) looks like a code for not known. Is it a real value?")
    whole = (known == np.round(known)).all()
    if whole and len(known) == len(filled) and len(np.unique(filled)) == len(filled) and len(filled) > _ID_FROM:
        column.kind = "id"
        column.said += ", each value once: an id?"
    elif _padded(filled):
        column.said += ", with leading zeros"
        column.questions.append(f"{name}: some values begin with a zero. Is it a code (kind: category), not a number?")
    return column


def _padded(filled: np.ndarray) -> bool:
    return any(len(t) > 1 and t[0] == "0" and t.isdigit() for t in np.unique(filled).tolist())


def _odd_cells(column: Column, odd: np.ndarray) -> None:
    if not len(odd):
        return
    column.missing, column.suppressed, rest = forms.marks_among(odd)
    column.said += f", {len(odd):,} {'cell is' if len(odd) == 1 else 'cells are'} not: {v.few(odd)}"
    if column.suppressed:
        listed = ", ".join(f'"{m}"' for m in column.suppressed)
        column.questions.append(
            f"{column.name}: {listed} looks like a hidden number. What range does its publisher give?"
        )
    if len(rest):
        column.questions.append(f"{column.name}: {v.few(rest)}: what does that mean? {v.why_no_number(rest)}")


def _dates(name: str, filled: np.ndarray, marks: Marks) -> Column | None:
    found = forms.date_forms(filled, marks.dates)
    if not found:
        hint = v.date_hint(filled)
        zoned = bool(hint) and pd.Series(filled).str.match(r"^\d{4}-\d{2}-\d{2}").mean() >= forms.MOST_PART
        return Column(name, "instant", "instants with a time zone", [f"{name}: {hint}"]) if zoned else None
    form = found[0]
    days = v.parse_dates(filled, form)
    known = days.dropna()
    timed = "" if (known == known.dt.normalize()).all() else " with the time"
    said = f"date{timed}, {len(known):,} values {known.min():%Y-%m-%d} to {known.max():%Y-%m-%d}"
    column = Column(name, "date", said + ("" if form is None else f", written {form}"))
    column.days, column.dates = known, form
    if len(found) > 1:
        both = " or ".join(str(f) for f in found)
        column.questions.append(f"{name}: no day above 12, so it may be written {both}. Which?")
    _odd_cells(column, filled[days.isna().to_numpy()])
    for day, n in v.odd_dates(days).items():
        column.questions.append(f"{name}: {day} ({n:,} rows) looks like a code for not known. Is it a real day?")
    return column


def _words(name: str, filled: np.ndarray) -> Column:
    kinds, counts = np.unique(filled, return_counts=True)
    n = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    twice = len(filled) - len(kinds)
    if len(kinds) > _ID_FROM and not twice:
        return Column(name, "id", f"text, {len(kinds):,} values, each once: an id, or people's own words")
    if len(kinds) > read.MOST_LEVELS and len(filled) < _MEAN_REPEATS * len(kinds):
        said = f"text, {len(kinds):,} different values in {len(filled):,} rows, {twice:,} rows repeat one"
        return Column(name, "text", said)
    few = len(kinds) <= read.MOST_LEVELS
    column = Column(name, "category" if few else "name", f"{len(kinds):,} different values")
    seldom = sum(c for c in n.values() if c < _MEAN_REPEATS)
    often = sorted((k for k in n if n[k] >= _MEAN_REPEATS), key=lambda k: (-n[k], k))
    if few and often:
        listed = ", ".join(f"{k} ({n[k]:,})" for k in often[:_MOST_SHOWN])
        column.said += f": {listed}" + (
            f", others ({len(filled) - sum(n[k] for k in often[:_MOST_SHOWN]):,})"
            if len(often) > _MOST_SHOWN or seldom
            else ""
        )
    column.missing = [k for k in n if fold(k) in v.WORDS_FOR_MISSING]
    _twins(column, n)
    return column


def _twins(column: Column, n: dict[str, int]) -> None:
    same = {key: spellings for key, spellings in groups(n).items() if len(spellings) > 1}
    if same:
        some = [" = ".join(f"{s!r} ({n[s]:,})" for s in spellings) for spellings in same.values()]
        column.said += f"; taken as one where they differ in case or spaces: {'; '.join(some[:5])}"
    totals = {key: sum(n[s] for s in spellings) for key, spellings in groups(n).items()}
    for twin in near_twins(totals)[:5]:
        if min(twin.n_one, twin.n_other) >= 1:
            pair = f"{twin.one!r} ({twin.n_one:,}) and {twin.other!r} ({twin.n_other:,})"
            column.questions.append(f"{column.name}: {pair}: one in two spellings?")
