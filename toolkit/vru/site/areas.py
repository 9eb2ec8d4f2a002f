"""The areas page: who has published what, as a table, and as a map where boundaries are given.

Records name small areas by code or not at all, and this toolkit ships no boundaries, so the page is a table by
organisation. A map is drawn only from a file that the builder gives, in which features say whose they are.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from vru.errors import DataError, Problem
from vru.site.entries import SiteRecord
from vru.site.results import is_exercise
from vru.site.wording import organisation_name, plain

MAX_BYTES = 20_000_000
WIDTH = 520.0
_HINT = 'each feature a Polygon or MultiPolygon in longitude and latitude, with a property "organisation"'


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Outlines on a plane ``width`` by ``height``, as (organisation's slug or "", SVG path), and whom to credit."""

    width: float
    height: float
    shapes: tuple[tuple[str, str], ...]
    attribution: str


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One organisation: what it has published. ``kinds`` are (name, number of evaluations)."""

    slug: str
    name: str
    evaluations: int
    exercises: int
    kinds: tuple[tuple[str, int], ...]
    areas: int
    period: str
    drawn: bool


def read_boundaries(text: str, where: str) -> Boundaries:
    """Read GeoJSON (WGS84) into outlines. Raises DataError if it is not such a file, or credits nobody.

    The file's own member "attribution" is shown under the map. A feature without "organisation" is drawn
    as an outline only. Points closer than half a unit of the drawing are left out.
    """
    try:
        content = json.loads(text) if len(text) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        raise DataError(Problem(f"is not GeoJSON of at most {MAX_BYTES:,} bytes", where=where, hint=_HINT))
    credit = content.get("attribution")
    if not isinstance(credit, str) or not credit.strip():
        hint = 'add "attribution": "Contains OS data © Crown copyright …" beside "features"'
        raise DataError(Problem("does not say whom to credit for the boundaries", where=where, hint=hint))
    try:
        rings = [(_owner(f), _rings(f["geometry"])) for f in content["features"]]
    except (KeyError, TypeError, ValueError, IndexError):
        raise DataError(Problem("has a feature that cannot be drawn", where=where, hint=_HINT)) from None
    points = [p for _, found in rings for ring in found for p in ring]
    if not points or not all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in points):
        raise DataError(Problem("holds no outline in degrees", where=where, hint=_HINT))
    return _projected(rings, points, credit.strip())


def _owner(feature: Mapping[str, Any]) -> str:
    given = (feature.get("properties") or {}).get("organisation")
    return given if isinstance(given, str) else ""


def _rings(geometry: Mapping[str, Any]) -> list[list[tuple[float, float]]]:
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(geometry["type"])
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [[(float(p[0]), float(p[1])) for p in ring] for polygon in polygons for ring in polygon]


def _projected(
    rings: list[tuple[str, list[list[tuple[float, float]]]]], points: list[tuple[float, float]], credit: str
) -> Boundaries:
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    # One degree of longitude is shorter than one of latitude, by the cosine of the latitude.
    squeeze = math.cos(math.radians((south + north) / 2))
    unit = WIDTH / max((east - west) * squeeze, 1e-9)
    height = max((north - south) * unit, 1.0)
    shapes = []
    for owner, found in rings:
        path = "".join(_path([((x - west) * squeeze * unit, (north - y) * unit) for x, y in ring]) for ring in found)
        if path:
            shapes.append((owner, path))
    return Boundaries(WIDTH, height, tuple(shapes), credit)


def _path(ring: Sequence[tuple[float, float]]) -> str:
    kept: list[tuple[float, float]] = []
    for x, y in ring:
        spot = (round(x * 2) / 2, round(y * 2) / 2)
        if not kept or spot != kept[-1]:
            kept.append(spot)
    if len(set(kept)) < 3:
        return ""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept) + "Z"


def area_rows(current: Sequence[SiteRecord], boundaries: Boundaries | None) -> tuple[AreaRow, ...]:
    """One row per organisation that has published, in alphabetical order."""
    by_owner: dict[str, list[SiteRecord]] = {}
    for entry in current:
        by_owner.setdefault(entry.record.organisation, []).append(entry)
    drawn = {owner for owner, _ in boundaries.shapes} if boundaries else set()
    return tuple(_area(owner, by_owner[owner], owner in drawn) for owner in sorted(by_owner, key=organisation_name))


def _area(owner: str, entries: Sequence[SiteRecord], drawn: bool) -> AreaRow:
    real = [e.record for e in entries if not is_exercise(e.record)]
    kinds = sorted({r.intervention.type for r in real}, key=plain)
    first, last = min((r.setting.first for r in real), default=""), max((r.setting.last for r in real), default="")
    return AreaRow(
        slug=owner,
        name=organisation_name(owner),
        evaluations=len(real),
        exercises=len(entries) - len(real),
        kinds=tuple((plain(k), sum(r.intervention.type == k for r in real)) for k in kinds),
        areas=sum(r.setting.n_treated or 0 for r in real),
        period=f"{first} to {last}" if real else "",
        drawn=drawn,
    )


def area_map(rows: Sequence[AreaRow], boundaries: Boundaries) -> Markup:
    """The outlines, those with evaluations filled and linked to their row of the table."""
    counts = {r.slug: r for r in rows if r.evaluations}
    shown = [counts[o] for o in dict.fromkeys(owner for owner, _ in boundaries.shapes) if o in counts]
    words = ", ".join(f"{r.name} {r.evaluations}" for r in shown) or "none"
    parts = [
        f'<svg class="vru-map" role="img" viewBox="-2 -2 {boundaries.width + 4:g} {boundaries.height + 4:.1f}" '
        'aria-labelledby="map-title map-desc" xmlns="http://www.w3.org/2000/svg">',
        '<title id="map-title">Areas of the organisations that have published evaluations</title>',
        f'<desc id="map-desc">Filled areas have evaluations: {escape(words)}. The table gives every number.</desc>',
    ]
    for owner, path in boundaries.shapes:
        kind = "vru-map__known" if owner in counts else "vru-map__outline"
        name = f"<title>{escape(counts[owner].name)}: {counts[owner].evaluations}</title>" if owner in counts else ""
        parts.append(f'<path class="{kind}" d="{path}">{name}</path>')
    return Markup("".join([*parts, "</svg>"]))
