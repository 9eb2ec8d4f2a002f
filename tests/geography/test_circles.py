"""Hot spots as points and a radius: the same places inside as a true circle holds, and what cannot be a point is refused."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from vru.errors import DataError
from vru.geography.circles import read_circles
from vru.protocol.units import Units

POINTS = "id,easting,northing\nB,334000,390000\nA,335000.5,391000\n"


@pytest.fixture
def read(tmp_path: Path):
    def run(text: str = POINTS, radius: float = 75, field: str = "id"):
        (tmp_path / "spots.csv").write_text(text, encoding="utf-8")
        return read_circles(tmp_path / "spots.csv", field, radius)

    return run


def test_circles_have_the_radius_asked_and_stand_in_order(read):
    areas = read()
    assert areas.ids == ("A", "B")
    assert [s.area for s in areas.shapes] == pytest.approx([np.pi * 75**2] * 2, rel=2e-3)
    rng = np.random.default_rng(1)
    places = np.array([335_000.5, 391_000]) + rng.uniform(-90, 90, (4_000, 2))
    inside = shapely.contains_xy(areas.shapes[0], places[:, 0], places[:, 1])
    distance = np.hypot(*(places - [335_000.5, 391_000]).T)
    assert not (inside & (distance > 75)).any()
    assert (inside | (distance > 74.8)).all()


def test_degrees_and_metres_are_the_same_circles(read):
    to_degrees = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    x, y = to_degrees.transform([334000, 335000.5], [390000, 391000])
    degrees = read(f"id,Longitude,Latitude\nB,{x[0]},{y[0]}\nA,{x[1]},{y[1]}\n")
    for one, other in zip(read().shapes, degrees.shapes, strict=True):
        assert one.symmetric_difference(other).area < 1.0


def test_the_order_of_rows_is_nothing(read):
    turned = read("id,easting,northing\nA,335000.5,391000\nB,334000,390000\n")
    assert all(a.equals(b) for a, b in zip(read().shapes, turned.shapes, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,x,y\nA,1,2\n", "lacks columns; it has name, x, y"),
        ("id,easting,northing\n", "holds no points"),
        ("id,easting,northing\n,334000,390000\n", "1 rows have no id"),
        ("id,easting,northing\nA,334000,390000\nA,1000,1000\n", "the same id more than once: A"),
        ("id,easting,northing\nA,here,390000\n", "easting is no number for A"),
        ("id,easting,northing\nA,,390000\n", "easting is no number for A"),
        ("id,longitude,latitude\nA,53.4,-2.9\n", "are the two columns exchanged?"),
        ("id,easting,northing\nA,-2.9,5300000\n", "northing lies outside Britain for A"),
    ],
)
def test_what_is_no_point_is_refused(read, text, expected):
    with pytest.raises(DataError) as refused:
        read(text)
    assert expected in str(refused.value)


def test_a_radius_is_for_areas_that_are_drawn():
    with pytest.raises(ValueError, match="radius_m needs kind: polygon"):
        Units.model_validate({"kind": "area", "treated": ["A"], "radius_m": 75})
