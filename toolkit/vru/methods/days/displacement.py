"""Whether offences move to the buffers on the days their area is patrolled."""

import math

import numpy as np

from vru.errors import MethodError
from vru.methods.days.cluster import by_area
from vru.methods.days.describe import invert, smallest_p
from vru.methods.days.rows import AreaDays, take_days
from vru.methods.days.scheme import ScheduleOptions
from vru.panel import Panel
from vru.results import Interval
from vru.stats.crossed import fit_crossed
from vru.stats.patrol_draws import Redrawn
from vru.stats.patrol_test import Contrast, Trial, p_of_values
from vru.words.p_value import p_is


def buffer_effect(
    panel: Panel, outcome: str, rows: AreaDays, drawn: Redrawn, opts: ScheduleOptions
) -> tuple[Interval | None, tuple[str, ...]]:
    """Log rate ratio in buffers on their area's patrol days, with notes; None where there is nothing to say."""
    if panel.schedule is None or not panel.is_role("buffer").any():
        return None, ()
    rings = take_days(panel, outcome, opts.time, exposure=opts.exposure, role="buffer")
    if not rings.on.any():
        return None, ("The buffers carry no schedule, so displacement on patrol days was not estimated.",)
    if rings.counts[rings.on].sum() == 0 or rings.counts[rings.off].sum() == 0:
        return None, ("Displacement was not estimated: no offences in buffers on patrol days, or on other days.",)
    assigned = rings.assigned.astype(float)
    try:
        model = fit_crossed(rings.counts, rings.weight, rings.code, assigned[None])
    except MethodError as error:
        return None, (f"Displacement was not estimated: {error.problems[0].what}.",)
    value, parents = float(model.value[0]), _parents(rings, rows)
    if parents is None:
        found = by_area(model, rings, 0, opts.level)
        note = (
            "Which buffer belongs to which area is not in the panel and their schedules do not tell; the displacement "
            f"interval is {found.words}, not by redrawn schedules."
        )
        return Interval(value, found.bounds.low, found.bounds.high), (note,)
    trial = Trial(rings.counts, rings.weight, rings.code, drawn.assigned[:, parents])
    scale = math.sqrt(max(1.0, model.phi or 1.0) / float(model.information[0, 0]))
    p_of = p_of_values(trial, assigned, np.zeros_like(assigned), Contrast())
    answer = invert(p_of, value, scale, opts.level, smallest_p(drawn.possible), "")
    note = (
        f"Buffers had {math.exp(value):.2f} times the offences on their area's patrol days ({p_is(answer.p)}); each was "
        "matched to the one area with the same schedule."
    )
    return Interval(value, answer.bounds.low, answer.bounds.high), (note,)


def _parents(rings: AreaDays, rows: AreaDays) -> np.ndarray | None:
    """The one area with the same schedule, for every buffer; None where there is none, or more than one."""
    same = (rings.assigned[:, None, :] == rows.assigned[None, :, :]).all(axis=2)
    return np.argmax(same, axis=1) if (same.sum(axis=1) == 1).all() else None
