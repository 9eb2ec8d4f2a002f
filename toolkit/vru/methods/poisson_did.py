"""Poisson difference-in-differences with unit and period effects."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, path, take_arms
from vru.methods.did.inference import (
    FEW_IN_ARM,
    Ask,
    Mode,
    Regular,
    choose,
    from_cluster,
    infer_regular,
    infer_schedule,
)
from vru.methods.did.two_way import Cells, Fitted, count_cells, fit_closed_form, fit_iteratively, is_regular
from vru.methods.inference import Inference
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, EventPoint, Interval
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.imputed import event_effects
from vru.stats.intervals import Bounds, prevented, quantile
from vru.stats.schedules import Schedule


class Options(MethodOptions):
    """``inference``: auto (by number of units), cluster, randomisation or wild; ``draws`` for the last two.

    ``exposure``: use the panel's exposure (for example residents) as the model's offset.
    """

    inference: Literal["auto", "cluster", "randomisation", "wild"] = "auto"
    draws: int = Field(9999, ge=199, le=200_000)
    exposure: bool = True


def lean(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """The same answer without its event study, for replays by the hundred."""
    return fit(panel, outcome, options, rng, drawn=False)


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator, *, drawn: bool = True) -> Estimate:
    """Log rate ratio of treated unit-periods in a Poisson model with unit and period effects.

    Buffers take no part. Raises MethodError without comparison units, or where treated units have no
    offences before the start, or comparison units none on one side of it.
    """
    opts = Options.model_validate(options.model_dump())
    arms = _live_periods(take_arms(panel, outcome, ("treated", "comparison")))
    cells = count_cells(arms)
    _refuse_zero(cells, outcome)
    exposure = arms.exposure if arms.exposure is not None and opts.exposure else np.ones_like(arms.counts)
    regular = is_regular(arms, exposure)
    fitted = fit_closed_form(arms, cells) if regular else fit_iteratively(arms, exposure, cells)
    mode = choose(opts.inference, int(arms.treated.sum()), int((~arms.treated).sum()), regular)
    answer = _inference(mode, opts, arms, exposure, cells, fitted, rng)
    study = _event_study(opts, arms, fitted) if drawn else ()
    return _estimate(outcome, opts, arms, cells, fitted, answer, study)


def _live_periods(arms: Arms) -> Arms:
    """Drop periods that no unit has data for: they carry nothing and end the closed form."""
    keep = np.asarray(arms.observed.any(axis=0))
    if keep.all():
        return arms
    return replace(
        arms,
        periods=tuple(p for p, k in zip(arms.periods, keep, strict=True) if k),
        counts=arms.counts[:, keep],
        observed=arms.observed[:, keep],
        first=np.array([int(keep[:f].sum()) for f in arms.first]),
        exposure=None if arms.exposure is None else arms.exposure[:, keep],
    )


def _refuse_zero(cells: Cells, outcome: str) -> None:
    named = (
        (cells.t0, "treated units before the start"),
        (cells.c0, "comparison units before the start"),
        (cells.c1, "comparison units after the start"),
    )
    empty = [words for count, words in named if count == 0]
    if empty:
        raise MethodError(
            Problem(
                f"no offences were recorded in {' and in '.join(empty)}, so the ratio cannot be estimated",
                where=f"outcome {outcome}",
                hint="use a broader outcome or a longer window; weighted_displacement, a difference of counts, needs no ratio",
            )
        )


def _inference(
    mode: Mode, opts: Options, arms: Arms, exposure: np.ndarray, cells: Cells, fitted: Fitted, rng: Generator
) -> Inference:
    scale = np.sqrt(fitted.extra.inflation * sum(1 / max(c, 0.5) for c in (cells.t0, cells.t1, cells.c0, cells.c1)))
    ask = Ask(fitted.value, float(scale), opts.level, opts.draws)
    t = arms.treated
    if cells.t1 == 0 and mode == "cluster":
        return Inference(Bounds(None, None), None, None, "none: nothing was recorded in treated units after the start")
    if fitted.regular and mode != "wild":
        before, after = arms.counts[:, ~arms.post].sum(axis=1), arms.counts[:, arms.post].sum(axis=1)
        answer = infer_regular(mode, Regular(before, after, t, len(arms.periods)), ask, rng)
    elif mode == "cluster":
        answer = from_cluster(ask, t, fitted.cluster_se)
    else:
        schedule = Schedule(arms.counts, arms.observed, arms.after, exposure)
        answer = infer_schedule(mode, arms, schedule, ask, rng)
    if cells.t1 == 0:
        return Inference(Bounds(None, None), None, answer.p, answer.words)
    return answer


def _event_study(opts: Options, arms: Arms, fitted: Fitted) -> tuple[EventPoint, ...]:
    """Pointwise intervals: between units with at least 10 in each arm, else Poisson times phi."""
    t, y = arms.treated, arms.counts
    if not arms.observed.all() or (fitted.cluster_se is not None and not arms.staggered):
        return ()
    clustered = min(int(t.sum()), int((~t).sum())) >= FEW_IN_ARM
    found = event_effects(y[t], arms.first[t], y[~t], fitted.extra.inflation, clustered=clustered)
    df = len(t) - 1 if clustered else max(fitted.extra.df, 1)
    half = quantile(opts.level, df) * found.se
    return tuple(
        EventPoint(int(k), float(v), float(v - h), float(v + h))
        for k, v, h in zip(found.event_time, found.value, half, strict=True)
    )


def _estimate(
    outcome: str,
    opts: Options,
    arms: Arms,
    cells: Cells,
    fitted: Fitted,
    answer: Inference,
    study: tuple[EventPoint, ...],
) -> Estimate:
    due = float((fitted.expected * arms.after[arms.treated]).sum())
    supported = Expected(due, behind(cells.t0, cells.c0, cells.c1), fitted.extra.phi)
    saved = prevented_interval(cells.t1, supported, answer.bounds, opts.level)
    middle = prevented(cells.t1, fitted.value) if cells.t1 else due
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="rate ratio of treated unit-months to what unit and month effects predict without treatment",
        scale="log_rate_ratio",
        value=fitted.value,
        se=answer.se,
        low=answer.bounds.low,
        high=answer.bounds.high,
        level=opts.level,
        p=answer.p,
        inference=answer.words,
        events_prevented=None if middle is None else Interval(middle, saved.low, saved.high),
        n_treated=int(arms.treated.sum()),
        n_comparison=int((~arms.treated).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[arms.treated].sum(axis=0), fitted.expected.sum(axis=0)),
        event_study=study,
        counts={"T0": cells.t0, "T1": cells.t1, "C0": cells.c0, "C1": cells.c1, "expected": due}
        | ({} if fitted.extra.phi is None else {"phi": fitted.extra.phi}),
        notes=_notes(arms, cells, fitted, study) + answer.notes + measured_limits(METHOD.name, arms, fitted.extra),
    )


def _notes(arms: Arms, cells: Cells, fitted: Fitted, study: tuple[EventPoint, ...]) -> tuple[str, ...]:
    notes = [*arms.notes]
    if fitted.regular:
        notes.append("One start and no gaps: the model's estimate is the ratio of ratios of the four totals.")
    if arms.staggered:
        notes.append(
            "Units start in different months. A single two-way effect then also compares late starters with early "
            "ones, and is biased if the effect grows, fades or differs between them: staggered_poisson is not."
        )
    if cells.t1 == 0:
        notes.append(
            "Nothing was recorded in treated units after the start. The ratio was computed with 0.5 added and has no "
            "interval here; relative_rate_ratio gives a rough one."
        )
    if fitted.extra.phi is not None:
        notes.append(
            f"Unit-months vary {fitted.extra.phi:.2f} times as much as Poisson counts (phi, {fitted.extra.df} df)."
        )
    if study:
        clustered = min(int(arms.treated.sum()), int((~arms.treated).sum())) >= FEW_IN_ARM
        notes.append(
            "Event study: each month against the mean of all months before the start; intervals are pointwise, from "
            + ("the spread between units." if clustered else "Poisson variance times phi, as an arm has few units.")
        )
        missed = arms.counts.shape[1] - len(study) if not arms.staggered else 0
        if missed:
            notes.append(f"{missed} month(s) with no offences in an arm have no point in the event study.")
    return tuple(notes)


METHOD = Method(
    name="poisson_did",
    family="causal",
    design="panel",
    label="Poisson difference-in-differences",
    source="Wooldridge (1999, 2023); Santos Silva & Tenreyro (2006); Chung & Romano (2013); Kline & Santos (2012)",
    options=Options,
    fit=fit,
    lean=lean,
    adjusts_for=("unit", "period"),
)
