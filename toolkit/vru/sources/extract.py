"""The source ``extract``: a table from a force, a school or a programme, as CSV, Excel or Parquet.

Rows may be people. They are read into memory and nowhere else: no copy is kept in the cache.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field, model_validator

from vru.errors import DataError, Problem
from vru.events import DataNote, Marks, Table
from vru.protocol.tabled import CountColumns, EventColumns
from vru.sources import cache, tables
from vru.sources.source import Request, Source, SourceOptions

MAX_BYTES = 512 * 2**20
KINDS = ".csv, .xlsx, .parquet"


class ExtractOptions(SourceOptions):
    """How the file is written.

    ``sheet``: name of the worksheet, for Excel files that have several. ``separator``: between the cells of a CSV file.
    ``missing``: what stands for not known, as text: ["NULL", "-9", "999"]. ``suppressed``: what stands for a hidden number, and
    its range: {"*": [1, 7]}. ``decimal``: "," where 53,7 is a number. ``dates``: how dates are written, where not as
    2021-06-03: "%d/%m/%Y %H:%M".
    """

    by_day: ClassVar[bool] = True

    sheet: str | None = None
    separator: Literal[",", ";", "\t", "|"] | None = None
    missing: list[str] = Field(default_factory=list)
    suppressed: dict[str, tuple[float, float]] = Field(default_factory=dict)
    decimal: Literal[".", ","] = "."
    dates: str | None = None

    @model_validator(mode="after")
    def _ranges(self) -> "ExtractOptions":
        if wrong := [mark for mark, (low, high) in self.suppressed.items() if low > high]:
            raise ValueError(f"the range of {', '.join(wrong)} runs backwards")
        if self.dates is not None and not _reads(self.dates, self.by_day):
            raise ValueError(f"dates: {self.dates!r} is no form of dates: write it as %d/%m/%Y %H:%M")
        return self

    @property
    def marks(self) -> Marks:
        """The same for those who read the cells."""
        return Marks(tuple(self.missing), self.suppressed, self.decimal, self.dates)


def _reads(form: str, by_day: bool) -> bool:
    """Whether a date written in this form is read back as the same day, or month."""
    day = datetime(2021, 11, 23, 14, 5)
    try:
        found = datetime.strptime(day.strftime(form), form).date()
        return found == day.date() if by_day else (found.year, found.month) == (day.year, day.month)
    except ValueError:
        return False


def read(request: Request, options: SourceOptions) -> Table:
    """Every column as text. Raises DataError: absent, too large, not a table, no rows, a column named twice."""
    if not isinstance(options, ExtractOptions):
        raise TypeError(f"extract takes ExtractOptions, not {type(options).__name__}")
    if request.asked is not None:
        return _asked(request, options)
    path = request.path
    if path is None or not path.is_file():
        raise DataError(Problem("is not a file", str(path), KINDS, "mend data[].path, or pass --data"))
    request.progress(f"reading {path.name}", 0, 1)
    if path.stat().st_size > MAX_BYTES:
        raise DataError(Problem("is too large for an extract", path.name, f"up to {MAX_BYTES // 2**20} MB"))
    raw = path.read_bytes()
    notes: list[DataNote] = []
    frame = _frame(path, raw, options, notes)
    _refuse(path.name, frame)
    request.progress(f"reading {path.name}", 1, 1)
    log = (DataNote("extract", f"rows read from {path.name}", len(frame)), *notes)
    return Table(path.name, frame, f"sha256:{hashlib.sha256(raw).hexdigest()}", log, marks=options.marks)


def _asked(request: Request, options: ExtractOptions) -> Table:
    """A table or query of a database: of a table only the columns that the plan names, where it names them here."""
    from vru.sources.sql import read_asked

    assert request.asked is not None  # the caller looked
    where = request.asked.connection
    for name, given in (("sheet", options.sheet), ("separator", options.separator)):
        if given is not None:
            raise DataError(Problem(f"{name} belongs to files", where, hint=f"leave out options.{name}"))
    wide = isinstance(options, CountColumns) and options.months_in == "columns"
    named = isinstance(options, (EventColumns, CountColumns)) and not wide
    wanted = options.columns() if named and isinstance(options, (EventColumns, CountColumns)) else None
    return read_asked(request, options.marks, wanted)


def read_frame(frame: pd.DataFrame, name: str, request: Request) -> Table:
    """Write a frame that was made up as a CSV in a private folder, and read that as any extract is read."""
    with cache.workspace(request.cache) as folder:
        path = folder / name
        frame.to_csv(path, index=False)
        return read(replace(request, path=path), ExtractOptions())


def _frame(path: Path, raw: bytes, options: ExtractOptions, notes: list[DataNote]) -> pd.DataFrame:
    kind = path.suffix.lower()
    if options.sheet is not None and kind != ".xlsx":
        raise DataError(Problem("sheet belongs to Excel files", path.name, hint="leave out options.sheet"))
    if options.separator is not None and kind != ".csv":
        raise DataError(Problem("separator belongs to CSV files", path.name, hint="leave out options.separator"))
    if kind == ".csv":
        return tables.csv_frame(path.name, raw, options.separator, notes)
    if kind == ".parquet":
        return tables.parquet_frame(path.name, raw, notes)
    if kind == ".xlsx":
        return tables.excel_frame(path.name, raw, options.sheet, notes)
    raise DataError(Problem(f"{kind or 'a file without ending'} is not read", path.name, KINDS))


def _refuse(name: str, frame: pd.DataFrame) -> None:
    columns = list(frame.columns)
    twice = sorted({c for c in columns if columns.count(c) > 1})
    if twice:
        raise DataError(Problem(f"a column name is used twice: {', '.join(twice[:5])}", name))
    if not len(frame):
        raise DataError(Problem("has a header and no rows", name))


SOURCE = Source(
    name="extract",
    label="A table handed over by a force, school or programme: CSV, Excel or Parquet",
    needs_path=True,
    options=ExtractOptions,
    read=read,
    gives="table",
    profile="police_local",
    asks=True,
)
