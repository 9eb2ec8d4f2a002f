"""What cells mean: numbers, dates and marks, by what the plan declares and never by a guess."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.events import Marks
from vru.keys import fold, spaced

WORDS_FOR_MISSING = ("nan", "null", "na", "n/a", "#n/a", "<na>", "nat", "#value!", "#ref!", "#div/0!", "#name?")
"""How programs write a missing value; none of them is taken for one until the plan says so."""
_POINT = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?([eE][+-]?\d+)?|[+-]?\.\d+")
_COMMA = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_SHOWN, _SEVERAL = 6, 3
USUAL_MARKS = (
    *WORDS_FOR_MISSING,
    "none",
    "nil",
    "missing",
    "unknown",
    "not known",
    "not recorded",
    "not stated",
    "c",
    "x",
    "dk",
)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one column as text, trimmed; what is missing by declaration or empty.

    text : str ``(n,)``, "" where missing. missing : bool ``(n,)``. suppressed : bool ``(n,)``, among the missing.
    marks : declared mark -> how often it occurs.
    """

    text: np.ndarray
    missing: np.ndarray
    suppressed: np.ndarray
    marks: dict[str, int]


def cells(given: np.ndarray, plan: Marks) -> Cells:
    """The column with declared marks taken out; marks are compared as all keys are."""
    kinds, at = np.unique(given, return_inverse=True)
    folded = [fold(k) for k in kinds]
    missing, hidden = {fold(m) for m in plan.missing}, {fold(m) for m in plan.suppressed}
    is_missing = np.array([f in missing for f in folded], dtype=bool)[at] if len(kinds) else np.zeros(0, dtype=bool)
    is_hidden = np.array([f in hidden for f in folded], dtype=bool)[at] if len(kinds) else np.zeros(0, dtype=bool)
    gone = is_missing | is_hidden | (given == "")
    marks = {str(k): int((given == k).sum()) for k, f in zip(kinds, folded, strict=True) if k and f in missing | hidden}
    return Cells(np.where(gone, "", given), gone, is_hidden, marks)


def parse_numbers(text: np.ndarray, plan: Marks, unit: str | None = None) -> np.ndarray:
    """Numbers where a cell is one in the declared form, NaN elsewhere.

    Commas part groups of three and nothing else, unless ``decimal: ","`` is declared; a percent or pound sign belongs to
    columns that declare it.
    """
    kinds, at = np.unique(text, return_inverse=True)
    return np.array([_number(str(k), plan.decimal, unit) for k in kinds], dtype=float)[at]


def _number(text: str, decimal: str, unit: str | None) -> float:
    plain = spaced(text).replace("\u2212", "-")
    if unit == "percent":
        plain = plain.removesuffix("%").rstrip()
    elif unit == "pounds":
        plain = re.sub(r"^([+-]?)£\s*", r"\1", plain)
    if decimal == ",":
        return float(plain.replace(".", "").replace(",", ".")) if _COMMA.fullmatch(plain) else np.nan
    return float(plain.replace(",", "")) if _POINT.fullmatch(plain) else np.nan


def showable(values: np.ndarray) -> list[str]:
    """Values that a message may show: no words at all, the usual marks, or what stands in several rows.

    Any other may be somebody's own words.
    """
    kinds, counts = np.unique(values, return_counts=True)
    return [
        str(k)
        for k, n in zip(kinds, counts, strict=True)
        if n >= _SEVERAL or fold(str(k)) in USUAL_MARKS or not any(c.isalpha() for c in str(k))
    ]


def why_no_number(text: np.ndarray) -> str:
    """What to declare so that these cells, none of which is a number, can be read."""
    shown = showable(text)
    if not shown:
        return "leave unknown values empty"
    if all(v.rstrip().endswith("%") for v in shown):
        return "declare what it is: kind: number, unit: percent"
    if all("£" in v for v in shown):
        return "declare what it is: kind: number, unit: pounds"
    if any(re.fullmatch(r"[+-]?\d[\d,]*,\d+(\.\d+)?", v) for v in shown):
        return 'commas may only part groups of three; of an extract with decimal commas declare options: {decimal: ","}'
    quoted = ", ".join(f'"{v}"' for v in shown[:_SHOWN])
    return f"leave unknown values empty, or declare what marks them: options: {{missing: [{quoted}]}} of its data"


def parse_dates(text: np.ndarray, form: str | None) -> pd.Series:
    """Timestamps, NaT where a cell is no date in the declared form (ISO by default)."""
    given = pd.Series(text)
    if form is not None:
        return pd.to_datetime(given.where(given != ""), errors="coerce", format=form)
    iso = given.map(lambda v: bool(_ISO.fullmatch(v)))
    return pd.to_datetime(given.where(iso), errors="coerce", format="ISO8601")


def few(values: np.ndarray) -> str:
    """Up to six different values with their counts, or how many there are: many may be people's own words."""
    kinds, counts = np.unique(values, return_counts=True)
    if len(kinds) > _SHOWN:
        return f"{len(kinds):,} different values"
    shown = showable(values)
    said = [f"{k!s} ({n:,})" for k, n in zip(kinds, counts, strict=True) if str(k) in shown]
    hidden = int(sum(n for k, n in zip(kinds, counts, strict=True) if str(k) not in shown))
    return ", ".join([*said, *([f"other words ({hidden:,})"] if hidden else [])])


def sentinels(values: np.ndarray) -> dict[float, int]:
    """Values that look like a code for "not known" among numbers: repeated digits, or -1, far outside all the rest.

    Codes are set apart together, so that 999 does not hide behind 9999.
    """
    kinds, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    codes = np.array([_like_a_code(float(k)) for k in kinds], dtype=bool)
    rest = np.repeat(kinds[~codes], counts[~codes])
    if len(rest) < 5:
        return {}
    low, high = float(rest.min()), float(rest.max())
    width = max(high - low, 1e-12)
    found = {}
    for value, n in zip(kinds[codes].tolist(), counts[codes].tolist(), strict=True):
        beyond = value > high + width or value < low - width
        if beyond or (value < 0 <= low):
            found[float(value)] = int(n)
    return found


def _like_a_code(value: float) -> bool:
    """-1, 99, -999, 888, 999.9 and the like: -1, or two or more of one digit from 7 to 9; -9, -8, -7."""
    digits = f"{abs(value):g}".replace(".", "")
    if value < 0 and digits in ("1", "7", "8", "9"):
        return True
    return len(digits) >= 2 and len(set(digits)) == 1 and digits[0] in "789"


def odd_dates(found: pd.Series) -> dict[str, int]:
    """Days that stand for "not known" or "no end" in many systems: of 1900 or before, or of 2100 and after."""
    days = found.dropna()
    far = days[(days.dt.year <= 1900) | (days.dt.year >= 2100)]
    return {str(k): int(n) for k, n in far.dt.strftime("%Y-%m-%d").value_counts().sort_index().items()}


def date_hint(wrong: np.ndarray) -> str:
    """What to do about cells that are no date in the declared form, by what they look like."""
    given = pd.Series(wrong)
    if (given == "").all():
        return "leave rows without a date out of the file, and say so in the plan"
    if given.str.match(r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}").any():
        return '03/04/2021 may be March or April: export dates as 2021-04-03, or declare dates: "%d/%m/%Y"'
    if given.str.match(r"^\d{4}-\d{2}-\d{2}.*(Z|[+-]\d{2}:?\d{2})$").any():
        return "a zone is given (Z is UTC, in summer an hour behind here): export local time without it"
    if given.str.match(r"^\d{5}(\.\d+)?$").any():
        return "44348 is how Excel counts days: format the cells as dates, or export 2021-06-01"
    return ""
