"""Poisson extended two-way estimate for units that start in different months (Wooldridge)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.errors import MethodError, Problem
from vru.methods.arms import path
from vru.methods.did.cohort_inference import Asked, Mode, Question, answer, settle, spread
from vru.methods.did.cohorts import CohortArms, cohort_notes, take_cohorts
from vru.methods.inference import Inference
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, EventPoint, Interval
from vru.stats.dispersion import Dispersion, dispersion
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.group_time import Control
from vru.stats.intervals import Bounds, prevented, wald
from vru.stats.run_off import LogRatios, RunOff, fit_run_off, group_totals, log_ratios, p_of_log_ratio
from vru.stats.start_dates import multiplier_band

FEW_FOR_BAND = 10


class Options(MethodOptions):
    """``control``: units not yet treated too (default, as published), or only those never treated.

    ``inference``: auto (by number of units), cluster, bootstrap or randomisation; ``draws`` for the last two.
    """

    control: Control = "not_yet"
    inference: Asked = "auto"
    draws: int = Field(1999, ge=199, le=100_000)


@dataclass(frozen=True, slots=True)
class _Work:
    """totals : counts by group; observed, expected : treated units together in all cells from their starts.

    due : expected by group ``(n_groups, n_periods)``; before a start from the comparison's course alone, because
    a fit that treated units take part in would hide how they differed.
    """

    opts: Options
    taken: CohortArms
    totals: np.ndarray
    fit: RunOff
    due: np.ndarray
    mode: Mode
    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class _Found:
    value: float
    inference: Inference


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log of the offences recorded in treated unit-months over those expected without treatment.

    Buffers take no part. Raises MethodError without comparison units, or where treated units have no offences
    before their start, or comparison units none before the first start or none from it on.
    """
    opts = Options.model_validate(options.model_dump())
    taken = take_cohorts(panel, outcome, opts.control, keep_empty=False)
    cohorts = taken.cohorts
    totals = group_totals(taken.arms.counts, cohorts)
    _refuse_zero(taken, totals, outcome)
    fitted = fit_run_off(totals, cohorts, opts.control)
    observed, expected = (float((x * cohorts.after).sum()) for x in (totals, fitted.expected))
    due = np.where(cohorts.after, fitted.expected, fit_run_off(totals, cohorts, "never").expected)
    work = _Work(opts, taken, totals, fitted, due, settle(opts.inference, cohorts), observed, expected)
    return _estimate(outcome, work, _find(work, rng), rng)


def _refuse_zero(taken: CohortArms, totals: np.ndarray, outcome: str) -> None:
    start = int(taken.cohorts.starts[0])
    named = (
        (totals[:-1] * ~taken.cohorts.after[:-1], "treated units before their start"),
        (totals[-1, :start], "comparison units before the first start"),
        (totals[-1, start:], "comparison units from the first start on"),
    )
    empty = [words for count, words in named if count.sum() == 0]
    if empty:
        raise MethodError(
            Problem(
                f"no offences were recorded in {' and in '.join(empty)}, so the ratio cannot be estimated",
                where=f"outcome {outcome}",
                hint="use a broader outcome or a longer window; staggered_did can work with counts of zero",
            )
        )


def _ratios(work: _Work, cells: np.ndarray) -> LogRatios:
    return log_ratios(work.taken.arms.counts, work.taken.cohorts, work.opts.control, cells)


def _find(work: _Work, rng: Generator) -> _Found:
    cohorts, opts = work.taken.cohorts, work.opts
    if work.observed == 0:
        words = "none: nothing was recorded in treated units after the start"
        value = float(np.log(0.5 / (work.expected + 0.5)))
        return _Found(value, Inference(Bounds(None, None), None, _p(work, rng)(0.0), words))
    main = _ratios(work, cohorts.after[None])
    value, influence = float(main.value[0]), main.influence[:, 0]
    asked = Question(value, influence, opts.level, opts.draws)
    return _Found(value, answer(work.mode, asked, cohorts, lambda: _p(work, rng), 1.0, rng))


def _p(work: _Work, rng: Generator) -> Callable[[float], float]:
    return p_of_log_ratio(work.taken.arms.counts, work.taken.cohorts, work.opts.control, work.opts.draws, rng)


def _event_study(work: _Work, rng: Generator) -> tuple[EventPoint, ...]:
    """Log ratio by months since the start: a band for all at once, or none where units are few."""
    cohorts = work.taken.cohorts
    first = np.append(cohorts.starts, 10 * cohorts.n_periods)
    since = np.arange(cohorts.n_periods)[None, :] - first[:, None]
    times = np.unique(since[:-1])
    cells = since[None] == times[:, None, None]
    some = np.array([work.totals[c].sum() > 0 and work.due[c].sum() > 0 for c in cells])
    late = times >= 0
    if not (some & late).any():
        return ()
    after = _ratios(work, cells[some & late])
    counts = work.taken.arms.counts
    parts = [after]
    if (some & ~late).any():
        parts.insert(0, log_ratios(counts, cohorts, "never", cells[some & ~late]))
    found = LogRatios(np.concatenate([p.value for p in parts]), np.hstack([p.influence for p in parts]))
    few = min(int(cohorts.size[:-1].sum()), int(cohorts.size[-1])) < FEW_FOR_BAND
    band = multiplier_band(found.value, found.influence, work.opts.level, work.opts.draws, rng)
    half = np.zeros(len(found.value)) if few else band.critical * np.sqrt((found.influence**2).sum(axis=0))
    return tuple(
        EventPoint(int(e), float(v), None if few else float(v - h), None if few else float(v + h))
        for e, v, h in zip(times[some], found.value, half, strict=True)
    )


def _parts(work: _Work) -> dict[str, Interval]:
    """Log ratio by cohort; an interval where both its units and the comparison's can vary."""
    cohorts, arms = work.taken.cohorts, work.taken.arms
    if len(cohorts.starts) == 1:
        return {}
    cells = np.stack(
        [cohorts.after * (np.arange(len(cohorts.starts) + 1) == g)[:, None] for g in range(len(cohorts.starts))]
    )
    some = [g for g, c in enumerate(cells) if work.totals[c].sum() > 0 and work.fit.expected[c].sum() > 0]
    if not some:
        return {}
    found = _ratios(work, cells[some])
    df = len(cohorts.group) - len(cohorts.starts) - 1
    parts = {}
    for row, g in enumerate(some):
        value = float(found.value[row])
        ends = wald(value, spread(found.influence[:, row]), work.opts.level, df)
        shown = min(cohorts.size[g], cohorts.size[-1]) >= 5
        name = f"start {arms.periods[cohorts.starts[g]]}"
        parts[name] = Interval(value, ends.low if shown else None, ends.high if shown else None)
    return parts


def _comparison_weights(work: _Work) -> dict[str, float]:
    """Each serving unit's share of the counts that expected offences rest on, over treated unit-months."""
    cohorts, arms = work.taken.cohorts, work.taken.arms
    first = np.append(cohorts.starts, cohorts.n_periods)[cohorts.group]
    running = arms.counts.cumsum(axis=1)
    due = (work.fit.expected * cohorts.after).sum(axis=0)
    weight = np.zeros(len(arms.units))
    for t in np.flatnonzero(due):
        free = first > t if work.opts.control == "not_yet" else first == cohorts.n_periods
        weight[free] += due[t] / due.sum() * running[free, t - 1] / running[free, t - 1].sum()
    return {u: float(w) for u, w in zip(arms.units, weight, strict=True) if w > 0}


def _variation(work: _Work) -> Dispersion:
    """Pearson variation of untreated unit-months around unit and month effects."""
    arms, cohorts = work.taken.arms, work.taken.cohorts
    own = (arms.counts * ~arms.after).sum(axis=1) / np.maximum(work.fit.before[cohorts.group], 1e-300)
    mean = own[:, None] * work.fit.expected[cohorts.group]
    seen = ~arms.after & (mean > 0)
    return dispersion(arms.counts[seen], mean[seen], int(seen.sum()) - sum(seen.shape) + 1)


def _estimate(outcome: str, work: _Work, found: _Found, rng: Generator) -> Estimate:
    arms, inference, extra = work.taken.arms, found.inference, _variation(work)
    middle = prevented(work.observed, found.value) if work.observed else work.expected
    supported = Expected(work.expected, behind(work.expected), extra.phi)
    saved = prevented_interval(work.observed, supported, inference.bounds, work.opts.level)
    study = _event_study(work, rng)
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="offences in treated unit-months over what cohort and month effects of untreated unit-months predict",
        scale="log_rate_ratio",
        value=found.value,
        se=inference.se,
        low=inference.bounds.low,
        high=inference.bounds.high,
        level=work.opts.level,
        p=inference.p,
        inference=inference.words,
        events_prevented=None if middle is None else Interval(middle, saved.low, saved.high),
        n_treated=int(arms.treated.sum()),
        n_comparison=int((~arms.treated).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts[arms.treated].sum(axis=0), work.due[:-1].sum(axis=0)),
        event_study=study,
        components=_parts(work),
        weights=_comparison_weights(work),
        counts=_counts(work) | ({} if extra.phi is None else {"phi": extra.phi}),
        notes=_notes(work, study, extra) + inference.notes + measured_limits(METHOD.name, arms, extra),
    )


def _counts(work: _Work) -> dict[str, float]:
    arms, y = work.taken.arms, work.taken.arms.counts
    return {
        "T0": float(y[arms.treated[:, None] & ~arms.after].sum()),
        "T1": work.observed,
        "C0": float(y[~arms.treated][:, ~arms.post].sum()),
        "C1": float(y[~arms.treated][:, arms.post].sum()),
        "expected": work.expected,
        "treated_unit_months": float((work.taken.cohorts.size[:, None] * work.taken.cohorts.after).sum()),
    }


def _notes(work: _Work, study: tuple[EventPoint, ...], extra: Dispersion) -> tuple[str, ...]:
    notes = [
        *cohort_notes(work.taken, work.opts.control),
        "Assumes that without treatment counts would have changed by the same proportion in both arms.",
    ]
    if work.observed == 0:
        notes.append(
            "Nothing was recorded in treated units after the start. The ratio was computed with 0.5 added and has no "
            "interval; staggered_did gives one in offences."
        )
    if extra.phi is not None:
        notes.append(
            f"Untreated unit-months vary {extra.phi:.2f} times as much as Poisson counts (phi, {extra.df} df)."
        )
    if study:
        band = f"a {work.opts.level:.0%} band for all months at once (multiplier bootstrap by unit)"
        shown = band if study[-1].low is not None else "no intervals, as an arm has fewer than 10 units"
        notes.append(
            f"Event study: recorded over expected by months since the start, before it against the comparison alone; {shown}."
        )
    return tuple(notes)


METHOD = Method(
    name="staggered_poisson",
    family="causal",
    design="panel",
    label="Poisson extended two-way estimate for staggered starts",
    source="Wooldridge (2023) Econometrics Journal 26; Mack (1991) ASTIN Bulletin 21; Roth & Sant'Anna (2023)",
    options=Options,
    fit=fit,
    adjusts_for=("unit", "period"),
)
