"""Panels of real data against counts made another way: pandas by code, shapely point by point."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.events import Events
from vru.geography import build_panel
from vru.periods import months_between
from vru.sources import SOURCES, Request

from .conftest import ROBBERY, TEXT, VIOLENCE, protocol_of

pytestmark = pytest.mark.realdata
WEAPONS = {"crime_type": ["Possession of weapons", "Drugs"]}
OUTCOMES = [
    {"id": name, "measure": TEXT, "filter": filtered}
    for name, filtered in (("violence", VIOLENCE), ("robbery", ROBBERY), ("weapons_drugs", WEAPONS))
]


def read(data_dir: Path, force: str, cache: Path) -> Events:
    source = SOURCES["police_uk"]
    path = data_dir / "police_uk" / f"{force}_2018-01_2022-03.zip"
    return source.read(Request(path, cache, 1, lambda *at: None), source.options())


def rows_of(data_dir: Path, force: str, month: str) -> pd.DataFrame:
    with zipfile.ZipFile(data_dir / "police_uk" / f"{force}_2018-01_2022-03.zip") as z:
        return pd.read_csv(io.BytesIO(z.read(f"{month}/{month}-{force}-street.csv")))


@pytest.fixture(scope="module")
def merseyside(data_dir, tmp_path_factory) -> Events:
    return read(data_dir, "merseyside", tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def essex(data_dir, tmp_path_factory) -> Events:
    return read(data_dir, "essex", tmp_path_factory.mktemp("cache"))


def test_merseyside_top_selection(data_dir, merseyside: Events, tmp_path) -> None:
    top = {"rule": "top", "outcome": "violence", "first": "2018-01", "last": "2018-12", "top": 40}
    units = {"kind": "lsoa11", "selection": top | {"assign": "random_pairs", "within": ["Liverpool"]}}
    window = {"first": "2019-01", "last": "2022-03"}
    built = build_panel(
        protocol_of(units, outcomes=OUTCOMES, window=window, start="2021-01"), {"crimes": merseyside}, tmp_path
    )
    panel = built.panel
    gone = panel.periods.index("2019-07")
    assert panel.shape == (40, 39)
    assert panel.missing[:, gone].all()
    assert panel.missing.sum() == 40
    assert np.isnan(panel.counts["violence"][:, gone]).all()
    for month in ("2019-02", "2021-11"):
        raw = rows_of(data_dir, "merseyside", month)
        for outcome in OUTCOMES:
            kept = raw[raw["Crime type"].isin(outcome["filter"]["crime_type"])]
            by_code = kept["LSOA code"].value_counts().reindex(list(panel.units), fill_value=0)
            assert panel.counts[outcome["id"]][:, panel.periods.index(month)].tolist() == by_code.tolist()
    year = pd.concat([rows_of(data_dir, "merseyside", m) for m in months_between("2018-01", "2018-12")])
    year = year[(year["Crime type"] == "Violence and sexual offences") & year["LSOA name"].str.startswith("Liverpool")]
    highest = year["LSOA code"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    assert set(panel.units) == set(highest.index[:40])
    assert panel.selection is not None
    assert len(panel.selection.pool) == 298
    assert panel.selection.chosen.sum() == 40
    assert panel.is_role("treated").sum() == 20


def test_pool_of_the_whole_force_leaves_out_its_neighbours(merseyside: Events, tmp_path) -> None:
    top = {"rule": "top", "outcome": "violence", "first": "2018-01", "last": "2018-12", "top": 40}
    units = {"kind": "lsoa11", "selection": top | {"assign": "random_half"}}
    window = {"first": "2019-01", "last": "2022-03"}
    built = build_panel(protocol_of(units, window=window, start="2021-01"), {"crimes": merseyside}, tmp_path)
    assert built.panel.selection is not None
    # Knowsley 98, Liverpool 298, St. Helens 119, Sefton 189, Wirral 206: the five districts of the force.
    assert len(built.panel.selection.pool) == 910
    assert [n.count for n in built.log if "another force's area" in n.text] == [51]


def test_essex_gaps_are_missing(essex: Events, tmp_path) -> None:
    units = {"kind": "lsoa11", "treated": ["E01015814"], "comparison": ["E01015815"]}
    window = {"first": "2018-01", "last": "2022-03"}
    panel = build_panel(protocol_of(units, window=window, start="2021-06"), {"crimes": essex}, tmp_path).panel
    assert panel.missing.sum(axis=1).tolist() == [26, 26]
    assert panel.missing[:, panel.periods.index("2020-02")].all()
    assert not panel.missing[:, panel.periods.index("2021-03")].any()


def test_essex_polygons_and_rings_against_every_row_as_a_point(data_dir, essex: Events, tmp_path) -> None:
    import pyproj
    import shapely
    from shapely.geometry import shape
    from shapely.ops import transform

    drawn = json.loads((data_dir / "context/boundaries_lsoa11/lsoa11_essex.geojson").read_text())
    wanted = {"E01015814": "treated", "E01021400": "treated", "E01021600": "comparison"}
    features = [f for f in drawn["features"] if f["properties"]["lsoa11_code"] in wanted]
    assert len(features) == 3
    (tmp_path / "areas.geojson").write_text(json.dumps(drawn | {"features": features}))
    units = {
        "kind": "polygon",
        "treated": [u for u, r in wanted.items() if r == "treated"],
        "comparison": [u for u, r in wanted.items() if r == "comparison"],
        "boundaries": "areas.geojson",
        "id_field": "lsoa11_code",
        "buffers": {"distances_m": [250, 500]},
    }
    window = {"first": "2021-03", "last": "2022-03"}
    panel = build_panel(
        protocol_of(units, outcomes=OUTCOMES[:1], window=window, start="2021-09"), {"crimes": essex}, tmp_path
    ).panel
    assert len(panel.units) == 9

    grid = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True).transform
    areas = {f["properties"]["lsoa11_code"]: transform(grid, shape(f["geometry"])) for f in features}
    for month in ("2021-03", "2022-01"):
        raw = rows_of(data_dir, "essex", month).dropna(subset=["Longitude"])
        points = shapely.points(*grid(raw["Longitude"].to_numpy(), raw["Latitude"].to_numpy()))
        metres = {u: shapely.distance(points, area) for u, area in areas.items()}
        in_any = np.min(list(metres.values()), axis=0) == 0
        violent = (raw["Crime type"] == "Violence and sexual offences").to_numpy()
        at = panel.periods.index(month)
        found = dict(zip(panel.units, panel.counts["violence"][:, at], strict=True))
        for u, d in metres.items():
            assert found[u] == (violent & (d == 0)).sum()
            # The three areas lie kilometres apart, so no place is near two of them.
            assert found[f"{u}#0-250m"] == (violent & ~in_any & (d <= 250)).sum()
            assert found[f"{u}#250-500m"] == (violent & ~in_any & (d > 250) & (d <= 500)).sum()
    assert all(panel.counts["violence"][i].sum() > 0 for i, u in enumerate(panel.units) if "#" not in u)
