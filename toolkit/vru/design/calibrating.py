"""From replays to a calibration: false alarms, a p and interval of the evaluation's own, and what it could have seen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vru.calibration import Calibration
from vru.design.lots import Lots
from vru.design.placebos import Frame, Lot, Scene, scene_of
from vru.design.power import power_curve
from vru.design.replaying import Replayed, Task, drawn, error_of, relative_error
from vru.design.telling import how_drawn, notes_of
from vru.errors import Problem, RefusedError
from vru.panel import Panel
from vru.protocol import Protocol
from vru.results import Estimate
from vru.stats.replays import effective_number, exceeded, reach, share

ENOUGH = 20
"""Independent replays under which no p and no interval is calibrated."""
FEWEST_ANSWERED = 20
EDGES = tuple(x / 2 for x in range(-8, 9))
"""Of the published distribution, in standard errors: single estimates of known areas would give their counts away."""


@dataclass(frozen=True, slots=True)
class _Own:
    """The evaluation's own estimate among its placebos. withheld : why p and interval are not given, else ""."""

    distance: float | None
    reach: float | None
    p: float | None
    low: float | None
    high: float | None
    withheld: str


def lot_of(protocol: Protocol, kept: Lots | None) -> tuple[Lot | None, tuple[tuple[str, ...], ...]]:
    """How the arms were drawn, and in which blocks: by a lot kept beside the plan, by the plan itself, or not at all."""
    if kept is None or kept.days:
        selection = protocol.units.selection
        return (selection.assign if selection is not None else None), ()
    if kept.starts:
        return "steps", ()
    return ("random_half", ()) if kept.scheme == "restricted" else ("blocks", kept.blocks)


def scene_for(protocol: Protocol, estimate: Estimate, panel: Panel, kept: Lots | None = None) -> Scene:
    """What the registered analysis can be replayed on. kept : the lot beside the plan, if the plan keeps to it.

    Raises MethodError where there is nothing.
    """
    lot, blocks = lot_of(protocol, kept)
    scene = scene_of(panel, estimate.outcome, lot, blocks)
    if not ("displacement" in estimate.components and panel.is_role("buffer").any()):
        return scene
    # Areas drawn anew have no catchment of their own, and without one this would be another analysis.
    frames: tuple[Frame, ...] = ("arms",)
    return replace(scene, frames=frames)


def summarise(
    task: Task, estimate: Estimate, replays: Sequence[Replayed], protocol: Protocol, bound: Mapping[str, str]
) -> Calibration:
    """All replays of one estimate together. Raises RefusedError where too few gave an answer."""
    answered, refused = _sorted_out(replays, task.scene)
    effective, dates = independent(task, answered)
    alarms = sum(r.claimed for r in answered)
    rate = share(alarms, len(answered), effective)
    far = np.array([r.distance for r in answered if r.distance is not None])
    own = _own(task.scene, estimate, far, (effective, dates))
    size = _size(answered, relative_error(estimate))
    curve = power_curve(answered, size, effective)
    return Calibration(
        analysis=estimate.analysis,
        method=estimate.method,
        outcome=estimate.outcome,
        level=estimate.level,
        drawn=how_drawn(task.scene, protocol),
        frames=dict(sorted(Counter(r.frame for r in answered).items())),
        replays=len(answered),
        refused=len(refused),
        false_alarms=alarms,
        rate=_rounded(rate.value),
        rate_low=_rounded(rate.low),
        rate_high=_rounded(rate.high),
        covered=_covered(answered),
        effective=_rounded(effective),
        effective_dates=_rounded(dates),
        reach=_maybe(own.reach),
        own=_maybe(own.distance),
        p=_maybe(own.p),
        low=_maybe(own.low),
        high=_maybe(own.high),
        withheld=own.withheld,
        seen=curve.seen,
        smallest_fall=_maybe(curve.smallest_fall),
        smallest_rise=_maybe(curve.smallest_rise),
        size=_rounded(float(np.median(list(size.values())))),
        edges=EDGES,
        bins=_histogram(far),
        notes=notes_of(task.scene, size, refused),
        bound=dict(bound),
    )


def _sorted_out(replays: Sequence[Replayed], scene: Scene) -> tuple[list[Replayed], list[Replayed]]:
    """Those that gave an answer, in order, and those that did not. Raises RefusedError where too few did."""
    answered = sorted((r for r in replays if not r.refused), key=lambda r: r.which)
    refused = [r for r in replays if r.refused]
    if len(answered) < FEWEST_ANSWERED:
        raise RefusedError(_nothing_to_say(answered, refused, scene))
    return answered, refused


def _covered(answered: Sequence[Replayed]) -> float | None:
    """Share of intervals that held no change; None where the method gives none."""
    held = [r.covered for r in answered if r.covered is not None]
    return _rounded(sum(held) / len(held)) if held else None


def independent(task: Task, answered: Sequence[Replayed]) -> tuple[float, float]:
    """How many independent replays, and how many independent dates, these are worth."""
    scene = task.scene
    known = scene.history.pool if scene.history is not None else ()
    row = {u: i for i, u in enumerate(dict.fromkeys([*scene.panel.units, *known]))}
    record = scene.history.record if scene.history is not None else None
    months = record.periods if record is not None else ()
    column = {p: i for i, p in enumerate(sorted({*scene.panel.periods, *months}))}
    units, periods = np.zeros((len(answered), len(row))), np.zeros((len(answered), len(column)))
    for k, one in enumerate(answered):
        panel = drawn(task, one.which)
        assert panel is not None  # it was answered
        _contrast(units[k], [row[u] for u in panel.units], panel.is_role("treated"), panel.is_role("comparison"))
        _contrast(periods[k], [column[p] for p in panel.periods], panel.post(), ~panel.post())
    same = np.ones((len(answered), 1))
    return effective_number(units, periods), effective_number(same, periods)


def _contrast(out: np.ndarray, at: list[int], plus: np.ndarray, minus: np.ndarray) -> None:
    places = np.array(at)
    out[places[plus]] = 1 / max(int(plus.sum()), 1)
    out[places[minus]] = -1 / max(int(minus.sum()), 1)


def _own(scene: Scene, estimate: Estimate, far: np.ndarray, independent: tuple[float, float]) -> _Own:
    effective, dates = independent
    error = error_of(estimate)
    distance = None if error is None else estimate.value / error
    withheld = _withheld(scene, distance, far, effective, dates)
    wide = None if withheld else reach(far, estimate.level)
    if wide is None or error is None or distance is None:
        return _Own(distance, None, None, None, None, withheld or "there are too few replays for an interval.")
    p = exceeded(far, distance, effective if scene.lot else dates)
    return _Own(distance, wide, p, estimate.value - wide * error, estimate.value + wide * error, "")


def _withheld(scene: Scene, distance: float | None, far: np.ndarray, effective: float, dates: float) -> str:
    if distance is None or not len(far):
        return "the method gives no standard error or interval, so its estimates cannot be put on one scale."
    if scene.lot is not None and effective < ENOUGH:
        return f"the replays share areas and dates and are worth {effective:.0f} independent ones; under {ENOUGH} say too little."
    if scene.lot is None and dates < ENOUGH:
        return (
            "the arms were not drawn by lot, so what makes them differ is shared by every replay at one date and only dates "
            f"count; they overlap and are worth {dates:.1f} independent ones, and under {ENOUGH} say too little."
        )
    return ""


def _size(answered: Sequence[Replayed], own: float | None) -> dict[str, float]:
    """By frame: the evaluation's standard error over the usual one of its replays; 1 where either is not known."""
    found = {}
    for frame in sorted({r.frame for r in answered}):
        errors = [r.error for r in answered if r.frame == frame and r.error is not None]
        found[frame] = own / float(np.median(errors)) if own is not None and errors else 1.0
    return found


def _histogram(far: np.ndarray) -> tuple[int, ...]:
    """Counts between ``EDGES``; what lies beyond is in the first and last."""
    inside = np.clip(far, EDGES[0], EDGES[-1])
    return tuple(int(n) for n in np.histogram(inside, bins=np.array(EDGES))[0])


def _nothing_to_say(answered: Sequence[Replayed], refused: Sequence[Replayed], scene: Scene) -> Problem:
    why = Counter(r.refused for r in refused).most_common(1)
    return Problem(
        f"only {len(answered)} of {len(answered) + len(refused)} replays gave an answer, and {FEWEST_ANSWERED} are needed"
        + (f" ({why[0][0].rstrip('.')})" if why else ""),
        where=f"{scene.n_pre} periods before the start",
        hint="begin the window earlier, or name more comparison areas; or let a method that needs less be primary",
    )


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _maybe(value: float | None) -> float | None:
    return None if value is None else _rounded(value)
