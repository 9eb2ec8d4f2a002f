"""CSV, Excel and Parquet to one form of table: every cell as text, empty cells as None, whatever held it.

The same table gives the same cells in all three forms; what one of them can hold and a CSV file cannot (an error, a
formula that was never calculated, merged cells) is refused and named.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.sources.text import NotCsvError, to_text

csv.field_size_limit(2**31 - 1)
LOCAL = ZoneInfo("Europe/London")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def csv_frame(name: str, raw: bytes, separator: str | None, notes: list[DataNote]) -> pd.DataFrame:
    """A CSV file by the rules of RFC 4180: quoted cells may hold commas and line breaks.

    Raises DataError: no text, no rows of one length, cells parted by something else than ``separator`` (a comma by default).
    """
    try:
        text, changed = to_text(raw)
    except NotCsvError as error:
        raise DataError(Problem(str(error), name, "CSV text")) from None
    if changed:
        notes.append(DataNote("extract", f"{name} rewritten as UTF-8 text before reading: {changed}"))
    if text.startswith("sep=") and separator is None:
        # Excel's own way to declare the separator, in a line above the header.
        separator, text = text[4:5], text.split("\n", 1)[-1]
    lines = _rows(name, text, separator or ",")
    if not lines:
        raise DataError(Problem("is empty", name))
    if len(lines[0]) == 1 and separator is None:
        for mark, words in SEPARATORS.items():
            if mark in lines[0][0]:
                hint = f'options: {{separator: "{mark}"}}' if mark != "\t" else 'options: {separator: "\\t"}'
                raise DataError(Problem(f"columns are parted by {words}, not by commas", name, hint=hint))
    header, rows = lines[0], lines[1:]
    blank = [i for i, row in enumerate(rows) if not any(cell.strip() for cell in row)]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if blank:
        notes.append(DataNote("extract", f"{name}: rows without any cell filled, left out", len(blank)))
    _refuse_ragged(name, header, rows)
    frame = pd.DataFrame(rows, columns=pd.RangeIndex(len(header)), dtype=object)
    return _named(name, header, frame.map(_filled), notes)


def _rows(name: str, text: str, separator: str) -> list[list[str]]:
    """The rows, blank ones apart. Strict: one stray quotation mark would otherwise swallow rows up to the next."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [row for row in reader if row]
    except csv.Error as error:
        what = f"cannot be read as CSV from line {reader.line_num} on ({error})"
        hint = (
            "a cell that begins with a quotation mark must end with one: write inner marks twice, or remove stray ones"
        )
        raise DataError(Problem(what, name, hint=hint)) from None


def _refuse_ragged(name: str, header: list[str], rows: list[list[str]]) -> None:
    odd = [i for i, row in enumerate(rows, 2) if len(row) != len(header)]
    if not odd:
        return
    if len(odd) == len(rows) - 1 and rows and len(rows[0]) != len(header):
        raise _header_elsewhere(name, [header, *rows])
    what = f"{len(odd):,} rows have another number of cells than the header, the first is row {odd[0]}"
    raise DataError(Problem(what, name, hint="put text that holds commas or quotation marks in quotation marks"))


def excel_frame(name: str, raw: bytes, sheet: str | None, notes: list[DataNote]) -> pd.DataFrame:
    """One worksheet. Raises DataError: no workbook, which sheet, errors, uncalculated formulas, merged cells, titles on top."""
    values, formulas = _workbook(name, raw, True), _workbook(name, raw, False)
    sheets = [s.title for s in values.worksheets]
    if sheet is None and len(sheets) > 1:
        raise DataError(Problem("holds several sheets", name, ", ".join(sheets), "name one with options.sheet"))
    if sheet is not None and sheet not in sheets:
        raise DataError(Problem(f"has no sheet {sheet!r}", name, ", ".join(sheets)))
    page, typed = values[sheet or sheets[0]], formulas[sheet or sheets[0]]
    cells = [list(row) for row in page.iter_rows()]
    _refuse_cells(name, cells, [list(row) for row in typed.iter_rows()], typed)
    hidden = sum(bool(d.hidden) for i, d in page.row_dimensions.items() if 1 < i <= page.max_row)
    if hidden:
        notes.append(DataNote("extract", f"{name}: rows hidden in Excel, read like the others", hidden))
    rows = [[_shown(c) for c in row] for row in cells]
    if not any(v is not None for row in rows for v in row):
        raise DataError(Problem("is empty", name))
    wide = max(sum(v is not None for v in row) for row in rows)
    if sum(v is not None for v in rows[0]) <= 1 < wide:
        raise _header_elsewhere(name, [[v or "" for v in row] for row in rows])
    body = [row for row in rows[1:] if any(v is not None for v in row)]
    if len(body) < len(rows) - 1:
        notes.append(DataNote("extract", f"{name}: rows without any cell filled, left out", len(rows) - 1 - len(body)))
    frame = pd.DataFrame(body, columns=pd.RangeIndex(len(rows[0])), dtype=object)
    return _named(name, [v or "" for v in rows[0]], frame, notes)


def _shown(cell: Any) -> str | None:
    """A cell as text; a number formatted as a percentage as it is shown, 49.6% and not 0.496."""
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{round(100 * value, 10):.10g}%"
    return as_text(value)


def _workbook(name: str, raw: bytes, calculated: bool) -> Any:
    from openpyxl import load_workbook

    try:
        return load_workbook(io.BytesIO(raw), data_only=calculated)
    except Exception as error:  # openpyxl raises whatever its parts raise on a damaged workbook
        raise DataError(Problem(f"cannot be opened as a workbook ({type(error).__name__})", name)) from None


def _refuse_cells(name: str, cells: list[list[Any]], typed: list[list[Any]], page: Any) -> None:
    pairs = [(c, t) for row, other in zip(cells, typed, strict=True) for c, t in zip(row, other, strict=True)]
    errors = [c for c, _ in pairs if c.data_type == "e"]
    empty = [t for c, t in pairs if t.data_type == "f" and c.value is None]
    merged = [str(r) for r in page.merged_cells.ranges if r.max_row > r.min_row or r.min_row > 1]
    problems = []
    if errors:
        kinds = ", ".join(sorted({str(c.value) for c in errors}))
        what = f"{len(errors):,} cells hold an error of Excel ({kinds}), the first is {errors[0].coordinate}"
        problems.append(Problem(what, name, hint="mend the formulas, or leave unknown values empty"))
    if empty:
        what = f"{len(empty):,} cells are formulas that were never calculated, the first is {empty[0].coordinate}"
        problems.append(Problem(what, name, hint="open the file in Excel, save it, and try again; or save it as CSV"))
    if merged:
        what = f"merged cells leave all but the first of them empty: {', '.join(merged[:5])}"
        problems.append(Problem(what, name, hint="unmerge them and fill every cell"))
    if problems:
        raise DataError(*problems)


def _header_elsewhere(name: str, rows: list[list[str]]) -> DataError:
    """The first row with as many filled cells as any is where the header seems to be."""
    filled = [sum(bool(v.strip()) for v in row) for row in rows[:50]]
    at = filled.index(max(filled)) + 1
    what = f"the first row is no header: row {at} seems to be it"
    return DataError(Problem(what, name, "column names in the first row", f"delete the {at - 1} rows above row {at}"))


def parquet_frame(name: str, raw: bytes, notes: list[DataNote]) -> pd.DataFrame:
    """A Parquet file; an index with a name is a column. Raises DataError where it cannot be read."""
    try:
        frame = pd.read_parquet(io.BytesIO(raw))
    except (ValueError, OSError) as error:
        raise DataError(Problem(f"cannot be read as Parquet ({type(error).__name__})", name)) from None
    if named := [n for n in frame.index.names if n is not None and n not in frame.columns]:
        frame = frame.reset_index(level=named)
    zoned = [str(c) for c in frame.columns if getattr(frame[c].dtype, "tz", None) is not None]
    if zoned:
        text = f"{name}: instants with a time zone read as local time ({LOCAL.key}): {', '.join(zoned)}"
        notes.append(DataNote("extract", text))
    for column in frame.columns[[d == np.float32 for d in frame.dtypes]]:
        # 0.1 in single precision is 0.10000000149 in double.
        frame[column] = [float(np.format_float_positional(v)) for v in frame[column].to_numpy()]
    header = [str(c) for c in frame.columns]
    frame.columns = pd.RangeIndex(len(header))
    return _named(name, header, frame.astype(object).map(as_text), notes)


def _named(name: str, header: Iterable[str], frame: pd.DataFrame, notes: list[DataNote]) -> pd.DataFrame:
    """Column names trimmed; columns without a name and without a cell filled left out; a lone empty name is refused."""
    names = [str(c).strip() for c in header]
    nameless = [i for i, c in enumerate(names) if not c]
    filled = [i for i in nameless if frame[i].notna().any()]
    if filled:
        raise DataError(Problem(f"column {filled[0] + 1} has cells and no name in the first row", name))
    if nameless:
        notes.append(DataNote("extract", f"{name}: columns without a name or a cell, left out", len(nameless)))
    kept = frame[[i for i, c in enumerate(names) if c]]
    kept.columns = pd.Index([c for c in names if c], dtype=object)
    return kept.astype("str")


def _filled(value: object) -> object:
    return None if value is None or not str(value).strip() else value


def as_text(value: Any) -> str | None:
    """A cell as it would stand in a CSV file: whole numbers without .0, dates in ISO form and local time."""
    if (
        value is None
        or value is pd.NaT
        or (not isinstance(value, (str, bytes, bool, date, time)) and bool(np.all(pd.isna(value))))
    ):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(LOCAL).replace(tzinfo=None)
        return f"{value:%Y-%m-%d}" if value.time() == time.min else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # Not normalize(), which rounds to 28 digits.
        shown = format(value, "f")
        return (shown.rstrip("0").rstrip(".") if "." in shown else shown) if value.is_finite() else None
    if isinstance(value, (float, np.floating)):
        return f"{int(value)}" if float(value).is_integer() else f"{value}"
    text = str(value)
    return text if text.strip() else None
