"""Difference-in-differences on counts for units that start in different months (Callaway & Sant'Anna)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.methods.arms import Arms, path
from vru.methods.did.cohort_inference import Asked, Mode, Question, answer, settle
from vru.methods.did.cohorts import CohortArms, cohort_notes, take_cohorts
from vru.methods.inference import Inference
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, EventPoint, Interval
from vru.stats.dispersion import Dispersion, dispersion
from vru.stats.group_time import (
    Base,
    Control,
    contrast_weights,
    contributions,
    event_cells,
    period_cells,
    total_cells,
    unit_influence,
)
from vru.stats.intervals import wald
from vru.stats.start_dates import multiplier_band, p_of_effect

FEW_FOR_BAND = 10


class Options(MethodOptions):
    """``control``: units never treated, or also those not yet treated.

    ``reference``: what each month is compared with, all months before the start (default) or the last one, as
    published. ``aggregation``: overall (every treated unit-month counts the same) or dynamic (every month
    since the start does). ``inference``: auto (by number of units), cluster, bootstrap or randomisation.
    """

    control: Control = "never"
    reference: Literal["all_before", "last_before"] = "all_before"
    aggregation: Literal["overall", "dynamic"] = "overall"
    inference: Asked = "auto"
    draws: int = Field(1999, ge=199, le=100_000)


@dataclass(frozen=True, slots=True)
class _Target:
    """One average: its weights ``(1, n_groups, n_periods)``, value, unit influence ``(n_units,)``."""

    weights: np.ndarray
    value: float
    influence: np.ndarray


@dataclass(frozen=True, slots=True)
class _Work:
    opts: Options
    taken: CohortArms
    base: Base
    mode: Mode
    cells: int


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Offences more or fewer in treated unit-months than the comparison's change in numbers predicts.

    Buffers take no part. Raises MethodError without comparison units or months before a start.
    """
    opts = Options.model_validate(options.model_dump())
    taken = take_cohorts(panel, outcome, opts.control, keep_empty=True)
    base: Base = "all" if opts.reference == "all_before" else "last"
    treated_cells = int((taken.cohorts.size[:, None] * taken.cohorts.after).sum())
    work = _Work(opts, taken, base, settle(opts.inference, taken.cohorts), treated_cells)
    total = _target(work, total_cells(taken.cohorts).sum(axis=0))
    overall = _infer(work, total, rng)
    main, inference = total, overall
    if opts.aggregation == "dynamic":
        events = event_cells(taken.cohorts)
        main = _target(work, events.cells[events.times >= 0].mean(axis=0) * treated_cells)
        inference = _infer(work, main, rng)
    saved = Interval(-total.value, _minus(overall.bounds.high), _minus(overall.bounds.low))
    return _estimate(outcome, work, main, inference, saved, _event_study(work, rng))


def _target(work: _Work, cells: np.ndarray) -> _Target:
    counts, cohorts = work.taken.arms.counts, work.taken.cohorts
    weights = contrast_weights(cohorts, cells[None], work.opts.control, work.base)
    value = float(contributions(counts, cohorts, weights).sum())
    return _Target(weights, value, unit_influence(counts, cohorts, weights)[:, 0])


def _infer(work: _Work, target: _Target, rng: Generator) -> Inference:
    counts, cohorts = work.taken.arms.counts, work.taken.cohorts
    noise = float((target.weights[0][cohorts.group] ** 2 * counts.mean(axis=1, keepdims=True)).sum())
    # Trial values are in quarters of the spread between units, or of Poisson spread where that is wider.
    unit = 4 * max(float(np.sqrt((target.influence**2).sum())), float(np.sqrt(noise)), 1e-9)

    def make() -> Callable[[float], float]:
        p = p_of_effect(counts, cohorts, target.weights, work.opts.draws, rng)
        return lambda trial: p(trial * unit / work.cells)

    asked = Question(target.value, target.influence, work.opts.level, work.opts.draws)
    return answer(work.mode, asked, cohorts, make, unit, rng)


def _event_study(work: _Work, rng: Generator) -> tuple[EventPoint, ...]:
    """Offences per unit-month by months since the start: a band for all at once, or none where units are few."""
    counts, cohorts = work.taken.arms.counts, work.taken.cohorts
    events = event_cells(cohorts)
    weights = contrast_weights(cohorts, events.cells, work.opts.control, work.base)
    value = contributions(counts, cohorts, weights).sum(axis=0)
    influence = unit_influence(counts, cohorts, weights)
    few = min(int(cohorts.size[:-1].sum()), int(cohorts.size[-1])) < FEW_FOR_BAND
    band = multiplier_band(value, influence, work.opts.level, work.opts.draws, rng)
    se = np.sqrt((influence**2).sum(axis=0))
    # Where units do not differ at all the critical value is infinite and there is nothing to multiply it by.
    half = np.multiply(band.critical, se, out=np.zeros_like(se), where=se > 0)
    return tuple(
        EventPoint(int(e), float(v), None if few else float(v - h), None if few else float(v + h))
        for e, v, h in zip(events.times, value, half, strict=True)
        if h > 0 or e >= 0
    )


def _parts(work: _Work) -> dict[str, Interval]:
    """Offences by cohort; an interval where both its units and the comparison's can vary."""
    cohorts, arms = work.taken.cohorts, work.taken.arms
    if len(cohorts.starts) == 1:
        return {}
    weights = contrast_weights(cohorts, total_cells(cohorts), work.opts.control, work.base)
    value = contributions(arms.counts, cohorts, weights).sum(axis=0)
    se = np.sqrt((unit_influence(arms.counts, cohorts, weights) ** 2).sum(axis=0))
    df = len(cohorts.group) - len(cohorts.starts) - 1
    found = {}
    for g, start in enumerate(cohorts.starts):
        ends = wald(float(value[g]), float(se[g]), work.opts.level, df)
        shown = min(cohorts.size[g], cohorts.size[-1]) >= 5
        name = f"start {arms.periods[start]}"
        found[name] = Interval(float(value[g]), ends.low if shown else None, ends.high if shown else None)
    return found


def _comparison_weights(work: _Work) -> dict[str, float]:
    """Each serving unit's average share of the comparison, over treated unit-months."""
    cohorts, arms = work.taken.cohorts, work.taken.arms
    first = np.append(cohorts.starts, cohorts.n_periods)
    share = np.zeros(len(first))
    for g, start in enumerate(cohorts.starts):
        for t in range(int(start), cohorts.n_periods):
            free = first > t if work.opts.control == "not_yet" else first == cohorts.n_periods
            share[free] += cohorts.size[g] / cohorts.size[free].sum() / work.cells
    return {u: float(share[c]) for u, c in zip(arms.units, cohorts.group, strict=True) if share[c] > 0}


def _expected(work: _Work) -> np.ndarray:
    """Offences of all treated units together without treatment, ``(n_periods,)``."""
    counts, cohorts = work.taken.arms.counts, work.taken.cohorts
    weights = contrast_weights(cohorts, period_cells(cohorts), work.opts.control, work.base)
    effect = contributions(counts, cohorts, weights).sum(axis=0)
    return np.asarray(counts[work.taken.arms.treated].sum(axis=0) - effect)


def _estimate(
    outcome: str, work: _Work, main: _Target, found: Inference, saved: Interval, study: tuple[EventPoint, ...]
) -> Estimate:
    arms, opts = work.taken.arms, work.opts
    what = "every treated unit-month" if opts.aggregation == "overall" else "every month since the start"
    extra = _variation(arms)
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="change in offences over all treated unit-months, less the comparison's change in numbers; "
        f"{what} counts the same",
        scale="count_difference",
        value=main.value,
        se=found.se,
        low=found.bounds.low,
        high=found.bounds.high,
        level=opts.level,
        p=found.p,
        inference=found.words,
        events_prevented=saved,
        n_treated=int(arms.treated.sum()),
        n_comparison=int((~arms.treated).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[arms.treated].sum(axis=0), _expected(work)),
        event_study=study,
        components=_parts(work),
        weights=_comparison_weights(work),
        counts=_counts(work, main, saved) | ({} if extra.phi is None else {"phi": extra.phi}),
        notes=_notes(work, study) + found.notes + measured_limits(METHOD.name, arms, extra),
    )


def _variation(arms: Arms) -> Dispersion:
    """Pearson variation of unit-months around unit and month effects in months that no unit had started."""
    early = arms.counts[:, ~arms.post]
    mean = np.outer(early.sum(axis=1), early.sum(axis=0)) / max(float(early.sum()), 1e-300)
    seen = mean > 0
    return dispersion(early[seen], mean[seen], int(seen.sum()) - sum(early.shape) + 1)


def _counts(work: _Work, main: _Target, saved: Interval) -> dict[str, float]:
    arms = work.taken.arms
    own, treated, y = arms.after, arms.treated[:, None], arms.counts
    later = float(y[treated & own].sum())
    return {
        "T0": float(y[treated & ~own].sum()),
        "T1": later,
        "C0": float(y[~arms.treated][:, ~arms.post].sum()),
        "C1": float(y[~arms.treated][:, arms.post].sum()),
        "expected": later + saved.value,
        "treated_unit_months": float(work.cells),
        "per_unit_month": main.value / work.cells,
    }


def _notes(work: _Work, study: tuple[EventPoint, ...]) -> tuple[str, ...]:
    opts = work.opts
    reference = "the mean of all months before the unit's start"
    if opts.reference == "last_before":
        reference = "the last month before the unit's start, whose own noise is then in every figure"
    notes = [
        *cohort_notes(work.taken, opts.control),
        "Assumes that without treatment counts would have changed by the same number per unit in both arms.",
        f"Each month is compared with {reference}.",
    ]
    if opts.aggregation == "dynamic":
        notes.append("The value weighs months since the start alike; offences prevented weigh unit-months alike.")
    if study:
        band = f"a {opts.level:.0%} band for all months at once (multiplier bootstrap by unit)"
        none = "no intervals, as an arm has fewer than 10 units"
        shown = band if study[-1].low is not None else none
        more = "" if len(work.taken.cohorts.starts) == 1 else " Far months rest on the cohorts that have them."
        notes.append(f"Event study: offences per unit-month; {shown}.{more}")
    return tuple(notes)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


METHOD = Method(
    name="staggered_did",
    family="causal",
    design="panel",
    label="Difference-in-differences for staggered starts",
    source="Callaway & Sant'Anna (2021) Journal of Econometrics 225; Roth & Sant'Anna (2023)",
    options=Options,
    fit=fit,
    adjusts_for=("unit", "period"),
)
