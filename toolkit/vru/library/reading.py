"""Read a whole library: what verifies is returned, what does not is reported, and nothing is hidden."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vru.errors import LibraryError, Problem
from vru.library import events as ev
from vru.library.folder import VersionFolder, read_version
from vru.library.index import PLANS, RECORDS, SIGNATURES, open_library
from vru.library.manifest import Previous
from vru.library.untrusted import list_folder, read_limited, shown
from vru.library.versions import version_key
from vru.record import LearningRecord

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")
_VERSION = re.compile(r"v(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})")
BESIDE = (ev.FOLDER, PLANS, SIGNATURES)
"""Folders beside the versions; ``planned`` and ``signing`` read the last two."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One verified version in the library, with the events that speak of exactly this version."""

    record: LearningRecord
    path: Path
    manifest_sha256: str
    events: tuple[ev.Event, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a library holds.

    records : every verified version, by organisation, record and version.
    problems : everything that was refused or is suspicious, and where.
    taken_down : what is left of versions that were removed: the event with who, when and why.
    """

    records: tuple[StoredRecord, ...]
    problems: tuple[Problem, ...]
    taken_down: tuple[ev.Event, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordFolder:
    """One record's folder: its versions in order, its events in order, and what is wrong in it.

    ghosts : takedowns of versions of which there is no other trace; they count for nothing but keep such bytes out.
    """

    versions: tuple[VersionFolder, ...]
    events: tuple[ev.Event, ...]
    problems: tuple[Problem, ...]
    ghosts: tuple[ev.Event, ...] = ()


@dataclass(frozen=True, slots=True)
class _Events:
    sound: tuple[ev.Event, ...] = ()
    ghosts: tuple[ev.Event, ...] = ()


def scan(library: Path) -> Scan:
    """Read every version of every record. Raises LibraryError only where this is no library that can be read."""
    open_library(library)
    records: list[StoredRecord] = []
    removed: list[ev.Event] = []
    top = list_folder(library / RECORDS, RECORDS)
    problems = [*top.problems, *_unknown(top.files, RECORDS)]
    for organisation in top.folders:
        inner = list_folder(library / RECORDS / organisation, organisation)
        problems += [*inner.problems, *_unknown(inner.files, organisation)]
        for name in inner.folders:
            where = f"{organisation}/{name}"
            if not (_SLUG.fullmatch(organisation) and _SLUG.fullmatch(name)):
                problems.append(Problem("has a name that is not allowed", where=shown(where)))
                continue
            found = read_record_folder(library / RECORDS / organisation / name, where)
            problems += found.problems
            stored, gone, left = _stored(found, where)
            records += stored
            removed += gone
            problems += left
    return Scan(tuple(records), tuple([*problems, *_duplicates(records)]), tuple(removed))


def latest(records: Iterable[StoredRecord]) -> tuple[StoredRecord, ...]:
    """The newest version of each record, in the order given."""
    newest: dict[tuple[str, str], StoredRecord] = {}
    for stored in records:
        key = (stored.record.organisation, stored.record.id)
        known = newest.get(key)
        if known is None or version_key(stored.record.version) > version_key(known.record.version):
            newest[key] = stored
    return tuple(newest.values())


def read_record_folder(folder: Path, where: str) -> RecordFolder:
    """Versions, events and problems of one record's folder; never raises for what is in it."""
    listing = list_folder(folder, where)
    problems = [*listing.problems, *_unknown(listing.files, where)]
    versions: list[VersionFolder] = []
    for name in listing.folders:
        if name in BESIDE:
            continue
        if not _VERSION.fullmatch(name):
            problems.append(Problem("is not a version folder", where=f"{where}/{shown(name)}", allowed="v1.0, v1.1, …"))
            continue
        try:
            versions.append(read_version(folder / name, f"{where}/{name}"))
        except LibraryError as error:
            problems += error.problems
    versions.sort(key=lambda v: version_key(v.record.version))
    here = {(v.record.version, v.manifest_sha256) for v in versions}
    before = (v.manifest.previous for v in versions)
    here |= {(p.version, p.manifest_sha256) for p in before if p is not None}
    found, unsound = _events(folder / ev.FOLDER, where, here) if ev.FOLDER in listing.folders else (_Events(), [])
    told = (*problems, *unsound, *_chain(versions, found.sound, where))
    return RecordFolder(tuple(versions), found.sound, told, found.ghosts)


def _events(folder: Path, where: str, versions: Collection[tuple[str, str]]) -> tuple[_Events, list[Problem]]:
    place = f"{where}/{ev.FOLDER}"
    listing = list_folder(folder, place)
    problems = [*listing.problems, *_unknown(listing.folders, place)]
    events = []
    for name in listing.files:
        at = f"{place}/{shown(name)}"
        try:
            event = ev.parse_event(read_limited(folder / name, ev.MAX_EVENT_BYTES, at), at)
        except LibraryError as error:
            problems += error.problems
            continue
        if name != f"{event.id}.json" or where != f"{event.organisation}/{event.record}":
            problems.append(Problem("is an event of another record or under another name", where=at))
        else:
            events.append(event)
    known = {(e.version, e.manifest_sha256) for e in events if e.kind != "takedown"} | set(versions)
    sound: list[ev.Event] = []
    ghosts: list[ev.Event] = []
    for event in sorted(events, key=lambda e: e.id):
        real = event.kind != "takedown" or (event.version, event.manifest_sha256) in known
        (sound if real else ghosts).append(event)
    problems += [
        Problem(f"takes down a version {e.version} that never was here", f"{place}/{e.id}.json", hint="delete it")
        for e in ghosts
    ]
    return _Events(tuple(sound), tuple(ghosts)), problems


def _chain(versions: Sequence[VersionFolder], events: Sequence[ev.Event], where: str) -> list[Problem]:
    """Each version must name the one before it by its manifest's hash; a removed one is known by its event."""
    known = {(v.record.version, v.manifest_sha256) for v in versions}
    known |= {(e.version, e.manifest_sha256) for e in events if e.kind == "takedown"}
    problems = []
    claimed: dict[Previous | None, str] = {}
    for version in versions:
        place, before = f"{where}/v{version.record.version}", version.manifest.previous
        if before is not None and (before.version, before.manifest_sha256) not in known:
            problems.append(Problem(f"follows a version {before.version} that is not here as it was", where=place))
        if before in claimed:
            told = f"v{before.version}" if before else "nothing"
            problems.append(Problem(f"follows {told}, and so does v{claimed[before]}", where=place))
        claimed[before] = version.record.version
        if version.record.supersedes != (before.version if before else None):
            problems.append(Problem("supersedes another version than its manifest follows", where=place))
    return problems


def _stored(found: RecordFolder, where: str) -> tuple[list[StoredRecord], list[ev.Event], list[Problem]]:
    removed = {e.manifest_sha256: e for e in found.events if e.kind == "takedown"}
    records, problems = [], []
    for version in found.versions:
        if version.manifest_sha256 in removed:
            place = f"{where}/v{version.record.version}"
            problems.append(
                Problem("was taken down but its files are still here", where=place, hint="take it down again")
            )
            continue
        own = tuple(e for e in found.events if e.manifest_sha256 == version.manifest_sha256)
        if not own and any(e.version == version.record.version for e in found.events):
            what = "is not what its events speak of: they name other bytes"
            problems.append(Problem(what, f"{where}/v{version.record.version}", hint="restore it from another copy"))
        records.append(StoredRecord(version.record, version.path, version.manifest_sha256, own))
    return records, list(removed.values()), problems


def _unknown(names: Iterable[str], where: str) -> list[Problem]:
    return [Problem("does not belong here", where=f"{where}/{shown(name)}") for name in names]


def _duplicates(records: Iterable[StoredRecord]) -> list[Problem]:
    owners: dict[str, set[str]] = defaultdict(set)
    for stored in records:
        owners[stored.record.id].add(stored.record.organisation)
    return [
        Problem(
            f"the record id {name} is used by {', '.join(sorted(orgs))}",
            where=RECORDS,
            hint="both are kept; name a record as organisation/id",
        )
        for name, orgs in sorted(owners.items())
        if len(orgs) > 1
    ]
