"""Review after publication: decisions are events, bound to the hash of the manifest that was read."""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from pydantic import ValidationError

from vru.errors import LibraryError, Problem, RefusedError
from vru.library import events as ev
from vru.library.index import RECORDS
from vru.library.reading import StoredRecord, scan
from vru.library.staging import staged, sync_folder

Decision = Literal["submit", "comment", "approve", "return", "retract"]
State = Literal["published", "in_review", "approved", "returned", "retracted"]
_LEADS_TO: dict[str, State] = {
    "publish": "published",
    "submit": "in_review",
    "approve": "approved",
    "return": "returned",
    "retract": "retracted",
}


def state(stored: StoredRecord) -> State:
    """Where a version stands: the fold of its events in their order. A retraction is final."""
    now: State = "published"
    for event in stored.events:
        if now == "retracted":
            break
        now = _LEADS_TO.get(event.kind, now)
    return now


def decide(library: Path, stored: StoredRecord, decision: Decision, actor: str, text: str, now: datetime) -> ev.Event:
    """Record a decision about one version. Raises RefusedError where the rules say no, LibraryError where it cannot be.

    Nobody approves what they published or submitted; return and retract need a reason; a
    retracted version takes comments only.
    """
    current = state(stored)
    authors = {e.actor.casefold() for e in stored.events if e.kind in ("publish", "submit")}
    where = f"{stored.record.organisation}/{stored.record.id}/v{stored.record.version}"
    problems = []
    if decision not in get_args(Decision):
        problems.append(Problem(f"{decision!r} is not a decision", where, ", ".join(get_args(Decision))))
    if decision == "approve" and actor.strip().casefold() in authors:
        problems.append(
            Problem(f"{actor} published or submitted this and cannot approve it", where, hint="ask another post")
        )
    if decision in ("return", "retract", "comment") and not text.strip():
        problems.append(Problem(f"{decision} needs a text that says why", where))
    if current == "retracted" and decision != "comment":
        problems.append(Problem("was retracted, and that is final", where, hint="publish a new version"))
    if problems:
        raise RefusedError(*problems)
    return _append(library, stored, decision, actor, text, now)


def take_down(library: Path, stored: StoredRecord, actor: str, reason: str, now: datetime) -> ev.Event:
    """Remove a version that holds personal data. The event with its hash, who, when and why stays as its tombstone.

    Copies in backups, version control and other clones are not reached by this. Raises LibraryError.
    """
    event = _append(library, stored, "takedown", actor, reason, now)
    _move_away(library, stored.path, now)
    return event


def finish_takedowns(library: Path, now: datetime) -> tuple[ev.Event, ...]:
    """Remove what was taken down but, after a kill, is still there; the events of what was removed."""
    removed = []
    for event in scan(library).taken_down:
        path = library / RECORDS / event.organisation / event.record / f"v{event.version}"
        if path.is_dir() and not path.is_symlink():
            _move_away(library, path, now)
            removed.append(event)
    return tuple(removed)


def _move_away(library: Path, path: Path, now: datetime) -> None:
    try:
        with staged(library, now) as stage:
            # Renamed first, so that readers see the version whole or not at all; then deleted with the stage.
            os.rename(path, stage / "taken-down")
            sync_folder(path.parent)
    except OSError as error:
        raise LibraryError(Problem(f"could not be removed: {error.strerror}", where=str(path))) from None


def _append(library: Path, stored: StoredRecord, kind: ev.Kind, actor: str, text: str, now: datetime) -> ev.Event:
    record = stored.record
    folder = library / RECORDS / record.organisation / record.id
    try:
        event = ev.Event(
            id=ev.new_id(now, stored.events),
            kind=kind,
            organisation=record.organisation,
            record=record.id,
            version=record.version,
            manifest_sha256=stored.manifest_sha256,
            actor=actor,
            at=now.isoformat(timespec="seconds"),
            text=text.strip(),
        )
        with staged(library, now) as stage:
            ev.append_event(library, folder, event, stage)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise LibraryError(
            Problem(f"the event is not sound: {told}", hint="name a post and keep the text short")
        ) from None
    except OSError as error:
        raise LibraryError(Problem(f"could not be written: {error.strerror}", where=str(folder))) from None
    return event
