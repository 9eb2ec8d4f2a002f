"""What was delivered on each area-day, and whether the schedule moved it."""

from dataclasses import dataclass, replace

import numpy as np

from vru.errors import MethodError, Problem
from vru.methods.days.rows import AreaDays
from vru.stats.crossed import centre

MOST_UNKNOWN = 0.2


@dataclass(frozen=True, slots=True)
class Dose:
    """Area-days whose dose is known, and the dose in units of ``per``, ``(n_areas, n_days)``, 0 where not observed.

    assigned_mean, other_mean : mean dose delivered on patrol days and on other days, as recorded (minutes, visits).
    strength : F of the schedule in a linear model of the dose with area and time effects, by area.
    """

    rows: AreaDays
    given: np.ndarray
    assigned_mean: float
    other_mean: float
    strength: float | None
    notes: tuple[str, ...]


def take_dose(rows: AreaDays, measure: str, per: float) -> Dose:
    """Raises MethodError where the measure is not in the panel, mostly unknown, or the schedule did not move it."""
    where = f"schedule: {measure}"
    if measure not in rows.delivered:
        known = ", ".join(sorted(rows.delivered)) or "none"
        hint = "name the column of what was delivered in the plan"
        raise MethodError(Problem(f"what was delivered ({measure}) is not in the panel", where, known, hint))
    raw = rows.delivered[measure]
    unknown = np.isnan(raw) & rows.observed
    notes = []
    for cells, name in ((rows.on, "patrol days"), (rows.off, "other days")):
        share = float(unknown[cells].mean())
        if share > MOST_UNKNOWN:
            hint = "write 0 where nothing was delivered"
            raise MethodError(Problem(f"is not known for {share:.0%} of {name}", where, "at most 20%", hint))
    if unknown.any():
        notes.append(
            f"{measure} is not known for {int(unknown.sum()):,} area-days; they are left out of what is said of the dose, "
            "which is harmless only if they are like the others."
        )
    kept = rows.observed & ~unknown
    known_rows = replace(
        rows, counts=np.where(kept, rows.counts, 0.0), observed=kept, weight=np.where(kept, rows.weight, 0.0)
    )
    given = np.where(kept, np.nan_to_num(raw), 0.0)
    means = float(given[known_rows.on].mean()), float(given[known_rows.off].mean())
    if means[0] <= means[1]:
        what = f"patrol days had no more {measure} ({means[0]:.1f}) than other days ({means[1]:.1f})"
        raise MethodError(Problem(what, where, hint="the schedule then says nothing of the dose"))
    return Dose(known_rows, given / per, *means, _strength(known_rows, given), tuple(notes))


def _strength(rows: AreaDays, given: np.ndarray) -> float | None:
    flat = rows.observed.astype(float)
    assigned, dose = centre(np.stack([rows.assigned.astype(float), given]), flat, rows.code)
    size = float((flat * assigned**2).sum())
    slope = float((flat * assigned * dose).sum()) / size
    areas = len(rows.units)
    scores = (flat * assigned * (dose - slope * assigned)).sum(axis=1)
    spread = float((scores**2).sum()) * areas / max(areas - 1, 1)
    return slope**2 * size**2 / spread if spread > 1e-12 else None
