"""Union of two copies of a library: what is new is taken, what differs is put aside, nothing is overwritten."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from vru.errors import LibraryError, Problem
from vru.library import checkpoints, planned, signing
from vru.library import events as ev
from vru.library import manifest as m
from vru.library.folder import VersionFolder, read_version
from vru.library.index import PLANS, RECORDS, SIGNATURES, open_library
from vru.library.reading import BESIDE, read_record_folder, scan
from vru.library.redacting import same_but_redacted
from vru.library.sidefiles import MAX_BYTES, place, record_folders, refuse_links, side_files
from vru.library.staging import make_folders, staged, sync_folder, write_all
from vru.library.untrusted import list_folder, read_limited

DECIDES = frozenset({"submit", "approve", "return", "publish", "retract", "supersede"})
"""Kinds of event that change where a version stands; a takedown always waits for a decision here."""
QUARANTINE = "quarantine"
"""Folder at the top of a library; no reader of records looks into it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did, as paths below the library.

    added : taken from the other copy. same : how many were here already with the same content.
    quarantined : same path, other content: ours stays, theirs lies in the quarantine folder.
    problems : what was not taken because it does not verify, and what somebody has to look at.
    """

    added: tuple[str, ...]
    same: int
    quarantined: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Tally:
    library: Path
    now: datetime
    standing: frozenset[str]
    added: list[str] = field(default_factory=list)
    same: int = 0
    quarantined: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def merge(library: Path, other: Path, now: datetime, decisions: bool = False) -> Merged:
    """Bring into ``library`` what ``other`` has beyond it. Doing it again changes nothing.

    decisions : take over what was decided there about versions that stand here; otherwise that waits in quarantine.
    A version is copied only if it verifies, whole or not at all; a kill leaves a valid library
    and merging again completes it. Public keys are not taken over: trust is given by hand.
    Raises LibraryError if either is no library, both are one folder, or the disk refuses.
    """
    open_library(library)
    open_library(other)
    if library.resolve() == other.resolve():
        raise LibraryError(Problem("is the same folder; a library cannot be merged with itself", where=str(other)))
    standing = {s.manifest_sha256 for s in scan(library).records}
    tally = _Tally(library, now, frozenset() if decisions else frozenset(standing))
    listing = list_folder(other / RECORDS, RECORDS)
    tally.problems += listing.problems
    for where, folder in record_folders(other):
        if not _plain(where):
            tally.problems.append(Problem("has a name that is not allowed, so it was not taken", where))
            continue
        # Events first: a version that stands here has its story, so that one cut short by a kill never looks decided by others.
        _beside_versions(tally, folder, where, (ev.FOLDER,))
        for version in read_record_folder(folder, where).versions:
            _version(tally, version, where)
        tally.problems += _unsound(folder, where)
        _beside_versions(tally, folder, where, (PLANS, SIGNATURES))
    _side(tally, other / checkpoints.FOLDER, checkpoints.FOLDER, _sound_checkpoint, checkpoints.MAX_BYTES)
    return Merged(tuple(tally.added), tally.same, tuple(tally.quarantined), tuple(tally.problems))


def _beside_versions(tally: _Tally, folder: Path, where: str, names: Sequence[str]) -> None:
    for name in names:
        _side(tally, folder / name, f"{RECORDS}/{where}/{name}", partial(_beside, SOUND[name], where))


def _sound_event(data: bytes, where: str, name: str) -> None:
    at = f"{where}/{ev.FOLDER}/{name}"
    event = ev.parse_event(data, at)
    if name != f"{event.id}.json" or where != f"{event.organisation}/{event.record}":
        raise LibraryError(Problem("is an event of another record or under another name", where=at))


def _sound_checkpoint(data: bytes, name: str) -> None:
    if name != f"{checkpoints.parse(data, name).id}.json":
        raise LibraryError(Problem("is a checkpoint under another name", where=name))


SOUND: Mapping[str, Callable[[bytes, str, str], object]] = {
    ev.FOLDER: _sound_event,
    PLANS: planned.parse_entry,
    SIGNATURES: signing.parse_envelope,
}
"""Side folder -> what raises LibraryError for a file that is not one of its kind."""


def _beside(sound: Callable[[bytes, str, str], object], where: str, data: bytes, name: str) -> None:
    sound(data, where, name)


def _plain(where: str) -> bool:
    return all(m.safe_name(part) for part in where.split("/"))


def _unsound(folder: Path, where: str) -> list[Problem]:
    """Versions of the other copy that do not verify: told here, because ``read_record_folder`` mixes them with forks."""
    problems = []
    for name in list_folder(folder, where).folders:
        if name in BESIDE:
            continue
        try:
            read_version(folder / name, f"{where}/{name}")
        except LibraryError as error:
            problems.append(Problem("does not verify in the other copy, so it was not taken", f"{where}/{name}"))
            problems += error.problems
    return problems


def _version(tally: _Tally, version: VersionFolder, where: str) -> None:
    name = f"v{version.record.version}"
    target = tally.library / RECORDS / where / name
    path = f"{RECORDS}/{where}/{name}"
    if _removed(tally, version, where):
        tally.same += 1
        return
    signed = _digest(target) is not None or signing.vouched(
        tally.library, version.path.parent, where, version.record.version, version.manifest_sha256
    )
    if signed and not os.path.lexists(target) and _copy(tally, version, target):
        tally.added.append(path)
        return
    if _digest(target) == version.manifest_sha256:
        tally.same += 1
        return
    aside = tally.library / QUARANTINE / where / f"{name}-{version.manifest_sha256[7:23]}"
    if not aside.exists():
        _copy(tally, version, aside)
    if signed:
        _quarantined(tally, path, aside)
    else:
        tally.quarantined.append(lies := aside.relative_to(tally.library).as_posix())
        told = signing.unsigned_problem(path, version.record.organisation)
        tally.problems.append(Problem(f"{told.what}, so it waits in {lies}", path, hint=told.hint))


def _removed(tally: _Tally, version: VersionFolder, where: str) -> bool:
    """True where this very version was taken down here: a merge never brings personal data back."""
    folder = tally.library / RECORDS / where
    if not folder.is_dir():
        return False
    known = read_record_folder(folder, where)
    return any(
        e.kind == "takedown" and e.manifest_sha256 == version.manifest_sha256 for e in (*known.events, *known.ghosts)
    )


def _copy(tally: _Tally, version: VersionFolder, target: Path) -> bool:
    """Put a verified version at ``target``, manifest last, in one step; False if somebody else was first."""
    where = target.relative_to(tally.library).as_posix()
    refuse_links(tally.library, target)
    try:
        raw = read_limited(version.path / m.FILE, m.MAX_MANIFEST_BYTES, where)
        if m.sha256(raw) != version.manifest_sha256:
            raise LibraryError(Problem("changed while it was read, so it was not taken", where))
        with staged(tally.library) as stage:
            write_all(stage / "version", {**version.files, m.FILE: raw})
            make_folders(target.parent, tally.library)
            try:
                os.rename(stage / "version", target)
            except OSError:
                if os.path.lexists(target):
                    return False
                raise
            sync_folder(target.parent)
    except OSError as error:
        hint = "nothing half-written is left; make room or ask for write permission, then merge again"
        raise LibraryError(Problem(f"could not be written: {error.strerror or error}", where, hint=hint)) from None
    return True


def _digest(path: Path) -> str | None:
    """Hash of the manifest of the version in place, if that verifies."""
    try:
        return read_version(path, path.name).manifest_sha256
    except LibraryError:
        return None


def _side(
    tally: _Tally, source: Path, path: str, sound: Callable[[bytes, str], object], limit: int = MAX_BYTES
) -> None:
    files, refused = side_files(source, path, limit)
    tally.problems += refused
    for name, data in files.items():
        try:
            sound(data, name)
        except LibraryError as error:
            tally.problems += error.problems
            continue
        target = tally.library / path / name
        if path.endswith(f"/{ev.FOLDER}") and _waits(tally, path, data, target):
            continue
        if not os.path.lexists(target):
            tally.added += [f"{path}/{name}"] if place(tally.library, target, data, tally.now) else []
        elif not target.is_symlink() and target.is_file() and _same(target.read_bytes(), data):
            tally.same += 1
        else:
            aside = tally.library / QUARANTINE / path / f"{name.removesuffix('.json')}-{m.sha256(data)[7:23]}.json"
            place(tally.library, aside, data, tally.now)
            _quarantined(tally, f"{path}/{name}", aside)


def _same(ours: bytes, theirs: bytes) -> bool:
    return ours == theirs or same_but_redacted(ours, theirs)


def _waits(tally: _Tally, path: str, data: bytes, target: Path) -> bool:
    """Put aside what somebody elsewhere decided about a version that stands here: whether it counts is decided here."""
    event = ev.parse_event(data, path)
    ours = event.kind == "takedown" and _digest(target.parent.parent / f"v{event.version}") == event.manifest_sha256
    decided = event.kind in DECIDES and event.manifest_sha256 in tally.standing
    if target.exists() or not (ours or decided):
        return False
    aside = tally.library / QUARANTINE / path / f"{event.id}-{m.sha256(data)[7:23]}.json"
    place(tally.library, aside, data, tally.now)
    tally.quarantined.append(lies := aside.relative_to(tally.library).as_posix())
    asked = f"{event.record}@{event.version}"
    what = f"says {event.kind} of {asked} (by {event.actor}), which stands here; it waits and counts for nothing"
    follow = f"vru review {asked} --decision {event.kind} --by … --text …"
    hint = f"theirs is in {lies}; to follow it: {follow}"
    if event.kind != "takedown":
        hint += ", or merge (pull) --decisions if that copy is your own"
    tally.problems.append(Problem(what, path, hint=hint))
    return True


def _quarantined(tally: _Tally, path: str, aside: Path) -> None:
    lies = aside.relative_to(tally.library).as_posix()
    tally.quarantined.append(lies)
    tally.problems.append(
        Problem("is another in the other copy; ours stays", path, hint=f"theirs is in {lies}: a person must decide")
    )


def left_aside(library: Path) -> tuple[str, ...]:
    """Files and versions that lie in quarantine, as paths below the library."""
    base = library / QUARANTINE
    found = {p.parent if p.name == m.FILE else p for p in base.rglob("*.json")} if base.is_dir() else set()
    versions = {p.parent for p in base.rglob(m.FILE)} if base.is_dir() else set()
    return tuple(sorted(p.relative_to(library).as_posix() for p in found if p.parent not in versions))
