"""A table that was already tallied to events by area and period: each row stands for as many events as it counts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem, Question
from vru.events import DataNote, Events, Table
from vru.intake import columns as read
from vru.intake import values as v
from vru.intake.kept import keep
from vru.intake.offences import spelt
from vru.intake.written import FORMS, labels_of, periods_of
from vru.keys import fold, slug
from vru.periods import MONTHS, Calendar
from vru.protocol.tabled import CountColumns

_TOTAL = re.compile(r"(grand |sub)?totals?( .*)?|all( \w+)?|england( and wales)?|wales|force|sum|overall")
_MARK = re.compile(r"<\s*\d+|[*:.~#-]+|[a-z]|\[[a-z]\]|supp(ressed)?", re.IGNORECASE)
_GAPS, _SMALL = 10, 3
"""Rows that a table lacks before it is asked whether they are zeros, and what counts as a small number beside them."""
_FAR, _LARGE = 8.0, 50.0
"""A count this many times the largest of its area's others, and at least so large, is asked about."""


def read_tallies(
    table: Table, plan: CountColumns, cache: Path, units: Sequence[str] = (), calendar: Calendar = MONTHS
) -> Events:
    """Counts by area, period and kind. An empty cell is not known, an area without a row for a period is missing there.

    units : areas that the plan names; one that the file spells otherwise (case, spaces) is taken for it. calendar : the
    plan's periods; a table by month is added up to quarters or years, and the log says so.

    Raises
    ------
    DataError
        Columns that are not there; cells that are no whole number from 0 on; months that cannot be read; an area and
        month twice; rows that look like totals and are not named as such; suppressed cells without a rule for them.
    """
    events = _read(table, plan, cache, units, calendar)
    if plan.hidden is None or not any(": suppressed cells, " in n.text for n in events.log):
        return events
    ends = [
        _read(table, plan.model_copy(update={"hidden": end}), cache, units, calendar).path for end in ("low", "high")
    ]
    return replace(events, bounds=(ends[0], ends[1]))


def _read(table: Table, plan: CountColumns, cache: Path, units: Sequence[str], calendar: Calendar) -> Events:
    reading = read.Reading(table)
    if problems := read.missing_columns(table, plan.columns()):
        raise DataError(*problems)
    long = (_by_column if plan.months_in == "columns" else _by_row)(reading, plan, calendar)
    if reading.problems:
        raise DataError(*reading.problems)
    long = _without_totals(reading, plan, long)
    long = long.assign(area=spelt(reading, plan.area, long["area"].to_numpy(dtype=str), units))
    _refuse_repeats(reading, long, calendar.noun)
    _ask_far(reading, long, calendar.noun)
    _ask_zeros(reading, long, calendar)
    if reading.problems:
        raise DataError(*reading.problems)
    known = long[np.isfinite(long["n"])]
    calendar = _counted_by(reading, long, calendar)
    made_from = {**plan.model_dump(mode="json"), "units": sorted(units), "calendar": repr(calendar)}
    at = keep(_events(known, calendar), table, made_from, cache)
    present = _present(long)
    log = (*table.log, *reading.notes, *_gap_notes(present, calendar))
    return Events(at, present, table.sha256, log, questions=tuple(reading.questions), calendar=calendar)


def _by_row(reading: read.Reading, plan: CountColumns, calendar: Calendar) -> pd.DataFrame:
    assert plan.period is not None  # the plan's own validation
    area = read.keys(reading, plan.area, "area")
    when = periods_of(reading, plan.period, reading.cells(plan.period).text, calendar)
    kind = reading.cells(plan.kind).text if plan.kind else None
    parts = []
    for name, column in plan.counts.items():
        what = name if kind is None else np.array([f"{name}: {k}" if len(plan.counts) > 1 else k for k in kind])
        parts.append(pd.DataFrame({"area": area, "period": when, "kind": what, "n": _numbers(reading, plan, column)}))
    return pd.concat(parts, ignore_index=True)


def _by_column(reading: read.Reading, plan: CountColumns, calendar: Calendar) -> pd.DataFrame:
    """Every column whose name is a period, melted; other columns are named in the log."""
    area = read.keys(reading, plan.area, "area")
    kind = reading.cells(plan.kind).text if plan.kind else np.full(len(area), "count")
    names = [str(c) for c in reading.table.frame.columns]
    when = {c: label for c, label in zip(names, labels_of(names, reading.marks.dates, calendar), strict=True) if label}
    if not when:
        what = f"no column is named as a {calendar.noun}"
        reading.problems.append(Problem(what, reading.table.name, reading.marks.dates or FORMS[calendar.kind]))
        return pd.DataFrame()
    other = [c for c in names if c not in when and c not in plan.columns()]
    if other:
        reading.notes.append(
            DataNote(
                "counts", f"columns that are no {calendar.noun} and are not read: {', '.join(other[:10])}", len(other)
            )
        )
    parts = [
        pd.DataFrame({"area": area, "period": label, "kind": kind, "n": _numbers(reading, plan, column)})
        for column, label in when.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _numbers(reading: read.Reading, plan: CountColumns, column: str) -> np.ndarray:
    """Whole numbers from 0 on, NaN where not known; suppressed cells stand as the plan's ``hidden`` says."""
    cells = reading.cells(column)
    found = read.numbers(reading, column, gaps=True)
    # What suppressed cells are taken for is said below, by the plan's own rule.
    reading.notes = [n for n in reading.notes if not n.text.endswith("taken as not known")]
    _hint_at_marks(reading, column, cells, found)
    wrong = np.isfinite(found) & ((found < 0) | (found != np.round(found)))
    if wrong.any():
        what = f"{int(wrong.sum()):,} cells are no counts: {v.few(cells.text[wrong])}"
        reading.problems.append(Problem(what, reading.at(column), "whole numbers from 0 on", "rates are no counts"))
    hidden = int(cells.suppressed.sum())
    if not hidden:
        return found
    if plan.hidden is None:
        hint = "hidden: low, middle or high; run all three and compare"
        reading.problems.append(
            Problem(
                f"{hidden:,} cells are suppressed and nothing says what stands for them", reading.at(column), hint=hint
            )
        )
        return found
    given = read.text(reading.table, column)
    ranges = {fold(mark): span for mark, span in reading.marks.suppressed.items()}
    spans = np.array([ranges.get(fold(t), (np.nan, np.nan)) for t in given])
    low, high = spans[:, 0], spans[:, 1]
    stand = {"low": low, "middle": np.floor((low + high) / 2), "high": high}[plan.hidden]
    width = float(np.nansum(np.where(cells.suppressed, high - low, 0.0)))
    text = f"{column}: suppressed cells, each counted as the {plan.hidden} of its range; together they leave {width:,.0f} open"
    reading.notes.append(DataNote("counts", text, hidden))
    return np.where(cells.suppressed, stand, found)


def _hint_at_marks(reading: read.Reading, column: str, cells: v.Cells, found: np.ndarray) -> None:
    """Marks that publishers put in place of small counts are ranges, not gaps: say how to declare them as such."""
    marks = [str(k) for k in np.unique(cells.text[~cells.missing & ~np.isfinite(found)]) if _MARK.fullmatch(str(k))]
    if not marks:
        return
    ranges = ", ".join(f'"{m}": [LOWEST, HIGHEST]' for m in marks[:3])
    hint = (
        f"where they stand for small counts, declare options: {{suppressed: {{{ranges}}}, hidden: middle}} of its data"
    )
    at = reading.at(column)
    reading.problems = [
        replace(p, hint=hint) if p.where == at and "not numbers" in p.what else p for p in reading.problems
    ]


def _ask_far(reading: read.Reading, long: pd.DataFrame, noun: str) -> None:
    """Counts far above all others of their area and kind: a slip of the keys, or of two columns."""
    for (area, kind), own in long[np.isfinite(long["n"])].groupby(["area", "kind"]):
        n = np.sort(own["n"].to_numpy())
        if len(n) < 6 or n[-1] < _LARGE or n[-1] < _FAR * max(n[-2], 1.0):
            continue
        when = own.loc[own["n"].idxmax(), "period"]
        said = f"{area}, {when}, {kind}: {n[-1]:,.0f}, where no other {noun} has more than {n[-2]:,.0f}. Is it right?"
        reading.questions.append(Question(f"far_{slug(f'{area} {when}')}", said, "mend the cell, or leave it empty"))


def _ask_zeros(reading: read.Reading, long: pd.DataFrame, calendar: Calendar) -> None:
    """A table without any 0 that lacks rows where counts are small was listed by what happened: its gaps may be zeros."""
    known = long.loc[np.isfinite(long["n"]), "n"]
    whole = len(long["area"].unique()) * len(long["period"].unique()) * len(long["kind"].unique())
    lacks = whole - len(long)
    if lacks < _GAPS or (known == 0).any() or (known <= _SMALL).mean() < _GAPS / whole or not len(known):
        return
    said = f"no count is 0, and {lacks:,} of {whole:,} area-{calendar.plural} have no row. Did nothing happen there?"
    hint = "lists by what happened leave out the rest: write these rows with 0; they are taken as not known"
    reading.questions.append(Question("no_zeros", said, hint))


def _without_totals(reading: read.Reading, plan: CountColumns, long: pd.DataFrame) -> pd.DataFrame:
    """Rows named as totals are left out; others that look like one are a question."""
    named = {fold(t) for t in plan.total_rows}
    areas = pd.Series(long["area"].unique())
    folded = areas.map(fold)
    out = areas[folded.isin(named)]
    empty = long["area"] == ""
    if empty.any():
        what = f"{int(empty.sum()):,} counts are of no area"
        reading.problems.append(
            Problem(what, reading.at(plan.area), hint="leave these rows out of the file, or name the area")
        )
    if alike := [a for a, f in zip(areas, folded, strict=True) if f not in named and _TOTAL.fullmatch(f)]:
        said = f"{plan.area}: {', '.join(alike)} looks like a sum of other rows. Is it an area?"
        reading.questions.append(Question("total_rows", said, f"name it under total_rows: [{', '.join(alike)}]"))
    if len(out):
        reading.notes.append(DataNote("counts", f"rows that are sums of others, left out: {', '.join(out)}", len(out)))
    return long[~long["area"].isin(out)]


def _refuse_repeats(reading: read.Reading, long: pd.DataFrame, noun: str) -> None:
    twice = long[long.duplicated(["area", "period", "kind"])]
    if len(twice):
        shown = ", ".join(
            f"{a} {m}" for a, m in twice[["area", "period"]].drop_duplicates().head(5).itertuples(index=False)
        )
        hint = f"one row for each area, {noun} and kind: name the column that tells them apart as kind, or add them up"
        reading.problems.append(
            Problem(
                f"{len(twice):,} counts are of an area and {noun} that has one: {shown}", reading.table.name, hint=hint
            )
        )


def _counted_by(reading: read.Reading, long: pd.DataFrame, calendar: Calendar) -> Calendar:
    """The plan's periods; or quarters or months, where a table has some that begin none of the plan's longer ones."""
    if calendar.by_days or calendar.kind == "month":
        return calendar
    labels = long["period"].unique()
    shorter = (calendar, Calendar("quarter", calendar.origin), MONTHS)
    own = next(c for c in shorter if all(map(c.begins, labels)))
    how = (
        f"each is read as a whole {own.noun}" if own == calendar else f"{own.plural} are added up to {calendar.plural}"
    )
    reading.notes.append(DataNote("counts", f"{reading.table.name} counts by {own.noun}; {how}"))
    return own


def _events(known: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    n = len(known)
    when = known["period"].to_numpy()
    return pd.DataFrame(
        {
            "month": [p[:7] for p in when],
            **({} if calendar.kind == "month" else {"period": when}),
            # Each area is covered by itself, so that a cell that is not known is missing there and nowhere else.
            "force": known["area"].to_numpy(),
            "crime_type": known["kind"].to_numpy(),
            "lsoa_code": known["area"].to_numpy(),
            "lsoa_name": pd.Series([None] * n, dtype="str"),
            "longitude": np.full(n, np.nan),
            "latitude": np.full(n, np.nan),
            "n": known["n"].to_numpy(dtype=float),
        }
    )


def _present(long: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Area -> periods in which everything that the table counts is known there."""
    whole = (
        long.assign(known=np.isfinite(long["n"]))
        .groupby(["area", "period"])["known"]
        .agg(["all", "size"])
        .reset_index()
    )
    kinds = long["kind"].nunique()
    full = whole[whole["all"] & (whole["size"] == kinds)]
    return {str(area): tuple(sorted(own["period"])) for area, own in full.groupby("area")}


def _gap_notes(present: dict[str, tuple[str, ...]], calendar: Calendar) -> list[DataNote]:
    labels = sorted({p for own in present.values() for p in own})
    if not labels:
        return []
    every = calendar.between(labels[0], calendar.last_of(labels[-1]))
    gone = sum(len(set(every) - set(own)) for own in present.values())
    text = f"area-{calendar.plural} from {labels[0]} to {labels[-1]} without a count, taken as missing"
    return [DataNote("counts", text, gone)] if gone else []
