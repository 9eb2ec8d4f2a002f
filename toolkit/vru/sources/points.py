"""A map layer of points, one per offence, as a table: its fields, and ``easting`` and ``northing`` in metres."""

import hashlib
import warnings
from pathlib import Path

import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Marks, Table

KINDS = (".gpkg", ".geojson", ".shp")
PLACE = ("easting", "northing")
_GRID = "EPSG:27700"


def read_points(path: Path, marks: Marks) -> Table:
    """Every field as text, and the place of each point on the National Grid, empty where a row has no geometry.

    Raises DataError: not readable as a layer, several layers, no coordinate system, shapes that are no points, fields that
    are called easting or northing already.
    """
    import geopandas as gpd
    import pyogrio
    import pyogrio.errors

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = [str(name) for name, _ in pyogrio.list_layers(path).tolist()]
            frame = gpd.read_file(path, engine="pyogrio") if len(layers) == 1 else None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        raise DataError(
            Problem("cannot be read as a map layer", path.name, ", ".join(KINDS), "export it again")
        ) from None
    if frame is None:
        raise DataError(
            Problem(f"holds {len(layers)} layers", path.name, "one layer of points", ", ".join(layers[:10]))
        )
    _refuse(path.name, frame)
    placed = frame.to_crs(_GRID).geometry
    table = pd.DataFrame(
        {str(c): frame[c].astype("str").where(frame[c].notna(), "") for c in frame.columns if c != "geometry"}
    )
    for axis, values in zip(PLACE, (placed.x, placed.y), strict=True):
        table[axis] = [f"{v:.3f}" if v == v else "" for v in values]
    table = table.astype("str").replace("", None)
    log = (DataNote("extract", f"rows read from {path.name}", len(table)),)
    return Table(path.name, table, f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}", log, marks=marks)


def _refuse(name: str, frame: "object") -> None:
    import geopandas as gpd

    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise DataError(Problem("holds no points", name, "one point per offence"))
    problems = []
    if frame.crs is None:
        problems.append(
            Problem("does not say its coordinate system", name, hint="save it with one, such as EPSG:27700")
        )
    kinds = set(frame.geometry[frame.geometry.notna() & ~frame.geometry.is_empty].geom_type)
    if odd := sorted(kinds - {"Point"}):
        problems.append(Problem(f"holds shapes that are no points: {', '.join(odd)}", name, "one point per offence"))
    if there := [axis for axis in PLACE if axis in frame.columns]:
        what = f"has fields called {' and '.join(there)} beside its points"
        problems.append(Problem(what, name, hint="rename them: the points themselves give easting and northing"))
    if problems:
        raise DataError(*problems)
