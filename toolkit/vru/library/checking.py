"""Is the whole library sound? Everything that verifying, merging, signing and planning can tell, in one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from vru.errors import Problem
from vru.keys import post
from vru.library import checkpoints
from vru.library.events import Event
from vru.library.merging import left_aside
from vru.library.planned import Outstanding, outstanding, read_planned
from vru.library.reading import Scan, StoredRecord, scan
from vru.library.reviewing import ALLOWED, authors, not_entitled, plain, remains, standings, state
from vru.library.signing import Signed, signatures, unsigned
from vru.library.staging import FOLDER as STAGE
from vru.library.staging import UNLINK, is_elsewhere
from vru.library.surroundings import around
from vru.library.verifying import verify_version


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of the library found.

    problems : what is wrong; the library is sound if there is none.
    notes : what a reader should know and nobody did wrong.
    """

    versions: int
    signed: tuple[Signed, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check_library(library: Path, today: date, kept: checkpoints.Checkpoint | None = None) -> Checked:
    """Verify every version, its chain, events, plans, signatures and checkpoints; list what is overdue.

    kept : a checkpoint that somebody kept elsewhere; what was removed or altered since is a problem.
    Raises LibraryError only if this is no library that can be read.
    """
    seen = scan(library)
    planned, bad_plans = read_planned(library)
    signed, bad_signatures = signatures(library, seen)
    own, bad_checkpoints = checkpoints.own_checkpoints(library)
    late = outstanding(planned, seen.records, seen.taken_down, today)
    since = checkpoints.compare(library, kept) if kept else None
    problems = [
        *seen.problems,
        *around(library),
        *unsigned(library, seen, signed),
        *_unverified(seen.records),
        *(p for stored in seen.records for p in _void_events(stored)),
        *bad_plans,
        *bad_signatures,
        *bad_checkpoints,
        *checkpoints.against_own(library, own),
        *(since.problems if since else ()),
        *_quarantined(library),
        *_remains(library),
        *(_overdue(o) for o in late if o.days_late > 0 and not o.planned.explanations),
    ]
    notes = [*_standings(seen), *(_explained(o) for o in late if o.days_late > 0 and o.planned.explanations)]
    notes += [f"since the checkpoint: {text}" for text in since.taken_down] if since else []
    return Checked(len(seen.records), signed, tuple(dict.fromkeys(problems)), tuple(notes))


def _unverified(records: Sequence[StoredRecord]) -> list[Problem]:
    problems = []
    for stored in records:
        where = f"{stored.record.organisation}/{stored.record.id}/{stored.path.name}"
        for finding in verify_version(stored.path):
            # The chain's problems are the scan's, and are told once.
            if finding.verdict == "fail" and finding.check != "integrity_chain":
                problems.append(Problem(finding.text, where=where))
    return problems


def _void_events(stored: StoredRecord) -> list[Problem]:
    """Approvals by a post that may not give them: no command writes one, so somebody wrote it by hand."""
    where = f"{stored.record.organisation}/{stored.record.id}/{stored.path.name}"
    return [
        Problem(f"{e.actor} {why}; that counts for nothing", f"{where}: event {e.id}")
        for e in stored.events
        if (e.kind == "approve" or (e.kind == "publish" and state(stored) == "in_review" and not _by_author(stored, e)))
        and (why := not_entitled(stored, e))
    ]


def _by_author(stored: StoredRecord, event: Event) -> bool:
    """An author's release is no approval and is not meant as one: others are asked to approve."""
    return post(event.actor) in authors(stored)


def _quarantined(library: Path) -> list[Problem]:
    hint = "compare it with ours; then publish a new version, or delete it"
    return [Problem("lies in quarantine since a merge", where=path, hint=hint) for path in left_aside(library)]


def _remains(library: Path) -> list[Problem]:
    if is_elsewhere(library):
        return [Problem("is a link; nothing is written through links", where=STAGE, hint=UNLINK)]
    where = ", ".join(p.relative_to(library).as_posix() for p in remains(library))
    hint = "vru review … --decision takedown finishes it"
    return [Problem("holds files of a takedown that was cut short", where, hint=hint)] if where else []


def _standings(seen: Scan) -> list[str]:
    told = []
    for stored, now in zip(seen.records, standings(seen.records), strict=True):
        if now not in ("published", "superseded"):
            told.append(f"{stored.record.organisation}/{stored.record.id}/{stored.path.name} is {plain(now)}")
        unfit = [e.kind for e in stored.events if e.kind not in {k for kinds in ALLOWED.values() for k in kinds}]
        told += [f"{stored.path.name}: an event {kind} is passed over" for kind in unfit if kind != "takedown"]
    graves = (
        f"{e.organisation}/{e.record}/v{e.version} was taken down by {e.actor}: {e.text}" for e in seen.taken_down
    )
    return [*told, *graves]


def _overdue(late: Outstanding) -> Problem:
    return Problem(
        overdue_text(late),
        where=f"{late.planned.organisation}/{late.planned.record}",
        hint="publish it, or say why not: vru review … --decision explain --reason …",
    )


def _explained(late: Outstanding) -> str:
    why = late.planned.explanations[-1]
    said = f": {why.text}" if why.text else ""
    return f"{late.planned.organisation}/{late.planned.record} {overdue_text(late)}; {why.reason}{said} ({why.actor})"


def overdue_text(late: Outstanding) -> str:
    """``was due by 2026-03-25, 12 days ago, and nothing is published``."""
    days = f"{late.days_late} day{'s' if late.days_late != 1 else ''} ago"
    there = "nothing is published" if late.standing == "nothing" else f"its version here is {plain(late.standing)}"
    return f"was due by {late.planned.due_by.isoformat()}, {days}, and {there}"
