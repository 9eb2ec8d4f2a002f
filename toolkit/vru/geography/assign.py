"""Which unit a place belongs to: areas by containment, rings by distance to the nearest area.

Published points are snapped to a fixed list, so there are few distinct places however many
events: each distinct place is assigned once and events are joined to it afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vru.geography.areas import GRID, Areas

OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings round areas, numbered ``area * len(distances) + ring``; names as "<id>#0-100m"."""

    areas: Areas
    distances: tuple[float, ...]

    def names(self) -> tuple[str, ...]:
        """Ring units in order of number."""
        edges = (0.0, *self.distances)
        spans = [f"{a:g}-{b:g}m" for a, b in pairwise(edges)]
        return tuple(f"{name}#{span}" for name in self.areas.ids for span in spans)


def grid_points(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Degrees (WGS84) as points on the National Grid: object array ``(n_places,)``, metres."""
    import pyproj
    import shapely

    to_grid = pyproj.Transformer.from_crs("EPSG:4326", GRID, always_xy=True)
    east, north = to_grid.transform(longitude, latitude)
    return np.asarray(shapely.points(east, north), dtype=object)


def inside(areas: Areas, points: np.ndarray) -> np.ndarray:
    """Index of the area each point lies in, ``OUTSIDE`` where none: int array ``(n_places,)``.

    A point on an edge intersects the areas on both sides and goes to the lowest id.
    """
    import shapely

    found = np.full(len(points), len(areas.ids), dtype=np.int64)
    point, area = shapely.STRtree(areas.shapes).query(points, predicate="intersects")
    np.minimum.at(found, point, area)
    return np.where(found == len(areas.ids), OUTSIDE, found)


def nearest_ring(rings: Rings, points: np.ndarray) -> np.ndarray:
    """Number of the ring each point lies in, ``OUTSIDE`` beyond the last: int array ``(n_places,)``.

    A point near several areas belongs to the nearest; equally near, to the lowest id. A ring takes
    its outer edge: "0-100m" means a distance of at most 100 metres.
    """
    import shapely

    if not rings.areas.ids or not rings.distances or not len(points):
        return np.full(len(points), OUTSIDE, dtype=np.int64)
    tree = shapely.STRtree(rings.areas.shapes)
    (point, area), distance = tree.query_nearest(
        points, max_distance=rings.distances[-1] + 1.0, return_distance=True, all_matches=True
    )
    none = len(rings.areas.ids)
    nearest = np.full(len(points), none, dtype=np.int64)
    np.minimum.at(nearest, point, area)
    metres = np.full(len(points), np.inf)
    np.minimum.at(metres, point, distance)
    ring = np.searchsorted(np.asarray(rings.distances), metres, side="left")
    reached = (nearest != none) & (ring < len(rings.distances))
    return np.where(reached, nearest * len(rings.distances) + ring, OUTSIDE)


def assign(areas: Areas, ringed: Sequence[Rings], points: np.ndarray) -> np.ndarray:
    """Unit name of each point, "" where it is in none: str object array ``(n_places,)``.

    Areas come first; then the rings in the order given, so that rings of treated areas, given
    first, keep a point that lies in a comparison area's ring too.
    """
    within = inside(areas, points) if areas.ids else np.full(len(points), OUTSIDE)
    named: np.ndarray = np.array([*areas.ids, ""], dtype=object)[within]
    for rings in ringed:
        free = np.flatnonzero(named == "")
        number = nearest_ring(rings, points[free])
        named[free] = np.array([*rings.names(), ""], dtype=object)[number]
    return named
