"""GPS pings in batches, from CSV or Parquet files of any length: who as a number, when in seconds, where as it stands.

Who it was never leaves this file: names and collar numbers become running numbers as rows are read, and no message shows them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vru.errors import DataError, Problem
from vru.sources.source import Progress
from vru.tracks import Batch, Clock, Read

BATCH = 200_000


@dataclass(frozen=True, slots=True)
class PingColumns:
    """Columns of the files. accuracy : in metres, or None. clock : what clock the times are by."""

    officer: str
    when: str
    x: str
    y: str
    accuracy: str | None
    clock: Clock


def batches(
    files: Sequence[Path], columns: PingColumns, worst: float | None, read: Read, progress: Progress
) -> Iterator[Batch]:
    """Every file in turn. worst : pings less accurate than this many metres are left out.

    Raises DataError: absent, no CSV or Parquet file, columns that are not there.
    """
    import duckdb

    numbers: dict[str, int] = {}
    for i, path in enumerate(files):
        progress(f"reading {path.name}", i, len(files))
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit='300MB'; SET preserve_insertion_order=false; SET TimeZone='UTC'")
            try:
                found = connection.execute(_query(connection, path, columns))
                for table in found.to_arrow_reader(BATCH):
                    yield from _batch(table, columns, worst, read, numbers)
            except duckdb.Error as error:
                raise DataError(_unreadable(path, error)) from None
    read.people = len(numbers)
    progress("reading", len(files), len(files))


def _unreadable(path: Path, error: Exception) -> Problem:
    # The library's own message quotes the row.
    return Problem(f"cannot be read ({type(error).__name__})", path.name, "CSV in UTF-8, or Parquet")


def _query(connection: Any, path: Path, c: PingColumns) -> str:
    if not path.is_file():
        raise DataError(Problem("is not a file", str(path), ".csv, .parquet"))
    kind, name = path.suffix.lower(), str(path).replace("'", "''")
    if kind not in (".csv", ".parquet"):
        raise DataError(Problem(f"{kind or 'a file without ending'} is not read", path.name, ".csv, .parquet"))
    source = f"read_parquet('{name}')" if kind == ".parquet" else f"read_csv('{name}', all_varchar=true, header=true)"
    have = {row[0]: str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    wanted = [c.officer, c.when, c.x, c.y, *([c.accuracy] if c.accuracy else [])]
    if lost := [name for name in wanted if name not in have]:
        raise DataError(Problem(f"there is no column {', '.join(map(repr, lost))}", path.name, ", ".join(have)))
    when = _seconds(_quoted(c.when), have[c.when], c.clock)
    rest = ", ".join(
        f"TRY_CAST({_quoted(n)} AS DOUBLE) AS {a}" for n, a in ((c.x, "x"), (c.y, "y"), (c.accuracy, "accuracy")) if n
    )
    return f"SELECT CAST({_quoted(c.officer)} AS VARCHAR) AS who, {when} AS second, {rest} FROM {source}"


def _seconds(column: str, kind: str, clock: Clock) -> str:
    """Seconds since 1970 by the files' clock. A zone in the text is of use only to those whose clock is UTC."""
    if kind in ("TIMESTAMP WITH TIME ZONE",):
        return f"CAST(round(epoch({column})) AS BIGINT)" if clock == "utc" else "CAST(NULL AS BIGINT)"
    target = "TIMESTAMPTZ" if clock == "utc" and kind == "VARCHAR" else "TIMESTAMP"
    cast = f"TRY_CAST({column} AS {target})"
    if clock == "local" and kind == "VARCHAR":
        cast = f"CASE WHEN regexp_matches({column}, '(Z|[+-]\\d\\d:?\\d\\d)$') THEN NULL ELSE {cast} END"
    return f"CAST(round(epoch({cast})) AS BIGINT)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _batch(table: Any, c: PingColumns, worst: float | None, read: Read, numbers: dict[str, int]) -> Iterator[Batch]:
    names = table.column("who").dictionary_encode()
    own = [numbers.setdefault(str(n), len(numbers)) for n in names.dictionary.to_pylist()]
    code = names.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    who = np.array([*own, -1], dtype=np.int32)[code]
    second = table.column("second").fill_null(-1).to_numpy(zero_copy_only=False)
    x, y = (table.column(k).to_numpy(zero_copy_only=False) for k in ("x", "y"))
    read.rows += len(who)
    keep = np.ones(len(who), dtype=bool)
    checks = [
        ("without an officer", who >= 0),
        ("without a time that can be read", second >= 0),
        ("without a place", np.isfinite(x) & np.isfinite(y)),
    ]
    if c.accuracy is not None and worst is not None:
        accuracy = table.column("accuracy").to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            checks.append((f"less accurate than {worst:g} m, or not known how accurate", accuracy <= worst))
    for reason, good in checks:
        read.leave(reason, int((keep & ~good).sum()))
        keep &= good
    yield Batch(who[keep], second[keep], x[keep], y[keep])
