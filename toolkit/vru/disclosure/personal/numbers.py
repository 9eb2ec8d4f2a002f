"""Numbers that one person has: health, tax, school, documents, bank, payment, devices."""

import re
from collections.abc import Iterator

from vru.disclosure.personal.detector import Context, Detector, every, luhn

_NHS = re.compile(r"(?<!\d[.,-])(?<![\w+])\d{3}[ ./-]?\d{3}[ ./-]?\d{4}(?![\w-]|[.,]\d)")
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]([ ./-]?)\d{2}\1\d{2}\1\d{2}[ ./-]?[A-D]\b", re.IGNORECASE)
_PUPIL = re.compile(r"(?<![\w-])[A-HJ-NP-RT-Z]\d{11}[\dA-HJ-NP-RT-Z](?![\w-])", re.IGNORECASE)
_DRIVER = re.compile(r"(?<![\w-])[A-Z9]{5}[ -]?\d{6}[ -]?[A-Z9]{2}\d[A-Z]{2}(?![\w-])", re.IGNORECASE)
_PASSPORT = re.compile(r"\bpassport\W{0,3}(?:no|number|nr)?\W{0,3}[A-Z]{0,2}\d{7,9}\b", re.IGNORECASE)
_SORT = re.compile(
    r"(?<![\w-])\d{2}([ -])\d{2}\1\d{2}\W{1,3}(?:a/?c|account)?(?: no| number)?\W{0,3}\d{8}(?!\w)", re.IGNORECASE
)
_IBAN = re.compile(r"(?<!\w)GB\d{2} ?[A-Z]{4}(?: ?\d){14}(?!\w)", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.-])[3-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w-]|[.,]\d)")
_IMEI = re.compile(r"(?<![\w.-])\d{2}[ -]?\d{6}[ -]?\d{6}[ -]?\d(?![\w-]|[.,]\d)")
_MAC = re.compile(r"(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])", re.IGNORECASE)
_IP = re.compile(r"(?<![\w.-])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w-]|\.\d)")


def is_nhs_number(text: str) -> bool:
    """Ten digits whose last is the modulus 11 check digit. Source: NHS Data Dictionary, NHS number."""
    digits = [int(c) for c in text if c.isdigit()]
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    check = 11 - sum(d * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return check != 10 and digits[9] == check % 11


def _nhs(text: str, context: Context) -> Iterator[str]:
    for match in _NHS.finditer(text):
        bare = re.sub(r"\D", "", match.group())
        if is_nhs_number(bare) and bare not in context.known:
            yield match.group()


def _nino(text: str, context: Context) -> Iterator[str]:
    for match in _NINO.finditer(text):
        if match.group()[:2].upper() not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}:
            yield match.group()


def _checked(text: str, context: Context) -> Iterator[str]:
    for pattern in (_CARD, _IMEI):
        for match in pattern.finditer(text):
            bare = re.sub(r"\D", "", match.group())
            if luhn(bare) and bare not in context.known:
                yield match.group()


def _ip(text: str, context: Context) -> Iterator[str]:
    for match in _IP.finditer(text):
        # Sections such as 4.2.1.3 and versions are small numbers.
        parts = [int(g) for g in match.groups()]
        if all(p <= 255 for p in parts) and max(parts) > 31:
            yield match.group()


NUMBERS = (
    Detector("nhs_number", "NHS number", "fail", _nhs),
    Detector("national_insurance", "National Insurance number", "fail", _nino),
    Detector("pupil_number", "unique pupil number", "fail", every(_PUPIL)),
    Detector("document_number", "driving licence or passport number", "fail", every(_DRIVER, _PASSPORT)),
    Detector("bank_account", "bank account", "fail", every(_SORT, _IBAN)),
    Detector("card_or_device", "payment card or telephone's number (IMEI)", "fail", _checked),
    Detector("network_address", "address of a device in a network", "fail", _ip),
    Detector("device_address", "hardware address of a device", "fail", every(_MAC)),
)
