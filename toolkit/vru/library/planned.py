"""What was announced and has not been reported: plans, when they are due, and why they are late.

Source: reasons as in the national Evaluation Registry (github i-dot-ai/evaluation-registry, January 2024);
twelve weeks as in the Government Social Research Publication Protocol.
"""

import calendar
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from vru.errors import LibraryError, Problem, RefusedError
from vru.library import events as ev
from vru.library.index import PLANS, RECORDS, open_library
from vru.library.manifest import safe_name
from vru.library.reading import StoredRecord
from vru.library.reviewing import Standing, standings
from vru.library.sidefiles import place, record_folders, side_files
from vru.library.untrusted import shown
from vru.library.versions import version_key
from vru.library.vocabulary import UNPUBLISHED_REASONS, method_code
from vru.protocol import Protocol, digest
from vru.record import Body, Digest, Line, Slug

WEEKS = 12
Reason = Literal["signoff", "procurement", "resource", "quality", "changes", "other"]
NEED_TEXT = ("quality", "other")
Month = Annotated[str, StringConstraints(pattern=r"^(19|20)\d\d-(0[1-9]|1[0-2])$")]
Post = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class Entry(BaseModel):
    """What every file in plans/ says: which record it speaks of, who wrote it and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(1, ge=1, le=1)
    kind: Literal["plan", "explain"]
    id: ev.Ulid
    organisation: Slug
    record: Slug
    actor: Post
    at: Line
    title: Line = ""
    disclaimer: Line = ""
    audience: Literal["vru_only", "network", "public"] = "network"
    intervention_type: Line = ""
    intervention: Line = ""
    design: list[Line] = Field(default_factory=list, max_length=10)
    start: Month | None = None
    last: Month | None = None
    due_by: date | None = None
    protocol_digest: Digest | None = None
    reason: Reason | None = None
    text: Body = ""
    redacted: Body = ""

    @model_validator(mode="after")
    def _whole(self) -> "Entry":
        if self.kind == "plan" and None in (self.start, self.last, self.due_by, self.protocol_digest):
            raise ValueError("a plan needs start, last, due_by and protocol_digest")
        if self.kind == "explain" and self.reason is None:
            raise ValueError("an explanation needs a reason")
        if self.reason in NEED_TEXT and not self.text.strip():
            raise ValueError(f"the reason {self.reason} needs a text")
        return self


@dataclass(frozen=True, slots=True)
class Planned:
    """One announced evaluation: its plans (the newest last; an amended plan adds one) and explanations, in order."""

    organisation: str
    record: str
    plans: tuple[Entry, ...]
    explanations: tuple[Entry, ...]

    @property
    def plan(self) -> Entry:
        """The plan as it stands."""
        return self.plans[-1]

    @property
    def due_by(self) -> date:
        """By when a report is due."""
        due = self.plan.due_by
        assert due is not None  # the entry's own validation
        return due


@dataclass(frozen=True, slots=True)
class Outstanding:
    """An announced evaluation of which nothing is published. days_late : above 0 once it is overdue."""

    planned: Planned
    days_late: int
    standing: Standing | Literal["nothing"]


def due_date(protocol: Protocol, announced: date) -> date:
    """Twelve weeks after the last of: the months analysed, the intervention, the announcement.

    The national rules count from the sign-off of the final report, which no plan can know; this
    date is earlier, so that an entry on the list is a question and not yet a breach.
    """
    last = max(protocol.window.last, protocol.intervention.end or protocol.window.last)
    year, month = map(int, last.split("-"))
    end = date(year, month, calendar.monthrange(year, month)[1])
    return max(end, announced) + timedelta(weeks=WEEKS)


def announce(library: Path, protocol: Protocol, actor: str, now: datetime) -> tuple[Entry, bool]:
    """Enter a registered plan into the library; the entry, and False where this very plan was announced before.

    Raises LibraryError.
    """
    open_library(library)
    known, _ = read_planned(library)
    mine = known.get((protocol.organisation, protocol.id))
    signature = digest(protocol)
    if mine and mine.plans and mine.plan.protocol_digest == signature:
        return mine.plan, False
    primary = next((a for a in protocol.analyses if a.role == "primary"), protocol.analyses[0])
    selection = protocol.units.selection
    drawn = selection is not None and selection.rule == "top" and selection.assign is not None
    fields = {
        "kind": "plan",
        "organisation": protocol.organisation,
        "record": protocol.id,
        "title": protocol.title[:300],
        "disclaimer": protocol.disclaimer,
        "audience": protocol.audience,
        "intervention_type": protocol.intervention.type,
        "intervention": protocol.intervention.name[:300],
        "design": [*(["cluster"] if drawn else []), method_code(primary.method)],
        "start": protocol.intervention.start,
        "last": max(protocol.window.last, protocol.intervention.end or protocol.window.last),
        "due_by": due_date(protocol, now.date()),
        "protocol_digest": signature,
    }
    return _write(library, fields, actor, now, mine), True


def explain(library: Path, planned: Planned, reason: str, actor: str, text: str, now: datetime) -> Entry:
    """Record why an announced evaluation is not reported yet. Raises RefusedError for an unknown reason or no text."""
    where = f"{planned.organisation}/{planned.record}"
    if reason not in get_args(Reason):
        listed = ", ".join(f"{code} ({label})" for code, label in UNPUBLISHED_REASONS.items())
        raise RefusedError(Problem(f"{reason!r} is not a reason", where, listed))
    if reason in NEED_TEXT and not text.strip():
        raise RefusedError(Problem(f"the reason {reason} needs a text that says more", where))
    fields = {
        "kind": "explain",
        "organisation": planned.organisation,
        "record": planned.record,
        "reason": reason,
        "text": text.strip(),
    }
    return _write(library, fields, actor, now, planned)


def read_planned(library: Path) -> tuple[Mapping[tuple[str, str], Planned], tuple[Problem, ...]]:
    """Every announced evaluation by organisation and record; and every file in plans/ that was refused."""
    found: dict[tuple[str, str], Planned] = {}
    problems: list[Problem] = []
    for where, folder in record_folders(library):
        files, refused = side_files(folder / PLANS, f"{where}/{PLANS}")
        problems += refused
        entries = []
        for name, data in files.items():
            try:
                entries.append(parse_entry(data, where, name))
            except LibraryError as error:
                problems += error.problems
        entries.sort(key=lambda e: e.id)
        plans = tuple(e for e in entries if e.kind == "plan")
        explained = tuple(e for e in entries if e.kind == "explain")
        organisation, record = where.split("/")
        if plans:
            found[organisation, record] = Planned(organisation, record, plans, explained)
        elif explained:
            problems.append(Problem("explains an evaluation that was never announced", where=f"{where}/{PLANS}"))
    return found, tuple(problems)


def parse_entry(data: bytes, where: str, name: str) -> Entry:
    """Read an untrusted file of plans/. Raises LibraryError."""
    at = f"{where}/{PLANS}/{shown(name)}"
    try:
        entry = Entry.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(str(part)[:60] for part in first["loc"])
        raise LibraryError(Problem(f"is not a plan: {field}: {first['msg'][:200]}", where=at)) from None
    if name != f"{entry.id}.json" or where != f"{entry.organisation}/{entry.record}":
        raise LibraryError(Problem("is of another record or under another name", where=at))
    return entry


def outstanding(
    planned: Mapping[tuple[str, str], Planned],
    records: Iterable[StoredRecord],
    taken_down: Iterable[ev.Event],
    today: date,
) -> tuple[Outstanding, ...]:
    """Announced evaluations of which no version was ever published, the longest overdue first.

    A version in review is not yet a report; a retracted or removed one was reported once.
    """
    everything = tuple(records)
    reported = {(e.organisation, e.record) for e in taken_down}
    newest: dict[tuple[str, str], Standing] = {}
    judged = zip(everything, standings(everything), strict=True)
    for stored, now in sorted(judged, key=lambda pair: version_key(pair[0].record.version)):
        key = (stored.record.organisation, stored.record.id)
        newest[key] = now
        if now in ("published", "superseded", "retracted"):
            reported.add(key)
    found = [
        Outstanding(p, (today - p.due_by).days, newest.get(key, "nothing"))
        for key, p in planned.items()
        if key not in reported
    ]
    return tuple(sorted(found, key=lambda o: (-o.days_late, o.planned.organisation, o.planned.record)))


def _write(library: Path, fields: Mapping[str, object], actor: str, now: datetime, known: Planned | None) -> Entry:
    earlier = (*known.plans, *known.explanations) if known else ()
    where = f"{fields['organisation']}/{fields['record']}"
    try:
        made = {"id": ev.new_id(now, earlier), "actor": actor, "at": now.isoformat(timespec="seconds")}
        entry = Entry.model_validate({**made, **fields})
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_context=False))
        raise LibraryError(
            Problem(f"cannot be announced: {told}", where, hint="name a post, keep texts short")
        ) from None
    if not (safe_name(entry.organisation) and safe_name(entry.record)):
        raise LibraryError(Problem("organisation or id is a name that Windows reserves", where, hint="choose another"))
    text = json.dumps(
        entry.model_dump(mode="json", exclude_defaults=True) | {"schema_version": 1}, indent=1, ensure_ascii=False
    )
    folder = library / RECORDS / entry.organisation / entry.record
    place(library, folder / PLANS / f"{entry.id}.json", (text + "\n").encode(), now)
    return entry
