"""What a takedown removed is held on this computer until somebody destroys it, so that a mistake can be taken back.

The place is the user's own and never inside a library, whose hidden folders anybody may have written: ``VRU_HELD``, or the
folder for data of programs (``~/.local/share/vru/held``; ``%LOCALAPPDATA%\\vru\\held``). Held bytes are the version's files as
they stood, under organisation, record, version and the hash of the manifest.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vru.errors import LibraryError, Problem, RefusedError
from vru.library import events as ev
from vru.library import manifest as m
from vru.library.folder import MAX_VERSION_BYTES, read_version
from vru.library.index import RECORDS
from vru.library.reviewing import write_event
from vru.library.sidefiles import refuse_links
from vru.library.staging import make_folders, remove, staged, sync_folder, write_synced
from vru.library.untrusted import list_folder, read_limited
from vru.record import LearningRecord

SETTING = "VRU_HELD"


@dataclass(frozen=True, slots=True)
class Held:
    """A version held: where, and its files with their sizes."""

    path: Path
    files: dict[str, int]


def holding_place(library: Path) -> Path:
    """Where removed versions are held. Raises LibraryError if that lies inside the library."""
    named = os.environ.get(SETTING)
    local, shared = os.environ.get("LOCALAPPDATA"), os.environ.get("XDG_DATA_HOME")
    base = Path(local) if os.name == "nt" and local else Path(shared) if shared else Path.home() / ".local" / "share"
    place = (Path(named) if named else base / "vru" / "held").absolute()
    if place.resolve().is_relative_to(library.resolve()):
        hint = "choose a folder of your own, outside every library"
        raise LibraryError(Problem("what a takedown removes is not held inside the library", SETTING, hint=hint))
    return place


def hold(place: Path, version: Path, sha256: str) -> Held:
    """Copy a version's plain files into the holding place, on the disk for good, before it is removed. Raises LibraryError."""
    target = _at(place, version.parent.parent.name, version.parent.name, version.name, sha256)
    try:
        files = {n: read_limited(version / n, MAX_VERSION_BYTES, n) for n in list_folder(version, version.name).files}
        if not target.is_dir():
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            make_folders(target.parent, place)
            with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as part:
                whole = Path(part) / target.name
                whole.mkdir(mode=0o700)
                for name, data in files.items():
                    write_synced(whole / name, data, 0o600)
                sync_folder(whole)
                os.rename(whole, target)
            sync_folder(target.parent)
    except OSError as error:
        hint = f"nothing was removed; make room there, or name another folder in {SETTING}"
        raise LibraryError(Problem(f"could not be held: {error.strerror}", str(target), hint=hint)) from None
    return Held(target, {n: len(d) for n, d in files.items()})


def held(place: Path, organisation: str, record: str, version: str) -> list[Held]:
    """What is held of one version; more than one where it stood with different bytes. organisation : "" for any."""
    pattern = f"{organisation or '*'}/{record}/v{version}-*"
    found = [p for p in sorted(place.glob(pattern)) if p.is_dir() and not p.is_symlink()]
    return [Held(p, {f.name: f.stat().st_size for f in sorted(p.iterdir()) if f.is_file()}) for p in found]


def restore(library: Path, one: Held, actor: str, reason: str, now: datetime) -> tuple[Path, ev.Event]:
    """Put a held version back where it stood; the takedowns of these bytes go, and a comment says who took them back and why.

    Raises RefusedError without a reason or where another version stands there, LibraryError where the bytes do not verify.
    """
    if not reason.strip():
        raise RefusedError(Problem("taking a takedown back needs a text that says why", "--text"))
    version = one.path.name.rpartition("-")[0]
    target = library / RECORDS / one.path.parent.parent.name / one.path.parent.name / version
    refuse_links(library, target)
    stood = read_limited(one.path / m.FILE, m.MAX_MANIFEST_BYTES, one.path.name)
    if target.exists() and read_limited(target / m.FILE, m.MAX_MANIFEST_BYTES, version) != stood:
        raise RefusedError(Problem("another version stands there; nothing was changed", str(target)))
    try:
        with staged(library) as stage:
            if not target.exists():
                copied = stage / target.parent.parent.name / target.parent.name / version
                shutil.copytree(one.path, copied)
                _synced(copied)
                read_version(copied, f"{target.parent.name}/{version}, as held")
                make_folders(target.parent, library)
                os.rename(copied, target)
                sync_folder(target.parent)
    except OSError as error:
        raise LibraryError(Problem(f"could not be put back: {error.strerror}", str(target))) from None
    found = read_version(target, f"{target.parent.name}/{version}")
    gone = _takedowns(target.parent, found.manifest_sha256)
    event = write_event(
        library, target.parent, lambda: _comment(found.record, found.manifest_sha256, actor, reason, now)
    )
    for path in gone:
        path.unlink()
    sync_folder(target.parent / ev.FOLDER)
    remove(one.path)
    return target, event


def destroy(one: Held) -> None:
    """Delete what is held, for good. Raises LibraryError."""
    try:
        remove(one.path)
    except OSError as error:
        raise LibraryError(Problem(f"could not be destroyed: {error.strerror}", str(one.path))) from None


def _at(place: Path, organisation: str, record: str, version: str, sha256: str) -> Path:
    return place / organisation / record / f"{version}-{sha256.removeprefix('sha256:')[:16]}"


def _synced(folder: Path) -> None:
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_folder(folder)


def _takedowns(folder: Path, sha256: str) -> list[Path]:
    """Files of the takedown events that name exactly these bytes."""
    found = []
    for name in list_folder(folder / ev.FOLDER, ev.FOLDER).files:
        try:
            event = ev.parse_event(read_limited(folder / ev.FOLDER / name, ev.MAX_EVENT_BYTES, name), name)
        except LibraryError:
            continue
        if event.kind == "takedown" and event.manifest_sha256 == sha256:
            found.append(folder / ev.FOLDER / name)
    return found


def _comment(record: LearningRecord, sha256: str, actor: str, reason: str, now: datetime) -> ev.Event:
    return ev.Event(
        id=ev.new_id(now),
        kind="comment",
        organisation=record.organisation,
        record=record.id,
        version=record.version,
        manifest_sha256=sha256,
        actor=actor,
        at=now.isoformat(timespec="seconds"),
        text=f"The takedown was taken back: {reason.strip()}",
    )
