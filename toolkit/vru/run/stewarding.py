"""The review of a record, its announcement and what stands where, as the command line asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from vru.disclosure import enforce_texts
from vru.errors import LibraryError, Problem, RefusedError
from vru.library import (
    decide,
    open_library,
    scan,
)
from vru.library.events import Event
from vru.library.planned import Entry, Planned, announce, explain, outstanding, read_planned
from vru.library.redacting import Part, redact
from vru.library.reviewing import Decision, plain, standing
from vru.library.sidefiles import refuse_links
from vru.protocol import digest, load, registered_digest
from vru.run.assuring import require_assurance
from vru.run.outputs import OUTPUTS
from vru.run.taking_down import REACH, destroy_held, named, same_bytes, take_back, take_version_down
from vru.run.verifying import find_record

DECISIONS = (*get_args(Decision), "takedown", "restore", "destroy", "explain", "redact")


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as a person gives it.

    manifest : the hash that was read; "" trusts that nothing changed since. event, part : what redact takes out.
    """

    decision: str
    by: str
    text: str = ""
    reason: str = ""
    manifest: str = ""
    event: str = ""
    part: Part = "text"


def review(reference: str, library: Path, asked: Asked, now: datetime) -> list[str]:
    """Record a decision; lines that say what happened. Raises RefusedError or LibraryError, and then nothing did."""
    if not asked.by.strip():
        raise LibraryError(Problem("say who decides", "--by", "a post, such as Head of evidence"))
    enforce_texts({"--by": asked.by, "--text": asked.text}, now)
    if asked.decision == "redact":
        path = redact(library, asked.event, asked.part, asked.by, asked.text, now)
        return [f"took the {asked.part} out of {path.relative_to(library)}", REACH]
    if asked.decision == "explain":
        return _explain(reference, library, asked, now)
    if asked.decision == "takedown":
        return take_version_down(reference, library, asked.by, asked.text, asked.manifest, now)
    if asked.decision == "restore":
        return take_back(reference, library, asked.by, asked.text, now)
    if asked.decision == "destroy":
        return destroy_held(reference, library)
    stored = find_record(reference, library)
    same_bytes(asked.manifest, stored.manifest_sha256, str(stored.path))
    refuse_links(library, stored.path)
    # The command line's choices are the decisions; anything else is refused by name inside.
    event = decide(library, stored, asked.decision, asked.by, asked.text, now)  # type: ignore[arg-type]
    return [*_told(event), *where_it_stands(reference, library)]


def where_it_stands(reference: str, library: Path) -> list[str]:
    """State and history of a stored version, as lines."""
    seen = scan(library)
    stored = find_record(reference, library)
    name = f"{stored.record.organisation}/{stored.record.id}@v{stored.record.version}"
    lines = [f"{name} is {plain(standing(stored, seen.records))}", f"manifest: {stored.manifest_sha256}"]
    for e in stored.events:
        lines.append(f"  {e.at[:10]} {e.kind} by {e.actor}{': ' + e.text if e.text else ''} ({e.redacted or e.id})")
    return lines


def local_state(folder: Path) -> str:
    """Where an evaluation stands before the library: "planned" (not run), "draft", or "checked" once assured."""
    load(folder)
    if not (folder / OUTPUTS / "manifest.json").is_file():
        return "planned"
    try:
        require_assurance(folder)
    except RefusedError:
        return "draft"
    return "checked"


def announce_evaluation(folder: Path, library: Path, by: str, now: datetime) -> tuple[Entry, bool]:
    """Announce a registered plan. Raises RefusedError if it is not registered as it now is."""
    protocol = load(folder)
    registered = registered_digest(folder)
    if registered is None:
        raise RefusedError(Problem("is not registered", str(folder), hint=f"vru register {folder}"))
    if registered != digest(protocol):
        hint = f'vru register {folder} --amend "why"'
        raise RefusedError(Problem("was changed since it was registered", str(folder), hint=hint))
    said = {"--by": by, "title": protocol.title, "intervention.name": protocol.intervention.name}
    enforce_texts({**said, "disclaimer": protocol.disclaimer}, now)
    return announce(library, protocol, by, now)


def overdue_rows(library: Path, today: datetime, everything: bool) -> list[Mapping[str, object]]:
    """Announced and unreported evaluations, the longest overdue first; ``everything``: also those not due yet."""
    open_library(library)
    planned, problems = read_planned(library)
    if problems:
        raise LibraryError(*problems)
    seen = scan(library)
    late = outstanding(planned, seen.records, seen.taken_down, today.date())
    return [
        {
            "record": f"{o.planned.organisation}/{o.planned.record}",
            "title": o.planned.plan.title,
            "due_by": o.planned.due_by.isoformat(),
            "first_due_by": o.planned.plans[0].due_by,
            "days_late": o.days_late,
            "in_library": plain(o.standing),
            "reasons": [
                {"reason": e.reason, "text": e.text, "by": e.actor, "at": e.at, "id": e.id}
                for e in o.planned.explanations
            ],
        }
        for o in late
        if everything or o.days_late > 0
    ]


def _explain(reference: str, library: Path, asked: Asked, now: datetime) -> list[str]:
    found = _announced(reference, library)
    entry = explain(library, found, asked.reason, asked.by, asked.text, now)
    return [
        f"recorded for {found.organisation}/{found.record}: {entry.reason}{': ' + entry.text if entry.text else ''}"
    ]


def _announced(reference: str, library: Path) -> Planned:
    organisation, _, record = reference.partition("@")[0].rpartition("/")
    open_library(library)
    planned, _ = read_planned(library)
    found = [p for p in planned.values() if p.record == record and organisation in ("", p.organisation)]
    if len(found) != 1:
        known = ", ".join(f"{p.organisation}/{p.record}" for p in planned.values())
        what = "was announced by several organisations" if found else "was never announced"
        raise LibraryError(Problem(f"{reference!r} {what}", str(library), known, "vru announce enters a plan"))
    return found[0]


def _told(event: Event) -> list[str]:
    return [f"recorded {event.kind} of {named(event)} by {event.actor}"]
