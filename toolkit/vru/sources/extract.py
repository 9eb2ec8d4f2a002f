"""The source ``extract``: a table from a force, a school or a programme, as CSV, Excel or Parquet.

Rows may be people. They are read into memory and nowhere else: no copy is kept in the cache.
"""

import hashlib
import io
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.sources import cache
from vru.sources.source import Request, Source, SourceOptions
from vru.sources.text import NotCsvError, to_utf8

MAX_BYTES = 512 * 2**20
KINDS = ".csv, .xlsx, .parquet"


class ExtractOptions(SourceOptions):
    """``sheet``: name of the worksheet, for Excel files that have several."""

    sheet: str | None = None


def read(request: Request, options: SourceOptions) -> Table:
    """Every column as text. Raises DataError: absent, too large, not a table, no rows, a column named twice."""
    if not isinstance(options, ExtractOptions):
        raise TypeError(f"extract takes ExtractOptions, not {type(options).__name__}")
    path = request.path
    if path is None or not path.is_file():
        raise DataError(Problem("is not a file", str(path), KINDS, "mend data[].path, or pass --data"))
    request.progress(f"reading {path.name}", 0, 1)
    if path.stat().st_size > MAX_BYTES:
        raise DataError(Problem("is too large for an extract", path.name, f"up to {MAX_BYTES // 2**20} MB"))
    raw = path.read_bytes()
    notes: list[DataNote] = []
    frame = _frame(path, raw, options.sheet, notes)
    frame.columns = [str(c).strip() for c in frame.columns]
    _refuse(path.name, frame)
    request.progress(f"reading {path.name}", 1, 1)
    log = (DataNote("extract", f"rows read from {path.name}", len(frame)), *notes)
    return Table(path.name, frame, f"sha256:{hashlib.sha256(raw).hexdigest()}", log)


def read_frame(frame: pd.DataFrame, name: str, request: Request) -> Table:
    """Write a frame that was made up as a CSV in a private folder, and read that as any extract is read."""
    with cache.workspace(request.cache) as folder:
        path = folder / name
        frame.to_csv(path, index=False)
        return read(replace(request, path=path), ExtractOptions())


def _frame(path: Path, raw: bytes, sheet: str | None, notes: list[DataNote]) -> pd.DataFrame:
    kind = path.suffix.lower()
    if sheet is not None and kind != ".xlsx":
        raise DataError(Problem("sheet belongs to Excel files", path.name, hint="leave out options.sheet"))
    if kind == ".csv":
        return _csv(path.name, raw, notes)
    if kind == ".parquet":
        try:
            return pd.read_parquet(io.BytesIO(raw)).map(_as_text).astype("str")
        except (ValueError, OSError) as error:
            raise DataError(Problem(f"cannot be read as Parquet ({type(error).__name__})", path.name)) from None
    if kind == ".xlsx":
        return _excel(path.name, raw, sheet)
    raise DataError(Problem(f"{kind or 'a file without ending'} is not read", path.name, KINDS))


def _csv(name: str, raw: bytes, notes: list[DataNote]) -> pd.DataFrame:
    try:
        text = to_utf8(raw)
    except NotCsvError as error:
        raise DataError(Problem(str(error), name, "CSV text")) from None
    if text.changed:
        notes.append(DataNote("extract", f"{name} rewritten as UTF-8 text before reading: {text.changed}"))
    if len(text.header) == 1 and any(mark in text.header[0] for mark in ";\t|"):
        raise DataError(Problem("columns are not separated by commas", name, hint="save it as comma-separated values"))
    # Pandas would take a surplus cell for an index and shift every column, so rows are cut here.
    lines = [line.rstrip(b"\r") for line in text.data.split(b"\n")[1:] if line.strip()]
    cells = [line.decode("utf-8").split(text.separator) for line in lines]
    odd = [i for i, row in enumerate(cells, 2) if len(row) != len(text.header)]
    if odd:
        what = f"{len(odd):,} rows have another number of cells than the header, the first at line {odd[0]}"
        raise DataError(Problem(what, name, hint="put text that holds commas in quotation marks"))
    return pd.DataFrame(cells, columns=list(text.header), dtype="str").replace("", None)


def _excel(name: str, raw: bytes, sheet: str | None) -> pd.DataFrame:
    try:
        book = pd.ExcelFile(io.BytesIO(raw), engine="openpyxl")
    except Exception as error:  # openpyxl raises whatever its parts raise on a damaged workbook
        raise DataError(Problem(f"cannot be opened as a workbook ({type(error).__name__})", name)) from None
    sheets = [str(s) for s in book.sheet_names]
    if sheet is None and len(sheets) > 1:
        raise DataError(Problem("holds several sheets", name, ", ".join(sheets), "name one with options.sheet"))
    if sheet is not None and sheet not in sheets:
        raise DataError(Problem(f"has no sheet {sheet!r}", name, ", ".join(sheets)))
    return book.parse(sheet or sheets[0], dtype=object).map(_as_text).astype("str")


def _as_text(value: object) -> object:
    """A cell as it would stand in a CSV file: whole numbers without .0, dates in ISO form."""
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time.min else "%Y-%m-%d %H:%M:%S")
    return str(value)


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
)
