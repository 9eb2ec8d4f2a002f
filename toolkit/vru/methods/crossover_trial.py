"""Randomised patrol days: the same areas patrolled on some days and not on others, as drawn by lot."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field, model_validator

from vru.methods.days.carry_over import CarryOver, carry_over
from vru.methods.days.cluster import by_area, few_areas
from vru.methods.days.describe import arms, by_week, invert, limits, smallest_p
from vru.methods.days.displacement import buffer_effect
from vru.methods.days.rows import AreaDays, Time, refuse_empty, take_days
from vru.methods.days.scheme import SCHEMES, consistent, redraw, scheme_words
from vru.methods.inference import Inference
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, Interval
from vru.stats.crossed import Crossed, fit_crossed
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import Bounds, prevented
from vru.stats.patrol_draws import Redrawn, Scheme
from vru.stats.patrol_test import Contrast, Trial, followers, p_of_values


class Options(MethodOptions):
    """How the schedule was drawn, how days enter, and how to infer.

    ``scheme``: how the schedule was drawn: within_day (k of n areas each day), within_area (k of T days in each area),
    within_area_block (k days in each area and ``block``), within_both (totals of areas and days kept) or independent
    (each area-day with ``probability``). ``block``: days, counted from the first, or calendar ``week`` (from Monday) or
    ``month``. ``time``: an effect for each day, or for each day of the week. ``draws``: schedules drawn. ``exposure``: use
    the panel's, if there is one.
    ``inference``: randomisation (auto) or cluster by area. ``carry_over``: report it beside the estimate, adjust for it
    (days after a patrol day get a level of their own), washout (leave them out of the comparison) or ignore;
    ``carry_over_days``: how many days it may last.
    """

    scheme: Scheme = "within_day"
    probability: float | None = Field(None, gt=0, lt=1)
    block: Literal["week", "month"] | int = 7
    time: Time = "day"
    draws: int = Field(4999, ge=199, le=100_000)
    exposure: bool = True
    inference: Literal["auto", "randomisation", "cluster"] = "auto"
    carry_over: Literal["report", "adjust", "washout", "ignore"] = "report"
    carry_over_days: int = Field(1, ge=1, le=14)

    @model_validator(mode="after")
    def _known(self) -> "Options":
        consistent(self.scheme, self.probability, self.block)
        return self


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The model, the rows it was fitted to, log effects taken out beside the patrol's, and their contrast."""

    model: Crossed
    rows: AreaDays
    other: np.ndarray
    contrast: Contrast
    value: float
    silent: bool


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log rate ratio of patrol days to other days, with effects of areas and days.

    Raises MethodError where there is no schedule, it does not obey the scheme, or nothing was recorded
    on days without patrol.
    """
    opts = Options.model_validate(options.model_dump())
    rows = take_days(panel, outcome, opts.time, exposure=opts.exposure)
    refuse_empty(rows, outcome)
    drawn = redraw(rows, opts, rng)
    trial = Trial(rows.counts, rows.weight, rows.code, drawn.assigned)
    after = None if opts.carry_over == "ignore" else carry_over(trial, rows, drawn, opts.carry_over_days, opts.level)
    fitted = _fit(rows, opts, after)
    answer = _inference(trial, drawn, fitted, opts)
    moved = buffer_effect(panel, outcome, rows, drawn, opts)
    return _estimate(outcome, rows, opts, fitted, answer, after, moved)


def _fit(rows: AreaDays, opts: Options, after: CarryOver | None) -> _Fitted:
    assigned = rows.assigned.astype(float)
    none = np.zeros_like(assigned)
    if rows.counts[rows.on].sum() == 0:
        return _nothing_on_patrol(rows)
    if opts.carry_over not in ("adjust", "washout") or after is None or after.model is None:
        model = fit_crossed(rows.counts, rows.weight, rows.code, assigned[None])
        return _Fitted(model, rows, none, Contrast(), float(model.value[0]), False)
    late = followers(rows.assigned, opts.carry_over_days)
    other = after.model.value[1] * late
    contrast = Contrast(1.0, -after.share_of_patrol, opts.carry_over_days)
    if opts.carry_over == "adjust":
        return _Fitted(after.model, rows, other, contrast, float(after.model.value[0]), False)
    kept = rows.observed & ~late
    washed = AreaDays(
        rows.units, rows.days, np.where(kept, rows.counts, 0), kept, rows.assigned, np.where(kept, rows.weight, 0),
        rows.code, rows.delivered, rows.notes,
    )  # fmt: skip
    model = fit_crossed(washed.counts, washed.weight, washed.code, assigned[None])
    return _Fitted(model, washed, other, contrast, float(model.value[0]), False)


def _nothing_on_patrol(rows: AreaDays) -> _Fitted:
    """No event on any patrol day: 0.5 added to both sides of the ratio of recorded to expected."""
    off = np.where(rows.off, rows.weight, 0.0)
    model = fit_crossed(rows.counts, off, rows.code, np.zeros((0, *rows.counts.shape)))
    level = rows.counts.sum(axis=1) / np.maximum(off.sum(axis=1), 1e-300)
    due = float((level[:, None] * rows.weight)[rows.on].sum())
    value = math.log(0.5 / (due + 0.5))
    return _Fitted(model, rows, np.zeros_like(off), Contrast(), value, True)


def _inference(trial: Trial, drawn: Redrawn, fitted: _Fitted, opts: Options) -> Inference:
    assigned = fitted.rows.assigned.astype(float)
    if fitted.silent:
        p = float(p_of_values(trial, assigned, fitted.other, fitted.contrast)(np.zeros(1))[0])
        return Inference(Bounds(None, None), None, p, scheme_words(opts, drawn))
    if opts.inference == "cluster":
        return by_area(fitted.model, fitted.rows, 0, opts.level)
    scale = math.sqrt(max(1.0, fitted.model.phi or 1.0) * float(np.linalg.pinv(fitted.model.information)[0, 0]))
    p_of = p_of_values(trial, assigned, fitted.other, fitted.contrast)
    return invert(p_of, fitted.value, scale, opts.level, smallest_p(drawn.possible), scheme_words(opts, drawn))


def _estimate(
    outcome: str,
    rows: AreaDays,
    opts: Options,
    fitted: _Fitted,
    answer: Inference,
    after: CarryOver | None,
    moved: tuple[Interval | None, tuple[str, ...]],
) -> Estimate:
    events = float(rows.counts[rows.on].sum())
    due = max(events, 0.5) * math.exp(-fitted.value)
    saved = prevented_interval(events, Expected(due, behind(due), fitted.model.phi), answer.bounds, opts.level)
    middle = prevented(events, fitted.value) if events else 0.5 * math.exp(-fitted.value) - 0.5
    components = {}
    if after is not None and after.effect is not None:
        components["day after a patrol day"] = after.effect
    if moved[0] is not None:
        components["displacement to buffers"] = moved[0]
    if opts.inference != "cluster" and not fitted.silent:
        robust = by_area(fitted.model, fitted.rows, 0, opts.level)
        components |= {"cluster-robust by area": Interval(fitted.value, robust.bounds.low, robust.bounds.high)}
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="rate ratio of offences on days drawn for patrol to the same areas' other days, as scheduled",
        scale="log_rate_ratio",
        value=fitted.value,
        se=answer.se,
        low=answer.bounds.low,
        high=answer.bounds.high,
        level=opts.level,
        p=answer.p,
        inference=answer.words,
        events_prevented=None if middle is None else Interval(middle, saved.low, saved.high),
        n_treated=int(rows.on.any(axis=1).sum()),
        n_comparison=int(rows.off.any(axis=1).sum()),
        n_pre=0,
        n_post=int(rows.observed.any(axis=0).sum()),
        path=() if fitted.silent else by_week(fitted.rows, fitted.model.baseline),
        components=components,
        counts=_counts(rows, fitted, after),
        notes=_notes(rows, opts, fitted, answer, after) + moved[1] + limits(rows),
        arms=arms(rows, fitted.model.phi, opts.level),
    )


def _counts(rows: AreaDays, fitted: _Fitted, after: CarryOver | None) -> dict[str, float]:
    found = {
        "treated_days": float(rows.on.sum()),
        "comparison_days": float(rows.off.sum()),
        "events": float(rows.counts.sum()),
        "events_treated_days": float(rows.counts[rows.on].sum()),
        "events_comparison_days": float(rows.counts[rows.off].sum()),
    }
    if fitted.model.phi is not None and not fitted.silent:
        found["phi"] = fitted.model.phi
    if after is not None and after.p is not None:
        found["carry_over_p"] = after.p
    return found


def _notes(
    rows: AreaDays, opts: Options, fitted: _Fitted, answer: Inference, after: CarryOver | None
) -> tuple[str, ...]:
    notes = [
        *rows.notes,
        f"Patrol days are those of the schedule, kept or not. It is taken to have been drawn with {SCHEMES[opts.scheme]}; "
        "another way of drawing would make the p-value wrong.",
    ]
    if opts.time == "weekday":
        notes.append(
            "Days share one level for each day of the week: shocks to all areas on one day widen the interval instead of "
            "being taken out."
        )
    if fitted.silent:
        due = 0.5 * math.exp(-fitted.value) - 0.5
        notes.append(
            f"Nothing was recorded on patrol days, where the areas' other days say {due:.1f}. The ratio was computed with "
            "0.5 added and has no interval; a ratio cannot be told from zero by its logarithm."
        )
    elif fitted.model.phi is not None:
        notes.append(f"Area-days vary {fitted.model.phi:.2f} times as much as Poisson counts (phi).")
    if answer.se is not None and opts.inference != "cluster":
        notes.append("The standard error is the interval's width over twice the normal quantile.")
    if opts.carry_over == "washout" and after is not None and after.model is not None:
        notes.append(
            "Days after a patrol day are left out of the estimate; the interval takes their effect out as the model with a "
            "level of their own finds it."
        )
    return (*notes, *(after.notes if after else ()), *answer.notes, *few_areas(rows, opts.inference == "cluster"))


METHOD = Method(
    name="crossover_trial",
    family="causal",
    design="randomised",
    label="Randomised patrol days",
    source="Fisher (1935); Hodges & Lehmann (1963); Wu & Ding (2021); Basford et al. (2021); Bland et al. (2021)",
    options=Options,
    fit=fit,
    adjusts_for=("area", "day"),
    takes="days",
)
