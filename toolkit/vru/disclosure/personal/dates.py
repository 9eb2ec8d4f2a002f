"""Dates that may be somebody's date of birth: by the word before them, or because they lie far before the data."""

import re
from collections.abc import Iterator
from datetime import date

from vru.disclosure.personal.detector import Context, Detector

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?:{'|'.join(_NAMES)})[a-z]{{0,6}}\.?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b\.?|birth ?date|birthday|dates? of birth|born(?: on)?(?: the)?)\b(?: is| was)?[^\w\n]{0,5}"
    rf"(?:\d{{1,4}}[-/. ]\d{{1,2}}[-/. ]\d{{1,4}}|\d{{8}}|{_NTH}(?: day)?(?: of)? {_MONTH},? \d{{4}}|{_MONTH} {_NTH},? \d{{4}})",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(?<![\w/.-])(\d{1,2})([/.-])(\d{1,2})\2((?:19|20)\d\d|\d\d)(?![\w/-]|\.\d)")
_ISO = re.compile(r"(?<![\w/.-])((?:19|20)\d\d)([-/.])(\d\d)\2(\d\d)(?![\w/-])")
_COMPACT = re.compile(r"(?<![\w/.-])((?:19|20)\d\d)(\d\d)(\d\d)(?![\w/-]|\.\d)")
_WORDED = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: day)?(?: of)?[ -]({_MONTH}),?[ -]((?:19|20)\d\d)\b", re.IGNORECASE
)
_AMERICAN = re.compile(rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)\b", re.IGNORECASE)


def _month(name: str) -> int:
    return _NAMES.index(name[:3].lower()) + 1


def _full(year: str, context: Context) -> int:
    """Two digits are of this century up to the first year of the data, else of the last."""
    if len(year) == 4:
        return int(year)
    return 2000 + int(year) if int(year) <= context.first_year % 100 else 1900 + int(year)


def _candidates(text: str, context: Context) -> Iterator[tuple[str, int, int, int]]:
    for m in _NUMERIC.finditer(text):
        yield m.group(), _full(m.group(4), context), int(m.group(3)), int(m.group(1))
    for m in _ISO.finditer(text):
        yield m.group(), int(m.group(1)), int(m.group(3)), int(m.group(4))
    for m in _COMPACT.finditer(text):
        yield m.group(), int(m.group(1)), int(m.group(2)), int(m.group(3))
    for m in _WORDED.finditer(text):
        yield m.group(), int(m.group(3)), _month(m.group(2)), int(m.group(1))
    for m in _AMERICAN.finditer(text):
        yield m.group(), int(m.group(3)), _month(m.group(1)), int(m.group(2))


def _birth(text: str, context: Context) -> Iterator[str]:
    yield from (match.group() for match in _BIRTH.finditer(text))
    for found, year, month, day in _candidates(text, context):
        try:
            date(year, month, day)
        except ValueError:
            continue
        # Somebody of ten or more when the data begin; later dates are about the work, not about people.
        if 1900 <= year <= context.first_year - 10 and found not in context.known:
            yield found


DATES = (Detector("birth_date", "date that may be a date of birth", "fail", _birth),)
