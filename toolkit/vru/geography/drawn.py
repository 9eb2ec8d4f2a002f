"""Polygons made light enough to draw, in metres from the corner of their own map."""

from collections.abc import Sequence

import numpy as np

from vru.mapped import AreaMap, MapArea, Ring

DETAIL = 500
"""A map is drawn to one part in so many of its longer side."""
MARGIN = 0.04

Layer = tuple[str, str, object, float | None]
"""Name, role, polygon on the National Grid, change."""


def draw_up(layers: Sequence[Layer]) -> AreaMap:
    """A map of all layers; outlines are simplified to what an eye can tell apart, and holes smaller than that left out."""
    import shapely

    shapes = np.array([shape for _, _, shape, _ in layers], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes)
    longer = max(east - west, north - south, 1.0)
    margin, step = MARGIN * longer, longer / DETAIL
    light = shapely.simplify(shapes, step / 2)
    areas = []
    for (name, role, _, change), shape in zip(layers, light, strict=True):
        rings = _rings(shape, (west - margin, south - margin), step)
        areas.append(MapArea(name, role, rings, change))
    return AreaMap(_round(east - west + 2 * margin, 1.0), _round(north - south + 2 * margin, 1.0), tuple(areas))


def _rings(shape: object, corner: tuple[float, float], step: float) -> tuple[Ring, ...]:
    import shapely

    found = []
    for part in shapely.get_parts(shape):
        for i, ring in enumerate([part.exterior, *part.interiors]):
            if i and shapely.Polygon(ring).area < step**2:
                continue
            points = shapely.get_coordinates(ring) - np.asarray(corner)
            fine = 10.0 ** np.floor(np.log10(max(step / 5, 1e-3)))
            found.append(tuple((_round(a, fine), _round(b, fine)) for a, b in points.tolist()))
    return tuple(found)


def _round(value: float, to: float) -> float:
    return float(f"{round(value / to) * to:.3f}")
