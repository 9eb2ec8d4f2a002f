"""A content-addressed cache of Parquet files: complete or absent, whoever is killed, whoever else runs.

The name of an entry is the hash of what it was made from, so an entry never changes and two runs
that make the same one at once write the same thing; the last rename wins and nobody notices.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vru.clock import seconds_older
from vru.errors import DataError, Problem

_WORK = "making-"
_STALE_SECONDS = 2 * 24 * 3600


def entry(cache: Path, made_from: Mapping[str, object]) -> Path:
    """Where the Parquet file made from these values (JSON-safe) is, or would be."""
    text = json.dumps(made_from, sort_keys=True, separators=(",", ":"))
    return cache / f"{hashlib.sha256(text.encode()).hexdigest()}.parquet"


@contextmanager
def workspace(cache: Path) -> Iterator[Path]:
    """A private folder inside the cache (so that a rename is atomic), gone afterwards.

    What killed runs left behind is swept once it is two days old.

    Raises
    ------
    DataError
        The cache cannot be written, or the disk is full.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_WORK, dir=cache))
        _sweep(cache, folder)
    except OSError as error:
        raise DataError(
            Problem(f"cannot be written: {error.strerror}", str(cache), hint="choose another folder")
        ) from None
    try:
        yield folder
    except OSError as error:
        what = f"writing failed: {error.strerror or error}"
        raise DataError(Problem(what, str(cache), hint="free some disk space and run again")) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(made: Path, at: Path) -> None:
    """Put a finished file in its place: flushed to disk first, then renamed, so never seen half-written."""
    with made.open("rb+") as handle:
        os.fsync(handle.fileno())
    os.replace(made, at)


def _sweep(cache: Path, own: Path) -> None:
    for left in cache.glob(f"{_WORK}*"):
        try:
            if seconds_older(left, own) > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        except FileNotFoundError:
            continue
