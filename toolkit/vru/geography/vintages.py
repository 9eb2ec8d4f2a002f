"""LSOA codes of 2011 and of 2021 in one archive, counted by the smallest areas that both can tell apart.

An area that was split in 2021 is counted whole; areas that were merged are one unit, ``E01000001+E01000002``.
"""

import csv
import gzip
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vru.errors import DataError, Problem, ProtocolError
from vru.events import DataNote, Events
from vru.geography.areas import some
from vru.geography.tally import unit_names
from vru.protocol.fields import Protocol
from vru.protocol.units import Buffers, Units

_COLUMN = r"lsoa[ _]?(20)?{}[ _]?(cd|code)"
_LISTS = ("treated", "comparison")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Every code of both censuses and the unit that it is counted in.

    unit : code -> unit. members : unit -> its codes of the plan's census, sorted. sha256 : of the file.
    """

    unit: Mapping[str, str]
    members: Mapping[str, tuple[str, ...]]
    sha256: str


def read_lookup(path: Path, kind: str) -> Lookup:
    """The official look-up of LSOAs (2011) to LSOAs (2021), a CSV or its gzip; ``kind`` is the plan's, lsoa11 or lsoa21.

    Raises
    ------
    DataError
        Not there, no text, or without a column of codes of each census.
    """
    if not path.is_file():
        hint = "vru fetch lookups brings it; units.lookup is relative to the evaluation folder"
        raise DataError(Problem("is not there", str(path), "LSOA (2011) to LSOA (2021) look-up, CSV", hint))
    raw = path.read_bytes()
    try:
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError):
        raise DataError(Problem("cannot be read as text", path.name, "CSV, or CSV in gzip")) from None
    rows = csv.DictReader(io.StringIO(text))
    names = [n for n in rows.fieldnames or [] if n]
    at = {
        census: [n for n in names if re.fullmatch(_COLUMN.format(census), n, re.IGNORECASE)] for census in ("11", "21")
    }
    if any(len(found) != 1 for found in at.values()):
        allowed = "one column LSOA11CD and one LSOA21CD"
        raise DataError(Problem("has no column of codes of each census", path.name, allowed))
    pairs = [((r[at["11"][0]] or "").strip(), (r[at["21"][0]] or "").strip()) for r in rows]
    pairs = [(a, b) for a, b in pairs if a and b]
    if not pairs:
        raise DataError(Problem("has no row with both codes", path.name))
    own = {p[0 if kind == "lsoa11" else 1] for p in pairs}
    return _joined(pairs, own, f"sha256:{hashlib.sha256(raw).hexdigest()}")


def _joined(pairs: Sequence[tuple[str, str]], own: set[str], digest: str) -> Lookup:
    root: dict[str, str] = {}

    def top(code: str) -> str:
        while root.setdefault(code, code) != code:
            root[code] = root[root[code]]
            code = root[code]
        return code

    for one, other in pairs:
        root[top(one)] = top(other)
    together: dict[str, list[str]] = {}
    for code in root:
        together.setdefault(top(code), []).append(code)
    unit: dict[str, str] = {}
    members: dict[str, tuple[str, ...]] = {}
    for codes in together.values():
        kept = tuple(sorted(c for c in codes if c in own))
        name = "+".join(kept)
        members[name] = kept
        unit |= dict.fromkeys(codes, name)
    return Lookup(unit, members, digest)


def plan_by(lookup: Lookup, protocol: Protocol) -> Protocol:
    """The plan with its lists of codes as lists of units.

    Raises
    ------
    ProtocolError
        A code of the other census; areas that are one unit and of which the plan lists a part, or in two roles or starts.
    """
    units = protocol.units
    problems: list[Problem] = []
    buffers = Buffers(
        distances_m=units.buffers.distances_m,
        **{k: _as_units(lookup, getattr(units.buffers, k), f"units.buffers.{k}", units.kind, problems) for k in _LISTS},
    )
    lists = {k: _as_units(lookup, getattr(units, k), f"units.{k}", units.kind, problems) for k in _LISTS}
    starts: dict[str, str] = {}
    for code, start in units.starts.items():
        name = lookup.unit.get(code, code)
        others = {units.starts.get(c) for c in lookup.members.get(name, (code,))}
        if len(others) > 1:
            hint = "give them one start, or leave them out"
            problems.append(Problem(f"{name} is one area since 2021 and has several starts", "units.starts", hint=hint))
        starts[name] = start
    if problems:
        raise ProtocolError(*problems)
    empty = list(dict.fromkeys(lookup.unit.get(c, c) for c in units.empty_units))
    changed = units.model_copy(update={**lists, "starts": starts, "buffers": buffers, "empty_units": empty})
    return protocol.model_copy(update={"units": Units.model_validate(changed.model_dump())})


def _as_units(lookup: Lookup, codes: Sequence[str], where: str, kind: str, problems: list[Problem]) -> list[str]:
    listed, found = set(codes), []
    other = sorted(c for c in codes if c in lookup.unit and c not in lookup.members[lookup.unit[c]])
    if other:
        hint = f"name the areas of {kind}, or set units.kind to the other"
        problems.append(Problem(f"codes of the other census: {some(other)}", where, kind, hint))
    for code in codes:
        name = lookup.unit.get(code, code)
        lost = [c for c in lookup.members.get(name, (code,)) if c not in listed]
        if lost and code not in other:
            what = f"{code} cannot be told from {', '.join(lost)}, with which it shares an area of the other census"
            problems.append(Problem(what, where, hint="list them all here, or none of them"))
        found.append(name)
    return list(dict.fromkeys(found))


def lookup_notes(lookup: Lookup, data: str, events: Events) -> list[DataNote]:
    """How many codes of the data were read as another, which units are several areas, and which codes the look-up lacks."""
    codes = unit_names(events)
    changed = [c for c in codes if lookup.unit.get(c, c) != c]
    unknown = sorted(c for c in codes if c not in lookup.unit)
    several = sorted({lookup.unit[c] for c in changed if "+" in lookup.unit[c]})
    notes = [
        DataNote("panel", f"{data}: LSOA codes counted in an area of the other census by the look-up", len(changed))
    ]
    if several:
        text = f"{data}: areas that one of the two censuses has as one, counted as one unit: {some(several)}"
        notes.append(DataNote("panel", text, len(several)))
    if unknown:
        text = f"{data}: LSOA codes that the look-up does not have, left as they are: {some(unknown)}"
        notes.append(DataNote("panel", text, len(unknown), "question"))
    return notes
