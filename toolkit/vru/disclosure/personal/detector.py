"""What a detector is, what it may know, and the form in which it reads a text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from vru.keys import spaced

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+")


@dataclass(frozen=True, slots=True)
class Context:
    """What detectors may know: strings that are legitimate here, and the first year of the data."""

    known: frozenset[str]
    first_year: int


Find = Callable[[str, Context], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Detector:
    """``find(text, context)`` yields each match in full; only ``masked`` forms may be shown."""

    name: str
    label: str
    level: Literal["fail", "concern"]
    find: Find


def masked(value: str) -> str:
    """The first two characters and how long the rest is; never enough to know whom it is about."""
    kept = value[:2] if len(value) > 5 else value[:1]
    return f"{kept}{'*' * 6} ({len(value)} characters)"


def plain(text: str) -> str:
    """The text as detectors read it: one kind of space, dash and digit, nothing invisible, low lines as spaces.

    Digital object identifiers are blanked: they hold runs of digits that mean nothing else.
    """
    return _DOI.sub(" ", spaced(text).replace("_", " "))


def every(*patterns: re.Pattern[str]) -> Find:
    """A detector's ``find`` that yields every match of the patterns that is not known to be harmless."""

    def find(text: str, context: Context) -> Iterator[str]:
        for pattern in patterns:
            yield from (m.group() for m in pattern.finditer(text) if m.group() not in context.known)

    return find


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + at % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0 and len(set(digits)) > 1
