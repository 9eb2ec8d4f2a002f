"""Tables that look as if each row were a person or an offence."""

import re
from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise

from vru.disclosure.content import Table

MAX_ROWS = 30
_UNIQUE = 0.9
_ID_HEADER = re.compile(
    r"\b(id|ids|urn|uid|uuid|nhs|nino|pnc|name|surname|forename|dob|birth|postcode|address|crime[ _]?(id|number|ref)|"
    r"incident|case[ _]?(no|number|ref)|reference|custody|victim|suspect|offender|person)\b",
    re.IGNORECASE,
)
_INNOCENT = re.compile(
    r"[EWSNK]\d{8}"  # ONS area code
    r"|(19|20)\d\d(-(0[1-9]|1[0-2])|[-/ ]?Q[1-4]|/\d\d)?"  # year, month, quarter, financial year
    r"|[A-Z][a-z]+ (19|20)\d\d"  # month in words
    r"|[-−+]?[\d,]*\.?\d+(e[-+]?\d+)?%?"  # a number is judged by its column's name only
    r"|sha256:[0-9a-f]{64}"
)
_MOMENT = re.compile(r"(19|20)\d\d-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d{1,2}/\d{1,2}/(19|20)\d\d.*")
_SPAN = re.compile(r"((?:19|20)\d\d-\d\d-\d\d)(?: to ((?:19|20)\d\d-\d\d-\d\d))?")
_IDENTIFIER = re.compile(r"(?=.*\d)[\w/-]{6,}")


def row_level_reason(table: Table, areas: Collection[str] = ()) -> str:
    """Why a table looks row-level, in words without its content; "" if it does not.

    areas : names of areas that have an outline on the result's map, which are nobody's.
    """
    if table.is_frame:
        return "a data frame printed as it is"
    if len(table.rows) <= MAX_ROWS:
        return ""
    header = table.rows[0]
    for column in range(max(len(row) for row in table.rows)):
        values = [row[column].strip() for row in table.rows[1:] if column < len(row) and row[column].strip()]
        if len(values) > MAX_ROWS and len(set(values)) >= _UNIQUE * len(values):
            name = header[column].strip() if column < len(header) else ""
            if sum(v in areas for v in values) >= _UNIQUE * len(values):
                continue
            if reason := _column_reason(name, values):
                return f"{len(table.rows) - 1} rows, {reason}"
    return ""


def _regular(values: Sequence[str]) -> bool:
    """Whether they are the days of a calendar, or spans of it, one after the other or by whole weeks, as no list of offences is.

    A few cells may be something else: the title and heading of a sheet.
    """
    matched = [m for v in values if (m := _SPAN.fullmatch(v))]
    if len(matched) < _UNIQUE * len(values):
        return False
    try:
        spans = sorted(
            (date.fromisoformat(m.group(1)).toordinal(), date.fromisoformat(m.group(2) or m.group(1)).toordinal())
            for m in matched
        )
    except ValueError:
        return False
    steps = {b[0] - a[0] for a, b in pairwise(spans)}
    on_end = all(b[0] == a[1] + 1 for a, b in pairwise(spans))
    return on_end or (0 not in steps and all(s % 7 == 0 for s in steps))


def _column_reason(name: str, values: Sequence[str]) -> str:
    areas = sum(bool(re.fullmatch(r"[EWSNK]\d{8}", v)) for v in values)
    if areas >= _UNIQUE * len(values) or _regular(values):
        return ""
    if _ID_HEADER.search(name.replace("_", " ")):
        return "nearly all different under a heading that names people or cases"
    moments = sum(bool(_MOMENT.fullmatch(v)) for v in values)
    if moments >= _UNIQUE * len(values):
        return "nearly all different moments or days"
    marks = sum(bool(_IDENTIFIER.fullmatch(v)) and not _INNOCENT.fullmatch(v) for v in values)
    if marks >= _UNIQUE * len(values):
        return "nearly all different values that look like identifiers"
    return ""
