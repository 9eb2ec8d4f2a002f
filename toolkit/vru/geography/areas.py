"""Areas drawn as polygons: read from a file, judged, and measured in metres on the National Grid."""

import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from vru.errors import DataError, Problem

GRID = "EPSG:27700"
_GRID_BOUNDS = (-300_000.0, -50_000.0, 800_000.0, 1_300_000.0)
SLIVER = 0.001
"""Two areas overlap when they share over this part of the smaller one; less is the width of a drawn line."""
POLYGONS, LINES = ("Polygon", "MultiPolygon"), ("LineString", "MultiLineString")


@dataclass(frozen=True, slots=True)
class Areas:
    """Polygons in order of id.

    ids : unique names, sorted.
    shapes : object array ``(n_areas,)`` of shapely polygons, metres, EPSG:27700.
    sha256 : of the file, "sha256:..." form.
    """

    ids: tuple[str, ...]
    shapes: np.ndarray
    sha256: str

    def take(self, ids: Collection[str]) -> "Areas":
        """Only the areas named, still in order of id."""
        keep = [i for i, name in enumerate(self.ids) if name in set(ids)]
        return Areas(tuple(self.ids[i] for i in keep), self.shapes[keep], self.sha256)


def read_areas(path: Path, id_field: str, layer: str | None = None, kinds: tuple[str, ...] = POLYGONS) -> Areas:
    """Read a GeoJSON or GeoPackage of polygons (or of the ``kinds`` of shape named, such as street segments).

    Raises
    ------
    DataError
        File missing or unreadable, several layers and none named, no coordinate system,
        coordinates that are not in Britain in the
        system declared (swapped, or National Grid metres declared as degrees), id_field missing,
        ids blank or repeated, shapes that are not valid polygons: all of these that apply.
    """
    import geopandas as gpd
    import pyogrio.errors
    import shapely.errors

    if not path.is_file():
        hint = "boundaries is relative to the evaluation folder"
        raise DataError(Problem("is not there", str(path), "a GeoJSON or GeoPackage file", hint))
    try:
        with warnings.catch_warnings():
            # What the driver remarks on shapes is judged below, in words that name the area.
            warnings.simplefilter("ignore")
            frame = gpd.read_file(path, engine="pyogrio", layer=_layer(path, layer))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, shapely.errors.ShapelyError, ValueError):
        raise DataError(_unreadable(path)) from None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise DataError(Problem("holds no areas", path.name, "polygons, one per area"))
    problems = [*_id_problems(path.name, frame, id_field), *_shape_problems(path.name, frame, id_field, kinds)]
    problems += _place_problems(path.name, frame)
    if problems:
        raise DataError(*problems)
    frame = frame.to_crs(GRID)
    ids = _names(frame[id_field])
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    shapes = np.asarray(frame.geometry.array, dtype=object)[order]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Areas(tuple(ids[i] for i in order), shapes, f"sha256:{digest}")


def _layer(path: Path, layer: str | None) -> str | None:
    """The layer to read. Raises DataError where there are several and none is named, or not the one named."""
    import pyogrio

    there = [str(name) for name, _ in pyogrio.list_layers(path).tolist()]
    if layer is not None and layer not in there:
        raise DataError(Problem(f"has no layer '{layer}'", path.name, ", ".join(there), "set units.layer"))
    if layer is None and len(there) > 1:
        hint = f"say which in the plan, for example units.layer: {there[0]}"
        raise DataError(
            Problem(f"holds {len(there)} layers and the plan names none", path.name, ", ".join(there), hint)
        )
    return layer


def _unreadable(path: Path) -> Problem:
    """Why a map file cannot be read, found in the file itself: the reader's own words name drivers and folders."""
    raw = path.read_bytes()
    where, allowed = path.name, "GeoJSON or GeoPackage"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Problem("cannot be read: it is UTF-16 text", where, allowed, "save it again as UTF-8")
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        what = f"cannot be read: line {line} is not UTF-8 text"
        return Problem(what, where, allowed, "save it again as UTF-8, or as GeoPackage in QGIS")
    except json.JSONDecodeError as error:
        if not raw.lstrip().startswith((b"{", b"[")):
            return Problem("cannot be read: it is no map file", where, allowed, "export the layer again from QGIS")
        what = f"cannot be read: the text breaks off or is not JSON at line {error.lineno}, column {error.colno}"
        return Problem(what, where, allowed, "copy or export the whole file again")
    except RecursionError:
        return Problem("cannot be read: it is nested too deeply", where, allowed)
    if isinstance(content, dict) and content.get("type") == "FeatureCollection":
        what = "cannot be read: a shape in it is broken; a ring has four points or more and ends where it begins"
        return Problem(what, where, allowed, "repair in QGIS with 'Fix geometries' and look at the result")
    what = "cannot be read as areas: it is JSON, but not a FeatureCollection"
    return Problem(what, where, allowed, "export the layer again from QGIS as GeoJSON")


def overlaps(areas: Areas) -> list[tuple[str, str]]:
    """Pairs of areas that share ground, lower id first."""
    import shapely

    left, right = shapely.STRtree(areas.shapes).query(areas.shapes, predicate="intersects")
    pairs = sorted((int(i), int(j)) for i, j in zip(left, right, strict=True) if i < j)
    found = []
    for i, j in pairs:
        shared = shapely.area(shapely.intersection(areas.shapes[i], areas.shapes[j]))
        if shared > SLIVER * min(shapely.area(areas.shapes[i]), shapely.area(areas.shapes[j])):
            found.append((areas.ids[i], areas.ids[j]))
    return found


def _names(column: Any) -> list[str]:
    # 7.0 for 7 is what a column of whole numbers becomes once one of them is blank.
    values = [int(v) if isinstance(v, float) and v.is_integer() else v for v in column.tolist()]
    return ["" if v is None or v != v else str(v).strip() for v in values]


def _id_problems(file: str, frame: Any, id_field: str) -> list[Problem]:
    fields = [str(c) for c in frame.columns if c != frame.geometry.name]
    if id_field not in fields:
        near = get_close_matches(id_field, fields, n=1)
        hint = f"did you mean id_field: {near[0]}?" if near else "set units.id_field"
        return [Problem(f"has no field '{id_field}'", file, ", ".join(fields), hint)]
    names = _names(frame[id_field])
    found = []
    if blank := names.count(""):
        found.append(Problem(f"{blank} areas have a blank {id_field}", file))
    twice = sorted(n for n, k in Counter(names).items() if k > 1 and n)
    if twice:
        found.append(Problem(f"{id_field} appears more than once: {some(twice)}", file, hint="one feature per area"))
    return found


def _shape_problems(file: str, frame: Any, id_field: str, kinds: tuple[str, ...]) -> list[Problem]:
    import shapely

    shapes = np.asarray(frame.geometry.array, dtype=object)
    named = _names(frame[id_field]) if id_field in frame.columns else [f"feature {i + 1}" for i in range(len(shapes))]
    empty, other, invalid = [], [], []
    for name, shape in zip(named, shapes, strict=True):
        if shape is None or shape.is_empty:
            empty.append(name)
        elif shape.geom_type not in kinds:
            other.append(f"{name} ({shape.geom_type})")
        elif not shape.is_valid:
            invalid.append(f"{name} ({shapely.is_valid_reason(shape)})")
    found = []
    if empty:
        found.append(Problem(f"areas without a shape: {some(empty)}", file))
    if other:
        what = "not polygons" if kinds == POLYGONS else "not lines"
        found.append(Problem(f"{what}: {some(other)}", file, ", ".join(kinds)))
    if invalid:
        hint = "repair in QGIS with 'Fix geometries' and look at the result"
        found.append(Problem(f"invalid shapes: {some(invalid)}", file, hint=hint))
    return found


def _place_problems(file: str, frame: Any) -> list[Problem]:
    if frame.crs is None:
        hint = "set the layer's coordinate system, for example EPSG:27700, and save again"
        return [Problem("declares no coordinate system", file, hint=hint)]
    west, south, east, north = (float(v) for v in frame.total_bounds)
    if not np.isfinite(frame.total_bounds).any():
        return []  # no area has a shape, which is a problem of its own
    seen = f"{west:.6g} {south:.6g} to {east:.6g} {north:.6g}"
    if frame.crs.is_geographic:
        if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
            hint = "declare EPSG:27700 if these are National Grid metres"
            return [Problem(f"coordinates ({seen}) are not degrees, though the file says so", file, hint=hint)]
        if west >= 49 and east <= 61 and south >= -9 and north <= 2.2:
            hint = "write longitude first, then latitude"
            return [Problem(f"longitude and latitude are swapped ({seen})", file, hint=hint)]
    bounds = frame.geometry.to_crs(GRID).total_bounds
    inside = (bounds[:2] >= _GRID_BOUNDS[:2]).all() and (bounds[2:] <= _GRID_BOUNDS[2:]).all()
    if not (np.isfinite(bounds).all() and inside):
        what = f"areas lie outside Britain ({seen} in {frame.crs.to_string()})"
        return [Problem(what, file, hint="is the coordinate system the file declares the right one?")]
    return []


def some(names: Sequence[str], n: int = 5) -> str:
    """The first few names, and how many more there are."""
    rest = len(names) - n
    return ", ".join(names[:n]) + (f" and {rest} more" if rest > 0 else "")
