"""Polygon units and rings: where a place counts, and which drawings are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vru.errors import DataError, ProtocolError
from vru.geography import build_panel
from vru.geography.areas import read_areas
from vru.geography.assign import OUTSIDE, Rings, inside, nearest_ring
from vru.periods import months_between
from vru.protocol.fields import Protocol

from .conftest import EventRows

MONTHS = months_between("2021-01", "2021-08")
X, Y = 335_000.0, 391_000.0
Plan = Callable[..., Protocol]
Draw = Callable[..., Path]


def units(**changes: Any) -> dict[str, Any]:
    return {"kind": "polygon", "treated": ["T"], "comparison": ["C"], "boundaries": "areas.geojson"} | changes


def points(*at: tuple[float, float]) -> np.ndarray:
    import shapely

    return np.asarray(shapely.points(at), dtype=object)


def test_points_in_areas_edges_and_outside(draw: Draw, box) -> None:
    areas = read_areas(draw(box("b", X + 100, Y), box("a", X, Y), box("c", X + 900, Y)), "id")
    assert areas.ids == ("a", "b", "c")
    at = points((X + 50, Y + 50), (X + 150, Y + 50), (X + 100, Y + 50), (X + 1000, Y + 100), (X + 500, Y))
    assert inside(areas, at).tolist() == [0, 1, 0, 2, OUTSIDE]


def test_rings_take_the_nearest_area_and_their_outer_edge(draw: Draw, box) -> None:
    areas = read_areas(draw(box("a", X, Y), box("b", X + 400, Y)), "id")
    rings = Rings(areas, (100.0, 200.0))
    assert rings.names() == ("a#0-100m", "a#100-200m", "b#0-100m", "b#100-200m")
    east = np.array([101.0, 200.0, 201.0, 249.0, 250.0, 251.0, 350.0, 700.0, 700.1])
    found = nearest_ring(rings, points(*[(X + e, Y + 50) for e in east]))
    assert found.tolist() == [0, 0, 1, 1, 1, 3, 2, 3, OUTSIDE]


def test_panel_with_rings(rows: EventRows, plan: Plan, draw: Draw, box, degrees, tmp_path) -> None:
    draw(box("T", X, Y), box("C", X + 5000, Y), box("unused", X + 100, Y))
    for month in MONTHS:
        rows.add(3, month, at=degrees(X + 50, Y + 50))
        rows.add(2, month, at=degrees(X + 150, Y + 50))
        rows.add(1, month, at=degrees(X + 250, Y + 50))
        rows.add(5, month, at=degrees(X + 5050, Y + 50))
        rows.add(4, month, at=degrees(X + 4950, Y + 50))
        rows.add(7, month, at=degrees(X + 2500, Y + 50))
        rows.add(6, month)
    protocol = plan(units(buffers={"distances_m": [200, 100]}))
    built = build_panel(protocol, {"crimes": rows.events({"made": MONTHS})}, tmp_path)
    panel = built.panel
    role = dict(zip(panel.units, panel.role, strict=True))
    assert role == {
        "C": "comparison",
        "C#0-100m": "buffer_comparison",
        "C#100-200m": "buffer_comparison",
        "T": "treated",
        "T#0-100m": "buffer",
        "T#100-200m": "buffer",
    }
    total = dict(zip(panel.units, panel.counts["violence"].sum(axis=1), strict=True))
    assert total == {"C": 40, "C#0-100m": 32, "C#100-200m": 0, "T": 24, "T#0-100m": 16, "T#100-200m": 8}
    assert panel.provenance["boundaries"].startswith("sha256:")
    assert any("nearest treated area" in n.text for n in built.log)
    assert any("+ 48 without coordinates" in n.text for n in built.log)


def test_treated_ring_wins_over_a_nearer_comparison_ring(
    rows: EventRows, plan: Plan, draw: Draw, box, degrees, tmp_path
):
    draw(box("T", X, Y), box("C", X + 400, Y))
    for month in MONTHS:
        rows.add(1, month, at=degrees(X + 50, Y + 50))
        rows.add(1, month, at=degrees(X + 450, Y + 50))
        rows.add(1, month, at=degrees(X + 290, Y + 50))
    protocol = plan(units(buffers={"distances_m": [200]}))
    panel = build_panel(protocol, {"crimes": rows.events({"made": MONTHS})}, tmp_path).panel
    total = dict(zip(panel.units, panel.counts["violence"].sum(axis=1), strict=True))
    assert total == {"C": 8, "C#0-200m": 0, "T": 8, "T#0-200m": 8}


def test_an_area_without_events_has_zeros_and_the_nearest_force(rows, plan: Plan, draw: Draw, box, degrees, tmp_path):
    draw(box("T", X, Y), box("C", X + 5000, Y))
    for month in MONTHS:
        rows.add(1, month, at=degrees(X + 50, Y + 50))
        rows.add(1, month, at=degrees(X + 6000, Y + 50), force="east")
    events = rows.events({"made": MONTHS, "east": MONTHS[:-1]})
    with pytest.raises(DataError, match="no event of any kind lies in C"):
        build_panel(plan(units()), {"crimes": events}, tmp_path)
    panel = build_panel(plan(units(empty_units=["C"])), {"crimes": events}, tmp_path).panel
    assert panel.missing.tolist() == [[False] * 7 + [True], [False] * 8]
    assert panel.counts["violence"][0, :7].tolist() == [0] * 7


def test_top_rule_over_polygons(rows: EventRows, plan: Plan, draw: Draw, box, degrees, tmp_path) -> None:
    draw(*[box(f"p{i}", X + 1000 * i, Y) for i in range(5)])
    for i in range(5):
        for month in months_between("2020-09", "2021-08"):
            rows.add(i, month, at=degrees(X + 1000 * i + 50, Y + 50))
    top = {
        "rule": "top",
        "outcome": "violence",
        "first": "2020-09",
        "last": "2020-12",
        "top": 2,
        "assign": "random_pairs",
    }
    chosen = units(treated=[], comparison=[], selection=top)
    events = {"crimes": rows.events({"made": months_between("2020-09", "2021-08")})}
    panel = build_panel(plan(chosen), events, tmp_path).panel
    assert panel.units == ("p3", "p4")
    assert panel.selection is not None
    assert panel.selection.pool == ("p0", "p1", "p2", "p3", "p4")
    assert panel.selection.counts.sum(axis=1).tolist() == [0, 4, 8, 12, 16]
    with pytest.raises(ProtocolError, match="polygons have none"):
        build_panel(plan(units(treated=[], comparison=[], selection=top | {"within": ["Upton"]})), events, tmp_path)


@pytest.mark.parametrize(
    ("drawn", "changes", "said"),
    [
        ([("T", 0, 0), ("C", 50, 0)], {}, ["areas overlap", "C (comparison) and T (treated)"]),
        ([("T", 0, 0), ("U", 50, 50), ("C", 900, 0)], {"treated": ["T", "U"]}, ["T (treated) and U (treated)"]),
        (
            [("T", 0, 0), ("C", 150, 0)],
            {"buffers": {"distances_m": [100]}},
            ["inside a treated area's buffer", "C within 100 m of T"],
        ),
        ([("T", 0, 0), ("C", 900, 0, 9.0)], {}, ["areas smaller than 100 square metres: C"]),
        (
            [("T", 0, 0), ("C", 150, 0)],
            {"buffers": {"exclude_within_m": 50}},
            ["every comparison area lies within 50 m of a treated one"],
        ),
        ([("T1", 0, 0), ("C", 900, 0)], {}, ["not in the boundaries: T", "did you mean T1 for T"]),
        ([("T", 0, 0), ("T", 200, 0), ("C", 900, 0)], {}, ["id appears more than once: T"]),
        ([("T", 0, 0), ("", 200, 0), ("C", 900, 0)], {}, ["1 areas have a blank id"]),
        ([("T", 0, 0), ("C", 900, 0)], {"id_field": "idd"}, ["no field 'idd'", "did you mean id_field: id"]),
        ([("T", 0, 0), ("C", 900, 0)], {"boundaries": "other.geojson"}, ["is not there", "evaluation folder"]),
    ],
)
def test_drawings_refused(
    rows: EventRows, plan: Plan, draw: Draw, box, degrees, tmp_path, drawn, changes, said
) -> None:
    draw(*[box(name, X + x, Y + y, *side) for name, x, y, *side in drawn])
    rows.add(1, "2021-01", at=degrees(X + 50, Y + 50))
    with pytest.raises(DataError) as caught:
        build_panel(plan(units(**changes)), {"crimes": rows.events({"made": MONTHS})}, tmp_path)
    for text in said:
        assert text in str(caught.value)


def test_touching_areas_are_fine(draw: Draw, box) -> None:
    from vru.geography.areas import overlaps

    assert overlaps(read_areas(draw(box("a", X, Y), box("b", X + 100, Y)), "id")) == []


def shape(name: str, geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"id": name}, "geometry": geometry}


BOW_TIE = [[[X, Y], [X + 100, Y + 100], [X + 100, Y], [X, Y + 100], [X, Y]]]


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        (shape("p", {"type": "Point", "coordinates": [X, Y]}), "not polygons: p (Point)"),
        (shape("bow", {"type": "Polygon", "coordinates": BOW_TIE}), "invalid shapes: bow (Self-intersection"),
        (shape("none", None), "areas without a shape: none"),
    ],
)
def test_shapes_refused_with_their_names(draw: Draw, box, feature, said) -> None:
    with pytest.raises(DataError) as caught:
        read_areas(draw(box("good", X, Y), feature), "id")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("x", "y", "side", "crs", "said"),
    [
        (X, Y, 100, None, "are not degrees"),
        (53.4, -2.98, 0.01, None, "longitude and latitude are swapped"),
        (-73.9, 40.7, 0.01, None, "lie outside Britain"),
        (-2.98, 53.4, 0.01, "EPSG::3857", "lie outside Britain"),
    ],
)
def test_wrong_coordinate_systems(draw: Draw, box, x, y, side, crs, said) -> None:
    with pytest.raises(DataError) as caught:
        read_areas(draw(box("a", x, y, side), crs=crs), "id")
    assert said in str(caught.value)


def test_degrees_are_measured_in_metres(draw: Draw, degrees) -> None:
    corners = [list(degrees(X + a, Y + b)) for a, b in ((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))]
    square = shape("a", {"type": "Polygon", "coordinates": [corners]})
    areas = read_areas(draw(square, crs=None), "id")
    assert areas.shapes[0].area == pytest.approx(10_000, rel=1e-6)


def test_geopackage_and_whole_number_ids(tmp_path, box) -> None:
    import geopandas as gpd
    from shapely.geometry import shape as to_shape

    features = [box("a", X, Y), box("b", X + 500, Y)]
    frame = gpd.GeoDataFrame({"code": [2.0, 1.0]}, geometry=[to_shape(f["geometry"]) for f in features], crs=27700)
    frame.to_file(tmp_path / "areas.gpkg", driver="GPKG")
    assert read_areas(tmp_path / "areas.gpkg", "code").ids == ("1", "2")
    with pytest.warns(UserWarning, match="crs"):
        frame.set_crs(None, allow_override=True).to_file(tmp_path / "bare.gpkg", driver="GPKG")
    with pytest.raises(DataError, match="declares no coordinate system"):
        read_areas(tmp_path / "bare.gpkg", "code")


@pytest.mark.parametrize(
    "text", ["{not json", "", json.dumps({"type": "FeatureCollection", "features": []}), "a,b\n1,2\n"]
)
def test_files_that_are_no_map(tmp_path, text) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(text)
    with pytest.raises(DataError, match=r"areas\.geojson: (cannot be read|holds no areas)"):
        read_areas(path, "id")
