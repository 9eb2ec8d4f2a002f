"""Street-level crime as published on data.police.uk: an archive, zip or folder, to tidy events.

Places are snap points and dates are months: fit for LSOA-month panels, not for patrol days or
hot spots of 150 m.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import Field

from vru.errors import DataError, Problem
from vru.events import DataNote, Events
from vru.periods import months_between
from vru.protocol.fields import Month
from vru.sources import cache, street_rows
from vru.sources.archive import Archive, StreetFile, open_archive
from vru.sources.source import Progress, Request, Source, SourceOptions
from vru.sources.street_files import Prepared, prepare
from vru.sources.street_rows import FileCounts, Parsed

READER_VERSION = 2
"""Raised whenever the same archive would be read differently; part of the cache's key."""

_BATCH_BYTES = 256 * 2**20
"""Text unpacked at one time, so that the disk needed does not grow with the archive."""

Found = tuple[str, Problem]


class PoliceUkOptions(SourceOptions):
    """Which part of an archive is read; empty and None mean all of it."""

    forces: list[str] = Field(default_factory=list, description="Slugs as in the file names, e.g. merseyside")
    read_from: Month | None = Field(None, description="First month read; months before it are left out")
    read_to: Month | None = Field(None, description="Last month read; months after it are left out")


def read(request: Request, options: SourceOptions) -> Events:
    """Read a data.police.uk archive into one Parquet file of events in the cache.

    Raises
    ------
    DataError
        Every problem found in the archive, its files and their rows, alike ones grouped with the
        names of the files. A fault in at most 5% of a file's rows is no error: it is counted in the log.
    """
    if not isinstance(options, PoliceUkOptions):
        raise TypeError(f"police_uk takes PoliceUkOptions, not {type(options).__name__}")
    if request.path is None:
        raise DataError(Problem("police_uk needs a path", "data[].path", "a zip or folder from data.police.uk"))
    with open_archive(request.path) as archive:
        wanted = _wanted(request.path.name, archive.files, options)
        digest = archive.digest(wanted)
        made_from = {"source": digest, "options": options.model_dump(mode="json"), "reader": READER_VERSION}
        at = cache.entry(request.cache, made_from)
        stored = _stored(at)
        if stored is None:
            with cache.workspace(request.cache) as folder:
                made = folder / "events.parquet"
                _make(archive, wanted, made, request.progress)
                stored = _stored(made)
                cache.publish(made, at)
    if stored is None:
        raise DataError(Problem("was written but cannot be read back", str(at), hint="delete it and run again"))
    present = {force: tuple(months) for force, months in stored["present"].items()}
    log = tuple(DataNote(n["source"], n["text"], n["count"], n["severity"]) for n in stored["log"])
    return Events(at, present, digest, log, dropped=stored["dropped"])


SOURCE = Source(
    name="police_uk",
    label="Street-level crime from data.police.uk (zip or folder of monthly CSV files)",
    needs_path=True,
    options=PoliceUkOptions,
    read=read,
)


def _wanted(archive: str, files: Sequence[StreetFile], options: PoliceUkOptions) -> tuple[StreetFile, ...]:
    forces = sorted({f.force for f in files})
    problems = []
    for force in options.forces:
        if force not in forces:
            near = get_close_matches(force, forces, n=1)
            hint = f"did you mean {near[0]}?" if near else ""
            problems.append(Problem(f"no file of force '{force}'", archive, ", ".join(forces), hint))
    if problems:
        raise DataError(*problems)
    first, last = options.read_from or "", options.read_to or "9999"
    wanted = tuple(f for f in files if f.force in (options.forces or forces) and first <= f.month <= last)
    if not wanted:
        there = f"{files[0].month} to {files[-1].month}"
        raise DataError(
            Problem(f"no file from {first or 'the start'} to {options.read_to or 'the end'}", archive, there)
        )
    return wanted


def _stored(at: Path) -> dict[str, Any] | None:
    """What was stored with an entry, or None where there is no readable entry."""
    import duckdb

    if not at.exists():
        return None
    with closing(duckdb.connect()) as con:
        try:
            rows = con.execute("SELECT value FROM parquet_kv_metadata(?) WHERE key = 'vru'", [str(at)]).fetchall()
        except duckdb.Error:
            return None
    return dict(json.loads(bytes(rows[0][0]).decode())) if rows else None


def _make(archive: Archive, wanted: Sequence[StreetFile], made: Path, progress: Progress) -> None:
    import duckdb

    with closing(duckdb.connect()) as con:
        con.execute("SET memory_limit = '512MB'")
        con.execute("SET preserve_insertion_order = false")
        con.execute(f"SET temp_directory = '{str(made.parent).replace(chr(39), chr(39) * 2)}'")
        try:
            _parse_all(con, archive, wanted, made, progress)
        except duckdb.Error as error:
            what = f"reading failed in the database engine: {str(error).splitlines()[0]}"
            full = "space" in what.lower()
            hint = "free some disk space and run again" if full else "read fewer months to find the file"
            raise DataError(Problem(what, str(made.parent.parent), hint=hint)) from None


def _parse_all(con: Any, archive: Archive, wanted: Sequence[StreetFile], made: Path, progress: Progress) -> None:
    found: list[Found] = []
    counts: list[FileCounts] = []
    parts: list[Path] = []
    changed: Counter[str] = Counter()
    for batch in _batches(wanted):
        parsed = []
        for file, prepared in _prepare_all(archive, made.parent, batch, len(wanted), progress):
            found += [(file.name, p) for p in prepared.problems]
            changed.update([prepared.changed] if prepared.changed else [])
            parsed += [prepared.parsed] if prepared.parsed else []
        new = _stage(con, parsed, made.parent)
        if new:
            counts += street_rows.count_faults(con, new, parsed)
        parts += new
    wrong, notes = street_rows.judge(counts)
    if found or wrong:
        raise DataError(*_grouped([*found, *wrong]))
    log = [*_read_notes(counts, changed), *notes, *_doubtful_months(counts)]

    def metadata(dropped: list[DataNote]) -> str:
        lines = [asdict(n) for n in [*log, *dropped]]
        return json.dumps({"present": _present(counts), "log": lines, "dropped": _dropped(counts)})

    progress("writing events", len(wanted), len(wanted))
    street_rows.finish(con, parts, made, metadata)


Numbered = tuple[int, StreetFile]


def _batches(files: Sequence[StreetFile]) -> Iterator[list[Numbered]]:
    batch: list[Numbered] = []
    size = 0
    for number, f in enumerate(files):
        if batch and size + f.size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append((number, f))
        size += f.size
    yield batch


def _prepare_all(
    archive: Archive, folder: Path, batch: Sequence[Numbered], total: int, progress: Progress
) -> Iterator[tuple[StreetFile, Prepared]]:
    # Two at a time: unpacking leaves Python's lock, and each file in hand is held in memory.
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        results = pool.map(lambda at: prepare(archive, folder, at[0], at[1]), batch)
        for (number, f), prepared in zip(batch, results, strict=True):
            progress(f"reading {f.month} {f.force}", number + 1, total)
            yield f, prepared


def _stage(con: Any, parsed: Sequence[Parsed], folder: Path) -> list[Path]:
    """Parse a batch, one call per header and separator, then remove the unpacked text."""
    parts = []
    for _, alike in groupby(sorted(parsed, key=_kind), key=_kind):
        files = list(alike)
        part = folder / f"part-{min(f.number for f in files):06d}.parquet"
        street_rows.stage(con, files, part)
        parts.append(part)
    for f in parsed:
        if f.path.parent == folder:
            f.path.unlink()
    return parts


def _kind(file: Parsed) -> tuple[str, tuple[str, ...]]:
    return file.separator, file.header


def _grouped(found: Sequence[Found]) -> list[Problem]:
    """Alike problems of several files as one, naming the first three files."""
    by_kind: dict[tuple[str, str, str], list[tuple[str, Problem]]] = {}
    for name, p in found:
        kind = re.sub(r"'[^']*'|[0-9][0-9,]*", "", p.what)
        by_kind.setdefault((kind, p.allowed, p.hint), []).append((name, p))
    grouped = []
    for alike in by_kind.values():
        names = ", ".join(name for name, _ in alike[:3])
        more = f" and {len(alike) - 3} more files" if len(alike) > 3 else ""
        grouped.append(replace(alike[0][1], where=names + more))
    return grouped


def _present(counts: Sequence[FileCounts]) -> dict[str, list[str]]:
    # A file with a header and no rows says that nothing was supplied, not that nothing happened.
    forces = sorted({c.file.force for c in counts})
    return {force: sorted(c.file.month for c in counts if c.file.force == force and c.rows) for force in forces}


def _dropped(counts: Sequence[FileCounts]) -> dict[str, dict[str, dict[str, int]]]:
    """Force -> month -> reason -> rows of the file that are not among the events."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for c in counts:
        reasons = {"of another month": c.faults["other_month"], "not readable": c.faults["unread"]}
        if any(reasons.values()):
            found.setdefault(c.file.force, {})[c.file.month] = {k: int(n) for k, n in reasons.items() if n}
    return found


def _read_notes(counts: Sequence[FileCounts], changed: Mapping[str, int]) -> list[DataNote]:
    rows = sum(c.rows for c in counts)
    notes = [
        DataNote("police_uk", f"rows read from {len(counts)} files", rows),
        DataNote("police_uk", "rows without coordinates", rows - sum(c.located for c in counts)),
    ]
    for how, n in sorted(changed.items()):
        notes.append(DataNote("police_uk", f"files rewritten as UTF-8 text before reading: {how}", n))
    for force, months in _present(counts).items():
        gaps = sorted(set(months_between(months[0], months[-1])) - set(months)) if months else []
        if gaps:
            text = f"{force}: months missing between {months[0]} and {months[-1]}, taken as missing: {', '.join(gaps)}"
            notes.append(DataNote("police_uk", text, len(gaps)))
    return notes


def _doubtful_months(counts: Sequence[FileCounts]) -> list[DataNote]:
    notes = []
    for force in sorted({c.file.force for c in counts}):
        own = [c for c in counts if c.file.force == force]
        empty = [c.file.month for c in own if not c.rows]
        if empty:
            text = f"{force}: files without a single row, taken as missing months: {', '.join(empty)}"
            notes.append(DataNote("police_uk", text, len(empty)))
        usual = median([c.rows for c in own if c.rows] or [0])
        low = [f"{c.file.month} ({c.rows:,})" for c in own if 0 < c.rows < street_rows.LOW_MONTH * usual]
        if low:
            text = (
                f"{force}: months with under half of its usual {usual:,.0f} rows, perhaps incomplete: {', '.join(low)}"
            )
            notes.append(DataNote("police_uk", text, len(low)))
    return notes
