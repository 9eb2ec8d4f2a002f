"""A force's own extract of offences becomes the panel: every row counted once, in its month and place, or said not to be."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import DataError
from vru.intake import read_offences
from vru.protocol.tabled import EventColumns
from vru.sources.source import Request
from vru.sources.tallied import EVENTS, EventsOptions

COVERS = {"first": "2021-01", "last": "2021-03"}
ROWS = pd.DataFrame(
    {
        "Ref": ["A1", "A1", "A2", "A3", "A3", "", "A5", "A6"],
        "From": [
            "2021-01-31 23:30",
            "2021-01-31 23:30",
            "2021-02-10 15:00",
            "2021-02-28 22:00",
            "2021-02-28 22:00",
            "2021-03-01 00:10",
            "2021-03-02 09:00",
            "2021-04-01 09:00",
        ],
        "To": ["2021-02-01 02:30", "2021-02-01 02:30", "", "2021-02-28 23:00", "2021-02-28 23:00", "", "", ""],
        "Kind": ["Violence", "Violence", "Violence", "Violence", "Robbery", "Violence", "Violence", "Violence"],
        "Knife": ["Y", "Y", "N", "N", "N", "Y", "N", "N"],
        "Beat": ["N1", "N1", "n1 ", "N2", "N2", "N2", "", "N1"],
        "X": ["334000", "334000", "334010", "335000", "335000", "335001", "0", "334000"],
        "Y": ["390000", "390000", "390010", "391000", "391000", "391001", "0", "390000"],
    }
)
PLAN = {"covers": COVERS, "when": "From", "area": "Beat", "kind": "Kind"}


@pytest.fixture
def events(tmp_path):
    """Read rows as a plan says; the rows as they would be counted, and the events."""

    def read(rows=ROWS, name="extract.csv", written=None, **plan):
        path = tmp_path / name
        (written or (lambda frame, at: frame.to_csv(at, index=False)))(rows, path)
        options = EventsOptions.model_validate({**PLAN, **plan})
        table = EVENTS.read(Request(path, tmp_path / "cache", 1, lambda *a: None), options)
        found = read_offences(table, options, tmp_path / "cache")
        return pd.read_parquet(found.path), found

    return read


def counted(frame):
    return dict(Counter(zip(frame["lsoa_code"].fillna(""), frame["month"], strict=True)))


def said(found):
    return " | ".join(f"{n.text} ({n.count})" for n in found.log)


def test_each_row_counts_in_its_month_and_area_and_the_rest_is_said(events):
    frame, found = events()
    assert counted(frame) == {
        ("N1", "2021-01"): 2,
        ("N1", "2021-02"): 1,
        ("N2", "2021-02"): 2,
        ("N2", "2021-03"): 1,
        ("", "2021-03"): 1,
    }
    assert "rows in months that the plan does not say are covered (2021-01 to 2021-04 in the file) (1)" in said(found)
    assert "'N1' (3), 'n1' (1)" in said(found)
    assert found.present == {"extract": ("2021-01", "2021-02", "2021-03")}
    assert not {"Ref", "From", "X"} & set(frame.columns)


def test_an_id_counts_once_for_each_kind_and_is_marked_where_it_has_several(events):
    frame, found = events(id="Ref")
    assert counted(frame)["N1", "2021-01"] == 1
    assert frame["repeats"].sum() == 1
    assert sorted(frame.loc[frame["shared_id"].notna(), "crime_type"]) == ["Robbery", "Violence"]
    assert "rows that repeat a Ref of the same kind, counted once (1)" in said(found)
    assert "rows without a Ref, counted each (1)" in said(found)


@pytest.mark.parametrize(("at", "month"), [("start", "2021-01"), ("middle", "2021-02"), ("end", "2021-02")])
def test_a_range_over_two_months_counts_where_the_plan_says(events, at, month):
    frame, found = events(until="To", at=at, id="Ref")
    assert counted(frame)["N1", month] == (1 if month == "2021-01" else 2)
    assert "ranges over more than one month, counted at their" in said(found)


def test_weekday_and_hour_are_there_to_filter_by(events):
    frame, _ = events(keep=["Knife"])
    first = frame.iloc[0]
    assert (first["weekday"], first["hour"], first["Knife"]) == ("sun", "23", "Y")


def test_national_grid_becomes_degrees_and_no_place_is_no_place(events):
    # Caister Water Tower, as Ordnance Survey gives it in both systems; a metre or two are lost without its shift grid.
    rows = ROWS.assign(X=["651409.903"] * 7 + [""], Y=["313177.270"] * 7 + [""])
    frame, found = events(rows.drop(index=7), area=None, easting="X", northing="Y")
    assert np.allclose(frame[["longitude", "latitude"]].to_numpy(), (1.716074, 52.658008), atol=1e-4)
    frame, found = events(area=None, easting="X", northing="Y")
    assert "rows without coordinates (1)" in said(found)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_and_the_names_of_columns_change_nothing(events, seed):
    plain = counted(events(id="Ref")[0])
    assert counted(events(ROWS.sample(frac=1, random_state=seed), id="Ref")[0]) == plain
    renamed = ROWS.rename(columns={"Ref": "crime no", "Beat": "area id", "From": "on", "Kind": "what"})
    assert counted(events(renamed, id="crime no", area="area id", when="on", kind="what")[0]) == plain


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_excel_and_parquet_are_read_alike(events, kind):
    def write(frame: pd.DataFrame, at: Path) -> None:
        frame.to_excel(at, index=False) if kind == "xlsx" else frame.to_parquet(at)

    assert counted(events(ROWS, f"x.{kind}", write, id="Ref")[0]) == counted(events(id="Ref")[0])


def changed(column, row, value):
    rows = ROWS.copy()
    rows.loc[row, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "plan", "expected"),
    [
        (ROWS, {"area": "Bea"}, "there is no column 'Bea'"),
        (changed("From", 2, "03/04/2021"), {}, "may be March or April"),
        (changed("From", 2, "2021-06-01T10:00Z"), {}, "Z is UTC"),
        (changed("From", 2, ""), {}, "1 rows hold no date"),
        (changed("To", 3, "2021-01-01 00:00"), {"until": "To"}, "1 rows end before they begin"),
        (ROWS.assign(X="390000", Y="334000"), {"area": None, "easting": "X", "northing": "Y"}, ""),
        (ROWS.assign(X="53.4", Y="-2.9"), {"area": None, "longitude": "X", "latitude": "Y"}, "exchanged?"),
        (ROWS.assign(X="-74.0", Y="40.7"), {"area": None, "longitude": "X", "latitude": "Y"}, "lie outside Britain"),
        (changed("X", 0, "west"), {"area": None, "easting": "X", "northing": "Y"}, "are not numbers"),
        (ROWS, {"covers": {"first": "2019-01", "last": "2019-03"}}, "no row lies in any month"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(events, rows, plan, expected):
    if not expected:
        # Within Britain both ways round: no table can tell, the map does (no event in any area is refused there).
        events(rows, **plan)
        return
    with pytest.raises(DataError) as refused:
        events(rows, **plan)
    assert expected in str(refused.value)


def test_a_covered_month_without_a_row_is_asked_about_and_one_declared_missing_is_missing(events):
    covers = {"first": "2020-11", "last": "2021-03"}
    _, found = events(covers=covers)
    assert [q.id for q in found.questions] == ["months_without_rows"]
    assert "2020-11, 2020-12" in found.questions[0].what
    _, found = events(covers={**covers, "missing": ["2020-11", "2020-12"]})
    assert found.questions == ()
    assert found.present == {"extract": ("2021-01", "2021-02", "2021-03")}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"area": None}, "say where"),
        ({"easting": "X"}, "go together"),
        ({"at": "middle"}, "needs until"),
        ({"covers": {"first": "2021-03", "last": "2021-01"}}, "comes after"),
        ({"covers": {**COVERS, "missing": ["2020-01"]}}, "months outside"),
        ({"easting": "X", "northing": "Y", "longitude": "X", "latitude": "Y"}, "not both"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(plan, expected):
    with pytest.raises(ValueError, match=expected):
        EventColumns.model_validate({**PLAN, **plan})


def test_the_cached_file_depends_on_the_plan_and_not_on_where_the_extract_lies(events):
    one, other = events()[1], events(id="Ref")[1]
    assert one.path != other.path
    assert replace(events()[1]).path == one.path


def test_areas_that_the_plan_spells_otherwise_are_the_same(events, tmp_path):
    options = EventsOptions.model_validate(PLAN)
    (tmp_path / "x.csv").write_text(ROWS.to_csv(index=False), encoding="utf-8")
    table = EVENTS.read(Request(tmp_path / "x.csv", tmp_path / "cache", 1, lambda *a: None), options)
    found = read_offences(table, options, tmp_path / "cache", ["n1", "N  2"])
    assert {a for a, _ in counted(pd.read_parquet(found.path))} == {"n1", "N2", ""}
    assert "areas spelt otherwise than in the plan, taken as one (4)" in said(found)


def test_a_folder_of_files_is_one_extract(events, tmp_path):
    whole = counted(events(id="Ref")[0])
    folder = tmp_path / "years"
    folder.mkdir()
    ROWS.iloc[:3].to_csv(folder / "2021-a.csv", index=False)
    ROWS.iloc[3:].to_excel(folder / "2021-b.xlsx", index=False)
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    options = EventsOptions.model_validate({**PLAN, "id": "Ref"})

    def read():
        table = EVENTS.read(Request(folder, tmp_path / "cache", 1, lambda *a: None), options)
        return table, read_offences(table, options, tmp_path / "cache")

    table, found = read()
    assert counted(pd.read_parquet(found.path)) == whole
    assert [n.count for n in table.log if n.text.startswith("rows read from")] == [3, 5]
    before = table.sha256
    ROWS.iloc[:2].to_csv(folder / "2021-a.csv", index=False)
    assert read()[0].sha256 != before
    ROWS.iloc[:2].drop(columns="Beat").to_csv(folder / "2021-c.csv", index=False)
    with pytest.raises(DataError, match="lacks columns that 2021"):
        read()


def test_a_folder_without_a_table_is_refused(tmp_path):
    options = EventsOptions.model_validate(PLAN)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no table"):
        EVENTS.read(Request(tmp_path / "empty", tmp_path, 1, lambda *a: None), options)
