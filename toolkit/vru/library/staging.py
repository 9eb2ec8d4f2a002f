"""Files that are on the disk for good before anybody can see them."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ulid import ULID

from vru.clock import seconds_older
from vru.errors import LibraryError, Problem

FOLDER = ".stage"
STALE_SECONDS = 86_400
UNLINK = "delete the link, not what it points to"
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM}


@contextmanager
def staged(library: Path) -> Iterator[Path]:
    """A fresh hidden folder in the library's own file system; gone again afterwards, whatever happens.

    A kill leaves it behind: readers never look there, and the next publication removes it once it is a day older than
    that publication's own stage. Raises LibraryError where the hidden folder is a link: what lies at its end is not
    the library's to sweep.
    """
    base = library / FOLDER
    if is_elsewhere(library):
        raise LibraryError(
            Problem("is a link; nothing is written or swept through links", where=str(base), hint=UNLINK)
        )
    base.mkdir(exist_ok=True)
    stage = base / str(ULID())
    os.mkdir(stage)
    try:
        _sweep(base, stage)
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def is_elsewhere(library: Path) -> bool:
    """True where the hidden folder is a link or a junction, which a pulled or unpacked copy may bring."""
    base = library / FOLDER
    return base.is_symlink() or (base.exists() and base.resolve() != library.resolve() / FOLDER)


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make ``folder`` and write the files in the order given, each synced; then the folder itself."""
    os.mkdir(folder)
    for name, data in files.items():
        write_synced(folder / name, data)
    sync_folder(folder)


def write_synced(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Create ``path`` (it must not exist), write it and wait until the disk has it. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries; systems that cannot sync a folder are let off."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def make_folders(folder: Path, below: Path) -> None:
    """Make ``folder`` and its parents under ``below``, each synced in its parent."""
    missing = []
    while folder != below and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_folder(one.parent)


def move_file(staged_file: Path, target: Path) -> None:
    """Give a synced file its final name in one step. Raises FileExistsError where the name is taken."""
    try:
        os.link(staged_file, target)
    except FileExistsError:
        raise
    except OSError as error:
        # FAT, some network drives: no hard links. The name is a fresh ULID, so a plain rename takes nobody's place.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.EMLINK, errno.ENOSYS):
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, "is already there", str(target)) from None
        os.rename(staged_file, target)
    sync_folder(target.parent)


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it, and see that it is gone. Raises OSError."""
    shutil.rmtree(folder)
    sync_folder(folder.parent)


def _sweep(base: Path, own: Path) -> None:
    try:
        entries = list(os.scandir(base))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False) and seconds_older(entry.path, own) > STALE_SECONDS:
                shutil.rmtree(entry.path, ignore_errors=True)
        except OSError:
            continue
