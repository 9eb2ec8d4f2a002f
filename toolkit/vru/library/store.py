"""Publish a version: staged, synced, renamed into place in one step, and never changed again.

Two publishers of the same version: one wins, the other learns whether it had the same content.
Two publishers of different next versions of one record at the same moment can both win; readers
then report that two versions follow the same one (``reading``), and a person decides.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from vru.errors import LibraryError, Problem
from vru.library import crate, effects
from vru.library import events as ev
from vru.library import manifest as m
from vru.library.derived import untied
from vru.library.folder import MAX_VERSION_BYTES, RECORD, VersionFolder, read_version
from vru.library.index import RECORDS, open_library
from vru.library.reading import RecordFolder, read_record_folder
from vru.library.staging import make_folders, staged, sync_folder, write_all
from vru.library.versions import version_key
from vru.record import MAX_BYTES, LearningRecord, dump_record

OWN = frozenset({RECORD, effects.FILE, crate.FILE, m.FILE})
SUFFIXES = (".html", ".docx", ".xlsx", ".json", ".csv", ".yaml", ".txt", ".md")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a version lies; ``already``: it was there before with the same content."""

    path: Path
    version: str
    manifest_sha256: str
    already: bool


@dataclass(frozen=True, slots=True)
class _Place:
    library: Path
    folder: Path
    target: Path
    where: str
    kind: ev.Kind


def publish(
    library: Path,
    record: LearningRecord,
    files: Mapping[str, bytes],
    actor: str,
    now: datetime,
    for_review: bool = False,
) -> Published:
    """Put one version of a record into the library, whole or not at all.

    files : name -> bytes of what goes with the record (report.html, report.docx, tables.xlsx,
        checks.json); record.json, effects.csv, the crate and the manifest are made here.
    actor : the post that publishes, not a person's name. now : time zone aware.
    for_review : the event says "submit", not "publish": readers see the version as in review.

    The same content again changes nothing (``already``), but adds the event if a kill had
    prevented it. Raises LibraryError with a hint; then nothing of the version is visible.
    """
    open_library(library)
    content = _content(record, files, actor, now)
    folder = library / RECORDS / record.organisation / record.id
    where = f"{record.organisation}/{record.id}/v{record.version}"
    place = _Place(library, folder, folder / f"v{record.version}", where, "submit" if for_review else "publish")
    _refuse_links(place)
    try:
        known = read_record_folder(folder, f"{record.organisation}/{record.id}") if folder.is_dir() else None
        if there := _there(place, content):
            return _again(place, record, there, actor, now)
        previous = _previous(record, known, place)
        return _publish(place, record, content, previous, actor, now)
    except OSError as error:
        raise LibraryError(
            Problem(
                f"could not be published: {error.strerror or error}",
                where=place.where,
                hint="nothing half-written is left; make room or ask for write permission, then publish again",
            )
        ) from None


def _publish(
    place: _Place,
    record: LearningRecord,
    content: dict[str, bytes],
    previous: m.Previous | None,
    actor: str,
    now: datetime,
) -> Published:
    files = dict(content)
    files[crate.FILE] = crate.ro_crate(record, content, now).encode()
    manifest = m.build_manifest(record, files, previous)
    digest = m.sha256(manifest)
    with staged(place.library) as stage:
        write_all(stage / "version", {**files, m.FILE: manifest})
        make_folders(place.folder, place.library)
        try:
            os.rename(stage / "version", place.target)
        except OSError:
            # Somebody else's version took the place between our look and our rename.
            if there := _there(place, content):
                return _again(place, record, there, actor, now)
            raise
        sync_folder(place.folder)
        _record_event(place, record, digest, actor, now, stage)
    return Published(place.target, record.version, digest, already=False)


def _record_event(place: _Place, record: LearningRecord, digest: str, actor: str, now: datetime, stage: Path) -> None:
    # Whatever its clock says, an event comes after those it answers.
    known = read_record_folder(place.folder, f"{record.organisation}/{record.id}").events
    ev.append_event(place.library, place.folder, _event(record, digest, actor, now, place.kind, known), stage)


def _again(place: _Place, record: LearningRecord, there: VersionFolder, actor: str, now: datetime) -> Published:
    known = read_record_folder(place.folder, f"{record.organisation}/{record.id}").events
    told = {e.kind for e in known if e.manifest_sha256 == there.manifest_sha256}
    if not told & ({"publish"} if place.kind == "publish" else {"publish", "submit"}):
        with staged(place.library) as stage:
            _record_event(place, record, there.manifest_sha256, actor, now, stage)
    return Published(place.target, record.version, there.manifest_sha256, already=True)


def _there(place: _Place, content: Mapping[str, bytes]) -> VersionFolder | None:
    """The version in place if it has this content; None if the place is free. Raises LibraryError otherwise."""
    if not os.path.lexists(place.target):
        return None
    try:
        found = read_version(place.target, place.where)
    except LibraryError as error:
        raise LibraryError(
            *error.problems,
            Problem(
                "is there but does not verify, so it was left alone",
                where=place.where,
                hint="report it to the network; publish under the next version number",
            ),
        ) from None
    # The crate says when it was published, so it differs every time; a record of an older schema is compared as one
    # of today's.
    as_today = {**found.files, RECORD: dump_record(found.record).encode()}
    if {name: data for name, data in as_today.items() if name != crate.FILE} == dict(content):
        return found
    raise LibraryError(
        Problem(
            "is published already, with other content; a published version never changes",
            where=place.where,
            hint="publish as the next version (vru.library.next_version says which)",
        )
    )


def _previous(record: LearningRecord, known: RecordFolder | None, place: _Place) -> m.Previous | None:
    versions = known.versions if known else ()
    events = known.events if known else ()
    if any(e.kind == "takedown" and e.version == record.version for e in events):
        raise LibraryError(
            Problem(
                "was taken down; its number is not used again", where=place.where, hint="publish as the next version"
            )
        )
    pairs = [(v.record.version, v.manifest_sha256) for v in versions]
    pairs += [(e.version, e.manifest_sha256) for e in events if e.kind == "takedown"]
    if not pairs:
        if record.supersedes is not None:
            raise LibraryError(
                Problem(f"says that it supersedes {record.supersedes}, which is not in this library", where=place.where)
            )
        return None
    newest, digest = max(pairs, key=lambda pair: version_key(pair[0]))
    if version_key(record.version) <= version_key(newest) or record.supersedes != newest:
        raise LibraryError(
            Problem(
                f"must come after {newest}, the newest version here, and say supersedes: {newest}",
                where=place.where,
                hint="vru.library.next_version gives the number",
            )
        )
    return m.Previous(version=newest, manifest_sha256=digest)


def _content(record: LearningRecord, files: Mapping[str, bytes], actor: str, now: datetime) -> dict[str, bytes]:
    where = f"{record.organisation}/{record.id}"
    problems = []
    if now.tzinfo is None:
        problems.append(Problem("the time of publication needs a time zone", where=where))
    if not m.safe_name(record.organisation) or not m.safe_name(record.id):
        problems.append(
            Problem("organisation or id is a name that Windows reserves", where=where, hint="choose another")
        )
    problems += [p for name in sorted(files) for p in _file_problems(name, files[name], where)]
    text = _dumped(record, where, problems)
    content = {RECORD: text.encode(), effects.FILE: effects.effects_csv(record).encode(), **files}
    if len(text) > MAX_BYTES:
        problems.append(Problem(f"is larger than {MAX_BYTES:,} characters", where=f"{where}: {RECORD}"))
    if sum(map(len, content.values())) > MAX_VERSION_BYTES or len(content) + 1 > m.MAX_FILES:
        problems.append(Problem(f"holds more than {MAX_VERSION_BYTES:,} bytes or {m.MAX_FILES} files", where=where))
    try:
        _event(record, "sha256:" + "0" * 64, actor, now)
    except ValidationError:
        problems.append(Problem("the actor is missing or too long", where=where, hint="name a post, such as data lead"))
    if said := untied(record):
        problems.append(Problem(f"says other than its result under {', '.join(said)}", where=f"{where}: {RECORD}"))
    if problems:
        raise LibraryError(*problems)
    return content


def _dumped(record: LearningRecord, where: str, problems: list[Problem]) -> str:
    """The record's text, as readers will accept it; model_copy does not validate, so it is validated here."""
    try:
        text = dump_record(record)
        if LearningRecord.model_validate(json.loads(text)) != record:
            # NaN in plan or result would be written as null, and nobody would know.
            raise ValueError("holds something that JSON cannot carry, such as a number that is not finite")
    except (ValueError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        field = ".".join(map(str, first["loc"]))
        problems.append(Problem(f"{first['msg']}", where=f"{where}: {RECORD}: {field}"))
        return ""
    return text


def _file_problems(name: str, data: bytes, where: str) -> list[Problem]:
    found = []
    if not m.safe_name(name) or not name.endswith(SUFFIXES):
        allowed = f"lower-case names ending in {', '.join(SUFFIXES)}"
        found.append(Problem(f"cannot publish a file called {name!r}", where=where, allowed=allowed))
    if name in OWN:
        found.append(Problem(f"{name} is made by publishing and cannot be given", where=where))
    if len(data) > m.MAX_FILE_BYTES:
        found.append(Problem(f"is larger than {m.MAX_FILE_BYTES:,} bytes", where=f"{where}/{name}"))
    return found


def _event(
    record: LearningRecord,
    digest: str,
    actor: str,
    now: datetime,
    kind: ev.Kind = "publish",
    after: tuple[ev.Event, ...] = (),
) -> ev.Event:
    return ev.Event(
        id=ev.new_id(now, after),
        kind=kind,
        organisation=record.organisation,
        record=record.id,
        version=record.version,
        manifest_sha256=digest,
        actor=actor,
        at=now.isoformat(timespec="seconds"),
    )


def _refuse_links(place: _Place) -> None:
    for part in (place.library / RECORDS, place.folder.parent, place.folder):
        if part.is_symlink():
            raise LibraryError(Problem("is a link; nothing is written through links", where=str(part)))
