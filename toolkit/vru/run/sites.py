"""``vru site``: read the library, build the pages, put them in place as a whole."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

from vru import clock
from vru.errors import LibraryError, Problem, VruError
from vru.library import Scan, StoredRecord, scan, state
from vru.library.exports import EXPORTS, Holdings
from vru.library.folder import read_version
from vru.library.planned import Planned
from vru.library.reviewing import Standing, plain, standings
from vru.resources import method_cards
from vru.run.exporting import holdings
from vru.run.pooling import pooled_views
from vru.site import Audience, Boundaries, Notice, SiteRecord, VersionLine, read_boundaries, site_files
from vru.site.areas import MAX_BYTES
from vru.site.entries import Status

MARK = ".vru-site"


@dataclass(frozen=True, slots=True)
class Written:
    """A built site: the page to open, how much is in it, and what was left out and why."""

    home: Path
    records: int
    pages: int
    problems: tuple[Problem, ...]


def write_site(
    library: Path, out: Path, audience: Audience, organisation: str, boundaries: Path | None = None
) -> Written:
    """Build the site in ``out``, with a map if ``boundaries`` names a GeoJSON file.

    Raises VruError if ``out`` holds anything but a former site, or the boundaries cannot be drawn.
    """
    _refuse_others(out)
    outlines = _boundaries(boundaries) if boundaries else None
    seen = scan(library)
    # What nobody else has approved is not shown as a finding; that it is there is no secret within the network.
    readable = [stored for stored in seen.records if state(stored) in ("published", "retracted")]
    records = _entries(readable)
    now = clock.now()
    held, _ = holdings(library, audience, organisation, "", now)
    notices = _notices(seen, held)
    built = f"{now.day} {now:%B %Y}"
    # One file after another: a large site need not lie in memory whole.
    pages = site_files(
        records,
        audience,
        built,
        method_cards(),
        notices,
        organisation=organisation,
        syntheses=pooled_views(readable, audience, organisation),
        boundaries=outlines,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".site-", dir=out.parent))
    try:
        html = 0
        extra: list[tuple[str, str | bytes]] = [("feed.xml", EXPORTS["atom"].write(held)), (MARK, "made by vru site\n")]
        for name, content in chain(pages, extra):
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            html += name.endswith(".html")
        stage.chmod(0o755)
        _replace(out, stage)
    except OSError as error:
        raise VruError(Problem(f"could not be written: {error.strerror}", where=str(out))) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Written(out / "index.html", len(records), html, seen.problems)


def _refuse_others(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise VruError(Problem("is a file; a site is a folder", str(out), hint="name an empty folder"))
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        what = "holds files that are not a site; nothing was changed"
        raise VruError(Problem(what, str(out), hint="name an empty folder"))


def _notices(seen: Scan, held: Holdings) -> list[Notice]:
    left_out = [f"Left out, because it does not verify: {p.where or p.what}" for p in seen.problems]
    told = [Notice(text, "network") for text in [*_in_review(seen.records), *left_out]]
    return told + [_unreported(p, held.today) for p in held.planned]


def _unreported(planned: Planned, today: date) -> Notice:
    late = "overdue since" if planned.due_by < today else "to be reported by"
    what = f"{planned.organisation}/{planned.record}"
    text = f"Announced and not reported: {planned.plan.title} ({what}), {late} {planned.due_by.isoformat()}"
    return Notice(text, planned.plan.audience, planned.organisation)


def _in_review(records: Sequence[StoredRecord]) -> list[str]:
    return [
        f"Not published yet ({plain(state(s))}): {s.record.organisation}/{s.record.id} version {s.record.version}"
        for s in records
        if s.record.audience != "vru_only" and state(s) not in ("published", "retracted")
    ]


def _boundaries(path: Path) -> Boundaries:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise VruError(Problem(f"is larger than {MAX_BYTES:,} bytes", where=str(path), hint="simplify it first"))
        return read_boundaries(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise VruError(Problem(f"could not be read as text: {error}", where=str(path))) from None


def _entries(readable: Sequence[StoredRecord]) -> list[SiteRecord]:
    lines: dict[tuple[str, str], list[VersionLine]] = {}
    judged = list(zip(readable, standings(readable), strict=True))
    for stored, now in judged:
        own = lines.setdefault((stored.record.organisation, stored.record.id), [])
        own.append(VersionLine(stored.record.version, _status(now), _published_on(stored)))
    return [
        SiteRecord(
            record=stored.record,
            manifest_sha256=stored.manifest_sha256,
            status=_status(now),
            published_on=_published_on(stored),
            history=tuple(lines[stored.record.organisation, stored.record.id]),
            read=partial(_files, stored),
        )
        for stored, now in judged
    ]


def _files(stored: StoredRecord) -> Mapping[str, bytes]:
    """The version's files, verified once more. Raises LibraryError if they are not those that were scanned."""
    where = f"{stored.record.organisation}/{stored.record.id}/{stored.path.name}"
    version = read_version(stored.path, where)
    if version.manifest_sha256 != stored.manifest_sha256:
        raise LibraryError(Problem("changed while the site was built", where, hint="build it again"))
    return version.files


def _status(now: Standing) -> Status:
    return now if now in ("retracted", "superseded") else "published"


def _published_on(stored: StoredRecord) -> str:
    return next((e.at[:10] for e in stored.events if e.kind == "publish"), "")


def _replace(out: Path, stage: Path) -> None:
    former = out.with_name(f".{out.name}-former")
    shutil.rmtree(former, ignore_errors=True)
    if out.exists():
        out.rename(former)
    stage.rename(out)
    shutil.rmtree(former, ignore_errors=True)
