"""Columns of text read as what the plan says they hold. Messages name columns and how many rows, never a row."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

import numpy as np
import pandas as pd

from vru.errors import Problem, Question
from vru.events import DataNote, Marks, Table
from vru.intake import values as v
from vru.keys import fold, groups, near_twins, slug, spaced
from vru.protocol.rows import ArmColumn, CovariateColumn

Kind = Literal["number", "category", "yes_no", "date"]
YES, NO = ("1", "yes", "true", "y"), ("0", "no", "false", "n")
_MOST_VALUES = 6
MOST_LEVELS = 30
"""Categories with more levels than this are free text or a code that nobody meant as a covariate."""


@dataclass(slots=True)
class Reading:
    """One table being read, and what comes up on the way."""

    table: Table
    problems: list[Problem] = field(default_factory=list)
    notes: list[DataNote] = field(default_factory=list)
    account: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def marks(self) -> Marks:
        """How the table writes what is no plain value."""
        return self.table.marks

    def at(self, column: str) -> str:
        """Where a message points: table and column."""
        return f"{self.table.name}: {column}"

    def cells(self, column: str) -> v.Cells:
        """The column with what is declared missing or suppressed taken out."""
        return v.cells(text(self.table, column), self.marks)


def missing_columns(table: Table, wanted: Iterable[str]) -> list[Problem]:
    """Every column that the plan names and the table does not have, with the nearest it has."""
    have = [str(c) for c in table.frame.columns]
    found = []
    for name in dict.fromkeys(wanted):
        if name not in have:
            near = get_close_matches(name, have, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else ""
            found.append(Problem(f"there is no column {name!r}", table.name, ", ".join(have[:40]), hint))
    return found


def text(table: Table, column: str) -> np.ndarray:
    """The column as trimmed text, "" where empty."""
    return table.frame[column].astype("str").fillna("").str.strip().to_numpy(dtype=str)


def ids(reading: Reading, column: str) -> np.ndarray:
    """References, compared as they are written but for spaces and Unicode form; two ways to write one number are refused."""
    given = np.array([spaced(t) for t in text(reading.table, column)], dtype=str)
    kinds = np.unique(given)
    wholes = {k.removesuffix(".0") for k in kinds.tolist() if k.endswith(".0")}
    if both := sorted(wholes & set(kinds.tolist())):
        what = f"{len(both):,} ids are written in two ways, as whole numbers and with .0"
        reading.problems.append(Problem(what, reading.at(column), hint="write each id in one way: one person, one id"))
    _ask_zeros(reading, column, kinds)
    return given


def _ask_zeros(reading: Reading, column: str, kinds: np.ndarray) -> None:
    digits = [k for k in kinds.tolist() if k.isdigit()]
    alike = len(digits) - len({k.lstrip("0") for k in digits})
    if alike and not any(q.id == "ids_zeros" for q in reading.questions):
        said = f"{column}: {alike:,} ids are those of other rows but for leading zeros, as 01 and 1. Are they other people?"
        reading.questions.append(Question("ids_zeros", said, "write each id in one way: one person, one id"))


def keys(reading: Reading, column: str, what: str) -> np.ndarray:
    """Names that serve as keys (cluster, stratum, category): spellings that differ in case or spaces are one.

    The spelling that occurs most stands for all. Words that programs write for missing values are refused where they are
    not declared; near twins are asked about.
    """
    given = reading.cells(column).text
    kinds, counts = np.unique(given[given != ""], return_counts=True)
    n = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    lost = {k: c for k, c in n.items() if fold(k) in v.WORDS_FOR_MISSING}
    if lost:
        words = ", ".join(f"{k} ({c:,})" for k, c in lost.items())
        quoted = ", ".join(f'"{k}"' for k in lost)
        hint = f"declare options: {{missing: [{quoted}]}} of its data, or give the {what} a name that says what it is"
        reading.problems.append(
            Problem(f"is what programs write for a missing value: {words}", reading.at(column), hint=hint)
        )
    same = groups(n)
    usual = {key: max(spellings, key=lambda s: (n[s], s)) for key, spellings in same.items()}
    merged = {key: spellings for key, spellings in same.items() if len(spellings) > 1}
    for key, spellings in list(merged.items())[:20]:
        listed = ", ".join(f"{s!r} ({n[s]:,})" for s in sorted(spellings))
        reading.notes.append(
            DataNote("cohort", f"{column}: spellings taken as one {what}: {listed}", sum(n[s] for s in spellings))
        )
        usual[key] = spaced(usual[key])
    totals = {key: sum(n[s] for s in spellings) for key, spellings in same.items()}
    twins = near_twins(totals)
    if twins:
        listed = "; ".join(f"{t.one!r} ({t.n_one:,}) and {t.other!r} ({t.n_other:,})" for t in twins[:5])
        said = f"{column}: names that may be one {what} written in two ways: {listed}. Are they two?"
        hint = "write each in one way"
        reading.questions.append(Question(f"twins_{slug(column)}", said, hint))
    return np.array([usual[fold(t)] if t else "" for t in given], dtype=str)


def arm(reading: Reading, plan: ArmColumn) -> np.ndarray:
    """1 for treated rows, 0 for comparison rows; a value that is neither is a problem. Values are compared as keys."""
    given = text(reading.table, plan.column)
    kinds, at = np.unique(given, return_inverse=True)
    folded = [fold(k) for k in kinds]
    sides = [{fold(x) for x in side} for side in (plan.treated, plan.comparison)]
    # 1.0 is how a table with gaps writes 1.
    bare = [f.removesuffix(".0") if f.removesuffix(".0").isdigit() else f for f in folded]
    is_treated = np.array([f in sides[0] or b in sides[0] for f, b in zip(folded, bare, strict=True)], dtype=bool)[at]
    known = (
        is_treated
        | np.array([f in sides[1] or b in sides[1] for f, b in zip(folded, bare, strict=True)], dtype=bool)[at]
    )
    if not known.all():
        what = f"{_empty_or_other(given, ~known)} neither among the treated nor among the comparison values"
        allowed = f"treated: {', '.join(plan.treated)}; comparison: {', '.join(plan.comparison)}"
        hint = "add the values to the plan, or leave those rows out of the extract and say so under deviations"
        reading.problems.append(Problem(what, reading.at(plan.column), allowed, hint))
    return is_treated.astype(float)


def _empty_or_other(given: np.ndarray, wrong: np.ndarray) -> str:
    kinds = np.unique(given[wrong])
    empty = int((given[wrong] == "").sum())
    # A few repeated values are codes and may be shown; many different ones may be people's own words.
    shown = f" ({', '.join(_visible(str(k)) for k in kinds)})" if len(kinds) <= _MOST_VALUES else ""
    return f"{int(wrong.sum()):,} rows{shown or f' ({empty:,} of them empty)'} are"


def _visible(value: str) -> str:
    """A value as a message shows it: odd spaces and characters outside plain text spelt out."""
    return "empty" if not value else value if value == spaced(value) and value.isascii() else ascii(value)


def numbers(reading: Reading, column: str, *, gaps: bool, unit: str | None = None) -> np.ndarray:
    """The column as numbers, NaN where missing; text is a problem, and so is an empty cell unless ``gaps``."""
    cells = reading.cells(column)
    found = v.parse_numbers(cells.text, reading.marks, unit)
    wrong = ~cells.missing & ~np.isfinite(found)
    if wrong.any():
        what = f"{int(wrong.sum()):,} rows are not numbers: {v.few(cells.text[wrong])}"
        reading.problems.append(Problem(what, reading.at(column), hint=v.why_no_number(cells.text[wrong])))
    if not gaps and cells.missing.any():
        reading.problems.append(Problem(f"{int(cells.missing.sum()):,} rows are empty", reading.at(column)))
    _ask_sentinels(reading, column, found)
    _tell(reading, column, "number", cells, found)
    return found


def _ask_sentinels(reading: Reading, column: str, found: np.ndarray) -> None:
    codes = v.sentinels(found)
    if codes:
        listed = ", ".join(f"{c:g} ({n:,} rows)" for c, n in codes.items())
        said = f"{column}: {listed} lies far outside the rest and looks like a code for not known. Is it a real value?"
        quoted = ", ".join(f'"{c:g}"' for c in codes)
        reading.questions.append(
            Question(f"code_{slug(column)}", said, f"declare options: {{missing: [{quoted}]}} of its data")
        )


def _tell(reading: Reading, column: str, kind: str, cells: v.Cells, found: np.ndarray | None) -> None:
    said = f"{column}: {kind}, {int((~cells.missing).sum()):,} values"
    if found is not None and np.isfinite(found).any():
        said += f" {np.nanmin(found):g} to {np.nanmax(found):g}"
    if cells.missing.any():
        marks = ", ".join(f'"{m}" ({n:,})' for m, n in cells.marks.items())
        said += f", {int(cells.missing.sum()):,} missing" + (f" ({marks} among them)" if marks else "")
    if cells.suppressed.any():
        low = min(a for a, _ in reading.marks.suppressed.values())
        high = max(b for _, b in reading.marks.suppressed.values())
        note = f"{column}: suppressed, between {low:g} and {high:g}, taken as not known"
        reading.notes.append(DataNote("cohort", note, int(cells.suppressed.sum())))
    reading.account.append(said)


def yes_no(reading: Reading, column: str) -> np.ndarray:
    """1 or 0 for yes and no in the usual spellings, NaN where missing."""
    cells = reading.cells(column)
    kinds, at = np.unique(cells.text, return_inverse=True)
    folded = [fold(k).removesuffix(".0") if fold(k) in ("1.0", "0.0") else fold(k) for k in kinds]
    code = {**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)}
    found = np.array([code.get(f, np.nan) for f in folded])[at]
    wrong = np.isnan(found) & ~cells.missing
    if wrong.any():
        allowed = "1 or 0, yes or no, true or false; empty where not known"
        what = f"{int(wrong.sum()):,} rows are neither: {v.few(cells.text[wrong])}"
        reading.problems.append(Problem(what, reading.at(column), allowed, _missing_hint(cells.text[wrong])))
    _tell(reading, column, "yes or no", cells, None)
    return found


def _missing_hint(wrong: np.ndarray) -> str:
    if any(str(k).startswith("'") for k in np.unique(wrong)):
        return "an apostrophe before a number makes it text in Excel: turn these cells into numbers"
    kinds = v.showable(wrong)
    if not 0 < len(kinds) <= _MOST_VALUES or any(c.isdigit() for k in kinds for c in k):
        return ""
    quoted = ", ".join(f'"{k}"' for k in kinds)
    return f"where it means not known, declare options: {{missing: [{quoted}]}} of its data"


def covariate(reading: Reading, plan: str | CovariateColumn) -> pd.Series:
    """A covariate of the kind declared; in the short form of the one kind that every cell fits, or a problem."""
    column = plan if isinstance(plan, str) else plan.column
    kind: Kind | None = None if isinstance(plan, str) else plan.kind
    unit = None if isinstance(plan, str) else plan.unit
    if kind is None:
        kind = _only_kind(reading, column)
    if kind == "number":
        return pd.Series(numbers(reading, column, gaps=True, unit=unit))
    if kind == "yes_no":
        return pd.Series(yes_no(reading, column))
    if kind == "date":
        days = dates(reading, column, gaps=True)
        return pd.Series((days - days.min()).dt.total_seconds() / 86_400)
    if kind == "category":
        return _categories(reading, column)
    return pd.Series(np.full(len(reading.table.frame), np.nan))


def _categories(reading: Reading, column: str) -> pd.Series:
    named = keys(reading, column, "category")
    levels = len(np.unique(named[named != ""]))
    if levels > MOST_LEVELS:
        what = f"has {levels:,} different values, which is no set of categories"
        hint = "group them, or declare what they are (kind: number or date)"
        reading.problems.append(Problem(what, reading.at(column), f"up to {MOST_LEVELS}", hint))
    _tell(reading, column, f"{levels:,} categories", reading.cells(column), None)
    return pd.Series(named).replace("", None).astype("str")


def _only_kind(reading: Reading, column: str) -> Kind | None:
    """The kind that every filled cell fits, or None with a problem that shows what to write."""
    cells = reading.cells(column)
    filled = cells.text[~cells.missing]
    if (is_number := np.isfinite(v.parse_numbers(filled, reading.marks))).all():
        return "number"
    dated = v.parse_dates(filled, reading.marks.dates).notna().to_numpy()
    odd = filled[~is_number]
    signs = any(c in t for t in np.unique(odd) for c in "%£")
    if (
        not is_number.any()
        and not dated.any()
        and not signs
        and not any(c.isdigit() for t in np.unique(odd) for c in t[:1])
    ):
        return "category"
    line = f"covariates: {{{slug(column)}: {{column: {column}, kind: %s}}}}"
    if dated.all():
        what, hint = "holds dates", f"declare what it is: {line % 'date'}"
    elif is_number.any():
        what = f"{int(is_number.sum()):,} of {len(filled):,} cells are numbers and the others are not: {v.few(odd)}"
        hint = f"{v.why_no_number(odd)}; or declare what it is: {line % 'category'}"
    else:
        what = f"is neither numbers nor plain categories: {v.few(odd)}"
        hint = v.why_no_number(odd) if signs else f"declare what it is: {line % 'category'}"
    reading.problems.append(Problem(what, reading.at(column), "one kind in every cell", hint))
    return None


def dates(reading: Reading, column: str, *, gaps: bool = False) -> pd.Series:
    """The column as timestamps, in ISO form (2021-06-03, 2021-06-03 22:15) or the declared one, local time.

    Nothing is guessed: 03/04/2021 has two meanings, and a time with a zone is another hour here in summer.
    """
    cells = reading.cells(column)
    found = v.parse_dates(cells.text, reading.marks.dates)
    wrong = found.isna().to_numpy() & ~(cells.missing & gaps)
    if wrong.any():
        where = reading.at(column)
        form = reading.marks.dates or "YYYY-MM-DD, with HH:MM if need be"
        problem = Problem(f"{int(wrong.sum()):,} rows hold no date", where, form, v.date_hint(cells.text[wrong]))
        reading.problems.append(problem)
    if far := v.odd_dates(found):
        listed = ", ".join(f"{day} ({n:,} rows)" for day, n in list(far.items())[:5])
        said = f"{column}: {listed} looks like a code for not known. Is it a real day?"
        quoted = ", ".join(f'"{day}"' for day in far)
        hint = f"declare options: {{missing: [{quoted}]}} of its data"
        reading.questions.append(Question(f"code_{slug(column)}", said, hint))
    return found
