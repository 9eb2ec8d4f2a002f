"""Areas given as points and a radius: a table of hot spots by their middle, as many patrol plans list them."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.geography.areas import Areas, some
from vru.geography.assign import grid_points

_METRES, _DEGREES = ("easting", "northing"), ("longitude", "latitude")
_WITHIN = {
    "easting": (0.0, 660_000.0),
    "northing": (0.0, 1_230_000.0),
    "longitude": (-8.7, 1.8),
    "latitude": (49.8, 60.9),
}
_SEGMENTS = 32
"""Corners in a quarter of a circle: its area is within 0.1% of a true one's."""


def read_circles(path: Path, id_field: str, radius: float) -> Areas:
    """Circles of ``radius`` metres round the points of a CSV file with an id and easting, northing or longitude, latitude.

    Raises
    ------
    DataError
        No such file or columns; ids blank or repeated; coordinates that are no numbers or lie outside Britain.
    """
    import shapely

    if not path.is_file():
        raise DataError(
            Problem("is not there", str(path), "a CSV file of points", "boundaries is relative to the evaluation")
        )
    raw = path.read_bytes()
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=True)
    except (UnicodeDecodeError, ValueError):
        raise DataError(Problem("is not a CSV table in UTF-8", path.name, hint="save it again as CSV UTF-8")) from None
    names = {str(c).strip().lower(): c for c in frame.columns}
    pair = next((p for p in (_METRES, _DEGREES) if set(p) <= set(names)), None)
    if id_field not in frame.columns or pair is None:
        allowed = f"{id_field}, and easting and northing (metres) or longitude and latitude (degrees)"
        what = f"lacks columns; it has {some([str(c) for c in frame.columns], 12)}"
        raise DataError(Problem(what, path.name, allowed, "set units.id_field, or name the columns so"))
    ids = [str(v).strip() for v in frame[id_field]]
    at = {axis: pd.to_numeric(frame[names[axis]].str.strip(), errors="coerce").to_numpy(dtype=float) for axis in pair}
    if problems := [*_id_problems(path.name, id_field, ids), *_place_problems(path.name, ids, at)]:
        raise DataError(*problems)
    first, second = (at[axis] for axis in pair)
    points = shapely.points(first, second) if pair == _METRES else grid_points(first, second)
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    shapes = np.asarray(shapely.buffer(points, radius, quad_segs=_SEGMENTS), dtype=object)[order]
    return Areas(tuple(ids[i] for i in order), shapes, f"sha256:{hashlib.sha256(raw).hexdigest()}")


def _id_problems(name: str, id_field: str, ids: list[str]) -> list[Problem]:
    where = f"{name}: {id_field}"
    if not ids:
        return [Problem("holds no points", name, "one row per area")]
    found = [Problem(f"{ids.count('')} rows have no id", where)] if "" in ids else []
    if twice := sorted(k for k, n in Counter(ids).items() if n > 1 and k):
        found.append(Problem(f"the same id more than once: {some(twice)}", where, hint="one row per area"))
    return found


def _place_problems(name: str, ids: list[str], at: dict[str, np.ndarray]) -> list[Problem]:
    found = []
    for axis, values in at.items():
        low, high = _WITHIN[axis]
        if lost := [i for i, v in zip(ids, values, strict=True) if not np.isfinite(v)]:
            found.append(Problem(f"{axis} is no number for {some(lost)}", name))
        if out := [i for i, v in zip(ids, values, strict=True) if np.isfinite(v) and not low <= v <= high]:
            hint = "are the two columns exchanged? the first runs from west to east, the second from south to north"
            found.append(Problem(f"{axis} lies outside Britain for {some(out)}", name, f"{low:g} to {high:g}", hint))
    return found
