"""Find the street files of a data.police.uk archive, zip or folder, and hand out their bytes safely.

No name found inside a zip is ever used as a path on disk: members are read into memory and
written, where that is needed at all, under names that this toolkit makes up.
"""

import hashlib
import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vru.errors import DataError, Problem

MAX_MEMBERS = 200_000
MAX_FILE_BYTES = 512 * 2**20
MAX_TOTAL_BYTES = 64 * 2**30
MAX_RATIO = 200
"""A real month packs about five to one; far beyond that a small file is made to fill a disk."""
_RATIO_FROM = 10 * 2**20

LAYOUT = "YYYY-MM/YYYY-MM-<force>-street.csv, at any depth"
_STREET = re.compile(r"^(\d{4}-(?:0[1-9]|1[0-2]))-([a-z0-9][a-z0-9-]*)-street\.csv$", re.IGNORECASE)
_OTHER = re.compile(r"-(outcomes|stop-and-search)\.csv$", re.IGNORECASE)
_MONTH_FOLDER = re.compile(r"^\d{4}-\d{2}$")


@dataclass(frozen=True, slots=True)
class StreetFile:
    """One force-month: its name inside the archive, what the name says, and its size in bytes."""

    name: str
    month: str
    force: str
    size: int


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive.

    files : street files in order of month and force.
    read : the bytes of one file; may be called from several threads.
    on_disk : where a file can be read in place (folders), or None (zips).
    digest : "sha256:..." of the zip, or of the given files' names and digests in order.
    """

    files: tuple[StreetFile, ...]
    read: Callable[[StreetFile], bytes]
    on_disk: Callable[[StreetFile], Path | None]
    digest: Callable[[Sequence[StreetFile]], str]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip or a folder in the data.police.uk layout.

    Raises
    ------
    DataError
        Path missing, not a zip, corrupt, unsafe (names that leave the folder, links, sizes of a
        zip bomb, passwords), without street files, or with the same force-month twice.
    """
    if path.is_dir():
        yield _folder(path)
        return
    if not path.exists():
        raise DataError(Problem("is not there", str(path), hint="check data[].path, or pass --data"))
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise DataError(
            Problem(
                f"cannot be opened as a zip ({error})",
                path.name,
                "a zip or a folder as downloaded from data.police.uk",
                "download it again; if it is a CSV, put it in a folder YYYY-MM and give that folder's parent",
            )
        ) from None
    with opened as zipped:
        yield _zip(path, zipped)


def _folder(root: Path) -> Archive:
    found = sorted(p for p in root.rglob("*") if p.suffix.lower() == ".csv" and p.is_file())
    names = [p.relative_to(root).as_posix() for p in found]
    files = _street_files(root.name or str(root), {n: p.stat().st_size for n, p in zip(names, found, strict=True)})
    big = [f"{f.name} ({f.size / 2**20:,.0f} MB)" for f in files if f.size > MAX_FILE_BYTES]
    if big:
        raise DataError(Problem("is too large for one force-month", _some(big), f"up to {MAX_FILE_BYTES // 2**20} MB"))

    def digest(chosen: Sequence[StreetFile]) -> str:
        with ThreadPoolExecutor() as pool:
            digests = list(pool.map(lambda f: _sha256(root / f.name), chosen))
        lines = [f"{f.name}\0{digest}\n" for f, digest in zip(chosen, digests, strict=True)]
        return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"

    return Archive(files, lambda f: (root / f.name).read_bytes(), lambda f: root / f.name, digest)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _zip(path: Path, zipped: zipfile.ZipFile) -> Archive:
    members = [m for m in zipped.infolist() if not m.is_dir()]
    problems = _unsafe(path.name, members)
    if problems:
        raise DataError(*problems)
    files = _street_files(path.name, {m.filename: m.file_size for m in members})

    def digest(chosen: Sequence[StreetFile]) -> str:
        return f"sha256:{_sha256(path)}"

    return Archive(files, lambda f: zipped.read(f.name), lambda f: None, digest)


def _unsafe(archive: str, members: Sequence[zipfile.ZipInfo]) -> list[Problem]:
    if len(members) > MAX_MEMBERS:
        return [Problem(f"holds {len(members):,} files", archive, f"up to {MAX_MEMBERS:,}")]
    total = sum(m.file_size for m in members)
    escaping = [m.filename for m in members if _escapes(m.filename)]
    links = [m.filename for m in members if stat.S_ISLNK(m.external_attr >> 16)]
    locked = [m.filename for m in members if m.flag_bits & 0x1]
    bombs = [
        m.filename
        for m in members
        if m.file_size > MAX_FILE_BYTES or (m.file_size > _RATIO_FROM and m.file_size > MAX_RATIO * m.compress_size)
    ]
    again = "download the archive again from data.police.uk"
    found = [
        Problem(what, f"{archive}: {_some(names)}", allowed, hint)
        for names, what, allowed, hint in (
            (escaping, "names a path outside the archive", "relative names without ..", again),
            (links, "is a link, not a file", "plain files", again),
            (locked, "is protected by a password", "an open zip", "unpack it and give the folder instead"),
            (
                bombs,
                "unpacks to far more than a force-month holds",
                f"up to {MAX_FILE_BYTES // 2**20} MB a file",
                again,
            ),
        )
        if names
    ]
    if total > MAX_TOTAL_BYTES:
        found.append(Problem(f"unpacks to {total / 2**30:,.0f} GB", archive, f"up to {MAX_TOTAL_BYTES // 2**30} GB"))
    return found


def _escapes(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or ".." in PurePosixPath(plain).parts or bool(re.match(r"^[A-Za-z]:", plain))


def _street_files(archive: str, sizes: dict[str, int]) -> tuple[StreetFile, ...]:
    files, astray = [], []
    for name, size in sizes.items():
        at = PurePosixPath(name)
        match = _STREET.match(at.name)
        if match is None or "__MACOSX" in at.parts:
            continue
        files.append(StreetFile(name, match[1], match[2].lower(), size))
        if _MONTH_FOLDER.match(at.parent.name) and at.parent.name != match[1]:
            astray.append(name)
    if not files:
        raise DataError(_nothing_found(archive, list(sizes)))
    problems = []
    if astray:
        problems.append(Problem("lies in the folder of another month", f"{archive}: {_some(astray)}", LAYOUT))
    by_month: dict[tuple[str, str], list[str]] = {}
    for f in files:
        by_month.setdefault((f.month, f.force), []).append(f.name)
    twice = [" and ".join(sorted(names)) for names in by_month.values() if len(names) > 1]
    if twice:
        hint = "keep the newest download of each month: rows without a Crime ID would be counted twice"
        problems.append(Problem("the same force-month is there twice", f"{archive}: {_some(twice)}", hint=hint))
    if problems:
        raise DataError(*problems)
    return tuple(sorted(files, key=lambda f: (f.month, f.force)))


def _nothing_found(archive: str, names: list[str]) -> Problem:
    others = sorted({m[1].lower() for n in names if (m := _OTHER.search(n))})
    inner = [n for n in names if n.lower().endswith(".zip")]
    hint = "check that this is the download from data.police.uk/data, not a folder inside it"
    if others:
        hint = f"it holds {' and '.join(others)} files only: tick 'Include crime data' when downloading"
    elif inner:
        hint = f"it holds another zip ({inner[0]}): unpack that one"
    elif names:
        hint = f"it holds, for example, {names[0]}"
    return Problem("has no street-crime file", archive, LAYOUT, hint)


def _some(names: Sequence[str], n: int = 3) -> str:
    rest = len(names) - n
    return ", ".join(names[:n]) + (f" and {rest} more" if rest > 0 else "")
