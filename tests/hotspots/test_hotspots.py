"""``vru hotspots`` from the command typed to the plan that takes what it wrote; made places are found again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from vru.cli import main

CENTRES = ((335_125.0, 390_125.0), (336_625.0, 391_375.0))
SEARCH = ("--column", "when=when", "--column", "easting=x", "--column", "northing=y", "--column", "kind=kind")
Run = Callable[..., tuple[int, dict[str, Any]]]


def offences(seed: int = 4, n: int = 6000) -> pd.DataFrame:
    """Three years over 4 by 4 km, and in the two squares of 250 m round the centres twenty times as many as elsewhere."""
    rng = np.random.default_rng(seed)
    x, y = 333_000 + 4000 * rng.uniform(size=n), 389_000 + 4000 * rng.uniform(size=n)
    for i, (east, north) in enumerate(CENTRES):
        own = slice(i * 500, (i + 1) * 500)
        x[own], y[own] = east + rng.uniform(-120, 120, 500), north + rng.uniform(-120, 120, 500)
    when = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 1096 * 24, n), unit="h")
    kind = np.where(rng.uniform(size=n) < 0.7, "Violence", "Theft")
    return pd.DataFrame({"when": when.strftime("%Y-%m-%d %H:%M"), "x": x.round(1), "y": y.round(1), "kind": kind})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    offences().to_csv(tmp_path / "crimes.csv", index=False)

    def go(*options: str, source: str = "crimes.csv", columns: tuple[str, ...] = SEARCH) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["hotspots", source, *columns, *options, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if code == 0 else {"error": said.err}

    return go


def outline(name: str, tmp_path: Path, file: str = "areas.geojson") -> Any:
    import geopandas as gpd

    frame = gpd.read_file(tmp_path / "hotspots" / file).to_crs("EPSG:27700")
    return frame[frame["id"] == name].geometry.iloc[0]


@pytest.mark.parametrize(
    "how",
    [
        ("--by", "square", "--cell", "250", "--top", "2"),
        ("--by", "hexagon", "--resolution", "9", "--top", "2"),
        ("--by", "square", "--cell", "125", "--method", "kernel", "--bandwidth", "250", "--top", "8"),
        ("--by", "square", "--cell", "250", "--method", "getis_ord", "--bandwidth", "260", "--top", "10"),
    ],
    ids=["count", "hexagon", "kernel", "getis_ord"],
)
def test_made_hot_spots_are_found(run: Run, tmp_path: Path, how: tuple[str, ...]) -> None:
    import shapely

    code, found = run(*how)
    assert code == 0
    places = [outline(name, tmp_path) for name in found["chosen"]]
    for centre in CENTRES:
        assert min(p.distance(shapely.Point(centre)) for p in places) < 130
    for place in places:
        assert min(place.distance(shapely.Point(c)) for c in CENTRES) < 320
    assert found["expected_fall"] < 0.25


def test_all_that_stands_out(run: Run) -> None:
    code, found = run("--by", "square", "--cell", "500", "--method", "getis_ord", "--bandwidth", "20")
    assert code == 0
    # A neighbourhood of one: z says which squares are out of the ordinary, and two of 64 were made so.
    assert len(found["chosen"]) == 2


def test_the_numbers_are_those_of_a_count_by_hand(run: Run, tmp_path: Path) -> None:
    code, found = run(
        "--by", "square", "--cell", "250", "--top", "2", "--kind", "Violence", "--first", "2019-01", "--last", "2020-06"
    )
    assert code == 0
    rows = offences()
    rows = rows[rows["kind"] == "Violence"].assign(month=rows["when"].str[:7])
    rows["cell"] = list(zip(rows["x"] // 250, rows["y"] // 250, strict=True))
    before = rows[rows["month"] <= "2020-06"].groupby("cell").size().sort_values(ascending=False)
    after = rows[(rows["month"] > "2020-06") & (rows["month"] <= "2021-06")].groupby("cell").size()
    table = pd.read_csv(tmp_path / "hotspots" / "candidates.csv")
    top = table.dropna(subset="rank").sort_values("rank")
    assert top["events_in_selection_window"].tolist() == before.iloc[:2].tolist()
    chosen = list(before.index[:2])
    hits = after.reindex(chosen, fill_value=0).sum() / after.sum()
    assert found["after"]["hit_rate"] == pytest.approx(hits)
    everywhere = len(set(zip(offences()["x"] // 250, offences()["y"] // 250, strict=True)))
    assert found["after"]["pai"] == pytest.approx(hits / (2 / everywhere), rel=1e-6)
    assert found["candidates"] == everywhere == len(table)


def test_twice_is_the_same_bytes_and_order_of_rows_nothing(run: Run, tmp_path: Path) -> None:
    first = {p.name: p.read_bytes() for p in (tmp_path / "hotspots").iterdir()} if run("--by", "square")[0] == 0 else {}
    offences().sample(frac=1, random_state=1).to_csv(tmp_path / "crimes.csv", index=False)
    assert run("--by", "square")[0] == 0
    again = {p.name: p.read_bytes() for p in (tmp_path / "hotspots").iterdir()}
    assert set(first) == set(again) >= {"areas.geojson", "candidates.csv", "plan.yaml", "hotspots.html", "map.svg"}
    assert [n for n in first if first[n] != again[n]] == ["hotspots.json"]  # it holds the fingerprint of the file
    assert "INTERNAL" in again["areas.geojson"].decode()
    assert "INTERNAL" in again["hotspots.html"].decode()


def test_harm_weighs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "harm.csv").write_text("kind,weight\nViolence,0\nTheft,3\n", encoding="utf-8")
    code, found = run("--by", "square", "--top", "5", "--weights", "harm.csv")
    assert code == 0
    assert found["events_in_window"] % 3 == 0
    block = yaml.safe_load((tmp_path / "hotspots" / "plan.yaml").read_text(encoding="utf-8"))
    assert block["units"]["selection"]["rule"] == "listed"
    assert len(block["units"]["treated"]) == 2
    assert len(block["units"]["comparison"]) == 3
    assert sorted([*block["units"]["treated"], *block["units"]["comparison"]]) == sorted(found["chosen"])


def test_segments_share_no_ground_and_hold_what_lies_beside_them(run: Run, tmp_path: Path) -> None:
    from vru.geography.areas import overlaps, read_areas

    lines = [((333_000, n), (337_000, n)) for n in range(389_125, 393_000, 250)]
    lines += [((e, 389_000), (e, 393_000)) for e in range(333_125, 337_000, 250)]
    features = [
        {"type": "Feature", "properties": {"id": f"s{i:02d}"}, "geometry": {"type": "LineString", "coordinates": line}}
        for i, line in enumerate(lines)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    (tmp_path / "roads.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    code, found = run("--by", "segment", "--shapes", "roads.geojson", "--reach", "100", "--top", "3")
    assert code == 0
    assert overlaps(read_areas(tmp_path / "hotspots" / "areas.geojson", "id")) == []
    assert {"s04", "s09"} & set(found["chosen"])


@pytest.mark.parametrize("how", [("--top", "10"), ("--top", "10", "--method", "getis_ord")], ids=["top", "listed"])
def test_a_plan_takes_the_block_as_it_is(run: Run, tmp_path: Path, how: tuple[str, ...]) -> None:
    assert main(["init", str(tmp_path)]) == 0
    assert main(["new", "made-trial", "--template", "hotspot_patrol"]) == 0
    where = tmp_path / "evaluations" / "made-trial" / "protocol.yaml"
    code, found = run("--by", "square", *how, "--first", "2019-01", "--last", "2019-12")
    assert code == 0
    plan = yaml.safe_load(where.read_text(encoding="utf-8"))
    plan |= yaml.safe_load((tmp_path / "hotspots" / "plan.yaml").read_text(encoding="utf-8"))
    plan |= {"title": "Patrols", "organisation": "made-vru", "disclosure": {"profile": "police_local"}}
    plan["intervention"]["start"] = "2020-10"
    where.write_text(yaml.safe_dump(plan), encoding="utf-8")
    assert main(["check", str(where.parent)]) == 0
    entered = chosen_by(where.parent)
    assert set(entered) == set(found["chosen"])
    # The same search from the plan's own data sees nothing from the start of the intervention on.
    code, again = run("--by", "square", "--out", "again", *how, source=str(where.parent), columns=())
    assert code == 0
    assert again["selection"]["last"] == "2020-09"


def chosen_by(folder: Path) -> list[str]:
    from vru.run.study import build, load_study

    panel: Any = build(load_study(folder), lambda what, done, total: None).data
    assert panel.selection is not None
    assert len(panel.selection.pool) >= len(panel.units)
    return [u for u, r in zip(panel.units, panel.role, strict=True) if r in ("treated", "comparison")]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--by", "lsoa"), "no row of the data has an area code"),
        (("--by", "square", "--top", "5", "--at-least", "3"), "not both"),
        (("--by", "square", "--top", "4000"), "areas to choose 4000 from"),
        (("--by", "square", "--at-least", "4000"), "no area has 4000 events"),
        (("--by", "square", "--first", "2018-01", "--last", "2018-12"), "not within the data"),
        (("--by", "square", "--first", "2020-03", "--last", "2020-01"), "comes after"),
        (("--by", "square", "--kind", "Violense"), "'Violense' is not in the data"),
        (("--by", "square", "--cell", "1"), "too small or too large"),
        (("--by", "areas"), "needs a map"),
        (("--by", "areas", "--shapes", "none.geojson"), "is not there"),
        (("--by", "lsoa", "--method", "kernel"), "a kernel needs places"),
        (("--by", "square", "--weights", "bad.csv"), "bad.csv, line 3"),
        (("--by", "square", "--weights", "short.csv"), "no weight for Violence"),
        (("--by", "square", "--force", "kent"), "there is no force 'kent'"),
        (("--by", "square", "--out", "full"), "holds other files"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    (tmp_path / "bad.csv").write_text("kind,weight\nTheft,1\nViolence,-2\n", encoding="utf-8")
    (tmp_path / "short.csv").write_text("kind,weight\nTheft,1\n", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x", encoding="utf-8")
    code, said = run(*options)
    assert code == 2
    assert says in said["error"]
    assert not (tmp_path / "hotspots").exists()
    assert (tmp_path / "full" / "mine.txt").exists()


def test_columns_are_asked_for_and_wrong_ones_named(run: Run) -> None:
    code, said = run("--by", "square", columns=())
    assert code == 2
    assert "vru look crimes.csv" in said["error"]
    code, said = run(
        "--by", "square", columns=("--column", "when=date", "--column", "easting=x", "--column", "northing=y")
    )
    assert code == 2
    assert "date" in said["error"]
    code, said = run("--by", "square", columns=("--column", "when=when", "--column", "east=x"))
    assert code == 2
    assert "east" in said["error"]


@pytest.mark.realdata
def test_merseyside_counted_by_an_independent_script(data_dir: Path, run: Run, tmp_path: Path) -> None:
    import io
    import zipfile

    archive = data_dir / "police_uk" / "merseyside_2018-01_2022-03.zip"
    window = [f"2018-{m:02d}" for m in range(4, 13)] + [f"2019-{m:02d}" for m in range(1, 4)]
    counts: dict[str, int] = {}
    with zipfile.ZipFile(archive) as z:
        for name in z.namelist():
            if not (name.endswith("street.csv") and any(f"/{m}-" in f"/{name.rsplit('/')[-1]}" for m in window)):
                continue
            rows = pd.read_csv(io.BytesIO(z.read(name)), dtype=str)
            rows = rows[rows["Crime type"] == "Violence and sexual offences"]
            rows = rows[~(rows["Crime ID"].notna() & rows.duplicated(["Crime ID"]))]
            for code, n in rows["LSOA code"].value_counts().items():
                counts[str(code)] = counts.get(str(code), 0) + int(n)
    code, found = run(
        "--by", "lsoa", "--top", "20", "--first", window[0], "--last", window[-1], source=str(archive), columns=()
    )
    assert code == 0
    best = sorted(counts, key=lambda c: (-counts[c], c))[:20]
    assert found["chosen"] == best
    table = pd.read_csv(tmp_path / "hotspots" / "candidates.csv").set_index("id")
    assert [int(table.loc[c, "events_in_selection_window"]) for c in best] == [counts[c] for c in best]


def test_circles_of_a_list_of_points_are_candidates_too(run: Run, tmp_path: Path) -> None:
    points = [("yard", *CENTRES[0]), ("park", *CENTRES[1]), ("field", 333_500, 392_500), ("lane", 336_500, 389_500)]
    pd.DataFrame(points, columns=["id", "easting", "northing"]).to_csv(tmp_path / "points.csv", index=False)
    code, found = run("--by", "areas", "--shapes", "points.csv", "--radius", "150", "--top", "2")
    assert code == 0
    assert set(found["chosen"]) == {"yard", "park"}
    rows = offences()
    inside = np.hypot(rows["x"] - CENTRES[0][0], rows["y"] - CENTRES[0][1]) <= 150
    window = rows["when"].str[:7] >= "2021-01"
    table = pd.read_csv(tmp_path / "hotspots" / "candidates.csv").set_index("id")
    assert table.loc["yard", "events_in_selection_window"] == pytest.approx((inside & window).sum(), abs=1)


def test_a_month_cut_short_is_said(run: Run, tmp_path: Path) -> None:
    rows = offences()
    rows[rows["when"] < "2021-12-12"].to_csv(tmp_path / "crimes.csv", index=False)
    code, found = run("--by", "square")
    assert code == 0
    assert any("may be partial" in line["text"] and line["severity"] == "question" for line in found["log"])


def test_a_month_without_rows_is_asked_about(run: Run, tmp_path: Path) -> None:
    rows = offences()
    rows[rows["when"].str[:7] != "2021-05"].to_csv(tmp_path / "crimes.csv", index=False)
    code, found = run("--by", "square")
    assert code == 0
    assert any("2021-05" in line["text"] and line["severity"] == "question" for line in found["log"])


def test_what_a_kill_left_is_brought_back(run: Run, tmp_path: Path) -> None:
    assert run("--by", "square")[0] == 0
    (tmp_path / "hotspots").rename(tmp_path / ".hotspots.0a1b2c3d.former")
    assert run("--by", "square")[0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["crimes.csv", "hotspots"]


def test_forces_are_not_ranked_together(tmp_path: Path) -> None:
    from vru.errors import DataError
    from vru.events import Events
    from vru.hotspots import Asked, lay_board

    rows = [
        {"month": m, "force": f, "crime_type": "Robbery", "lsoa_code": f"E0100000{i}", "lsoa_name": f"{f.title()} 00{i}A",
         "longitude": 0.1, "latitude": 51.5}
        for m in ("2021-01", "2021-02") for f in ("essex", "kent") for i in ((1, 2) if f == "essex" else (3, 4))
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "events.parquet")
    events = Events(tmp_path / "events.parquet", {"essex": ("2021-01", "2021-02"), "kent": ("2021-02",)}, "sha256:0")
    with pytest.raises(DataError, match="2 forces"):
        lay_board(Asked("lsoa"), events)
    board = lay_board(Asked("lsoa", force="essex"), events)
    assert board.ids == ("E01000001", "E01000002")
    assert board.counts.tolist() == [[1, 1], [1, 1]]
