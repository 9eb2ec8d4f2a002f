"""Which force covers a unit, and so which of its months are missing."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vru.errors import DataError, Problem
from vru.events import DataNote, Events
from vru.geography.areas import Areas
from vru.geography.assign import grid_points
from vru.geography.tally import Tally, distinct_places, force_at

ITSELF = "extract"
"""What stands for the force where the plan says what an extract covers; of a table of counts each area covers itself."""


def modal_forces(frame: pd.DataFrame) -> dict[str, str]:
    """Unit -> the force that recorded most of its events of any kind; ties go to the first by name."""
    total = frame[frame["unit"] != ""].groupby(["unit", "force"])["rows"].sum().reset_index()
    first = total.sort_values(["unit", "rows", "force"], ascending=[True, False, True]).drop_duplicates("unit")
    return dict(zip(first["unit"], first["force"], strict=True))


def unit_forces(t: Tally, units: Sequence[str], parent: Mapping[str, str], areas: Areas | None) -> dict[str, str]:
    """Unit -> the force that covers it: the one with most of its events.

    A ring takes its area's force (``parent``: ring -> area). An area without a single event takes the
    force of the place nearest to it.
    """
    modal = modal_forces(t.frame)
    only = next(iter(t.events.present)) if len(t.events.present) == 1 else None
    found: dict[str, str] = {}
    for unit in units:
        area = parent.get(unit, unit)
        force = modal.get(area) or modal.get(unit) or only
        if force is None and areas is not None:
            force = found.get(area) or _nearest_force(t.events, areas.shapes[areas.ids.index(area)])
        if force is None:
            what = "no event and no boundary tells which force covers it"
            raise DataError(Problem(what, unit, hint="leave it out, or read one force's files with options.forces"))
        found[unit] = force
    return found


def _nearest_force(events: Events, shape: object) -> str:
    import shapely

    longitude, latitude = distinct_places(events)
    at = int(np.argmin(shapely.distance(grid_points(longitude, latitude), shape)))
    return force_at(events, float(longitude[at]), float(latitude[at]))


def missing_months(
    units: Sequence[str], periods: Sequence[str], forces: Mapping[str, str], present: Mapping[str, Sequence[str]]
) -> np.ndarray:
    """Months in which the force covering a unit has no file: bool ``(n_units, n_periods)``."""
    gone = {f: ~np.isin(np.asarray(periods), list(present.get(f, ()))) for f in set(forces.values())}
    return np.array([gone[forces[u]] for u in units]).reshape(len(units), len(periods))


def matrix(frame: pd.DataFrame, units: Sequence[str], periods: Sequence[str], column: str) -> np.ndarray:
    """Counts by unit and period, zero where no event was recorded: float ``(n_units, n_periods)``."""
    counts = np.zeros((len(units), len(periods)))
    row = frame["unit"].map({u: i for i, u in enumerate(units)})
    col = frame["period"].map({p: j for j, p in enumerate(periods)})
    keep = (row.notna() & col.notna()).to_numpy()
    at = (row[keep].to_numpy(dtype=int), col[keep].to_numpy(dtype=int))
    np.add.at(counts, at, frame.loc[keep, column].to_numpy(dtype=float))
    return counts


def missing_notes(
    units: Sequence[str], periods: Sequence[str], missing: np.ndarray, covering: Mapping[str, str]
) -> list[DataNote]:
    """Say which months are missing, for all units or for how many. covering : unit -> force, as ``unit_forces``."""
    notes = []
    own = all(force in (ITSELF, unit) for unit, force in covering.items())
    why = "the data do not cover them" if own else "the force has no file"
    everywhere = [periods[j] for j in np.flatnonzero(missing.all(axis=0)).tolist()]
    if everywhere:
        text = f"months missing for every unit, because {why}: {', '.join(everywhere)}"
        notes.append(DataNote("panel", text, len(everywhere)))
    partly = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
    if partly.size:
        months = [f"{periods[j]} ({int(missing[:, j].sum())} units)" for j in partly.tolist()]
        text = f"months missing for some units of {len(units)}: {', '.join(months)}"
        notes.append(DataNote("panel", text, int(missing[:, partly].sum())))
    return notes
