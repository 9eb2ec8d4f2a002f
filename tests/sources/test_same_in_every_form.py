"""One table written as CSV, Excel and Parquet is read as the same table."""

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vru.errors import DataError
from vru.sources.extract import ExtractOptions, read
from vru.sources.source import Request

LETTERS = st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0\xad")
ODD = ("None", "NULL", "nan", "a, b", 'say "no"', "two\nlines", '5ft 6"', "1,234", "007", "TRUE")
WORDS = st.one_of(st.text(LETTERS, min_size=1, max_size=12), st.sampled_from(ODD))
COLUMNS = {
    "text": st.one_of(st.none(), WORDS),
    "whole": st.one_of(st.none(), st.integers(-(10**9), 10**9)),
    "part": st.one_of(
        st.none(), st.floats(-1e6, 1e6).map(lambda x: round(x, 4)).filter(lambda x: x != 0 or str(x) == "0.0")
    ),
    "day": st.one_of(st.none(), st.dates(dt.date(1990, 1, 1), dt.date(2035, 1, 1))),
    "moment": st.one_of(
        st.none(),
        st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2035, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    ),
    "yes": st.booleans(),
}
TABLES = st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=6)


def table(folder: Path, raw: bytes, name: str) -> list[dict[str, object]]:
    path = folder / name
    path.write_bytes(raw)
    found = read(Request(path, folder / "cache", 1, lambda *at: None), ExtractOptions()).frame
    return [{str(k): None if pd.isna(v) else str(v) for k, v in row.items()} for row in found.to_dict("records")]


def as_csv(rows: list[dict[str, object]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(["" if r[k] is None else text_of(r[k]) for k in COLUMNS] for r in rows)
    return out.getvalue().encode()


def text_of(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def as_excel(rows: list[dict[str, object]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    page = book.active
    page.append(list(COLUMNS))
    for row in rows:
        page.append([None] * len(COLUMNS))
        for j, k in enumerate(COLUMNS, 1):
            cell = page.cell(page.max_row, j)
            if row[k] is not None:
                cell.value = row[k]
                if isinstance(row[k], str):
                    cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_parquet(rows: list[dict[str, object]]) -> bytes:
    made = {k: [r[k] for r in rows] for k in COLUMNS}
    frame = pd.DataFrame(
        {
            "text": pd.Series(made["text"], dtype="string"),
            "whole": pd.Series(made["whole"], dtype="Int64"),
            "part": pd.Series(made["part"], dtype="Float64"),
            "day": pd.Series(made["day"], dtype=object),
            "moment": pd.to_datetime(pd.Series(made["moment"], dtype=object)),
            "yes": pd.Series(made["yes"], dtype="boolean"),
        }
    )
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLES)
def test_cells_are_the_same_in_all_three(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    by_csv = table(tmp_path, as_csv(rows), "t.csv")
    assert len(by_csv) == len(rows)
    assert table(tmp_path, as_excel(rows), "t.xlsx") == by_csv
    assert table(tmp_path, as_parquet(rows), "t.parquet") == by_csv


def parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def test_types_of_parquet_are_read_as_what_they_mean(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "money": [Decimal("1.00"), Decimal("12.50")],
            "small": np.array([1, 0.5], dtype="float32"),
            "level": pd.Categorical(["High", "Low"]),
            "gap": pd.array([1, None], dtype="Int64"),
            "when": pd.to_datetime(["2021-06-30T23:30:00Z", "2021-01-01T00:00:00Z"], utc=True),
        },
        index=pd.Index(["A1", "A2"], name="ref"),
    )
    first, second = table(tmp_path, parquet(frame), "t.parquet")
    assert first == {
        "ref": "A1",
        "money": "1",
        "small": "1",
        "level": "High",
        "gap": "1",
        "when": "2021-07-01 00:30:00",
    }
    assert (second["money"], second["small"], second["gap"], second["when"]) == ("12.5", "0.5", None, "2021-01-01")


def book(fill: object, epoch: dt.datetime | None = None) -> bytes:
    from openpyxl import Workbook

    made = Workbook()
    if epoch is not None:
        made.epoch = epoch
    fill(made.active)  # type: ignore[operator]
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def rows_of(*rows: list[object]) -> object:
    def fill(page: object) -> None:
        for row in rows:
            page.append(row)  # type: ignore[attr-defined]

    return fill


def merged(page: object) -> None:
    rows_of(["ref", "site"], ["A1", "North"], ["A2", None])(page)  # type: ignore[operator]
    page.merge_cells("B2:B3")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (rows_of(["ref", "n"], ["A1", "=1+1"]), "1 cells are formulas that were never calculated, the first is B2"),
        (rows_of(["ref", "n"], ["A1", "#N/A"]), "1 cells hold an error of Excel"),
        (merged, "merged cells leave all but the first of them empty: B2:B3"),
        (rows_of(["Referrals 2021"], [], ["ref", "n"], ["A1", 1]), "row 3 seems to be it"),
        (rows_of(["ref", "age", None], ["A1", 14, 1]), "column 3 has cells and no name"),
    ],
)
def test_what_only_excel_can_hold_is_refused_and_named(fill: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        table(tmp_path, book(fill), "t.xlsx")


def test_dates_counted_from_1904_are_the_same_dates(tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    fill = rows_of(["ref", "day"], ["A1", dt.datetime(2021, 6, 3)])
    assert table(tmp_path, book(fill, CALENDAR_MAC_1904), "t.xlsx") == [{"ref": "A1", "day": "2021-06-03"}]


def test_empty_columns_and_rows_of_a_csv_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"ref,n,,\r\nA1,1,,\r\n,,,\r\nA2,2,,\r\n")
    found = read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions())
    assert found.frame.to_dict("records") == [{"ref": "A1", "n": "1"}, {"ref": "A2", "n": "2"}]
    said = {n.text: n.count for n in found.log}
    assert said["t.csv: rows without any cell filled, left out"] == 1
    assert said["t.csv: columns without a name or a cell, left out"] == 2


@pytest.mark.parametrize(("mark", "words"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators_are_named_and_read_when_declared(mark: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"ref{mark}n\nA1{mark}1,5\n")
    with pytest.raises(DataError, match=f"parted by {words}"):
        read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions())
    found = read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions(separator=mark))  # type: ignore[arg-type]
    assert found.frame.to_dict("records") == [{"ref": "A1", "n": "1,5"}]


@pytest.mark.parametrize("cell", ['"6 ft', '5" tall", he said', '"a" b'])
def test_a_stray_quotation_mark_swallows_no_row(cell: str, tmp_path: Path) -> None:
    rows = [f"A{i},{i}," for i in range(100)]
    rows[40] = f"A40,40,{cell}"
    rows[60] = "A60,60,fine"
    if cell == '5" tall", he said':
        rows[40] = f'A40,40,"{cell}'
    path = tmp_path / "t.csv"
    path.write_text("ref,n,note\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError, match="must end with one"):
        read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions())


def test_a_mark_inside_a_plain_cell_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('ref,note\nA1,5ft 6"\nA2,"say ""no"""\n')
    found = read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions()).frame
    assert found["note"].tolist() == ['5ft 6"', 'say "no"']


def test_excels_line_with_the_separator_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=;\nref;n\nA1;2\n")
    found = read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions())
    assert found.frame.to_dict("records") == [{"ref": "A1", "n": "2"}]


def test_a_percentage_is_read_as_it_is_shown_and_hidden_rows_are_said(tmp_path: Path) -> None:
    def fill(page: object) -> None:
        rows_of(["ref", "share"], ["A1", 0.496], ["A2", 0.5])(page)  # type: ignore[operator]
        page["B2"].number_format = "0.0%"  # type: ignore[index]
        page["B3"].number_format = "0%"  # type: ignore[index]
        page.row_dimensions[3].hidden = True  # type: ignore[attr-defined]

    path = tmp_path / "t.xlsx"
    path.write_bytes(book(fill))
    found = read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions())
    assert found.frame["share"].tolist() == ["49.6%", "50%"]
    assert [n.count for n in found.log if "hidden in Excel" in n.text] == [1]


def test_parquet_with_its_index_twice_and_single_precision(tmp_path: Path) -> None:
    frame = pd.DataFrame({"ref": ["A1"], "x": np.array([0.1], dtype="float32")})
    frame.index = pd.Index(["A1"], name="ref")
    assert table(tmp_path, parquet(frame), "t.parquet") == [{"ref": "A1", "x": "0.1"}]


def test_instants_of_another_zone_are_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"when": pd.to_datetime(["2021-06-30T23:30:00Z"], utc=True)})
    path = tmp_path / "t.parquet"
    path.write_bytes(parquet(frame))
    found = read(Request(path, tmp_path, 1, lambda *at: None), ExtractOptions())
    assert any("read as local time (Europe/London): when" in n.text for n in found.log)


@pytest.mark.parametrize("form", ["%d/%m/%Q", "nonsense", "%H:%M"])
def test_a_form_of_dates_that_reads_none_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="no form of dates"):
        ExtractOptions(dates=form)
