"""Fingerprints of the data of an evaluation's first run, which later runs are compared with."""

import json
from collections.abc import Mapping
from pathlib import Path

from vru.errors import DataError, Problem
from vru.protocol.whole_file import write_whole

DATA_LOCK = "data.lock"


def write_data_lock(folder: Path, digests: Mapping[str, str]) -> None:
    """Keep the fingerprints of the data of the first run, for later runs to compare with."""
    path = folder / DATA_LOCK
    if not path.exists():
        write_whole(path, (json.dumps(dict(digests), indent=1) + "\n").encode())


def data_changes(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """Data whose fingerprint differs from the one kept. Raises DataError where the file cannot be read."""
    path = folder / DATA_LOCK
    if not path.exists():
        return []
    try:
        locked = dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise DataError(Problem("cannot be read", where=DATA_LOCK, hint="bring back the original")) from None
    return [
        f"data {name}: the fingerprint differs from the one locked at the first run"
        for name, digest in digests.items()
        if locked.get(name, digest) != digest
    ]
