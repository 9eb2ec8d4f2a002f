"""Pings laid on areas, batch by batch, so that ten million of them need little room."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vru.errors import DataError, Problem
from vru.intake.patrols.wall import instants
from vru.stats.visits import MOST_PLACES, MOST_WHO, distinct, pack
from vru.tracks import Batch, Clock, Read

STRAY = 0.02
"""Largest share of places outside Britain."""
_DEGREES, _METRES = (-8.7, 49.8, 1.8, 60.9), (0.0, 0.0, 660_000.0, 1_230_000.0)


@dataclass(frozen=True, slots=True)
class Placed:
    """packed : who, when and in which area as one number, sorted, each once ``(n,)``.

    by : "degrees" or "metres", as recognised from the numbers.
    """

    packed: np.ndarray
    by: Literal["degrees", "metres"]


def place(found: Iterable[Batch], grid: Any, clock: Clock, read: Read) -> Placed:
    """grid : ``Raster`` of the areas. Raises DataError: nothing to place, places that are not in Britain."""
    parts = []
    by: Literal["degrees", "metres"] | None = None
    if len(grid.areas.ids) > MOST_PLACES:
        raise DataError(Problem(f"holds {len(grid.areas.ids):,} areas", "areas", f"up to {MOST_PLACES:,}"))
    seen, stray = 0, 0
    for batch in found:
        if not len(batch.who):
            continue
        by = by or _recognised(batch)
        if int(batch.who.max()) > MOST_WHO:
            hint = "is it the column that tells officers apart, and not one that numbers the pings?"
            raise DataError(Problem(f"more than {MOST_WHO:,} officers", "--officer", hint=hint))
        x, y, inside = _metres(batch, by, grid.bounds)
        second, good = instants(batch.second) if clock == "local" else (batch.second, np.ones(len(batch.second), bool))
        read.leave("in the hour that clocks show twice or not at all", int((~good).sum()))
        seen, stray = seen + len(good), stray + int((~inside).sum())
        read.leave("outside Britain", int((good & ~inside).sum()))
        keep = good & inside
        parts.append(pack(batch.who[keep], second[keep], grid.find(x[keep], y[keep])))
    if by is None:
        raise DataError(Problem("no row has an officer, a time and a place that can be read", "pings"))
    if stray > STRAY * seen:
        what = f"{stray / seen:.0%} of places are not in Britain"
        hint = "are the two columns exchanged? x is east or longitude, y is north or latitude"
        raise DataError(Problem(what, "pings", "National Grid in metres, or degrees", hint))
    packed = np.concatenate(parts)
    parts.clear()
    return _sorted(packed, by, read)


def _sorted(packed: np.ndarray, by: Literal["degrees", "metres"], read: Read) -> Placed:
    packed.sort()
    fresh = distinct(packed)
    read.leave("of one officer in the same second as another", len(packed) - len(fresh))
    return Placed(fresh, by)


def _recognised(batch: Batch) -> Literal["degrees", "metres"]:
    small = np.median(np.abs(batch.x)) <= 180 and np.median(np.abs(batch.y)) <= 180
    return "degrees" if small else "metres"


def _metres(
    batch: Batch, by: str, bounds: tuple[float, float, float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y on the National Grid (NaN far from every area), and whether the place is in Britain at all."""
    west, south, east, north = _DEGREES if by == "degrees" else _METRES
    inside = (batch.x >= west) & (batch.x <= east) & (batch.y >= south) & (batch.y <= north)
    if by == "metres":
        return batch.x, batch.y, inside
    import pyproj

    # Most pings are far from any area, and what is far off needs no exact place.
    box = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform_bounds(
        *bounds, densify_pts=5
    )
    near = inside & (batch.x > box[0] - 0.01) & (batch.x < box[2] + 0.01) & (batch.y > box[1] - 0.01)
    near &= batch.y < box[3] + 0.01
    x, y = np.full(len(near), np.nan), np.full(len(near), np.nan)
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    x[near], y[near] = to_grid.transform(batch.x[near], batch.y[near])
    return x, y, inside
