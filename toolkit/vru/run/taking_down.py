"""Taking a version down, taking that back, and destroying for good what was held meanwhile, as the command line asks for it."""

import re
from datetime import datetime
from pathlib import Path

from vru.errors import LibraryError, Problem, RefusedError
from vru.library import confirm_takedown, finish_takedowns, scan, take_down, unfinished_takedowns
from vru.library.events import Event
from vru.library.holding import Held, destroy, held, hold, holding_place, restore
from vru.library.index import RECORDS, open_library
from vru.library.reviewing import remains
from vru.library.sidefiles import refuse_links
from vru.run.verifying import find_record

_NAME = re.compile(r"v?[a-z0-9][a-z0-9.-]*")
REACH = "backups, version control, other copies and object stores still hold it: each needs its own deletion"


def take_version_down(reference: str, library: Path, by: str, text: str, manifest: str, now: datetime) -> list[str]:
    """Remove a version; its files are held on this computer until destroyed. Lines that say what happened."""
    place = holding_place(library)
    name, at, version = reference.partition("@")
    if not at:
        hint = f"{name}@1.0; every version that holds the data needs its own takedown"
        raise LibraryError(Problem("say which version is taken down", reference, hint=hint))
    mine = (name.rpartition("/")[2], version.removeprefix("v"))
    left = remains(library)
    waiting = _waiting(name, mine[1], library)
    if waiting:
        same_bytes(manifest, waiting.manifest_sha256, reference)
        kept = hold(
            place,
            library / RECORDS / waiting.organisation / waiting.record / f"v{waiting.version}",
            waiting.manifest_sha256,
        )
        event = confirm_takedown(library, waiting, by, text, now)
        finish_takedowns(library, now, lambda e: e.manifest_sha256 == event.manifest_sha256)
        return [f"finished the takedown of {named(event)} that {waiting.actor} asked for", *_told(kept, event), REACH]
    if left:
        finish_takedowns(library, now, lambda e: False)
        if any((e.record, e.version) == mine for e in scan(library).taken_down):
            return [f"finished the takedown of {reference}, which was cut short", REACH]
    stored = find_record(reference, library)
    same_bytes(manifest, stored.manifest_sha256, str(stored.path))
    refuse_links(library, stored.path)
    if not text.strip():
        raise RefusedError(Problem("a takedown needs a text that says why", hint="do not repeat the personal data"))
    kept = hold(place, stored.path, stored.manifest_sha256)
    event = take_down(library, stored, by, text, now)
    return [f"recorded takedown of {named(event)} by {event.actor}", *_told(kept, event), REACH]


def _waiting(name: str, version: str, library: Path) -> Event | None:
    """The takedown of exactly this version that is written but not carried out. Raises LibraryError if several could be meant."""
    organisation, _, record = name.rpartition("/")
    found = [e for e in unfinished_takedowns(library) if (e.record, e.version) == (record, version)]
    found = [e for e in found if organisation in ("", e.organisation)]
    owners = {e.organisation for e in found}
    others = (s.record for s in scan(library).records if (s.record.id, s.record.version) == (record, version))
    owners |= {r.organisation for r in others if organisation in ("", r.organisation)}
    if found and len(owners) > 1:
        listed = ", ".join(f"{o}/{record}" for o in sorted(owners))
        raise LibraryError(Problem(f"{name!r} is the name of records of several organisations", allowed=listed))
    return found[0] if found else None


def take_back(reference: str, library: Path, by: str, text: str, now: datetime) -> list[str]:
    """Put a version that was taken down back where it stood, from what is held on this computer."""
    one = _held(reference, library)
    path, event = restore(library, one, by, text, now)
    return [
        f"put back {path.relative_to(library / RECORDS)} ({len(one.files)} files)",
        f"recorded comment by {event.actor}",
    ]


def destroy_held(reference: str, library: Path) -> list[str]:
    """Delete for good what is held of a version that was taken down."""
    one = _held(reference, library)
    destroy(one)
    return [f"destroyed {len(one.files)} files in {one.path}", REACH]


def named(event: Event) -> str:
    """The version that an event speaks of."""
    return f"{event.organisation}/{event.record}@v{event.version}"


def same_bytes(manifest: str, found: str, where: str) -> None:
    """Raise RefusedError where a hash was given and is another."""
    if manifest and manifest != found:
        raise RefusedError(Problem("is not what was read: its manifest has another hash", where, found))


def _held(reference: str, library: Path) -> Held:
    open_library(library)
    name, at, version = reference.partition("@")
    organisation, _, record = name.rpartition("/")
    place = holding_place(library)
    if not all(_NAME.fullmatch(part) for part in (organisation or "x", record, version or "1")):
        raise LibraryError(Problem(f"{reference!r} is no version of a record", hint="organisation/record@1.0"))
    found = held(place, organisation, record, version.removeprefix("v")) if at else []
    if len(found) != 1:
        listed = ", ".join(f"{h.path.parent.parent.name}/{record}" for h in found)
        what = "is held more than once" if found else "is not held on this computer"
        raise LibraryError(Problem(f"{reference!r} {what}", str(place), listed, "name it as organisation/record@1.0"))
    return found[0]


def _told(kept: Held, event: Event) -> list[str]:
    """What was removed, where it still is, and how it comes back or goes for good."""
    size = sum(kept.files.values())
    name = named(event).replace("@v", "@")
    return [
        f"removed v{event.version}: {', '.join(kept.files)} ({len(kept.files)} files, {size:,} bytes)",
        f"held on this computer: {kept.path}",
        f'  take it back:      vru review {name} --decision restore --by POST --text "why"',
        f"  destroy for good:  vru review {name} --decision destroy --by POST",
    ]
