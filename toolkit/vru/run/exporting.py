"""``vru library export``: what the audience may see, in one of the formats, written whole or not at all."""

from datetime import datetime
from pathlib import Path

from vru.errors import LibraryError, Problem, VruError
from vru.library import scan
from vru.library.exports import EXPORTS, Holdings, Item, published_at
from vru.library.planned import outstanding, read_planned
from vru.library.reviewing import standings
from vru.protocol.reading import nearest
from vru.site import Audience
from vru.site.entries import may_see


def holdings(
    library: Path, audience: Audience, organisation: str, base: str, now: datetime
) -> tuple[Holdings, tuple[Problem, ...]]:
    """What of a library an audience may see, and what in it does not verify. Raises LibraryError."""
    if audience == "vru_only" and not organisation:
        raise LibraryError(Problem("an export for one organisation needs its name", "--organisation"))
    seen = scan(library)
    planned, bad = read_planned(library)
    items = tuple(
        Item(s, now_is, published_at(s) or published_at(s, "approve"))
        for s, now_is in zip(seen.records, standings(seen.records), strict=True)
        if may_see(audience, organisation, s.record.audience, s.record.organisation)
    )
    unreported = tuple(
        o.planned
        for o in outstanding(planned, seen.records, seen.taken_down, now.date())
        if may_see(audience, organisation, o.planned.plan.audience, o.planned.organisation)
    )
    root = base if not base or base.endswith("/") else f"{base}/"
    return Holdings(items, unreported, now.date(), root), (*seen.problems, *bad)


def export(name: str, held: Holdings, out: Path) -> int:
    """Write one format to ``out`` (an existing file is replaced as a whole); the number of bytes.

    Raises LibraryError for an unknown format, VruError where the disk refuses.
    """
    if name not in EXPORTS:
        listed = ", ".join(EXPORTS)
        raise LibraryError(Problem(f"there is no format {name!r}", "--format", listed, nearest(name, list(EXPORTS))))
    data = EXPORTS[name].write(held)
    partial = out.with_name(out.name + ".partial")
    try:
        partial.write_bytes(data)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise VruError(Problem(f"could not be written: {error.strerror}", where=str(out))) from None
    return len(data)
