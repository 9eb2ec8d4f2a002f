"""One way to compare text that serves as a key: areas, arms, clusters, strata, categories, ids, values of a filter."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

NEAR = 0.85
"""Two values this alike (0 to 1) may be one in two spellings; nobody but the planner can say."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")


@dataclass(frozen=True, slots=True)
class Twins:
    """Two spellings that may mean one thing, and how often each occurs."""

    one: str
    other: str
    n_one: int
    n_other: int


def spaced(text: str) -> str:
    """The text in Unicode's normal form (NFKC), without invisible characters, dashes as hyphens, every run of spaces as one.

    Case is kept: for ids, where ``a1`` and ``A1`` may be two people.
    """
    if text.isascii():
        return " ".join(text.split())
    plain = unicodedata.normalize("NFKC", text)
    kept = ("-" if unicodedata.category(c) == "Pd" else c for c in plain if unicodedata.category(c) != "Cf")
    # Taking characters out can bring others together that form one.
    return " ".join(unicodedata.normalize("NFKC", "".join(kept)).split())


def fold(text: str) -> str:
    """The text as keys are compared: as ``spaced``, without regard to case, ``&`` as the word."""
    return " ".join(spaced(text).replace("&", " and ").casefold().split())


def skeleton(text: str) -> str:
    """What is left of a key without accents, punctuation, spaces, leading zeros and ``.0``: alike for near twins.

    ``St Mary's`` and ``St Marys``, ``01`` and ``1``, ``1000`` and ``1000.0``.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", fold(text)) if not unicodedata.combining(c))
    if _NUMBER.fullmatch(plain):
        whole, _, part = plain.lstrip("+").partition(".")
        return (whole.lstrip("0") or "0") + (f".{part.rstrip('0')}" if part.rstrip("0") else "")
    apart = re.sub(r"(?<=\d)[-./](?=\d)", "to", plain)
    return re.sub(r"(?<![\d.])0+(?=\d)", "", re.sub(r"[^\w.]+|_", "", apart))


def groups(values: Iterable[str]) -> dict[str, list[str]]:
    """Folded key -> the spellings of it that occur, in order of first occurrence."""
    found: dict[str, list[str]] = {}
    for value in dict.fromkeys(values):
        found.setdefault(fold(value), []).append(value)
    return found


def near_twins(counts: Mapping[str, int]) -> list[Twins]:
    """Pairs of keys (already folded) that differ only in what ``skeleton`` leaves out, with both counts."""
    first: dict[str, str] = {}
    found = []
    for key in counts:
        bare = skeleton(key)
        if bare and bare in first:
            found.append(Twins(first[bare], key, counts[first[bare]], counts[key]))
        else:
            first.setdefault(bare, key)
    return found


def near(one: str, other: str) -> bool:
    """Whether two folded texts may be one: hardly a letter apart, or the same words but for one."""
    if SequenceMatcher(None, one, other).ratio() >= NEAR:
        return True
    a, b = set(one.split()), set(other.split())
    return len(a & b) >= 2 and len(a & b) >= min(len(a), len(b)) - 1


def slug(text: str) -> str:
    """A text as part of the name of a question: letters, digits and low lines."""
    return ("".join(c if c.isalnum() and c.isascii() else "_" for c in fold(text)).strip("_") or "column")[:30]


_PAIRS = "аaеeоoрpсcуyхxіlјjѕsԁdһhӏlкkмmтtвbнhгrԛqԝwьbαaοoιlυuνvκkτtρpχxγyηnωwβbɑaɡgɩlɪlılʏy0o1l|l!l$s@ail"
_LOOKALIKES = {ord(drawn): latin for drawn, latin in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
"""Letters of other scripts, and digits, that are drawn as a Latin letter; after case folding. ``i``, ``l`` and 1 are one."""


def post(name: str) -> str:
    """A post's name for comparing: neither case, spaces, accents, punctuation nor look-alike letters make another post."""
    plain = unicodedata.normalize("NFKD", fold(name)).translate(_LOOKALIKES)
    return "".join(c for c in plain if c.isalnum())
