"""A folder of results written whole or not at all, in the place of an earlier one of the same command."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from vru.errors import Problem, VruError
from vru.protocol.whole_file import cannot_write


def folder_problem(to: Path, sign: str) -> list[Problem]:
    """Whether the folder may be written: new, empty, or holding the file ``sign`` of an earlier run."""
    if to.exists() and not to.is_dir():
        return [Problem("is a file", str(to), "a folder", "--out names the folder to make")]
    if to.is_dir() and any(to.iterdir()) and not (to / sign).is_file():
        return [Problem("holds other files", str(to), "a new folder, or one of an earlier run", "--out names another")]
    return []


def write_folder(to: Path, files: Mapping[str, bytes]) -> None:
    """Every file in a new folder, then in the place of the old one. Raises VruError where the disk refuses."""
    for former in sorted(to.parent.glob(f".{to.name}.*.former")):
        if not to.exists():  # a kill between the two renames below
            former.rename(to)
    stage = to.parent / f".{to.name}.{secrets.token_hex(4)}.partial"
    aside = to.parent / f".{to.name}.{secrets.token_hex(4)}.former"
    try:
        stage.mkdir(parents=True)
        for name, data in files.items():
            with (stage / name).open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
        if to.exists():
            to.rename(aside)
        stage.rename(to)
    except OSError as error:
        if aside.exists() and not to.exists():
            aside.rename(to)
        raise VruError(cannot_write(to, error)) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
