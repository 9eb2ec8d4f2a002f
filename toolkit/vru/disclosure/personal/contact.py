"""How a person is reached: addresses, numbers, names in social networks."""

import re
from collections.abc import Iterator

from vru.disclosure.personal.detector import Context, Detector, every

_FILE_ENDINGS = re.compile(r"png|jpg|jpeg|gif|svg|css|js|json|html|csv|xlsx|docx|py")
_EMAIL = re.compile(r"[\w.+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}([A-Za-z]{2,24})\b")
_SPELT = re.compile(
    r"[\w.+'-]{1,64} ?[\[({<]? ?at ?[\])}>]? ?(?:[A-Za-z0-9-]{1,63} ?(?:\.|[\[({<]? ?dot ?[\])}>]?) ?){1,4}"
    r"(?:uk|com|org|net|police|gov)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<!\d[.,/-])(?<!\w)(?:\(?(?:\+|00)44\)?[ .-]?(?:\(0\)[ .-]?)?|\(?0)[1-35789]\d{1,4}\)?"
    r"(?:[ ./-]{0,2}\d{6,8}|[ ./-]{1,2}\d{3}[ ./-]\d{3,4}|[ ./-]{0,2}\d{4}[ ./-]\d{4}"
    r"|[ ./-]{1,2}\d{2,3}[ ./-]\d{2,3}[ ./-]\d{2,3})(?![\w-]|[.,]\d)"
)
_HANDLE = re.compile(
    r"(?<![\w.@/])@(?!media\b|import\b|page\b|font|supports\b|type\b|id\b|context\b|graph\b|keyframes\b|value\b)"
    r"[A-Za-z][\w.]{1,29}\b|\b(?:snapchat|snap|instagram|insta|tiktok|telegram|facebook|fb|twitter)\b"
    r"(?: (?:name|account|user|handle|id))?\W{1,3}(?=[\w.]*[\d.])[\w.]{4,30}\b",
    re.IGNORECASE,
)
_STREETS = (
    r"Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Crescent|Court|Ct|Gardens|Grove|Terrace|Place|Way|Walk"
    r"|Square|Mews|Hill|Row|Parade|Rise|View|Green|Park"
)
_ADDRESS = re.compile(
    rf"\b(?:(?:[Ff]lat|[Aa]partment|[Uu]nit|[Rr]oom) \d{{1,4}}[A-Za-z]?,? )?(?<![\d.,-])(?!(?:19|20)\d\d\b)\d{{1,4}}[A-Za-z]?,? "
    rf"(?:[A-Z][A-Za-z']+ ){{1,3}}(?:{_STREETS})\b(?! (?:LSOA|ward|area|hot))"
)


def _email(text: str, context: Context) -> Iterator[str]:
    for match in _EMAIL.finditer(text):
        if not _FILE_ENDINGS.fullmatch(match.group(1).lower()):
            yield match.group()
    for match in _SPELT.finditer(text):
        if re.search(r"dot|\[at\]|\(at\)", match.group(), re.IGNORECASE):
            yield match.group()


def _phone(text: str, context: Context) -> Iterator[str]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group().replace("(0)", ""))
        abroad = match.group().lstrip("(").startswith(("+", "0044"))
        national = re.sub(r"^(?:00)?44", "", digits) if abroad else digits.removeprefix("0")
        if len(national) in (9, 10) and digits not in context.known:
            yield match.group()


CONTACT = (
    Detector("email", "e-mail address", "fail", _email),
    Detector("phone", "telephone number", "fail", _phone),
    Detector("social_handle", "name in a social network", "fail", every(_HANDLE)),
    Detector("street_address", "address with a house number", "fail", every(_ADDRESS)),
)
