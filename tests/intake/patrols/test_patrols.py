"""`vru patrols` as it is typed: known minutes, clocks, officers together, what was planned, and every bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.cli import main
from vru.intake.patrols.wall import instants, periods

from .shifts import ORIGIN, squares, walk, write

COLUMNS = ["--officer", "unit", "--when", "time", "--x", "lon", "--y", "lat", "--clock", "utc"]
GRID = ["--officer", "unit", "--when", "time", "--x", "east", "--y", "north", "--clock", "utc"]
DAYS = ["--first", "2021-06-01", "--last", "2021-06-10"]


def area_map(folder: Path, across: float = 100.0, n: int = 10) -> Path:
    path = folder / "areas.geojson"
    path.write_text(json.dumps(squares(n, across)), encoding="utf-8")
    return path


def run(*typed: str | Path) -> int:
    return main(["patrols", *map(str, typed)])


def still(folder: Path, rows: list[tuple[str, str, float, float]], name: str = "pings.csv") -> Path:
    """Pings at metres from the first area's south-west corner."""
    frame = pd.DataFrame(rows, columns=["unit", "time", "east", "north"])
    frame["east"] += ORIGIN[0]
    frame["north"] += ORIGIN[1]
    frame.to_csv(folder / name, index=False)
    return folder / name


def stay(
    unit: str, begins: str, minutes: int, at: tuple[float, float] = (50.0, 50.0)
) -> list[tuple[str, str, float, float]]:
    times = np.datetime64(begins) + np.arange(minutes * 2 + 1) * np.timedelta64(30, "s")
    return [(unit, str(t), *at) for t in times]


def table(
    folder: Path, pings: Path, *typed: str | Path, columns: list[str] = GRID, days: list[str] = DAYS
) -> pd.DataFrame:
    assert run(pings, "--areas", area_map(folder), *columns, *days, "--out", folder / "out.csv", *typed) == 0
    return pd.read_csv(folder / "out.csv")


@pytest.mark.parametrize("across", [100.0, 150.0])
def test_known_minutes_come_back_within_5_per_cent(tmp_path: Path, across: float) -> None:
    made = walk(np.random.default_rng(4), across=across)
    pings = write(made, tmp_path / "pings.csv")
    where = area_map(tmp_path, across)
    assert run(pings, "--areas", where, *COLUMNS, *DAYS, "--each", "--out", tmp_path / "out.csv") == 0
    found = pd.read_csv(tmp_path / "out.csv").groupby("area")["minutes"].sum().to_numpy()
    assert abs(found.sum() / made.minutes.sum() - 1) < 0.05
    assert np.abs(found / made.minutes - 1).max() < 0.05
    visits = pd.read_csv(tmp_path / "out.csv").groupby("area")["visits"].sum().to_numpy()
    assert np.abs(visits / made.visits - 1).max() < 0.1


def test_parquet_order_and_several_files_do_not_matter(tmp_path: Path) -> None:
    made = walk(np.random.default_rng(2), officers=2, days=3)
    pings = write(made, tmp_path / "pings.csv")
    whole = pd.read_csv(pings)
    whole.iloc[::2].to_parquet(tmp_path / "a.parquet")
    whole.iloc[1::2].to_csv(tmp_path / "b.csv", index=False)
    first = table(tmp_path, pings, columns=COLUMNS)
    assert (
        run(
            tmp_path / "a.parquet",
            tmp_path / "b.csv",
            "--areas",
            tmp_path / "areas.geojson",
            *COLUMNS,
            *DAYS,
            "--out",
            tmp_path / "o.csv",
        )
        == 0
    )
    pd.testing.assert_frame_equal(first, pd.read_csv(tmp_path / "o.csv"))


def test_two_officers_at_once_count_once_or_one_by_one(tmp_path: Path) -> None:
    pings = still(tmp_path, stay("PC 1", "2021-06-02T10:00:00", 20) + stay("PC 2", "2021-06-02T10:10:00", 20))
    once, each = table(tmp_path, pings), table(tmp_path, pings, "--each")
    assert once["visits"].sum() == 1
    assert once["minutes"].sum() == pytest.approx(30.5, abs=0.1)
    assert once["officer_minutes"].sum() == pytest.approx(41, abs=0.1)
    assert each["visits"].sum() == 2
    assert each["minutes"].sum() == pytest.approx(41, abs=0.1)


def test_a_visit_over_midnight_belongs_to_both_days_and_a_patrol_day_may_begin_at_6(tmp_path: Path) -> None:
    # 23:50 to 00:10 by British summer time.
    pings = still(tmp_path, stay("a", "2021-06-02T22:50:00", 20))
    found = table(tmp_path, pings).query("area == 'H00' and minutes > 0")
    assert found["period"].tolist() == ["2021-06-02", "2021-06-03"]
    assert found["visits"].tolist() == [1, 0]
    np.testing.assert_allclose(found["minutes"], 10.25, atol=0.1)
    later = table(tmp_path, pings, "--day-starts", "06:00").query("minutes > 0")
    assert later["period"].tolist() == ["2021-06-02"]


def test_short_stays_and_far_pings_are_no_visit_and_inaccurate_ones_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = stay("a", "2021-06-02T10:00:00", 2) + stay("a", "2021-06-02T12:00:00", 10, (300.0, 50.0))
    pings = still(tmp_path, rows + stay("b", "2021-06-02T15:00:00", 10))
    assert table(tmp_path, pings)["visits"].sum() == 1
    told = capsys.readouterr().out
    assert "shorter than 3 minutes, not counted: 1" in told
    assert "46% outside" in told or "45% outside" in told
    frame = pd.read_csv(pings).assign(hdop=[5] * len(rows) + [80] * 21)
    frame.to_csv(pings, index=False)
    found = table(tmp_path, pings, "--accuracy", "hdop", "--worst-m", "50", "--shortest-s", "60")
    assert found["minutes"].sum() == pytest.approx(2.5, abs=0.1)


def test_a_ping_just_outside_does_not_end_a_visit(tmp_path: Path) -> None:
    rows = stay("a", "2021-06-02T10:00:00", 20)
    rows[20] = (*rows[20][:2], -5.0, 50.0)
    found = table(tmp_path, still(tmp_path, rows))
    assert found["visits"].sum() == 1
    assert found["minutes"].sum() == pytest.approx(20.5, abs=0.1)


def test_local_times_over_a_change_of_clocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 31 October 2021: 00:50 to 01:00 BST, the hour that comes twice, and 02:00 to 02:10 GMT.
    rows = (
        stay("a", "2021-10-31T00:50:00", 9) + stay("a", "2021-10-31T01:10:00", 10) + stay("a", "2021-10-31T02:01:00", 9)
    )
    days = ["--first", "2021-10-30", "--last", "2021-11-02"]
    found = table(tmp_path, still(tmp_path, rows), columns=[*GRID[:-1], "local"], days=days)
    assert found["minutes"].sum() == pytest.approx(19, abs=0.2)
    assert "in the hour that clocks show twice or not at all: 21" in capsys.readouterr().out
    # The same in UTC: three stays, and a day of 25 hours.
    spans = periods(pd.Timestamp("2021-10-30").date(), pd.Timestamp("2021-11-01").date(), "day", "00:00")
    assert np.diff(spans.edges).tolist() == [86_400, 90_000, 86_400]
    local = np.array(
        ["2021-03-28T00:59:59", "2021-03-28T01:30:00", "2021-03-28T02:00:00"], dtype="datetime64[s]"
    ).astype("int64")
    utc, good = instants(local)
    assert good.tolist() == [True, False, True]
    assert utc[2] - utc[0] == 1
    assert instants(local[2:])[0][0] == utc[2]


@pytest.mark.parametrize(
    ("period", "labels"),
    [
        ("week", ["2021-06-01", "2021-06-08"]),
        ("four_weeks", []),
        ("month", ["2021-06"]),
        ("quarter", []),
    ],
)
def test_periods_are_whole(period: str, labels: list[str]) -> None:
    last = "2021-06-30" if period == "month" else "2021-06-15"
    found = periods(pd.Timestamp("2021-06-01").date(), pd.Timestamp(last).date(), period, "00:00")  # type: ignore[arg-type]
    assert list(found.labels) == labels


def test_planned_is_kept_apart_from_done_and_dose_in_comparison_areas_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = stay("a", "2021-06-01T10:00:00", 15) + stay("a", "2021-06-03T10:00:00", 15)
    rows += stay("a", "2021-06-04T10:00:00", 10, (650.0, 50.0))
    plan = pd.DataFrame(
        {
            "area": ["H00"] * 2,
            "date": ["2021-06-01", "2021-06-02"],
            "planned_minutes": [15, 15],
            "planned_visits": [1, 1],
        }
    )
    plan.to_csv(tmp_path / "plan.csv", index=False)
    found = table(tmp_path, still(tmp_path, rows), "--plan", tmp_path / "plan.csv", "--comparison", "H01", "H02")
    told = capsys.readouterr().out
    assert "delivered of planned visits: 100%" in told
    assert "periods with a patrol planned that had a visit: 50%" in told
    assert "comparison: 1 visits, 10 minutes in 2 areas" in told
    own = found.query("area == 'H00'").set_index("period")
    assert own.loc["2021-06-02", ["visits", "planned_visits"]].tolist() == [0, 1]
    assert own.loc["2021-06-03", ["visits", "planned_visits"]].tolist() == [1, 0]
    assert set(found.query("role == 'comparison'")["area"]) == {"H01", "H02"}


def test_check_ins_and_timesheets(tmp_path: Path) -> None:
    where = area_map(tmp_path)
    frame = pd.DataFrame(
        {"hot spot": ["h00", "H01", "H99"], "in": ["2021-06-01 10:00", "2021-06-02 11:00", "2021-06-02 11:00"]}
    )
    frame["out"], frame["mins"] = ["2021-06-01 10:15", "2021-06-02 11:20", "2021-06-02 11:30"], [15, 20, 30]
    frame.to_csv(tmp_path / "app.csv", index=False)
    typed = [
        "--areas",
        where,
        "--area",
        "hot spot",
        "--arrive",
        "in",
        "--clock",
        "local",
        *DAYS,
        "--out",
        tmp_path / "out.csv",
    ]
    for more in (["--leave", "out"], ["--minutes", "mins"]):
        assert run(tmp_path / "app.csv", *typed, *more) == 0
        found = pd.read_csv(tmp_path / "out.csv").query("visits > 0")
        assert found[["area", "minutes"]].to_numpy().tolist() == [["H00", 15], ["H01", 20]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"east": "lon"}, "there is no column 'east'"),
        ({"swap": True}, "are the two columns exchanged"),
        ({"times": "02/06/2021 10:00"}, "no row has an officer, a time and a place"),
        ({"far": True}, "not one ping lies in an area of the map"),
        ({"typed": ["--first", "2021-07-01"]}, "comes after"),
        ({"typed": ["--first", "June"]}, "YYYY-MM-DD"),
        ({"typed": ["--comparison", "H77"]}, "not on the map: H77"),
        ({"typed": ["--gap-s", "0"]}, "must be above 0"),
        ({"typed": ["--day-starts", "25:00"]}, "is no time of day"),
        ({"typed": ["--area", "x"]}, "say which columns hold what"),
        ({"typed": ["--out", "table.xlsx"]}, ".csv"),
        ({"suffix": ".txt"}, ".txt is not read"),
        ({"gone": True}, "is not a file"),
        ({"rubbish": True}, "cannot be read"),
    ],
)
def test_bad_input_says_what_and_shows_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    pings = still(tmp_path, stay("PC 4711", "2021-06-02T10:00:00", 10))
    frame = pd.read_csv(pings)
    if "east" in change:
        frame = frame.rename(columns={"east": "lon"})
    if "swap" in change:
        frame = frame.rename(columns={"east": "north", "north": "east"}).assign(north=lambda f: f["north"] + 900_000)
    if "times" in change:
        frame["time"] = change["times"]
    if "far" in change:
        frame["east"] += 50_000
    frame.to_csv(pings, index=False)
    if "suffix" in change:
        pings = pings.rename(pings.with_suffix(".txt"))
    if "gone" in change:
        pings.unlink()
    if "rubbish" in change:
        pings.write_bytes(b"\x00\xff\xfe" * 500)
    typed = [*DAYS, *map(str, change.get("typed", []))]  # type: ignore[call-overload]
    assert run(pings, "--areas", area_map(tmp_path), *GRID, *typed) == 2
    told = "".join(capsys.readouterr())
    assert said in told
    assert "4711" not in told


def test_areas_that_overlap_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shapes = squares(2, 100.0)
    shapes["features"][1]["geometry"] = shapes["features"][0]["geometry"]  # type: ignore[index]
    (tmp_path / "two.geojson").write_text(json.dumps(shapes), encoding="utf-8")
    pings = still(tmp_path, stay("a", "2021-06-02T10:00:00", 10))
    assert run(pings, "--areas", tmp_path / "two.geojson", *GRID, *DAYS) == 2
    assert "areas overlap: H00 and H01" in capsys.readouterr().err


def test_json_holds_the_same_and_no_officer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pings = still(tmp_path, stay("PC 4711", "2021-06-02T10:00:00", 10))
    assert run(pings, "--areas", area_map(tmp_path), *GRID, *DAYS, "--json") == 0
    text = capsys.readouterr().out
    assert json.loads(text)["visits_treated"] == 1
    assert "4711" not in text
