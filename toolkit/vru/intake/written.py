"""How a table writes the period that a count is of: months, quarters, years, days."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from vru.errors import Problem
from vru.intake import columns as read
from vru.intake import values as v
from vru.periods import Calendar, Kind

FORMS: dict[Kind, str] = {
    "day": "YYYY-MM-DD",
    "week": "YYYY-MM-DD, the first day of a week",
    "four_weeks": "YYYY-MM-DD, the first day of four weeks",
    "month": "YYYY-MM",
    "quarter": "YYYY-MM (its first month, or every month) or YYYY Q1 of the calendar year",
    "year": "YYYY, YYYY/YY where years begin in April, or quarters or months that make whole ones",
}
_MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(-01(?:[ T]00:00(?::00(?:\.0+)?)?)?)?")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_QUARTER = re.compile(r"(\d{4})[ -]?Q([1-4])|Q([1-4])[ -]?(\d{4})", re.IGNORECASE)
_WEEK_NUMBER = r"(?i)\d{4}[ -]?w(k|eek)?[ -]?\d{1,2}|w(k|eek)?[ -]?\d{1,2}([ -/]\d{4})?"
_YEAR = re.compile(r"(?:FY ?)?(\d{4})(?:[/-](\d{2}|\d{4}))?")


def label_of(text: str, calendar: Calendar) -> str:
    """The label of a period as a table writes it, "" where it is none: first days of weeks, first months of quarters."""
    if calendar.by_days:
        day = _DAY.fullmatch(text)
        return day.group(1) if day and _is_day(day.group(1)) and calendar.begins(day.group(1)) else ""
    if month := _MONTH.fullmatch(text):
        return month.group(1)
    label = ""
    if calendar.kind in ("quarter", "year") and (found := _QUARTER.fullmatch(text)):
        year, quarter = found.group(1) or found.group(4), int(found.group(2) or found.group(3))
        label, calendar = f"{year}-{3 * quarter - 2:02d}", Calendar("quarter", calendar.origin)
    elif calendar.kind == "year" and (found := _YEAR.fullmatch(text)):
        label = _of_year(found.group(1), found.group(2), calendar)
    return label if label and calendar.begins(label) else ""


def _of_year(year: str, second: str | None, calendar: Calendar) -> str:
    """2019 is the year whose first month the plan's years begin with; 2019/20 only where they do not begin in January."""
    month = calendar.origin[5:7]
    if second is not None and int(second[-2:]) != (int(year) + 1) % 100:
        return ""
    return f"{year}-{month}" if (second is not None) == (month != "01") else ""


def _is_day(text: str) -> bool:
    try:
        np.datetime64(text, "D")
    except ValueError:
        return False
    return True


def labels_of(written: Sequence[str], form: str | None, calendar: Calendar) -> list[str]:
    """The label of each period, written in the declared form of dates or as ``label_of`` reads it; "" where it is none."""
    if form is not None:
        days = pd.to_datetime(pd.Series(list(written), dtype="str"), errors="coerce", format=form)
        written = days.dt.strftime("%Y-%m-%d" if calendar.by_days else "%Y-%m").fillna("").tolist()
    return [label_of(w, calendar) for w in written]


def _hint(wrong: np.ndarray, calendar: Calendar) -> str:
    """What to do about cells that are no period of the plan, by what they look like."""
    if not calendar.by_days:
        return f'declare how {calendar.plural} are written: dates: "%b %Y" for Apr 2021'
    given = pd.Series(wrong.astype(str))
    if given.map(lambda t: bool(_DAY.fullmatch(t))).any():
        return (
            f"{calendar.plural} of the plan begin on {calendar.origin} and every {calendar.noun} from there: see window"
        )
    if given.str.fullmatch(_WEEK_NUMBER).any():
        return "a number of a week does not say on which day it begins: write the first day of each, 2024-01-29"
    if given.str.fullmatch(r"\d{5}").any():
        return v.date_hint(wrong)
    return f'declare how {calendar.plural} are written: dates: "%d/%m/%Y" for 29/01/2024, their first day'


def periods_of(reading: read.Reading, column: str, text: np.ndarray, calendar: Calendar) -> np.ndarray:
    """Labels of a column's periods, ``(n,)``; as ``label_of`` reads them, or as the plan's ``dates`` says."""
    kinds, at = np.unique(text, return_inverse=True)
    forms = reading.marks.dates
    label = np.array(labels_of([str(k) for k in kinds], forms, calendar), dtype=object)[at]
    wrong = label == ""
    if wrong.any():
        what = f"{int(wrong.sum()):,} rows hold no {calendar.noun}: {v.few(text[wrong])}"
        hint = _hint(text[wrong], calendar)
        reading.problems.append(Problem(what, reading.at(column), forms or FORMS[calendar.kind], hint))
    return label
