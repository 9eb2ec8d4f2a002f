"""Take a personal detail out of what somebody wrote beside a record; who did it, when and why stays."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from vru.errors import LibraryError, Problem, RefusedError
from vru.library import events as ev
from vru.library import planned
from vru.library.index import PLANS, open_library
from vru.library.sidefiles import MAX_BYTES, record_folders, refuse_links
from vru.library.staging import staged, sync_folder, write_synced
from vru.library.untrusted import read_limited

Part = Literal["text", "actor"]
PARTS: tuple[Part, ...] = ("text", "actor")
OUT = "taken out"


def redact(library: Path, event: str, part: Part, actor: str, reason: str, now: datetime) -> Path:
    """Replace one part of an event, announcement or explanation by "taken out". The file's id, kind and time stay;
    what was taken out before stays as it is.

    event : its ULID. part : "text" or "actor". Copies, backups and version control are not reached by this.
    Raises RefusedError without a reason, LibraryError where there is no such event or it cannot be written.
    """
    open_library(library)
    if not reason.strip():
        raise RefusedError(
            Problem("taking something out needs a text that says why", "--text", hint="without the detail")
        )
    path, where = _find(library, event)
    refuse_links(library, path)
    content = json.loads(read_limited(path, MAX_BYTES, path.name))
    if content.get(part) == OUT:
        return path
    told = f"{part} taken out on {now.date().isoformat()} by {actor}: {reason.strip()}"
    earlier = content.get("redacted", "")
    content |= {part: OUT, "redacted": f"{earlier}; {told}" if earlier else told}
    data = (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
    try:
        _sound(data, path, where)
    except (LibraryError, ValidationError):
        hint = "keep post and reason short: 6,000 characters in all"
        raise LibraryError(Problem("the note about what was taken out does not fit", where, hint=hint)) from None
    try:
        with staged(library) as stage:
            write_synced(stage / path.name, data)
            os.replace(stage / path.name, path)
            sync_folder(path.parent)
    except OSError as error:
        raise LibraryError(Problem(f"could not be written: {error.strerror}", where=str(path))) from None
    return path


def same_but_redacted(ours: bytes, theirs: bytes) -> bool:
    """Whether theirs is what ours was before something was taken out of it: it must not come back."""
    try:
        here, there = json.loads(ours), json.loads(theirs)
    except (ValueError, RecursionError):
        return False
    if not (isinstance(here, dict) and isinstance(there, dict) and here.get("redacted")):
        return False
    gone = {"redacted", *(part for part in PARTS if here.get(part) == OUT)}
    return {k: v for k, v in here.items() if k not in gone} == {k: v for k, v in there.items() if k not in gone}


def _find(library: Path, event: str) -> tuple[Path, str]:
    name = f"{event.strip().upper()}.json"
    found = [
        (folder / side / name, where)
        for where, folder in record_folders(library)
        for side in (ev.FOLDER, PLANS)
        if (folder / side / name).is_file()
    ]
    if len(found) != 1:
        hint = "vru review RECORD shows the events with their ids; vru library overdue those of plans"
        raise LibraryError(Problem(f"{event!r} is no event of this library", str(library), hint=hint))
    return found[0]


def _sound(data: bytes, path: Path, where: str) -> None:
    if path.parent.name == PLANS:
        planned.parse_entry(data, where, path.name)
    else:
        ev.parse_event(data, where)
