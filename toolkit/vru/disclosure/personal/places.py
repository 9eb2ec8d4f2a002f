"""Places fine enough to be somebody's home, and paths on somebody's computer."""

import re
from collections.abc import Iterator

from vru.disclosure.personal.detector import Context, Detector, every

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
_POSTCODE = re.compile(
    r"(?<![\w#&/.-])([A-Z]{1,2})(\d[A-Z\d]?)([ ./-]{0,2})(\d[ABD-HJLNP-UW-Z]{2})(?![\w-])", re.IGNORECASE
)
_ORDINAL = re.compile(r"1st|2nd|3rd|\dth|\dgb|\dpm|\dam", re.IGNORECASE)
_ABOUT_HOMES = re.compile(r"post ?code|address|lives?\b|living|resid|home", re.IGNORECASE)
_NORTH, _EAST = r"(?:49|5\d|60)\.\d{3,}", r"-?[0-8]\.\d{3,}"
_LAT, _LON = r"(?:lat(?:itude)?[ :=]{1,3})?", r"(?:lon(?:g|gitude)?[ :=]{1,3})?"
_LATLON = re.compile(
    rf"(?<![\w.])(?:{_LAT}({_NORTH})°? ?N?[ ,;/]{{1,3}}{_LON}({_EAST})°? ?[EW]?"
    rf"|{_LON}({_EAST})[ ,;/]{{1,3}}{_LAT}({_NORTH}))(?!\w|\.\d)",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"\b(?:49|5\d|60) ?° ?\d{1,2} ?['’′] ?\d{1,2}(?:\.\d+)? ?[\"”″]? ?N")
_INTERVAL = re.compile(r"\b(?:intervals?|CI|from|between)\b|%", re.IGNORECASE)
_GRIDREF = re.compile(
    r"(?<![\w#&/-])([HNOST][A-HJ-Z])[ ./-]?(\d{4,5}[ ,./-]?\d{4,5}|\d{3}[ ,./-]?\d{3})(?![\w-]|\.\d)", re.IGNORECASE
)
_METRES = re.compile(
    r"\b(?:e(?:asting)?s?|x)[ :=]{1,3}[1-6]\d{5}(?:\.\d+)?[ ,;/]{1,3}(?:and )?(?:n(?:orthing)?s?|y)[ :=]{1,3}\d{5,7}\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"(?<![\w/:])///[a-z]{3,}\.[a-z]{3,}\.[a-z]{3,}\b")
_UPRN = re.compile(r"\bUPRN\W{0,3}(?:no|number)?\W{0,3}\d{6,12}\b", re.IGNORECASE)
_POSIX = re.compile(
    r"(?<![\w/.:~-])(?:file://)?/(?:home|Users|root|tmp|mnt|media|var|srv|opt|private|Volumes)/[^\s\"'<>|]+"
)
_WINDOWS = re.compile(r"(?<!\w)(?:[A-Za-z]:\\[^\s\"'<>|]+|[A-Za-z]:/Users/[^\s\"'<>|]+|\\\\[\w.-]+\\[\w$.-]+)")


def _postcode(text: str, context: Context) -> Iterator[str]:
    for match in _POSTCODE.finditer(text):
        area, _, gap, inward = match.groups()
        if not _AREAS.fullmatch(area.upper()) or match.group() in context.known:
            continue
        upper = match.group() == match.group().upper()
        # In small letters "e1 2nd" is a word and "se12ab" may be an id; a gap, or talk of homes, makes a postcode of it.
        homes = bool(_ABOUT_HOMES.search(text[max(0, match.start() - 40) : match.start()]))
        if upper or homes or (gap and not _ORDINAL.fullmatch(inward)):
            yield match.group()


def _latlon(text: str, context: Context) -> Iterator[str]:
    yield from (match.group() for match in _DEGREES.finditer(text))
    for match in _LATLON.finditer(text):
        north, east, east_first, north_last = match.groups()
        longitude, latitude = float(east or east_first), float(north or north_last)
        longitude = -abs(longitude) if match.group().upper().endswith("W") else longitude
        # Nothing of Britain lies east of 1.8 or west of 8.7 degrees; a smaller number first may be an interval.
        in_britain = 49.8 <= latitude <= 60.9 and -8.7 <= longitude <= 1.8
        if in_britain and not (east_first and _INTERVAL.search(text[max(0, match.start() - 20) : match.start()])):
            yield match.group()


def _gridref(text: str, context: Context) -> Iterator[str]:
    for match in _GRIDREF.finditer(text):
        digits = re.sub(r"\D", "", match.group(2))
        small = match.group(1) != match.group(1).upper()
        # In small letters "st 123456" may be anything; five and five digits, or a gap in the middle, are a place.
        if (
            _GRID.fullmatch(match.group(1).upper())
            and len(digits) % 2 == 0
            and (not small or not match.group(2).isdigit())
        ):
            yield match.group()


PLACES = (
    Detector("postcode", "full postcode", "fail", _postcode),
    Detector("coordinates", "latitude and longitude finer than two decimals", "fail", _latlon),
    Detector("grid_reference", "grid reference of 100 metres or finer", "fail", _gridref),
    Detector("exact_place", "place fine enough to be a home", "fail", every(_METRES, _WORDS, _UPRN)),
    Detector("file_path", "path on somebody's computer", "fail", every(_POSIX, _WINDOWS)),
)
