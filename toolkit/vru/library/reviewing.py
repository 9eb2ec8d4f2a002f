"""Review: decisions are events, bound to the hash of the manifest that was read; the state is their fold."""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from pydantic import ValidationError

from vru.errors import LibraryError, Problem, RefusedError
from vru.keys import post
from vru.library import events as ev
from vru.library import manifest
from vru.library.index import RECORDS
from vru.library.reading import StoredRecord, scan
from vru.library.staging import FOLDER as STAGE
from vru.library.staging import is_elsewhere, remove, staged, sync_folder
from vru.library.untrusted import read_limited
from vru.library.versions import version_key

Decision = Literal["submit", "comment", "approve", "return", "retract"]
State = Literal["in_review", "returned", "approved", "published", "retracted"]
Standing = Literal["in_review", "returned", "approved", "published", "superseded", "retracted"]
REMAINS = "taken-down"

ALLOWED: dict[State, tuple[str, ...]] = {
    "in_review": ("submit", "comment", "approve", "return", "retract", "publish"),
    "returned": ("submit", "comment", "retract"),
    "approved": ("comment", "return", "retract", "publish"),
    "published": ("comment", "approve", "retract"),
    "retracted": ("comment",),
}
"""What may happen to a version in each state; the fold passes over anything else. See decisions/0005-review.md."""


def state(stored: StoredRecord) -> State:
    """Where a version stands: the fold of those events that name its manifest's hash, in their order.

    A version is published once somebody has released it and a post that is entitled has approved exactly
    these bytes; releasing by such a post is that approval. Until then it is in review.
    """
    now: State = "in_review"
    released = approved = False
    for event in stored.events:
        if event.kind not in ALLOWED[now]:
            continue
        released = released or event.kind == "publish"
        if event.kind in ("approve", "publish"):
            # A hand-made event in which authors approve themselves counts for nothing.
            approved = approved or not not_entitled(stored, event)
            now = ("published" if released else "approved") if approved else now
        elif event.kind == "return":
            now, approved = "returned", False
        elif event.kind == "submit":
            now = "in_review"
        elif event.kind == "retract":
            now = "retracted"
    return now


def standing(stored: StoredRecord, everything: Iterable[StoredRecord]) -> Standing:
    """The state, or "superseded" where a newer version of the same record was published (or retracted since)."""
    now = state(stored)
    if now != "published":
        return now
    own = (stored.record.organisation, stored.record.id)
    age = version_key(stored.record.version)
    newer = (s for s in everything if (s.record.organisation, s.record.id) == own)
    if any(version_key(s.record.version) > age and state(s) in ("published", "retracted") for s in newer):
        return "superseded"
    return now


def standings(everything: Sequence[StoredRecord]) -> tuple[Standing, ...]:
    """The standing of each, in the order given; each is compared with versions of its own record alone."""
    own: dict[tuple[str, str], list[StoredRecord]] = {}
    for s in everything:
        own.setdefault((s.record.organisation, s.record.id), []).append(s)
    return tuple(standing(s, own[s.record.organisation, s.record.id]) for s in everything)


def not_entitled(stored: StoredRecord, event: ev.Event) -> str:
    """Why this event's post may not approve, "" if it may: no author; the plan's approver, or who says why it stands in."""
    named, by = approver(stored), post(event.actor)
    if not by or by in authors(stored):
        return "wrote or submitted this and approves it"
    if named and by != post(named) and not event.text.strip():
        return f"approves without a reason, and the plan names {named}"
    return ""


def approver(stored: StoredRecord) -> str:
    """The post that the plan names to approve; "" where a record has no plan."""
    return _role(stored, "approver")


def _role(stored: StoredRecord, name: str) -> str:
    roles = (stored.record.protocol or {}).get("roles")
    held = roles.get(name) if isinstance(roles, dict) else None
    return held if isinstance(held, str) else ""


def authors(stored: StoredRecord) -> frozenset[str]:
    """The posts that cannot approve this version: the analyst of its plan, and whoever submitted it."""
    named = [analyst] if (analyst := _role(stored, "analyst")) else []
    return frozenset(post(a) for a in [*named, *(e.actor for e in stored.events if e.kind == "submit")])


def decide(library: Path, stored: StoredRecord, decision: Decision, actor: str, text: str, now: datetime) -> ev.Event:
    """Record a decision about one version. Raises RefusedError where the rules say no, LibraryError where it cannot be.

    Nobody approves what they wrote or submitted; return, retract and comment need a reason.
    """
    current = state(stored)
    where = f"{stored.record.organisation}/{stored.record.id}/v{stored.record.version}"
    problems = []
    if decision not in get_args(Decision):
        problems.append(Problem(f"{decision!r} is not a decision", where, ", ".join(get_args(Decision))))
    elif decision not in ALLOWED[current]:
        allowed = ", ".join(d for d in ALLOWED[current] if d != "publish")
        hint = "a retraction is final: publish a new version" if current == "retracted" else ""
        problems.append(Problem(f"is {plain(current)}: {decision} does not fit", where, allowed, hint))
    if decision == "approve" and post(actor) in authors(stored) | _releasers(stored):
        problems.append(
            Problem(f"{actor} wrote, submitted or published this and cannot approve it", where, hint="ask another post")
        )
    named = approver(stored)
    if decision == "approve" and named and post(actor) != post(named) and not text.strip():
        hint = f"--by {named!r}, or --text why another post approves"
        problems.append(Problem(f"the plan names {named} to approve", where, hint=hint))
    if decision in ("return", "retract", "comment") and not text.strip():
        problems.append(Problem(f"{decision} needs a text that says why", where))
    if problems:
        raise RefusedError(*problems)
    return _append(library, stored, decision, actor, text, now)


def plain(current: str) -> str:
    """A state in words."""
    return current.replace("_", " ")


def take_down(library: Path, stored: StoredRecord, actor: str, reason: str, now: datetime) -> ev.Event:
    """Remove a version that holds personal data. The event with its hash, who, when and why stays as its tombstone.

    Copies in backups, version control and other clones are not reached by this. Raises
    RefusedError without a reason, LibraryError where files could not be removed.
    """
    if not reason.strip():
        raise RefusedError(Problem("a takedown needs a text that says why", hint="do not repeat the personal data"))
    if not stored.events:
        # A tombstone alone could be anybody's; see ``reading``.
        _append(library, stored, "comment", actor, "No event had been written about this version.", now)
    event = _append(library, stored, "takedown", actor, reason, now)
    _move_away(library, stored.path, now)
    return event


def finish_takedowns(
    library: Path, now: datetime, named: Callable[[ev.Event], bool] = lambda event: True
) -> tuple[ev.Event, ...]:
    """Remove what was taken down but, after a kill, is still there; the events of what was removed.

    named : what somebody asks for now. An event that came in from elsewhere removes nothing by itself, and no event
    removes other bytes than those it names.
    """
    removed = tuple(filter(named, unfinished_takedowns(library)))
    for event in removed:
        _move_away(library, _place(library, event), now)
    for left in remains(library):
        remove(left)
    return removed


def unfinished_takedowns(library: Path) -> tuple[ev.Event, ...]:
    """Takedowns whose version, with exactly the bytes that they name, still stands."""
    return tuple(e for e in scan(library).taken_down if _names(e, _place(library, e)))


def confirm_takedown(library: Path, event: ev.Event, actor: str, reason: str, now: datetime) -> ev.Event:
    """Make another's takedown a decision of this library, before it is finished; one's own needs no second event.

    Raises RefusedError without a reason.
    """
    if post(actor) == post(event.actor):
        return event
    if not reason.strip():
        raise RefusedError(Problem(f"was asked for by {event.actor}; say why you follow it", hint="--text"))
    folder = _place(library, event).parent
    own = {
        "id": ev.new_id(now, [event]),
        "actor": actor,
        "text": reason.strip(),
        "at": now.isoformat(timespec="seconds"),
    }
    return write_event(library, folder, lambda: ev.Event.model_validate(event.model_dump() | own))


def _place(library: Path, event: ev.Event) -> Path:
    return library / RECORDS / event.organisation / event.record / f"v{event.version}"


def _names(event: ev.Event, path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        return manifest.sha256(read_limited(path / manifest.FILE, manifest.MAX_MANIFEST_BYTES, path.name)) == (
            event.manifest_sha256
        )
    except LibraryError:
        return False


def remains(library: Path) -> tuple[Path, ...]:
    """Files of a takedown that was killed between hiding and deleting; nobody reads them, but they are there."""
    if is_elsewhere(library):
        return ()
    return tuple(sorted(p for p in (library / STAGE).glob(f"*/{REMAINS}") if not p.is_symlink()))


def _releasers(stored: StoredRecord) -> frozenset[str]:
    return frozenset(post(e.actor) for e in stored.events if e.kind == "publish")


def _move_away(library: Path, path: Path, now: datetime) -> None:
    try:
        with staged(library) as stage:
            # Renamed first, so that readers see the version whole or not at all; then deleted.
            os.rename(path, stage / REMAINS)
            sync_folder(path.parent)
            remove(stage / REMAINS)
    except OSError as error:
        hint = "close what has its files open, then take it down again"
        raise LibraryError(Problem(f"could not be removed: {error.strerror}", where=str(path), hint=hint)) from None


def _append(library: Path, stored: StoredRecord, kind: ev.Kind, actor: str, text: str, now: datetime) -> ev.Event:
    record = stored.record
    folder = library / RECORDS / record.organisation / record.id
    return write_event(
        library,
        folder,
        lambda: ev.Event(
            id=ev.new_id(now, stored.events),
            kind=kind,
            organisation=record.organisation,
            record=record.id,
            version=record.version,
            manifest_sha256=stored.manifest_sha256,
            actor=actor,
            at=now.isoformat(timespec="seconds"),
            text=text.strip(),
        ),
    )


def write_event(library: Path, folder: Path, make: Callable[[], ev.Event]) -> ev.Event:
    """Put a new event into a record's folder. Raises LibraryError where it is not sound or cannot be written."""
    try:
        event = make()
        with staged(library) as stage:
            ev.append_event(library, folder, event, stage)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise LibraryError(
            Problem(f"the event is not sound: {told}", hint="name a post and keep the text short")
        ) from None
    except OSError as error:
        raise LibraryError(Problem(f"could not be written: {error.strerror}", where=str(folder))) from None
    return event
