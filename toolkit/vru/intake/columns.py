"""Columns of text read as what the plan says they hold. Messages name columns and how many rows, never a row."""

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np
import pandas as pd

from vru.errors import Problem
from vru.events import Table
from vru.protocol.rows import ArmColumn

_YES, _NO = ("1", "yes", "true", "y"), ("0", "no", "false", "n")
_MOST_VALUES = 6


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


def arm(table: Table, plan: ArmColumn, problems: list[Problem]) -> np.ndarray:
    """1 for treated rows, 0 for comparison rows; a value that is neither is a problem."""
    given = np.char.lower(text(table, plan.column))
    treated = np.isin(given, [v.casefold() for v in plan.treated])
    known = treated | np.isin(given, [v.casefold() for v in plan.comparison])
    if not known.all():
        what = f"{_empty_or_other(given, ~known)} neither among the treated nor among the comparison values"
        allowed = f"treated: {', '.join(plan.treated)}; comparison: {', '.join(plan.comparison)}"
        hint = "add the values to the plan, or leave those rows out of the extract and say so under deviations"
        problems.append(Problem(what, f"{table.name}: {plan.column}", allowed, hint))
    return treated.astype(float)


def _empty_or_other(given: np.ndarray, wrong: np.ndarray) -> str:
    values = np.unique(given[wrong])
    empty = int((given[wrong] == "").sum())
    # A few repeated values are codes and may be shown; many different ones may be people's own words.
    shown = f" ({', '.join(v or 'empty' for v in values)})" if len(values) <= _MOST_VALUES else ""
    return f"{int(wrong.sum()):,} rows{shown or f' ({empty:,} of them empty)'} are"


def numbers(table: Table, column: str, problems: list[Problem], *, gaps: bool) -> np.ndarray:
    """The column as numbers, NaN where empty; text is a problem, and so is an empty cell unless ``gaps``."""
    given = text(table, column)
    plain = pd.Series(given).str.replace(",", "", regex=False).replace("", None)
    found = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = (given != "") & ~np.isfinite(found)
    if wrong.any():
        rows = f"{int(wrong.sum()):,} rows are not numbers"
        problems.append(Problem(rows, f"{table.name}: {column}", hint="leave unknown values empty"))
    if not gaps and (given == "").any():
        problems.append(Problem(f"{int((given == '').sum()):,} rows are empty", f"{table.name}: {column}"))
    return found


def yes_no(table: Table, column: str, problems: list[Problem]) -> np.ndarray:
    """1 or 0 for yes and no in the usual spellings, NaN where empty."""
    given = np.char.lower(text(table, column))
    found = np.where(np.isin(given, _YES), 1.0, np.where(np.isin(given, _NO), 0.0, np.nan))
    wrong = np.isnan(found) & (given != "")
    if wrong.any():
        allowed = "1 or 0, yes or no, true or false; empty where not known"
        problems.append(Problem(f"{int(wrong.sum()):,} rows are neither", f"{table.name}: {column}", allowed))
    return found


def covariate(table: Table, column: str) -> pd.Series:
    """Numbers where every filled cell is one; text otherwise."""
    given = pd.Series(text(table, column)).replace("", None)
    found = pd.to_numeric(given, errors="coerce")
    return found if (found.notna() == given.notna()).all() and given.notna().any() else given.astype("str")


def dates(table: Table, column: str, problems: list[Problem]) -> pd.Series:
    """The column as timestamps; only ISO forms (2021-06-03, 2021-06-03 22:15) are read, since 03/04/2021 has two meanings."""
    given = pd.Series(text(table, column))
    iso = given.str.match(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$")
    found = pd.to_datetime(given.where(iso), errors="coerce", format="ISO8601")
    wrong = int(found.isna().sum())
    if wrong:
        slashes = bool(given[found.isna()].str.match(r"^\d{1,2}[/.]\d{1,2}[/.]\d{2,4}").any())
        hint = "03/04/2021 may be March or April: export dates as 2021-04-03" if slashes else ""
        where = f"{table.name}: {column}"
        problems.append(Problem(f"{wrong:,} rows hold no date", where, "YYYY-MM-DD, with HH:MM if need be", hint))
    return found
