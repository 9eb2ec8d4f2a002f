"""Candidate areas: squares and hexagons in which anything was ever recorded, street segments with some metres beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vru.errors import Problem, VruError
from vru.geography.areas import GRID, LINES, Areas, read_areas


@dataclass(frozen=True, slots=True)
class Cells:
    """Candidates in order: names that do not say where, and polygons on the National Grid, metres ``(n,)``."""

    ids: tuple[str, ...]
    shapes: np.ndarray


def squares(x: np.ndarray, y: np.ndarray, side: float) -> Cells:
    """The squares of a grid of ``side`` metres, from the National Grid's origin, in which a place lies."""
    import shapely

    at = np.unique(np.column_stack([-np.floor(y / side), np.floor(x / side)]), axis=0)
    west, south = at[:, 1] * side, -at[:, 0] * side
    return Cells(named("cell", len(at)), np.asarray(shapely.box(west, south, west + side, south + side), dtype=object))


def hexagons(longitude: np.ndarray, latitude: np.ndarray, resolution: int) -> Cells:
    """The hexagons of h3 in which a place lies. Raises VruError where h3 is not installed."""
    try:
        import h3
    except ImportError:
        hint = "pip install 'vru-toolkit[hotspots]', or use --by square"
        raise VruError(Problem("hexagons need the package h3", "--by hexagon", hint=hint)) from None
    import pyproj
    import shapely

    found = sorted({h3.latlng_to_cell(b, a, resolution) for a, b in zip(longitude, latitude, strict=True)})
    rings = [h3.cell_to_boundary(c) for c in found]
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", GRID, always_xy=True)
    shapes = []
    for ring in rings:
        east, north = to_grid.transform([p[1] for p in ring], [p[0] for p in ring])
        shapes.append(shapely.Polygon(np.column_stack([east, north])))
    middle = np.array([[s.centroid.y, s.centroid.x] for s in shapes])
    order = np.lexsort((middle[:, 1], -middle[:, 0]))
    return Cells(named("cell", len(found)), np.asarray([shapes[i] for i in order], dtype=object))


def segments(path: Path, id_field: str, reach: float) -> Cells:
    """Street segments as the ground within ``reach`` metres of each line; ground near several is the first one's, by id.

    Raises DataError as ``read_areas`` does; a segment that others cover wholly.
    """
    import shapely

    lines = read_areas(path, id_field, None, LINES)
    wide = shapely.buffer(lines.shapes, reach, cap_style="flat")
    tree = shapely.STRtree(wide)
    left, right = tree.query(wide, predicate="intersects")
    earlier: dict[int, list[int]] = {}
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        if j < i:
            earlier.setdefault(i, []).append(j)
    shapes = np.array(wide, dtype=object)
    for i, before in sorted(earlier.items()):
        shapes[i] = shapely.difference(wide[i], shapely.union_all(wide[before]))
    gone = [lines.ids[i] for i in range(len(shapes)) if shapes[i].is_empty or shapes[i].area < 1]
    if gone:
        what = f"{len(gone)} segments lie wholly within {reach:g} m of others: {', '.join(gone[:5])}"
        raise VruError(Problem(what, path.name, hint="join them, or take a smaller --reach"))
    return Cells(lines.ids, shapes)


def named(kind: str, n: int) -> tuple[str, ...]:
    """``cell 0001`` and so on: in order from north to south and west to east, and nothing of where."""
    width = max(4, len(str(n)))
    return tuple(f"{kind} {i + 1:0{width}d}" for i in range(n))


def as_areas(cells: Cells) -> Areas:
    """Candidates in order of id, as places are assigned to them."""
    order = sorted(range(len(cells.ids)), key=lambda i: cells.ids[i])
    return Areas(tuple(cells.ids[i] for i in order), cells.shapes[order], "")


def geojson(ids: Sequence[str], shapes: np.ndarray, note: str, ranks: Sequence[int] | None = None) -> str:
    """Polygons as GeoJSON in degrees, a feature to a line; ``id`` is the field that plans read."""
    import json

    import pyproj
    import shapely

    to_degrees = pyproj.Transformer.from_crs(GRID, "EPSG:4326", always_xy=True)

    def turned(points: np.ndarray) -> np.ndarray:
        return np.round(np.column_stack(to_degrees.transform(points[:, 0], points[:, 1])), 7)

    moved = shapely.transform(np.asarray(shapes, dtype=object), turned)
    lines = []
    for i, (name, shape) in enumerate(zip(ids, moved, strict=True)):
        properties = {"id": name} | ({} if ranks is None else {"rank": int(ranks[i])})
        feature = {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
        lines.append(json.dumps(feature, ensure_ascii=False))
    head = f'{{"type": "FeatureCollection", "note": {json.dumps(note)}, "features": [\n'
    return head + ",\n".join(lines) + "\n]}\n"
