"""Polygons made light enough to draw, in metres from the corner of their own map."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vru.geography.areas import Areas
from vru.geography.assign import Rings
from vru.mapped import AreaMap, MapArea, Part, Ring
from vru.panel import Role

DETAIL = 500
"""A map is drawn to one part in so many of its longer side."""
MARGIN = 0.04
MOST_CONTEXT = 6000
"""Other areas of the plan's map up to which they are drawn as one, for orientation."""

Layer = tuple[str, Part, object]
"""Name, role, polygon on the National Grid."""


def map_of(areas: Areas | None, roles: Mapping[str, Role], ringed: Sequence[Rings]) -> AreaMap | None:
    """The areas that play a role, and the rings round each arm as one; None where no outline is at hand."""
    import shapely

    used = None if areas is None else areas.take(list(roles))
    if areas is None or used is None or not used.ids:
        return None
    taken = shapely.union_all(used.shapes)
    bands: list[Layer] = []
    parts: tuple[Part, Part] = ("buffer", "buffer_comparison")
    for rings, role in zip(ringed, parts, strict=False):
        if rings.areas.ids and rings.distances:
            wide = shapely.difference(shapely.union_all(shapely.buffer(rings.areas.shapes, rings.distances[-1])), taken)
            taken = shapely.union(taken, wide)
            bands.append((f"rings to {rings.distances[-1]:g} m", role, wide))
    rest = areas.shapes[np.isin(areas.ids, used.ids, invert=True)]
    if 0 < len(rest) <= MOST_CONTEXT:
        bands.append(("other areas", "context", shapely.union_all(shapely.set_precision(rest, 1.0))))
    layers: list[Layer] = [*bands, *((n, roles[n], s) for n, s in zip(used.ids, used.shapes, strict=True))]
    return replace(draw_up(layers), without=len(set(roles) - set(used.ids)))


def draw_up(layers: Sequence[Layer]) -> AreaMap:
    """A map of all layers; outlines are simplified to what an eye can tell apart, and holes smaller than that left out."""
    import shapely

    shapes = np.array([shape for _, _, shape in layers], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes)
    longer = max(east - west, north - south, 1.0)
    margin, step = MARGIN * longer, longer / DETAIL
    light = shapely.simplify(shapes, step / 2)
    areas = []
    for (name, role, _), shape in zip(layers, light, strict=True):
        rings = _rings(shape, (west - margin, south - margin), step)
        areas.append(MapArea(name, role, rings))
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
