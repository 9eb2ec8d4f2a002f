"""``vru look``: what is said of a file, and that the block it ends in can be pasted."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from vru.cli import main
from vru.events import Marks
from vru.look.column import Column, look_at_column
from vru.look.looked import Coverage
from vru.look.table import by_month
from vru.protocol.rows import CovariateColumn
from vru.sources.extract import ExtractOptions

N = 60


def look(name: str, cells: list[str], marks: Marks | None = None) -> Column:
    return look_at_column(name, np.array(cells, dtype=str), marks or Marks())


@pytest.mark.parametrize(
    ("cells", "kind", "said"),
    [
        ([f"{i * 0.5}" for i in range(N)], "number", "number, 60 values 0 to 29.5"),
        ([f"{i % 7}.5%" for i in range(N)], "number", "written in percent"),
        ([f"£{i % 9}" for i in range(N)], "number", "written in pounds"),
        ([f"{i % 50},5" for i in range(N)], "number", "written in decimal commas"),
        (["Yes", "no", "1"] * 20, "yes_no", "yes or no, 60 values"),
        (["2021-03-04", "2021-04-30"] * 30, "date", "date, 60 values 2021-03-04 to 2021-04-30"),
        (["23/04/2021 10:00", "24/04/2021 11:30"] * 30, "date", "written %d/%m/%Y %H:%M"),
        (["2021-03", "2021-05"] * 30, "month", "month, 60 values 2021-03 to 2021-05"),
        ([f"R{i}" for i in range(N)], "id", "each once"),
        ([str(i) for i in range(N)], "id", "each value once: an id?"),
        (["red", "blue", "green"] * 20, "category", "blue (20), green (20), red (20)"),
        ([f"said {i} things" for i in range(N - 1)] * 2, "text", "different values"),
        (["", ""] * 30, "empty", "not a cell filled"),
    ],
)
def test_what_a_column_seems_to_be(cells: list[str], kind: str, said: str) -> None:
    found = look("x", cells)
    assert (found.kind, said in found.said) == (kind, True), found.said
    assert found.questions == []


@pytest.mark.parametrize(
    ("cells", "asks"),
    [
        ([str(i) for i in range(30)] * 2 + ["999"] * 4, "code for not known"),
        ([str(i % 30) for i in range(N)] + ["<5", "*"], "hidden number"),
        (["01/02/2021", "03/04/2021"] * 30, "no day above 12"),
        (["2021-06-30T23:30:00Z"] * 30, "Z is UTC"),
        (["01", "02", "10"] * 20, "kind: category"),
        (["2021-03-04"] * 30 + ["9999-12-31"] * 3, "no date|code for not known"),
        (["St Mary's", "St Marys", "Oak"] * 20, "one in two spellings"),
    ],
)
def test_what_is_asked(cells: list[str], asks: str) -> None:
    assert any(any(a in q for a in asks.split("|")) for q in look("x", cells).questions)


def test_marks_for_missing_are_proposed_and_those_for_hidden_numbers_are_left_to_a_person() -> None:
    found = look("x", [*(str(i % 30) for i in range(N)), "NULL", "n/a", "<5", "*"])
    assert (sorted(found.missing), sorted(found.suppressed)) == (["NULL", "n/a"], ["*", "<5"])


def test_no_cell_that_stands_in_one_row_is_shown() -> None:
    found = look("note", [*(["moved"] * 30), "Amy hit Ben at school"])
    assert "Amy" not in found.said + " ".join(found.questions)


def test_coverage_names_gaps_and_stubs() -> None:
    months = ["2021-01"] * 20 + ["2021-02"] * 19 + ["2021-04"] * 21 + ["2021-05"] * 3
    found = by_month("when", months)
    assert found is not None
    assert (found.empty, found.low) == (("2021-03",), ("2021-05",))
    assert found.line.startswith("▇▇·█▁ 2021-01 to 2021-05") or found.line[2] == "·"


def test_long_coverage_is_one_line() -> None:
    months = tuple(f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(240))
    line = Coverage("x", months, tuple(range(240))).line
    assert len(line.split(" ")[0]) == 60
    assert "a bar is 4 months" in line


def people(tmp: Path) -> Path:
    frame = pd.DataFrame(
        {
            "ref": [f"P{i}" for i in range(N)],
            "took part": ["1", "0"] * 30,
            "risk": ["NULL", *(f"{i % 40}.5" for i in range(N - 1))],
            "rate": [f"{i % 9}.5%" for i in range(N)],
            "seen": [f"{i % 28 + 1:02d}/03/2021" for i in range(N)],
            "sch: ool": ["Oak", "Elm", "yes"] * 20,
        }
    )
    at = tmp / "referrals.csv"
    frame.to_csv(at, index=False)
    return at


def test_the_block_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["look", str(people(tmp_path)), "--json"]) == 0
    block = yaml.safe_load(json.loads(capsys.readouterr().out)["plan"])
    options = ExtractOptions(**block["data"][0]["options"])
    assert (options.missing, options.dates) == (["NULL"], "%d/%m/%Y")
    for plan in block["cohort"]["covariates"].values():
        CovariateColumn(**plan)
    assert block["cohort"]["id"] == "ref"
    assert block["cohort"]["covariates"]["rate"]["unit"] == "percent"


def test_a_figure_of_coverage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = tmp_path / "coverage.svg"
    assert main(["look", str(people(tmp_path)), "--figure", str(at)]) == 0
    assert at.read_text().startswith("<svg")
    assert "coverage of seen: █ 2021-03" in capsys.readouterr().out


def test_events_and_schedules_of_patrol_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = [f"2021-06-{d:02d}" for d in range(1, 31)]
    schedule = pd.DataFrame([{"area": a, "date": d, "drawn": i % 2} for i, d in enumerate(days) for a in ("A", "B")])
    schedule.to_csv(tmp_path / "schedule.csv", index=False)
    events = pd.DataFrame({"area": ["A", "B"] * 30, "when": [f"{d} 10:0{k}" for d in days for k in (1, 2)]})
    events.to_csv(tmp_path / "events.csv", index=False)
    found = {}
    for name in ("schedule", "events"):
        assert main(["look", str(tmp_path / f"{name}.csv"), "--json"]) == 0
        found[name] = yaml.safe_load(json.loads(capsys.readouterr().out)["plan"])["days"]
    assert found["schedule"]["schedule"]["date"] == "date"
    assert found["events"]["events"] == {"data": "extract", "unit": "area", "when": "when"}


def test_the_same_in_excel_and_parquet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = people(tmp_path)
    frame = pd.read_csv(at, dtype=str, keep_default_na=False)
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    said = []
    for path in (at, tmp_path / "a.xlsx", tmp_path / "a.parquet"):
        assert main(["look", str(path), "--json"]) == 0
        said.append(json.loads(capsys.readouterr().out)["parts"])
    assert said[0] == said[1] == said[2]


HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context"
)


def archive(tmp: Path) -> Path:
    at = tmp / "archive.zip"
    with zipfile.ZipFile(at, "w") as zipped:
        for month, n, blank in (("2021-01", 40, 0), ("2021-02", 40, 0), ("2021-04", 40, 20), ("2021-05", 10, 5)):
            lines = [HEADER]
            for i in range(n):
                place = ",," if i < blank else "E01000001,Upton 001A,"
                kind = "Robbery" if i % 2 else "robbery"
                lines.append(f"{month}{i},{month},M,M,-2.98,53.4,On or near High Street,{place}{kind},,")
            zipped.writestr(f"{month}/{month}-made-street.csv", "\n".join(lines))
    return at


def test_an_archive_by_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["look", str(archive(tmp_path))]) == 0
    said = capsys.readouterr().out
    assert "130 crimes, 1 force, 2021-01 to 2021-05" in said
    assert "no row in 2021-03" in said
    assert "under half of the usual rows in 2021-05" in said
    assert "Why did it change?" in said
    assert "differs from" in said


def test_layers_of_a_geopackage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import geopandas as gpd
    from shapely.geometry import box

    at = tmp_path / "areas.gpkg"
    for layer in ("hot spots", "wards"):
        shapes = [box(i, 0, i + 1, 1) for i in range(3)]
        gpd.GeoDataFrame({"name": ["a", "b", "c"], "team": [1, 1, 2]}, geometry=shapes, crs=27700).to_file(
            at, layer=layer
        )
    assert main(["look", str(at), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "which holds the areas" in found["questions"][0]
    assert yaml.safe_load(found["plan"])["units"]["id_field"] == "name"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["missing.csv"], "is not there"),
        (["a.txt"], "is not read"),
        (["a.csv", "--dates", "day"], "no form of dates"),
        (["a.csv", "--sheet", "x"], "Excel"),
        (["a.csv", "--figure", "x.svg"], "no column of dates"),
        (["a.gpkg"], "cannot be read as a map"),
        (["a.zip"], "cannot be opened"),
    ],
)
def test_what_is_refused(
    given: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "a.gpkg", "a.zip"):
        Path(name).write_bytes(io.BytesIO(b"hello").getvalue())
    Path("a.csv").write_text("a,b\n1,2\n3,4\n")
    assert main(["look", *given]) == 2
    assert says in capsys.readouterr().err


def test_names_that_steer_a_terminal_are_shown_as_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = tmp_path / "x.csv"
    pd.DataFrame({"ref": [f"P{i}" for i in range(N)], "a\x1b[2J": ["1", "0"] * (N // 2)}).to_csv(at, index=False)
    assert main(["look", str(at)]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\\x1b[2J" in said


def test_columns_that_differ_in_case_get_two_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = tmp_path / "x.csv"
    bits = ["1", "0"] * (N // 2)
    pd.DataFrame({"ref": [f"P{i}" for i in range(N)], "Took part": bits, "took part": bits}).to_csv(at, index=False)
    assert main(["look", str(at)]) == 0
    said = capsys.readouterr().out
    assert "took_part: {column: 'Took part'" in said.replace('"', "'")
    assert "took_part_1: {column: 'took part'" in said.replace('"', "'")


def test_every_column_gets_a_name_of_its_own() -> None:
    from vru.look.proposal import _names

    made = _names(["a_2", "A", "a", "a 2", "1"])
    assert made == ["a_2", "a", "a_1", "a_2_1", "x_1"]


def test_dates_that_fill_most_rows_are_seen_among_many_odd_cells() -> None:
    cells = ["25/03/2021"] * 9_000 + [f"odd {i}" for i in range(600)]
    assert look("when", cells).kind == "date"


def test_offences_with_a_time_and_a_ward_are_events_and_a_list_of_people_is_not(tmp_path, capsys):
    day = pd.date_range("2022-01-01", periods=300, freq="D")
    wards = [f"Ward {i % 7}" for i in range(300)]
    times = pd.DataFrame({"Ref": [f"R{i:04d}" for i in range(300)], "When": day + pd.Timedelta(hours=7), "Ward": wards})
    times.to_csv(tmp_path / "events.csv", index=False)
    times.assign(When=day.strftime("%Y-%m-%d")).to_csv(tmp_path / "people.csv", index=False)
    assert main(["look", str(tmp_path / "events.csv")]) == 0
    block = yaml.safe_load(capsys.readouterr().out.split("to paste into protocol.yaml:\n")[1])
    assert (block["data"][0]["source"], block["data"][0]["options"]["area"]) == ("events", "Ward")
    assert block["units"] == {"kind": "area"}
    assert main(["look", str(tmp_path / "people.csv")]) == 0
    assert "source: events" not in capsys.readouterr().out
