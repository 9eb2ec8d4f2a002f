"""Comparison areas that lie near treated ones, left out where the plan asks for it: displacement and diffusion reach them."""

from dataclasses import replace

import numpy as np

from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.geography.areas import Areas, some
from vru.geography.choose import Chosen
from vru.protocol.units import Units

TOUCHING = 1.0
"""Metres: borders that were simplified each for itself still meet."""


def without_neighbours(units: Units, areas: Areas | None, chosen: Chosen) -> Chosen:
    """Roles without the comparison areas within ``buffers.exclude_within_m`` of a treated one (0: those that touch it).

    Raises DataError: an area without an outline, or no comparison area left.
    """
    import shapely

    reach = units.buffers.exclude_within_m
    if reach is None or areas is None:
        return chosen
    arms = {arm: [u for u, r in chosen.roles.items() if r == arm] for arm in ("treated", "comparison")}
    where = "units.buffers.exclude_within_m"
    if bare := sorted({*arms["treated"], *arms["comparison"]} - set(areas.ids)):
        raise DataError(Problem(f"no outline in the boundaries for {some(bare)}", where))
    treated, comparison = areas.take(arms["treated"]), areas.take(arms["comparison"])
    if not treated.ids or not comparison.ids:
        return chosen
    near, _ = shapely.STRtree(treated.shapes).query(
        comparison.shapes, predicate="dwithin", distance=max(reach, TOUCHING)
    )
    out = [comparison.ids[i] for i in sorted(set(near.tolist()))]
    if len(out) == len(comparison.ids):
        what = f"every comparison area lies within {reach:g} m of a treated one"
        raise DataError(Problem(what, where, hint="choose comparison areas further away, or a shorter distance"))
    if not out:
        return chosen
    how = f"within {reach:g} m of" if reach else "touching"
    text = f"comparison areas {how} a treated area, left out as the plan asks: {some(out, 20)}"
    notes = [DataNote("panel", text, len(out))]
    selection = units.selection
    if selection is not None and selection.rule == "top":
        said = (
            "they were left out after the lot, by where the lot put treated areas: treated and comparison areas are then not "
            "quite alike by lot alone"
        )
        notes.append(DataNote("panel", said))
    roles = {u: r for u, r in chosen.roles.items() if u not in set(out)}
    history = chosen.history
    if history is not None:
        kept = history.chosen & ~np.isin(np.asarray(history.pool), out)
        history = replace(history, chosen=kept)
    return Chosen(roles, history, (*chosen.notes, *notes))
