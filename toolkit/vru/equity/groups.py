"""Ethnic groups: what texts of police records and of the census mean, at 5+1 and 18+1. One dated file, nothing by guess.

Codes and groups: the 16+1 self-defined codes of police records, and the labels of data.police.uk and of Census 2021 table
TS021 as they stood in November 2026. Roma, which police records do not have, counts as any other White background.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vru.keys import fold

FIVE = ("White", "Mixed", "Asian", "Black", "Other")
UNKNOWN = "not recorded"
DETAILED: Mapping[str, str] = {
    "White British": "White", "White Irish": "White", "Gypsy or Irish Traveller": "White", "Other White": "White",
    "White and Black Caribbean": "Mixed", "White and Black African": "Mixed", "White and Asian": "Mixed",
    "Other Mixed": "Mixed",
    "Indian": "Asian", "Pakistani": "Asian", "Bangladeshi": "Asian", "Chinese": "Asian", "Other Asian": "Asian",
    "Black African": "Black", "Black Caribbean": "Black", "Other Black": "Black",
    "Arab": "Other", "Any other": "Other",
}  # fmt: skip
"""The 18 groups, and the one of 5 that each belongs to."""
CODES: Mapping[str, str] = {
    "w1": "White British", "w2": "White Irish", "w9": "Other White",
    "m1": "White and Black Caribbean", "m2": "White and Black African", "m3": "White and Asian", "m9": "Other Mixed",
    "a1": "Indian", "a2": "Pakistani", "a3": "Bangladeshi", "a9": "Other Asian",
    "b1": "Black Caribbean", "b2": "Black African", "b3": "Other Black", "b9": "Other Black",
    "o1": "Chinese", "o9": "Any other",
}  # fmt: skip
_FAMILIES = {"white": "White", "mixed": "Mixed", "asian": "Asian", "black": "Black", "other ethnic": "Other"}
_WITHIN: Mapping[str, Mapping[str, str]] = {
    "White": {"english": "White British", "british": "White British", "irish": "White Irish", "gypsy": "Gypsy or Irish Traveller",
              "other": "Other White", "any other": "Other White", "roma": "Other White"},
    "Mixed": {"white and black caribbean": "White and Black Caribbean", "white and black african": "White and Black African",
              "white and asian": "White and Asian", "other": "Other Mixed", "any other": "Other Mixed"},
    "Asian": {"indian": "Indian", "pakistani": "Pakistani", "bangladeshi": "Bangladeshi", "chinese": "Chinese",
              "other": "Other Asian", "any other": "Other Asian"},
    "Black": {"african": "Black African", "caribbean": "Black Caribbean", "other": "Other Black", "any other": "Other Black"},
    "Other": {"arab": "Arab", "any other": "Any other"},
}  # fmt: skip
_UNKNOWN = frozenset(
    {
        "", "ns", "n1", "n2", "n3", "not stated", "other ethnic group - not stated", "unknown", "not known", "refused",
        "not recorded", "prefer not to say",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """What a text means: one of five, and one of eighteen where it says so; both None where ethnicity is not recorded."""

    five: str | None
    detailed: str | None = None


def read_group(text: str | None, own: Mapping[str, str]) -> Group | None:
    """The group that a text names; None for a text that nobody has explained.

    own : folded text -> group, as the user mapped it; goes before what is known here.
    """
    key = fold(text or "")
    if key in own:
        return _named(own[key])
    if key in _UNKNOWN:
        return Group(None)
    if key in CODES:
        return _named(CODES[key])
    known = {fold(name): name for name in (*DETAILED, *FIVE)}
    return _named(known[key]) if key in known else _labelled(key)


def _named(name: str) -> Group:
    if name == UNKNOWN:
        return Group(None)
    return Group(name) if name in FIVE else Group(DETAILED[name], name)


def _labelled(key: str) -> Group | None:
    """A label in two parts, as ``Asian/Asian British - Indian`` or ``White: Irish (number)``."""
    key = re.sub(r"\s*\(number\)$", "", key)
    head, mark, tail = key.partition(": ") if ": " in key else key.partition(" - ")
    family = next((name for start, name in _FAMILIES.items() if head.startswith(start)), None)
    if family is None or not mark:
        return None
    found = [n for start, n in sorted(_WITHIN[family].items(), key=lambda p: -len(p[0])) if tail.startswith(start)]
    return _named(found[0]) if found else None


def own_groups(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The user's own map with folded keys, and the groups in it that there are not."""
    names = {fold(n): n for n in (*FIVE, *DETAILED, UNKNOWN)}
    strange = [v for v in given.values() if fold(v) not in names]
    return {fold(k): names[fold(v)] for k, v in given.items() if fold(v) in names}, strange


def groups_at(detail: str) -> Sequence[str]:
    """The groups of a level, in their order."""
    return FIVE if detail == "5+1" else tuple(DETAILED)
