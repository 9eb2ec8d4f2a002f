"""Patterns of personal and location data in text. Each detector says what it finds; check digits spare false alarms."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_AREAS = re.compile(
    r"AB|AL|B|BA|BB|BD|BF|BH|BL|BN|BR|BS|BT|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|"
    r"EH|EN|EX|FK|FY|G|GL|GU|GY|HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|"
    r"M|ME|MK|ML|N|NE|NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|"
    r"ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|W|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE"
)
_GRID = re.compile(
    r"HP|HT|HU|HW|HX|HY|HZ|NA|NB|NC|ND|NF|NG|NH|NJ|NK|NL|NM|NN|NO|NR|NS|NT|NU|NW|NX|NY|NZ|OV|SC|SD|SE|SH|"
    r"SJ|SK|SM|SN|SO|SP|SR|SS|ST|SU|SV|SW|SX|SY|SZ|TA|TF|TG|TL|TM|TQ|TR|TV"
)
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+")
_FILE_ENDINGS = re.compile(r"png|jpg|jpeg|gif|svg|css|js|json|html|csv|xlsx|docx|py")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"

_NHS = re.compile(r"(?<!\d[.,-])(?<![\w+])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-]|[.,]\d)")
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}([A-Za-z]{2,24})\b")
_PHONE = re.compile(
    r"(?<!\d[.,/-])(?<!\w)(?:\+44 ?(?:\(0\) ?)?|\(?0)[1-35789]\d{1,4}\)?"
    r"(?:[ -]?\d{6,8}|[ -]\d{3}[ -]\d{3,4}|[ -]?\d{4}[ -]\d{4}|[ -]\d{2,3}[ -]\d{2,3}[ -]\d{2,3})(?![\w-]|[.,]\d)"
)
_POSTCODE = re.compile(r"(?<![\w#&/.-])([A-Z]{1,2})(\d[A-Z\d]?) ?\d[ABD-HJLNP-UW-Z]{2}(?![\w-])")
_VEHICLE = re.compile(r"(?<![\w#&/.-])[A-HJ-PR-Y]{2}(\d{2}) ?[A-HJ-PR-Z]{3}(?![\w-])")
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b\.?|dates? of birth|born(?: on)?)\b[^\w\n]{0,5}"
    rf"(?:\d{{1,4}}[-/. ]\d{{1,2}}[-/. ]\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTHS})[a-z]* \d{{4}})",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:(\d{1,2})([/.-])(\d{1,2})\2((?:19|20)\d\d)|((?:19|20)\d\d)-(\d\d)-(\d\d))(?![\w/-])"
)
_LATLON = re.compile(
    r"(?<![\w.])(?:(?:49|5\d|60)\.\d{3,}°?\s?N?[ ,;/]{1,3}-?[0-8]\.\d{3,}"
    r"|-?[0-8]\.\d{3,}[ ,;/]{1,3}(?:49|5\d|60)\.\d{3,})(?![\w.])"
)
_GRIDREF = re.compile(r"(?<![\w#&/-])([HNOST][A-HJ-Z]) ?(\d{4,5} ?\d{4,5}|\d{3} ?\d{3})(?![\w.-])")
_POSIX = re.compile(
    r"(?<![\w/.:~-])(?:file://)?/(?:home|Users|root|tmp|mnt|media|var|srv|opt|private|Volumes)/[^\s\"'<>|]+"
)
_WINDOWS = re.compile(r"(?<!\w)(?:[A-Za-z]:\\[^\s\"'<>|]+|[A-Za-z]:/Users/[^\s\"'<>|]+|\\\\[\w.-]+\\[\w$.-]+)")
_PNC = re.compile(r"(?<![\w/])((?:19|20)?\d{2})/(\d{1,7})([A-HJ-NP-RT-Z])(?![\w/])")
_PUPIL = re.compile(r"(?<![\w-])[A-HJ-NP-RT-Z]\d{11}[\dA-HJ-NP-RT-Z](?![\w-])")
_HEX64 = re.compile(r"(?<!sha256:)(?<!\w)[0-9a-f]{64}(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """What detectors may know: strings that are legitimate here, and the first year of the data."""

    known: frozenset[str]
    first_year: int


@dataclass(frozen=True, slots=True)
class Detector:
    """``find(text, context)`` yields each match in full; only ``masked`` forms may be shown."""

    name: str
    label: str
    level: Literal["fail", "concern"]
    find: Callable[[str, Context], Iterator[str]]


def masked(value: str) -> str:
    """The first two characters and how long the rest is; never enough to know whom it is about."""
    kept = value[:2] if len(value) > 5 else value[:1]
    return f"{kept}{'*' * 6} ({len(value)} characters)"


def is_nhs_number(text: str) -> bool:
    """Ten digits whose last is the modulus 11 check digit. Source: NHS Data Dictionary, NHS number."""
    digits = [int(c) for c in text if c.isdigit()]
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    check = 11 - sum(d * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return check != 10 and digits[9] == check % 11


def _nhs(text: str, context: Context) -> Iterator[str]:
    for match in _NHS.finditer(text):
        plain = re.sub(r"\D", "", match.group())
        if is_nhs_number(plain) and plain not in context.known:
            yield match.group()


def _nino(text: str, context: Context) -> Iterator[str]:
    for match in _NINO.finditer(text):
        if match.group()[:2].upper() not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}:
            yield match.group()


def _email(text: str, context: Context) -> Iterator[str]:
    for match in _EMAIL.finditer(text):
        if not _FILE_ENDINGS.fullmatch(match.group(1).lower()):
            yield match.group()


def _phone(text: str, context: Context) -> Iterator[str]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group().replace("(0)", ""))
        national = digits.removeprefix("44") if match.group().startswith("+") else digits.removeprefix("0")
        if len(national) in (9, 10) and digits not in context.known:
            yield match.group()


def _postcode(text: str, context: Context) -> Iterator[str]:
    for match in _POSTCODE.finditer(text):
        if _AREAS.fullmatch(match.group(1)):
            yield match.group()


def _vehicle(text: str, context: Context) -> Iterator[str]:
    for match in _VEHICLE.finditer(text):
        if 1 <= int(match.group(1)) <= 49 or 51 <= int(match.group(1)) <= 99:
            yield match.group()


def _birth(text: str, context: Context) -> Iterator[str]:
    yield from (match.group() for match in _BIRTH.finditer(text))
    for match in _DATE.finditer(text):
        day, _, month, year, iso_year, iso_month, iso_day = match.groups()
        d, m, y = (int(v) for v in ((iso_day, iso_month, iso_year) if iso_year else (day, month, year)))
        # Somebody of ten or more when the data begin; later dates are about the work, not about people.
        if (
            1 <= m <= 12
            and 1 <= d <= 31
            and 1900 <= y <= context.first_year - 10
            and match.group() not in context.known
        ):
            yield match.group()


def _latlon(text: str, context: Context) -> Iterator[str]:
    yield from (match.group() for match in _LATLON.finditer(text))


def _gridref(text: str, context: Context) -> Iterator[str]:
    for match in _GRIDREF.finditer(text):
        digits = re.sub(r"\D", "", match.group(2))
        if _GRID.fullmatch(match.group(1)) and len(digits) % 2 == 0:
            yield match.group()


def _path(text: str, context: Context) -> Iterator[str]:
    for pattern in (_POSIX, _WINDOWS):
        yield from (match.group() for match in pattern.finditer(text))


def _pnc(text: str, context: Context) -> Iterator[str]:
    for match in _PNC.finditer(text):
        year, serial, letter = match.groups()
        whole = len(serial) == 7
        if whole or (len(serial) >= 3 and _PNC_LETTERS[int(year[-2:] + serial.zfill(7)) % 23] == letter):
            yield match.group()


def _pupil(text: str, context: Context) -> Iterator[str]:
    yield from (match.group() for match in _PUPIL.finditer(text))


def _crime_id(text: str, context: Context) -> Iterator[str]:
    for match in _HEX64.finditer(text):
        if match.group().lower() not in context.known:
            yield match.group()


def without_dois(text: str) -> str:
    """The text with digital object identifiers blanked: they hold runs of digits that mean nothing else."""
    return _DOI.sub(" ", text)


_ALL = (
    Detector("nhs_number", "NHS number", "fail", _nhs),
    Detector("national_insurance", "National Insurance number", "fail", _nino),
    Detector("email", "e-mail address", "fail", _email),
    Detector("phone", "telephone number", "fail", _phone),
    Detector("postcode", "full postcode", "fail", _postcode),
    Detector("vehicle", "vehicle registration", "fail", _vehicle),
    Detector("birth_date", "date that may be a date of birth", "fail", _birth),
    Detector("coordinates", "latitude and longitude finer than two decimals", "fail", _latlon),
    Detector("grid_reference", "grid reference of 100 metres or finer", "fail", _gridref),
    Detector("file_path", "path on somebody's computer", "fail", _path),
    Detector("pnc_id", "Police National Computer number", "fail", _pnc),
    Detector("pupil_number", "unique pupil number", "fail", _pupil),
    Detector("crime_id", "Crime ID", "fail", _crime_id),
)
DETECTORS: Mapping[str, Detector] = {d.name: d for d in _ALL}
