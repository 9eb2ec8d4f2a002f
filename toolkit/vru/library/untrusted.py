"""Look into folders that others write: no link is followed, no size is believed, nothing is run."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from vru.errors import LibraryError, Problem
from vru.library.manifest import safe_name

MAX_ENTRIES = 20_000
IGNORED = frozenset({".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini", ".stage"})


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds: plain sub-folders, plain files, and what was refused and why."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    problems: tuple[Problem, ...]


def list_folder(folder: Path, where: str) -> Listing:
    """Names in a folder, sorted; links, devices and odd names are refused and told."""
    folders, files, problems = [], [], []
    try:
        with os.scandir(folder) as entries:
            for at, entry in enumerate(entries):
                if at >= MAX_ENTRIES:
                    problems.append(
                        Problem(f"holds more than {MAX_ENTRIES:,} entries; the rest is not read", where=where)
                    )
                    break
                if entry.name in IGNORED:
                    continue
                if refusal := _refusal(entry):
                    problems.append(Problem(refusal, where=f"{where}/{shown(entry.name)}"))
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                else:
                    files.append(entry.name)
    except OSError as error:
        problems.append(Problem(f"cannot be read: {error.strerror}", where=where))
    return Listing(tuple(sorted(folders)), tuple(sorted(files)), tuple(sorted(problems, key=str)))


def read_limited(path: Path, limit: int, where: str) -> bytes:
    """The bytes of a plain file of at most ``limit`` bytes. Raises LibraryError for anything else."""
    # Not waiting for a writer: a pipe under a record's name would hang the reader for good.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_symlink():
            raise LibraryError(Problem("is a link; links are not followed", where=where))
        handle = os.open(path, flags)
    except OSError as error:
        raise LibraryError(Problem(f"cannot be read: {error.strerror}", where=where)) from None
    with os.fdopen(handle, "rb") as file:
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise LibraryError(Problem("is not a plain file", where=where))
            data = file.read(limit + 1)
        except OSError as error:
            raise LibraryError(Problem(f"cannot be read: {error.strerror}", where=where)) from None
    if len(data) > limit:
        raise LibraryError(Problem(f"is larger than {limit:,} bytes", where=where))
    return data


def decode(data: bytes, where: str) -> str:
    """UTF-8 text. Raises LibraryError if it is not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise LibraryError(Problem("is not UTF-8 text", where=where)) from None


def shown(name: str) -> str:
    """A name as it may be printed: no control characters, no right-to-left tricks, not endless."""
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= 80 else clean[:79] + "…"


def _refusal(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "is a link; links are not followed"
    mode = entry.stat(follow_symlinks=False).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "is neither a file nor a folder"
    # Event files are ULIDs in capitals; every other name in a library is lower case.
    return "" if safe_name(entry.name.lower()) else "has a name that is not allowed"
