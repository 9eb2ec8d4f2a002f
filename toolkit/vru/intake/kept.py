"""Rows of an extract as the Parquet file that areas are counted from: no ids, in the evaluation's private cache."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from vru.errors import DataError, Problem
from vru.events import Table

VERSION = 2
"""Raised whenever the same extract would be read differently; part of the file's name."""
TEXT = ("month", "period", "force", "crime_type", "lsoa_code", "lsoa_name", "weekday", "hour", "shared_id")
NUMBERS = ("longitude", "latitude", "n", "repeats")


def keep(frame: pd.DataFrame, table: Table, plan: Mapping[str, object], cache: Path) -> Path:
    """Write the frame, whole or not at all; the file's name says what it was made from. Raises DataError: disk."""
    made_from = {"source": table.sha256, "plan": plan, "marks": repr(table.marks), "reader": VERSION}
    name = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    at = cache / f"{name}.parquet"
    typed = {c: ("float64" if c in NUMBERS else "bool" if c == "has_id" else "str") for c in frame.columns}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix="making-", dir=cache)
        os.close(handle)
        try:
            frame.astype(typed).reset_index(drop=True).to_parquet(draft, index=False)
            os.replace(draft, at)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise DataError(Problem(what, str(cache), hint="free some disk space and run again")) from None
    return at
