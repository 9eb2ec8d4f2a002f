"""``vru fetch``: public files into the workspace, looked into before they stay."""

import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from vru.errors import DataError, Problem
from vru.geography.areas import read_areas
from vru.geography.vintages import read_lookup
from vru.periods import months_between
from vru.protocol.whole_file import write_whole
from vru.sources.archive import open_archive
from vru.sources.downloading import Patience, download
from vru.sources.fetching import PublicFile, public_files
from vru.sources.partial_file import Brought, brought_before
from vru.sources.source import Progress

MAX_FILE, MAX_ARCHIVE = 500 * 2**20, 8 * 2**30
SPAN = 36
"""Months that one archive of data.police.uk covers."""
RECEIPT = "fetched.json"
_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is there now, what it is, and what was seen of it. already : the same was there before."""

    path: Path
    what: PublicFile
    said: str
    already: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Street files of a force, of the months from first to last."""

    force: str
    first: str
    last: str


def fetch_public(
    word: str,
    to: Path,
    address: str | None,
    progress: Progress,
    now: datetime,
    patience: Patience | None = None,
) -> Fetched:
    """Fetch the one file that ``word`` names into the folder ``to``.

    Raises DataError where it is unknown, cannot be had, or is not what it should be; what was there before stays then.
    """
    known = public_files()
    if word not in known:
        raise DataError(Problem(f"{word!r} is not known", "vru fetch", ", ".join(known)))
    what = known[word]
    look = _codes if word == "lookups" else _areas
    with _beside(to) as draft:
        came = download(
            address or what.address,
            draft / what.name,
            progress,
            now=now,
            most_bytes=MAX_FILE,
            hosts=what.hosts,
            patience=patience,
        )
        said = _looked(look, came.path)
        at = to / what.name
        already = at.is_file() and at.read_bytes() == came.path.read_bytes()
        os.replace(came.path, at)
    write_whole(at.with_name(f"{at.name}.{RECEIPT}"), _receipt(what, address or what.address, [came], now, {}))
    return Fetched(at, what, said, already)


def _looked(look: Callable[[Path], str], path: Path) -> str:
    try:
        return look(path)
    except DataError:
        path.unlink(missing_ok=True)
        raise


def _codes(path: Path) -> str:
    return f"{len(read_lookup(path, 'lsoa11').unit):,} codes"


def _areas(path: Path) -> str:
    return f"{len(read_areas(path, 'LSOA21CD').ids):,} areas"


def fetch_police_uk(
    wanted: Wanted,
    to: Path,
    address: str | None,
    progress: Progress,
    now: datetime,
    patience: Patience | None = None,
) -> Fetched:
    """Bring a force's street files of some months, as a folder that source ``police_uk`` reads.

    address : with {month} where an archive's month stands. Archives are kept until all have come, so that a run cut short
    goes on where it was; then only the force's files stay.

    Raises DataError: months or force not understood, archives that cannot be had or are unsafe, other files there already.
    """
    months = _months(wanted)
    what = public_files()["police-uk"]
    form = address or what.address
    if "{month}" not in form:
        raise DataError(Problem("names no place for the month", "--address", "https://.../{month}.zip"))
    at = to / f"police-uk_{wanted.force}_{wanted.first}_{wanted.last}"
    bring = partial(download, now=now, most_bytes=MAX_ARCHIVE, hosts=what.hosts, patience=patience)
    found: set[str] = set()
    came: list[Brought] = []
    with _beside(to) as draft:
        made = draft / "whole"
        shutil.rmtree(made, ignore_errors=True)
        for last in reversed(months[::-SPAN]):
            archive, place = draft / what.name.format(month=last), form.format(month=last)
            came.append(brought_before(archive) or bring(place, archive, progress))
            found |= _street(archive, wanted.force, set(months) - found, made)
        missing = [m for m in months if m not in found]
        if not found:
            raise DataError(Problem("no file of these months is in the archives", wanted.force))
        write_whole(made / RECEIPT, _receipt(what, form, came, now, {"force": wanted.force, "missing": missing}))
        already = _keep(at, made)
    gone = f", none for {', '.join(missing[:12])}: missing, not zero" if missing else ""
    return Fetched(at, what, f"{len(found)} months of {wanted.force}{gone}", already)


@contextmanager
def _beside(to: Path) -> Iterator[Path]:
    """A folder for what is on its way, beside where it goes: gone when all has come, there again for a run cut short."""
    draft = to / ".fetching"
    new = [p for p in (draft, to) if not p.exists()]
    draft.mkdir(parents=True, exist_ok=True)
    lock = FileLock(draft / "lock")
    try:
        with lock.acquire(timeout=0):
            try:
                yield draft
                shutil.rmtree(draft)
            finally:
                (draft / "lock").unlink(missing_ok=True)
    except Timeout:
        raise DataError(Problem("another fetch into this folder is going on", str(to), hint="wait for it")) from None
    finally:
        shutil.rmtree(draft / "whole", ignore_errors=True)
        for folder in dict.fromkeys([draft, *new]):
            with suppress(OSError):
                folder.rmdir()


def _months(wanted: Wanted) -> tuple[str, ...]:
    problems = [
        Problem(f"{value!r} is no month", option, "YYYY-MM")
        for option, value in (("--from", wanted.first), ("--to", wanted.last))
        if not _MONTH.match(value)
    ]
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", wanted.force):
        problems.append(Problem(f"{wanted.force!r} is no force", "--force", "as in data.police.uk: avon-and-somerset"))
    if problems:
        raise DataError(*problems)
    months = months_between(wanted.first, wanted.last)
    if not months:
        raise DataError(Problem(f"{wanted.last} comes before {wanted.first}", "--to"))
    return months


def _street(path: Path, force: str, months: set[str], to: Path) -> set[str]:
    """Write the force's files of these months; which there were. A damaged archive goes, and is fetched anew next time."""
    try:
        with open_archive(path) as archive:
            forces = sorted({f.force for f in archive.files})
            own = [f for f in archive.files if f.force == force and f.month in months]
            for f in own:
                at = to / f.month / f"{f.month}-{force}-street.csv"
                at.parent.mkdir(parents=True, exist_ok=True)
                write_whole(at, archive.read(f))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        path.unlink(missing_ok=True)
        what = "is damaged: a file in it does not fit its checksum"
        raise DataError(Problem(what, path.name, hint="fetch it again")) from None
    except DataError:
        path.unlink(missing_ok=True)
        raise
    if force not in forces:
        near = get_close_matches(force, forces, n=1)
        hint = (
            f"did you mean {near[0]!r}? what was fetched waits" if near else "what was fetched waits for the next try"
        )
        raise DataError(Problem(f"there is no force {force!r} in it", path.name, ", ".join(forces[:50]), hint))
    return {f.month for f in own}


def _keep(at: Path, made: Path) -> bool:
    """Put the folder in its place, whole; whether the same files were there before."""
    if not at.exists():
        os.rename(made, at)
        return False
    here, there = ({p.relative_to(f).as_posix(): p for p in f.rglob("*.csv")} for f in (made, at))
    changed = [n for n in here.keys() | there.keys() if not _same(here.get(n), there.get(n))]
    if changed:
        what = f"is there already, and {len(changed)} of its months differ from what came"
        hint = "the publisher has revised them: move the folder away, fetch again, and say so under deviations"
        raise DataError(Problem(what, str(at), hint=hint))
    return True


def _same(one: Path | None, other: Path | None) -> bool:
    return one is not None and other is not None and one.read_bytes() == other.read_bytes()


def _receipt(what: PublicFile, address: str, came: list[Brought], now: datetime, more: dict[str, object]) -> bytes:
    files = [{"name": b.path.name, "bytes": b.size, "sha256": b.sha256, "server": b.mark} for b in came]
    told = {"title": what.title, "publisher": what.publisher, "licence": what.licence, "address": address}
    return (
        json.dumps({**told, "fetched": now.isoformat(timespec="seconds"), **more, "files": files}, indent=1) + "\n"
    ).encode()
