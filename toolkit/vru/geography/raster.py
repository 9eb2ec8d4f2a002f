"""Which area each of millions of places lies in: a coarse grid answers for most, geometry for cells that an edge runs through."""

import math
from dataclasses import dataclass

import numpy as np

from vru.geography.areas import Areas

MOST_CELLS = 4_000_000
FINEST = 10.0
"""Metres: cells need not be finer than this."""
NOWHERE, EDGE = -1, -2


@dataclass(frozen=True, slots=True)
class Raster:
    """Cells of ``size`` metres from (west, south). cell : ``(rows, columns)``: index of the area that holds all of it, NOWHERE,
    or EDGE. areas : whose edges are asked."""

    areas: Areas
    west: float
    south: float
    size: float
    cell: np.ndarray

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        rows, columns = self.cell.shape
        return self.west, self.south, self.west + columns * self.size, self.south + rows * self.size

    def find(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Index of the area of each place, NOWHERE where there is none: int32 ``(n,)``."""
        rows, columns = self.cell.shape
        with np.errstate(invalid="ignore"):
            i = np.floor((y - self.south) / self.size)
            j = np.floor((x - self.west) / self.size)
            known = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
        found = np.full(len(x), NOWHERE, dtype=np.int32)
        inside = np.flatnonzero(known)
        found[inside] = self.cell[i[inside].astype(np.int32), j[inside].astype(np.int32)]
        asked = np.flatnonzero(found == EDGE)
        if len(asked):
            found[asked] = self._by_geometry(x[asked], y[asked])
        return found

    def _by_geometry(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        import shapely

        found = np.full(len(x), NOWHERE, dtype=np.int32)
        order = np.argsort(x, kind="stable")
        sorted_x = x[order]
        for k, shape in enumerate(self.areas.shapes):
            west, south, east, north = shape.bounds
            near = order[np.searchsorted(sorted_x, west) : np.searchsorted(sorted_x, east, side="right")]
            near = near[(y[near] >= south) & (y[near] <= north) & (found[near] == NOWHERE)]
            if len(near):
                found[near[shapely.intersects_xy(shape, x[near], y[near])]] = k
        return found


def raster(areas: Areas) -> Raster:
    """The grid of these areas, which must not overlap."""
    import shapely

    shapely.prepare(areas.shapes)
    boxes = shapely.bounds(areas.shapes)
    west, south, east, north = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    size = max(FINEST, math.sqrt(max((east - west) * (north - south), 1.0) / MOST_CELLS))
    columns, rows = math.ceil((east - west) / size) + 1, math.ceil((north - south) / size) + 1
    cell = np.full((rows, columns), NOWHERE, dtype=np.int32)
    for k, shape in enumerate(areas.shapes):
        a, b, c, d = boxes[k]
        js = np.arange(int((a - west) // size), min(int((c - west) // size) + 1, columns))
        rows_ = np.arange(int((b - south) // size), min(int((d - south) // size) + 1, rows))
        x, y = np.meshgrid(west + js * size, south + rows_ * size)
        box = shapely.box(x, y, x + size, y + size)
        part = cell[np.ix_(rows_, js)]
        full, touched = shapely.contains_properly(shape, box), shapely.intersects(shape, box)
        part = np.where(touched & ~full, EDGE, np.where(full & (part == NOWHERE), k, part))
        cell[np.ix_(rows_, js)] = part
    return Raster(areas, float(west), float(south), size, cell)
