"""Extracts as they come: what is read, what is refused, and that nothing of them is kept."""

import io
from pathlib import Path

import pandas as pd
import pytest

from vru.errors import DataError
from vru.events import Table
from vru.sources import SOURCES
from vru.sources.extract import ExtractOptions, read
from vru.sources.source import Request

CSV = b'ref,age,offence\nA1,14,assault\nA2,,"robbery, armed"\n'


def request(path: Path) -> Request:
    return Request(path, path.parent / "cache", 1, lambda what, done, total: None)


def table(tmp_path: Path, raw: bytes, name: str = "people.csv", **options: object) -> Table:
    path = tmp_path / name
    path.write_bytes(raw)
    return read(request(path), ExtractOptions.model_validate(options))


@pytest.mark.parametrize(
    "raw", [CSV, b"\xef\xbb\xbf" + CSV, CSV.decode().encode("utf-16"), CSV.replace(b"\n", b"\r\n")]
)
def test_csv_in_any_usual_encoding(raw: bytes, tmp_path: Path) -> None:
    frame = table(tmp_path, raw).frame
    assert list(frame.columns) == ["ref", "age", "offence"]
    assert frame["offence"].tolist() == ["assault", "robbery, armed"]
    assert frame["age"].isna().tolist() == [False, True]


def test_excel_and_parquet_read_like_csv(tmp_path: Path) -> None:
    made = pd.DataFrame(
        {
            "ref": ["A1", "A2"],
            "age": [14.0, None],
            "day": [pd.Timestamp("2021-06-03"), pd.Timestamp("2021-06-04 22:15")],
        }
    )
    book, parquet = io.BytesIO(), io.BytesIO()
    made.to_excel(book, index=False)
    made.to_parquet(parquet)
    for raw, name in ((book.getvalue(), "p.xlsx"), (parquet.getvalue(), "p.parquet")):
        frame = table(tmp_path, raw, name).frame
        assert frame["age"].tolist()[0] == "14"
        assert frame["age"].isna().tolist() == [False, True]
        assert frame["day"].tolist() == ["2021-06-03", "2021-06-04 22:15:00"]


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (b"", "people.csv", "is empty"),
        (b"ref,age\n", "people.csv", "has a header and no rows"),
        (b"ref;age\nA1;14\n", "people.csv", "columns are parted by semicolons, not by commas"),
        (b"ref,ref\nA1,14\n", "people.csv", "a column name is used twice: ref"),
        (b"PK\x03\x04 not a workbook", "people.xlsx", "cannot be opened as a workbook"),
        (b"PK\x03\x04", "people.csv", "is a zip or an Excel workbook, not CSV text"),
        (b"nonsense", "people.parquet", "cannot be read as Parquet"),
        (b"{}", "people.json", "is not read"),
        (
            b"ref,age\nA1,14,15,16\n",
            "people.csv",
            "1 rows have another number of cells than the header, the first is row 2",
        ),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        table(tmp_path, raw, name)


def test_a_workbook_of_several_sheets_must_be_told_which(tmp_path: Path) -> None:
    book = io.BytesIO()
    with pd.ExcelWriter(book) as writer:
        for name in ("Referrals", "Notes"):
            pd.DataFrame({"ref": [name]}).to_excel(writer, sheet_name=name, index=False)
    with pytest.raises(DataError, match="Referrals, Notes"):
        table(tmp_path, book.getvalue(), "p.xlsx")
    assert table(tmp_path, book.getvalue(), "p.xlsx", sheet="Notes").frame["ref"].tolist() == ["Notes"]
    with pytest.raises(DataError, match="has no sheet 'Other'"):
        table(tmp_path, book.getvalue(), "p.xlsx", sheet="Other")


def test_nothing_of_an_extract_is_kept(tmp_path: Path) -> None:
    table(tmp_path, CSV)
    assert [p.name for p in tmp_path.rglob("*")] == ["people.csv"]


@pytest.mark.parametrize(("name", "options"), [("simulated_programme", {}), ("simulated_patrols", {"part": "events"})])
def test_simulated_extracts_repeat_under_a_seed_and_leave_nothing(
    name: str, options: dict[str, str], tmp_path: Path
) -> None:
    source = SOURCES[name]
    chosen = source.options.model_validate(options)

    def once(seed: int) -> Table:
        made = source.read(Request(None, tmp_path / "cache", seed, lambda what, done, total: None), chosen)
        assert isinstance(made, Table)
        return made

    first, second, other = once(1), once(1), once(2)
    assert first.sha256 == second.sha256 != other.sha256
    assert first.truth["rate_ratio"] > 0
    assert "SIMULATED" in first.log[0].text
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
