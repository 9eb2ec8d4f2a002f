"""A map layer of points is an extract like any other: the same places, whatever its coordinate system."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from vru.errors import DataError
from vru.intake import read_offences
from vru.sources.source import Request
from vru.sources.tallied import EVENTS, EventsOptions

PLAN = {
    "covers": {"first": "2021-01", "last": "2021-03"},
    "when": "on",
    "kind": "kind",
    "easting": "easting",
    "northing": "northing",
}
AT = np.array([[334_000.0, 390_000.0], [335_000.0, 391_000.0], [336_000.5, 392_000.25]])


def layer(crs="EPSG:27700", **columns):
    fields = {"on": ["2021-01-05", "2021-02-06", "2021-03-07"], "kind": ["a", "b", None], **columns}
    return gpd.GeoDataFrame(fields, geometry=list(shapely.points(AT)), crs="EPSG:27700").to_crs(crs)


@pytest.fixture
def read(tmp_path):
    def run(frame, name="x.gpkg"):
        path = tmp_path / name
        frame.to_file(path, engine="pyogrio")
        options = EventsOptions.model_validate(PLAN)
        table = EVENTS.read(Request(path, tmp_path / "cache", 1, lambda *a: None), options)
        return pd.read_parquet(read_offences(table, options, tmp_path / "cache").path)

    return run


def test_a_geopackage_and_a_geojson_give_the_same_events(read):
    one, other = read(layer()), read(layer("EPSG:4326"), "x.geojson")
    assert one["month"].tolist() == ["2021-01", "2021-02", "2021-03"]
    assert one["crime_type"].tolist()[:2] == ["a", "b"]
    assert one["crime_type"].isna().tolist() == [False, False, True]
    np.testing.assert_allclose(one[["longitude", "latitude"]], other[["longitude", "latitude"]], atol=1e-6)


def test_a_row_without_a_point_is_without_a_place(read):
    frame = layer()
    frame.loc[1, "geometry"] = None
    assert read(frame)["longitude"].isna().tolist() == [False, True, False]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (layer(easting=[1, 2, 3]), "has fields called easting beside its points"),
        (layer().set_geometry(layer().buffer(10)), "holds shapes that are no points: Polygon"),
        (layer().set_crs(None, allow_override=True), "does not say its coordinate system"),
    ],
)
def test_what_is_no_layer_of_points_is_refused(read, frame, expected):
    with pytest.raises(DataError) as refused:
        read(frame)
    assert expected in str(refused.value)


def test_a_file_that_is_no_layer_is_refused(tmp_path):
    (tmp_path / "x.gpkg").write_bytes(b"no layer at all")
    with pytest.raises(DataError, match="cannot be read as a map layer"):
        EVENTS.read(Request(tmp_path / "x.gpkg", tmp_path, 1, lambda *a: None), EventsOptions.model_validate(PLAN))
