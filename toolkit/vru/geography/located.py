"""Polygon units: which areas there are, which conflict, and where each distinct place belongs."""

from collections.abc import Mapping
from dataclasses import dataclass

from vru.errors import DataError, Problem
from vru.events import DataNote, Events
from vru.geography.areas import Areas, overlaps, some
from vru.geography.assign import Rings, assign, grid_points
from vru.geography.tally import Places, distinct_places
from vru.panel import Role

SMALLEST = 100.0
"""Square metres under which an area is no place that anybody is sent to."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The areas of the evaluation with rings round them, and every unit's role and parent area."""

    areas: Areas
    ringed: tuple[Rings, ...]
    roles: Mapping[str, Role]
    parent: Mapping[str, str]


def lay_out(areas: Areas, roles: Mapping[str, Role], distances: tuple[float, ...]) -> Layout:
    """Take the areas that play a role and draw rings round treated and comparison areas.

    Raises
    ------
    DataError
        Areas of the evaluation that overlap; a comparison area inside a treated area's ring.
    """
    used = areas.take(roles)
    treated = areas.take([u for u, r in roles.items() if r == "treated"])
    comparison = areas.take([u for u, r in roles.items() if r == "comparison"])
    problems = [*_overlap_problems(used, roles), *_sliver_problems(used)]
    ringed: tuple[Rings, ...] = ()
    if distances:
        problems += _inside_ring_problems(treated, comparison, distances[-1])
        ringed = (Rings(treated, distances), Rings(comparison, distances))
        taken = sorted({name for rings in ringed for name in rings.names()} & set(areas.ids))
        if taken:
            problems.append(Problem(f"areas have the names of rings: {some(taken)}", "units.boundaries"))
    if problems:
        raise DataError(*problems)
    all_roles: dict[str, Role] = dict(roles)
    parent: dict[str, str] = {}
    ring_roles: tuple[Role, Role] = ("buffer", "buffer_comparison")
    for rings, role in zip(ringed, ring_roles, strict=False):
        all_roles |= dict.fromkeys(rings.names(), role)
        parent |= {name: name.rsplit("#", 1)[0] for name in rings.names()}
    return Layout(used, ringed, all_roles, parent)


def places_in(events: Events, areas: Areas, ringed: tuple[Rings, ...] = ()) -> Places:
    """Assign every distinct place of the events to an area or ring."""
    longitude, latitude = distinct_places(events)
    return Places(longitude, latitude, assign(areas, ringed, grid_points(longitude, latitude)))


def layout_notes(layout: Layout) -> list[DataNote]:
    """The rules by which places were assigned."""
    notes = [DataNote("panel", "a place on the edge of two areas counts in the one with the lowest id")]
    if layout.ringed:
        text = (
            "rings take the places within each distance of an area's edge that lie in no area of the evaluation; a "
            "place in several rings counts for the nearest treated area, and only where there is none for the "
            "nearest comparison area (equally near: the lowest id)"
        )
        notes.append(DataNote("panel", text, sum(len(r.names()) for r in layout.ringed)))
    return notes


def _overlap_problems(areas: Areas, roles: Mapping[str, Role]) -> list[Problem]:
    pairs = [f"{a} ({roles[a]}) and {b} ({roles[b]})" for a, b in overlaps(areas)]
    if not pairs:
        return []
    hint = "redraw them side by side, or join them into one area"
    return [Problem(f"areas overlap: {some(pairs)}", "units.boundaries", "areas that share no ground", hint)]


def _sliver_problems(areas: Areas) -> list[Problem]:
    import shapely

    slivers = [n for n, a in zip(areas.ids, shapely.area(areas.shapes), strict=True) if a < SMALLEST]
    if not slivers:
        return []
    hint = "shapes like these are left over from drawing or cutting: look at them on a map"
    return [Problem(f"areas smaller than {SMALLEST:g} square metres: {some(slivers)}", "units.boundaries", hint=hint)]


def _inside_ring_problems(treated: Areas, comparison: Areas, reach: float) -> list[Problem]:
    import shapely

    if not treated.ids or not comparison.ids:
        return []
    near, at = shapely.STRtree(treated.shapes).query(comparison.shapes, predicate="dwithin", distance=reach)
    pairs = [
        f"{comparison.ids[int(i)]} within {reach:g} m of {treated.ids[int(j)]}" for i, j in zip(near, at, strict=True)
    ]
    if not pairs:
        return []
    hint = (
        "displaced offences would count as comparison: choose areas further away, shorter distances, or leave such areas out "
        f"with units.buffers.exclude_within_m: {reach:g}"
    )
    what = f"comparison areas inside a treated area's buffer: {some(sorted(pairs))}"
    return [Problem(what, "units.buffers.distances_m", hint=hint)]
