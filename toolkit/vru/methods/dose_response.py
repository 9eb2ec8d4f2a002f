"""What ten minutes of patrol do: intention to treat first, then the dose, with the schedule as its instrument."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field, model_validator
from scipy import optimize

from vru.errors import MethodError, Problem
from vru.methods.days.bend import Bend, bend_notes, find_bend
from vru.methods.days.cluster import by_area
from vru.methods.days.describe import arms, by_week, invert, limits, smallest_p
from vru.methods.days.dose import Dose, take_dose
from vru.methods.days.rows import AreaDays, Time, refuse_empty, take_days
from vru.methods.days.scheme import SCHEMES, consistent, redraw, scheme_words
from vru.methods.inference import Inference
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, Interval
from vru.stats.crossed import Crossed, fit_crossed, null_means
from vru.stats.intervals import Bounds
from vru.stats.patrol_draws import Redrawn, Scheme
from vru.stats.patrol_test import Contrast, Trial, balance, p_of_values
from vru.words.p_value import p_is

WEAK = 10.0


class Options(MethodOptions):
    """How the schedule was drawn, how days enter, and what the dose is.

    ``scheme``: how the schedule was drawn: within_day (k of n areas each day), within_area (k of T days in each area),
    within_area_block (k days in each area and ``block``), within_both (totals of areas and days kept) or independent
    (each area-day with ``probability``). ``block``: days, counted from the first, or calendar ``week`` (from Monday) or
    ``month``. ``time``: an effect for each day, or for each day of the week. ``draws``: schedules drawn. ``exposure``: use
    the panel's, if there is one.
    ``dose``: minutes or visits; ``per``: the effect is of so many of them (10 minutes, 1 visit).
    """

    scheme: Scheme = "within_day"
    probability: float | None = Field(None, gt=0, lt=1)
    block: Literal["week", "month"] | int = 7
    time: Time = "day"
    draws: int = Field(4999, ge=199, le=100_000)
    exposure: bool = True
    dose: Literal["minutes", "visits"] = "minutes"
    per: float = Field(10.0, gt=0, le=1440)

    @model_validator(mode="after")
    def _known(self) -> "Options":
        consistent(self.scheme, self.probability, self.block)
        return self


@dataclass(frozen=True, slots=True)
class _Answers:
    """As scheduled (model, inference), per dose by the schedule (value, inference), per dose as delivered."""

    model: Crossed
    scheduled: Inference
    value: float
    dosed: Inference
    delivered: Interval | None
    bend: Bend | None


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log rate ratio per ``per`` minutes or visits delivered, the schedule as instrument.

    Raises MethodError as ``crossover_trial`` does, where nothing was recorded on patrol days, or where
    what was delivered is not known or not moved by the schedule.
    """
    opts = Options.model_validate(options.model_dump())
    rows = take_days(panel, outcome, opts.time, exposure=opts.exposure)
    refuse_empty(rows, outcome)
    dose = take_dose(rows, opts.dose, opts.per)
    if rows.counts[rows.on].sum() == 0:
        what = "no offences were recorded on patrol days, so there is no effect of a dose to estimate"
        raise MethodError(Problem(what, f"outcome {outcome}", hint="crossover_trial says what it can"))
    drawn = redraw(rows, opts, rng)
    return _estimate(outcome, rows, dose, opts, _answers(rows, dose, drawn, opts, rng))


def _answers(rows: AreaDays, dose: Dose, drawn: Redrawn, opts: Options, rng: Generator) -> _Answers:
    assigned = rows.assigned.astype(float)
    none, floor, words = np.zeros_like(assigned), smallest_p(drawn.possible), scheme_words(opts, drawn)
    model = fit_crossed(rows.counts, rows.weight, rows.code, assigned[None])
    scale = math.sqrt(max(1.0, model.phi or 1.0) / float(model.information[0, 0]))
    trial = Trial(rows.counts, rows.weight, rows.code, drawn.assigned)
    plain = p_of_values(trial, assigned, none, Contrast())
    scheduled = invert(plain, float(model.value[0]), scale, opts.level, floor, words)
    known = dose.rows
    dosed = Trial(known.counts, known.weight, known.code, drawn.assigned)
    per_dose = opts.per / (dose.assigned_mean - dose.other_mean)
    value = _solve(balance(dosed, dose.given, drawn.expected), float(model.value[0]) * per_dose, scale * per_dose)
    p_of = p_of_values(dosed, dose.given, none, Contrast())
    return _Answers(
        model, scheduled, value, invert(p_of, value, scale * per_dose, opts.level, floor, words),
        _as_delivered(dose, opts.level), find_bend(dose, opts.draws, opts.level, rng),
    )  # fmt: skip


def _solve(at: Callable[[float], float], guess: float, scale: float) -> float:
    """Where the schedule is balanced: the dose effect that leaves counts unrelated to what was drawn."""
    width = 2 * scale
    for _ in range(12):
        if at(guess - width) * at(guess + width) <= 0:
            return float(optimize.brentq(at, guess - width, guess + width, xtol=1e-12))
        width *= 1.6
    raise MethodError(
        Problem("no dose effect makes the counts unrelated to the schedule", "dose", hint="rely on crossover_trial")
    )


def _as_delivered(dose: Dose, level: float) -> Interval | None:
    rows = dose.rows
    try:
        model = fit_crossed(rows.counts, rows.weight, rows.code, dose.given[None])
    except MethodError:
        return None
    found = by_area(model, rows, 0, level)
    return Interval(float(model.value[0]), found.bounds.low, found.bounds.high)


def _estimate(outcome: str, rows: AreaDays, dose: Dose, opts: Options, a: _Answers) -> Estimate:
    unit = "visit" if opts.dose == "visits" else "minute"
    per = f"{opts.per:g} {unit}{'' if opts.per == 1 else 's'}"
    components = {"as scheduled": Interval(float(a.model.value[0]), a.scheduled.bounds.low, a.scheduled.bounds.high)}
    if a.delivered is not None:
        components[f"as delivered, per {per} (association only)"] = a.delivered
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand=f"rate ratio of offences per {per} of patrol delivered, moved by the schedule alone",
        per=per,
        scale="log_rate_ratio",
        value=a.value,
        se=a.dosed.se,
        low=a.dosed.bounds.low,
        high=a.dosed.bounds.high,
        level=opts.level,
        p=a.dosed.p,
        inference=a.dosed.words.replace("randomisation inference", "randomisation inference, schedule as instrument"),
        events_prevented=_prevented(dose, a.value, a.dosed.bounds),
        n_treated=int(rows.on.any(axis=1).sum()),
        n_comparison=int(rows.off.any(axis=1).sum()),
        n_pre=0,
        n_post=int(rows.observed.any(axis=0).sum()),
        path=by_week(rows, _without(dose, rows, a.value)),
        components=components | _bend_parts(a.bend, per),
        counts=_counts(rows, dose, opts, a),
        notes=_notes(rows, dose, opts, per, a),
        arms=arms(rows, a.model.phi, opts.level),
    )


def _prevented(dose: Dose, value: float, bounds: Bounds) -> Interval | None:
    """Offences fewer on all area-days, given what was delivered on each."""

    def at(effect: float | None) -> float | None:
        if effect is None or np.max(-effect * dose.given) > 50:
            return None
        return float((dose.rows.counts * np.expm1(-effect * dose.given)).sum())

    middle = at(value)
    return None if middle is None else Interval(middle, at(bounds.high), at(bounds.low))


def _without(dose: Dose, rows: AreaDays, value: float) -> np.ndarray:
    """Expected offences without patrol: area and time effects of the counts less the dose effect."""
    left = dose.rows.counts * np.exp(-np.clip(value * dose.given, -50, 50))
    known = null_means(left[None], dose.rows.weight, rows.code)[0]
    # Days whose dose is not known keep what was recorded, so that the two lines cover the same area-days.
    return np.where(dose.rows.observed, known, rows.counts)


def _bend_parts(bend: Bend | None, per: str) -> dict[str, Interval]:
    if bend is None or bend.line is None:
        return {}
    sides = (("below the bend", bend.line.before), ("above the bend", bend.line.after))
    return {f"as delivered, per {per}, {side} (association only)": Interval(v, None, None) for side, v in sides}


def _counts(rows: AreaDays, dose: Dose, opts: Options, a: _Answers) -> dict[str, float]:
    found = {
        "treated_days": float(rows.on.sum()),
        "comparison_days": float(rows.off.sum()),
        "events": float(rows.counts.sum()),
        "events_treated_days": float(rows.counts[rows.on].sum()),
        f"mean_{opts.dose}_treated_days": dose.assigned_mean,
        f"mean_{opts.dose}_comparison_days": dose.other_mean,
    }
    if dose.strength is not None:
        found["first_stage_F"] = dose.strength
    if a.scheduled.p is not None:
        found["as_scheduled_p"] = a.scheduled.p
    if a.bend is not None:
        found["bend_p"] = a.bend.test.p
        if a.bend.line is not None:
            found[f"bend_at_{opts.dose}"] = a.bend.line.knot * opts.per
    return found


def _notes(rows: AreaDays, dose: Dose, opts: Options, per: str, a: _Answers) -> tuple[str, ...]:
    notes = [
        *rows.notes,
        *dose.notes,
        "Read the effect as scheduled first: it needs no assumption about the dose. The effect per "
        f"{per} further assumes that the schedule works through {opts.dose} alone and that each {per} change the rate by "
        "the same ratio.",
        f"The schedule is taken to have been drawn with {SCHEMES[opts.scheme]}. It moved {opts.dose} from "
        f"{dose.other_mean:.1f} on other days to {dose.assigned_mean:.1f} on patrol days.",
        "Whether a patrol still works on the day after is not looked at here: see crossover_trial.",
        "The figure as delivered is an association: officers choose where to stay longer, and may stay where more happens.",
    ]
    if dose.strength is not None and dose.strength < WEAK:
        notes.append(
            f"The schedule moves {opts.dose} weakly (F = {dose.strength:.1f}, below {WEAK:g}): the interval holds, but the "
            "single figure may be far out."
        )
    if a.scheduled.p is not None:
        notes.append(f"As scheduled: rate ratio {math.exp(float(a.model.value[0])):.2f}, {p_is(a.scheduled.p)}.")
    return (*notes, *bend_notes(a.bend, opts.dose, opts.per, opts.level), *a.dosed.notes, *limits(rows))


METHOD = Method(
    name="dose_response",
    family="causal",
    design="randomised",
    label="Dose of patrol",
    source="Mullahy (1997); Robins (1994); Anderson & Rubin (1949); Imbens & Rosenbaum (2005); Koper (1995); Hansen (1996)",
    options=Options,
    fit=fit,
    adjusts_for=("area", "day"),
    takes="days",
)
