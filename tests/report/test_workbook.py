import openpyxl
import pytest

from vru.report import write_workbook


@pytest.fixture(scope="module")
def written(make_protocol, make_result, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "tables.xlsx"
    write_workbook(make_protocol(), make_result(), path)
    return path


@pytest.fixture(scope="module")
def book(written):
    return openpyxl.load_workbook(written)


def table_of(sheet):
    (found,) = sheet.tables.values()
    rows = [[c.value for c in row] for row in sheet[found.ref]]
    return rows[0], rows[1:]


def test_cover_contents_and_one_named_table_per_sheet(book):
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    assert {"Effects", "Offences", "Series", "Paths", "Checks", "Data log"} <= set(book.sheetnames)
    assert book["Cover"]["A1"].value == "Hot-spot patrols in Anytown"
    assert "Made-up example" in "".join(str(c.value) for c in book["Cover"]["A"])
    names = [name for s in book for name in s.tables]
    assert len(names) == len(set(names)) == len(book.sheetnames) - 1
    assert all(s.sheet_state == "visible" and s["A1"].value and not s.merged_cells.ranges for s in book)


def test_long_lines_of_the_cover_have_room_and_sheets_fit_a_page(book):
    cover = book["Cover"]
    long = [c for c in cover["A"][2:] if len(str(c.value)) > 85]
    assert long
    assert all(cover.row_dimensions[c.row].height >= 32 for c in long)
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_sentences_are_wrapped_at_a_width_for_reading(book):
    sheet = book["Checks"]
    head, rows = table_of(sheet)
    at = head.index("What was found")
    longest = max(range(len(rows)), key=lambda i: len(rows[i][at]))
    cell = sheet.cell(row=longest + 4, column=at + 1)
    assert cell.value == rows[longest][at]
    assert len(cell.value) > 60
    assert cell.alignment.wrap_text
    assert sheet.column_dimensions[cell.column_letter].width < 62
    assert sheet.row_dimensions[cell.row].height >= 16 * len(cell.value) / 60


def test_numbers_are_numbers_and_unrounded(book, make_result):
    head, rows = table_of(book["Effects"])
    first = dict(zip(head, rows[0], strict=True))
    assert first["Estimate"] == pytest.approx(make_result().primary.value, rel=1e-14)
    assert first["Rate ratio"] == pytest.approx(0.81)
    counts = dict(zip(head, rows[1], strict=True))
    assert (counts["Scale"], counts["Estimate"], counts["Rate ratio"]) == ("offences", -1431, "[x]")


def test_every_estimate_month_and_check_is_there(book, make_result):
    result = make_result()
    assert len(table_of(book["Effects"])[1]) == len(result.estimates)
    assert len(table_of(book["Checks"])[1]) == len(result.findings)
    assert len(table_of(book["Series"])[1]) == sum(len(s.values) for s in result.series)
    assert len(table_of(book["Paths"])[1]) == sum(len(e.path) for e in result.estimates)


def test_missing_is_marked_and_no_cell_is_blank(book):
    head, rows = table_of(book["Series"])
    at = head.index("Offences")
    assert [r[at] for r in rows if r[head.index("Month")] == "2020-06"] == ["[x]"] * 5
    for sheet in book.worksheets[1:]:
        assert all(value is not None for row in table_of(sheet)[1] for value in row), sheet.title


def test_hostile_text_is_no_formula_and_no_link(make_protocol, make_result, tmp_path):
    from dataclasses import replace

    result = make_result()
    path = tmp_path / "t.xlsx"
    evil = replace(result.data_log[0], text="=HYPERLINK(1)", source="https://example.org")
    write_workbook(make_protocol(title="=1+1 [a](b) $$c$$"), replace(result, data_log=(evil,)), path)
    book = openpyxl.load_workbook(path)
    cells = [c for s in book for row in s.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert not [c for c in book["Data log"]["A"] if c.hyperlink]
    assert table_of(book["Data log"])[1][0][1] == "=HYPERLINK(1)"


def test_no_author_and_the_same_bytes_twice(written, make_protocol, make_result, tmp_path):
    again = tmp_path / "again.xlsx"
    write_workbook(make_protocol(), make_result(), again)
    assert again.read_bytes() == written.read_bytes()
    assert not openpyxl.load_workbook(again).properties.creator
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.xlsx"]
