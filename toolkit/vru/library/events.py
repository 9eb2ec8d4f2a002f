"""What happened to a record: one create-only file per event, in the order of their ULIDs."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ulid import ULID

from vru.errors import LibraryError, Problem
from vru.library.staging import make_folders, move_file, write_synced
from vru.record import Body, Digest, Line, Slug, Version

FOLDER = "events"
MAX_EVENT_BYTES = 50_000
Kind = Literal["submit", "review", "approve", "return", "publish", "supersede", "retract", "comment", "takedown"]
_YEAR = 366 * 86_400_000
_YEAR_2100 = 4_102_444_800_000
Ulid = Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]


class Event(BaseModel):
    """One event. It speaks of one version, named by the hash of its manifest: a changed version voids it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(1, ge=1, le=1)
    id: Ulid
    kind: Kind
    organisation: Slug
    record: Slug
    version: Version
    manifest_sha256: Digest
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
    at: Line
    text: Body = ""
    redacted: Body = ""
    """What was taken out of it, by whom and why."""


class Named(Protocol):
    """Anything with a ULID."""

    @property
    def id(self) -> str:
        """Its ULID."""


def new_id(now: datetime, after: Sequence[Named] = ()) -> str:
    """A fresh ULID for this moment; later than every event in ``after`` even where clocks disagree by up to a year."""
    made = ULID.from_datetime(now)
    seen = (ULID.from_str(e.id) for e in after)
    last = max((u for u in seen if u.milliseconds < made.milliseconds + _YEAR), default=None)
    if last is None or made > last:
        return str(made)
    return str(ULID.from_timestamp(last.milliseconds + 1))


def dump_event(event: Event) -> bytes:
    """The event's file."""
    # Written only where something was taken out, so that other events stay as older versions wrote them.
    left_out = set() if event.redacted else {"redacted"}
    return (json.dumps(event.model_dump(mode="json", exclude=left_out), indent=1, ensure_ascii=False) + "\n").encode()


def parse_event(data: bytes, where: str) -> Event:
    """Read an untrusted event. Raises LibraryError."""
    try:
        event = Event.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part)[:60] for part in first["loc"])
        raise LibraryError(Problem(f"is not an event: {field}: {first['msg'][:200]}", where=where)) from None
    if ULID.from_str(event.id).milliseconds >= _YEAR_2100:
        raise LibraryError(
            Problem("has an id from after the year 2100, which no clock gave it", where, hint="delete it")
        )
    return event


def append_event(library: Path, record_folder: Path, event: Event, stage: Path) -> Path:
    """Put an event beside its record; it never takes the place of another. Raises OSError."""
    target = record_folder / FOLDER / f"{event.id}.json"
    make_folders(target.parent, library)
    draft = stage / f"{event.id}.json"
    write_synced(draft, dump_event(event))
    move_file(draft, target)
    return target
