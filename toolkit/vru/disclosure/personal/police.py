"""Numbers under which the police and the courts hold a person, a vehicle or one offence."""

import re
from collections.abc import Iterator

from vru.disclosure.personal.detector import Context, Detector

_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
_PNC = re.compile(r"(?<![\w/])((?:19|20)?\d{2})[/-](\d{1,7})([A-HJ-NP-RT-Z])(?![\w/])", re.IGNORECASE)
_HEX64 = re.compile(r"(?<!sha256:)(?<!\w)[0-9a-f]{64}(?!\w)", re.IGNORECASE)
_VEHICLE = re.compile(r"(?<![\w#&/.-])[A-HJ-PR-Y]{2}(\d{2})[ .-]?[A-HJ-PR-Z]{3}(?![\w-])", re.IGNORECASE)
_PREFIX = re.compile(r"(?<![\w#&/.-])[A-HJ-NPR-TV-Y]\d{1,3}[ .-]?([A-Z]{3})(?![\w-])")
_SUFFIX = re.compile(r"(?<![\w#&/.-])([A-Z]{3})[ .-]?\d{2,3}[A-HJ-NPR-TV-Y](?![\w-])")
_ABOUT_CARS = re.compile(r"\b(?:vehicle|car|van|moped|reg(?:istration)?|plates?|vrm|vrn|driving)\b", re.IGNORECASE)
_LAW = re.compile(r"MHA|GBH|ABH|POA|CJA|CDA|CYP|SOA|TIC|NHS|VRU|ISO|PHA|TCA|MDA|FGM|DVA|OCU|ICD")
"""Letters that stand beside the numbers of sections and codes, as in S136 MHA; never a plate here without the word car."""

_SLASHED = re.compile(r"(?<![\w/.-])[A-Z]{0,4}\d{0,7}[A-Z]{0,3}\d?(?:/[A-Z0-9]{1,10}){1,4}(?![\w/-])", re.IGNORECASE)
_WORD = (
    r"(?:crime|incident|occurrence|offence|custody|investigation|case|intel(?:ligence)?|arrest|niche|athena|cris|connect)"
    r"(?: (?:record|report))?"
)
_NAMED = re.compile(
    rf"\b(?:{_WORD} ?(?:ref(?:erence|s)?|no|num(?:ber)?|id|urn)|cad|urn|cris|log (?:no|number)"
    r"|nominal(?: id| number| ref)?|pnc ?id|cro|warrant number|collar number)\b\W{0,4}(?:is |was )?\W{0,2}"
    r"((?!\d+\.\d+\b)(?=[\w/*.-]*\d{3})[A-Z0-9][\w/*.-]{2,24}\w|\d{2} \d{4,7} \d{2})(?!\w)",
    re.IGNORECASE,
)
_LOGGED = re.compile(r"\b(?:cad|log|incident)\W{0,3}(?:no\W{0,2})?\d{1,5} (?:of|on|dated) \d", re.IGNORECASE)
_DASHED = re.compile(
    r"(?<![\w.-])(?:[A-Z]{2,5}-)?(?:20\d{6}|\d{2}(?:0[1-9]|1[0-2])20\d{2}|[A-Z]{2,4}-\d{2,4})-\d{3,7}(?![\w-])",
    re.IGNORECASE,
)
_STARRED = re.compile(r"(?<!\w)\d{2}\*\d{5,7}(?!\w)")
_ELEVEN = re.compile(r"(?<![\w.,-])(?:0[1-9]|[1-6]\d)(?:1\d|2\d)0?\d{6,7}(?![\w-]|[.,]\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")


def _crime_id(text: str, context: Context) -> Iterator[str]:
    for match in _HEX64.finditer(text):
        if match.group().lower() not in context.known:
            yield match.group()


def _pnc(text: str, context: Context) -> Iterator[str]:
    for match in _PNC.finditer(text):
        year, serial, letter = match.groups()
        whole = len(serial) == 7
        if whole or (len(serial) >= 3 and _PNC_LETTERS[int(year[-2:] + serial.zfill(7)) % 23] == letter.upper()):
            yield match.group()


def _vehicle(text: str, context: Context) -> Iterator[str]:
    for match in _VEHICLE.finditer(text):
        if 1 <= int(match.group(1)) <= 49 or 51 <= int(match.group(1)) <= 99:
            yield match.group()
    for pattern in (_PREFIX, _SUFFIX):
        for match in pattern.finditer(text):
            cars = _ABOUT_CARS.search(text[max(0, match.start() - 40) : match.start()])
            long_enough = len(re.sub(r"\W", "", match.group())) >= 6
            if cars or (long_enough and not _LAW.fullmatch(match.group(1))):
                yield match.group()


def _reference(text: str, context: Context) -> Iterator[str]:
    for pattern in (_LOGGED, _DASHED, _STARRED):
        yield from (m.group() for m in pattern.finditer(text) if m.group() not in context.known)
    for match in _ELEVEN.finditer(text):
        if len(match.group()) == 11 and match.group() not in context.known:
            yield match.group()
    for match in _NAMED.finditer(text):
        # "Incident number 2019" is a year, "case number 12 of 40" too short to be anybody's.
        if not _YEAR.fullmatch(match.group(1)) and match.group(1) not in context.known:
            yield match.group()
    for match in _SLASHED.finditer(text):
        if _is_reference(match.group().split("/")) and match.group() not in context.known:
            yield match.group()


def _is_reference(parts: list[str]) -> bool:
    """Parts with slashes that end in a year or begin with one, of which another is a serial number of three digits or more."""
    year_last = bool(re.fullmatch(r"(?:20)?[0-3]\d[A-Z]?", parts[-1], re.IGNORECASE))
    year_first = bool(re.fullmatch(r"(?:20)?[0-3]\d", parts[0])) and not year_last
    serials = parts[:-1] if year_last else parts[1:]
    if not (year_last or year_first) or all(_YEAR.fullmatch(p) for p in serials):
        return False
    enough = 5 if len(parts) == 2 else 3
    return any(len(re.sub(r"\D", "", p)) >= enough for p in serials)


POLICE = (
    Detector("vehicle", "vehicle registration", "fail", _vehicle),
    Detector("pnc_id", "Police National Computer number", "fail", _pnc),
    Detector("crime_id", "Crime ID", "fail", _crime_id),
    Detector("crime_reference", "reference of one crime, incident or custody record", "fail", _reference),
)
