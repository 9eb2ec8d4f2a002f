"""A table that was already tallied: every cell in its area and month, hidden ones as a range, totals left out."""

import pandas as pd
import pytest

from vru.errors import DataError
from vru.intake import read_tallies
from vru.protocol.tabled import CountColumns
from vru.sources.source import Request
from vru.sources.tallied import COUNTS, CountsOptions

LONG = pd.DataFrame(
    {
        "Ward": ["North", "North", "South", "South", "Total", "Total"],
        "Month": ["2021-01", "2021-02"] * 3,
        "Admissions": ["7", "*", "0", "12", "7", "12"],
        "Attendances": ["70", "80", "90", "", "160", "80"],
    }
)
PLAN = {
    "area": "Ward",
    "period": "Month",
    "counts": {"admissions": "Admissions"},
    "suppressed": {"*": [1, 7]},
    "hidden": "middle",
    "total_rows": ["total"],
}


@pytest.fixture
def read(tmp_path):
    def run(rows=LONG, **plan):
        path = tmp_path / "table.csv"
        rows.to_csv(path, index=False)
        options = CountsOptions.model_validate({**PLAN, **plan})
        table = COUNTS.read(Request(path, tmp_path / "cache", 1, lambda *a: None), options)
        return read_tallies(table, options, tmp_path / "cache")

    return run


def cells(path):
    frame = pd.read_parquet(path)
    return {
        (a, m, k): n
        for a, m, k, n in zip(frame["lsoa_code"], frame["month"], frame["crime_type"], frame["n"], strict=True)
    }


def said(found):
    return " | ".join(f"{n.text} ({n.count})" for n in found.log)


def test_cells_totals_and_hidden_ones(read):
    found = read()
    assert cells(found.path) == {
        ("North", "2021-01", "admissions"): 7.0,
        ("North", "2021-02", "admissions"): 4.0,
        ("South", "2021-01", "admissions"): 0.0,
        ("South", "2021-02", "admissions"): 12.0,
    }
    assert found.present == {"North": ("2021-01", "2021-02"), "South": ("2021-01", "2021-02")}
    assert "each counted as the middle of its range; together they leave 6 open (1)" in said(found)
    assert "left out: Total" in said(found)
    assert "taken as not known" not in said(found)
    assert found.bounds is not None
    ends = [cells(path)["North", "2021-02", "admissions"] for path in found.bounds]
    assert ends == [1.0, 7.0]


def test_an_empty_cell_is_missing_in_its_area_and_month_and_nowhere_else(read):
    found = read(counts={"attendances": "Attendances"})
    assert found.present == {"North": ("2021-01", "2021-02"), "South": ("2021-01",)}
    assert found.bounds is None
    assert "without a count, taken as missing (1)" in said(found)


def test_several_counts_and_a_column_that_says_what_is_counted(read):
    both = read(counts={"admissions": "Admissions", "attendances": "Attendances"})
    assert cells(both.path)["South", "2021-01", "attendances"] == 90.0
    # One of two is not known, so the month is no whole one there.
    assert both.present["South"] == ("2021-01",)
    kinds = pd.DataFrame(
        {"Ward": ["North"] * 4, "Month": ["2021-01", "2021-02"] * 2, "What": ["a", "a", "b", "b"], "N": [1, 2, 3, 4]}
    )
    found = read(kinds, counts={"n": "N"}, kind="What", suppressed={}, hidden=None)
    assert cells(found.path) == {
        ("North", "2021-01", "a"): 1.0,
        ("North", "2021-02", "a"): 2.0,
        ("North", "2021-01", "b"): 3.0,
        ("North", "2021-02", "b"): 4.0,
    }


def test_a_wide_table_is_the_same_as_a_long_one(read):
    wide = pd.DataFrame({"Ward": ["North", "South"], "note": ["x", "y"], "2021-01": ["7", "0"], "2021-02": ["*", "12"]})
    found = read(wide, months_in="columns", period=None, counts={}, total_rows=[])
    assert {k[:2]: v for k, v in cells(found.path).items()} == {k[:2]: v for k, v in cells(read().path).items()}
    assert "columns that are no month and are not read: note (1)" in said(found)


def test_months_in_another_form_are_read_as_the_plan_declares(read):
    rows = LONG.assign(Month=["Jan 2021", "Feb 2021"] * 3)
    assert cells(read(rows, dates="%b %Y").path) == cells(read().path)
    assert cells(read(LONG.assign(Month=["2021-01-01", "2021-02-01"] * 3)).path) == cells(read().path)


def changed(column, row, value):
    rows = LONG.copy()
    rows.loc[row, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "plan", "expected"),
    [
        (LONG, {"hidden": None}, "1 cells are suppressed and nothing says what stands for them"),
        (LONG, {"suppressed": {}}, "are not numbers"),
        (changed("Admissions", 0, "7.5"), {}, "rates are no counts"),
        (changed("Admissions", 0, "-3"), {}, "1 cells are no counts"),
        (changed("Month", 0, "2021-13"), {}, "1 rows hold no month"),
        (changed("Month", 0, "Q1 2021"), {}, "declare how months are written"),
        (changed("Month", 0, "2021-02"), {}, "counts are of an area and month that has one: North 2021-02"),
        (changed("Ward", 0, ""), {}, "1 counts are of no area"),
        (LONG, {"area": "Wards"}, "did you mean 'Ward'?"),
        (LONG, {"months_in": "columns", "period": None, "counts": {}}, "no column is named as a month"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_what_to_do(read, rows, plan, expected):
    with pytest.raises(DataError) as refused:
        read(rows, **plan)
    assert expected in str(refused.value)


def test_a_row_that_looks_like_a_total_is_asked_about(read):
    (question,) = read(total_rows=[]).questions
    assert question.id == "total_rows"
    assert "Total looks like a sum of other rows" in question.what


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"period": None}, "needs period"),
        ({"months_in": "columns"}, "takes neither period nor counts"),
        ({"counts": {}}, "needs period"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(plan, expected):
    with pytest.raises(ValueError, match=expected):
        CountColumns.model_validate({"area": "Ward", "period": "Month", "counts": {"n": "N"}, **plan})


def test_marks_for_small_counts_are_ranges_and_not_gaps(read):
    with pytest.raises(DataError) as refused:
        read(LONG.assign(Admissions=LONG["Admissions"].replace("*", "<8")), suppressed={})
    assert 'suppressed: {"<8": [LOWEST, HIGHEST]}, hidden: middle' in str(refused.value)


def test_a_count_far_above_all_others_of_its_area_is_asked_about(read):
    months = [f"2021-{m:02d}" for m in range(1, 9)]
    rows = pd.DataFrame(
        {"Ward": ["North"] * 8, "Month": months, "Admissions": ["7", "9", "8", "1204", "6", "9", "8", "7"]}
    )
    (question,) = read(rows).questions
    assert question.what.startswith("North, 2021-04, admissions: 1,204, where no other month has more than 9")
    assert read(rows.replace("1204", "40")).questions == ()


@pytest.mark.parametrize("name", ["Grand total", "All wards", "ALL", "Total (all ages)", "England", "Overall"])
def test_what_sums_are_called(read, name):
    rows = LONG.assign(Ward=LONG["Ward"].replace("Total", name))
    assert [q.id for q in read(rows, total_rows=[]).questions] == ["total_rows"]
