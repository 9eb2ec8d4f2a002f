"""Bayesian structural time series: the treated areas' course forecast from their past and from comparison areas."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.errors import MethodError, Problem
from vru.methods.limits import on_real_violence
from vru.methods.method import Method, MethodOptions
from vru.methods.series.course import PeriodSeries, length_notes, take_series
from vru.methods.series.notes import forecast_limits
from vru.panel import Panel, Role
from vru.results import Estimate, Interval, PathPoint
from vru.stats.intervals import quantile
from vru.stats.local_level import Forecast, Regressors, forecast

ADDED = 0.5
"""Added to every count before the logarithm: with it the mean of the log is nearly the log of the mean."""


class Options(MethodOptions):
    """``controls``: the comparison units' total, each of them (shrunk), or none; ``draws`` of the path without treatment.

    ``harmonics``: of the year. ``trend``: a fixed yearly trend beside the wandering level. ``exposure``: model rates.
    """

    controls: Literal["total", "each", "none"] = "total"
    harmonics: int = Field(2, ge=0, le=3)
    trend: bool = False
    draws: int = Field(4000, ge=999, le=100_000)
    exposure: bool = True


@dataclass(frozen=True, slots=True)
class Paths:
    """Simulated offences without treatment, by month after the start.

    total ``(draws,)``, sorted; expected, low, high ``(n_after,)``; middle, the sum of ``expected`` and the
    median of ``total``.
    """

    total: np.ndarray
    middle: float
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log ratio of the offences recorded after the start to those forecast without treatment.

    Buffers take no part. Raises MethodError without comparison units (unless ``controls: none``), with fewer
    than 12 months before the start, with starts that differ, or where the months cannot carry the model.
    """
    opts = Options.model_validate(options.model_dump())
    roles: tuple[Role, ...] = ("treated",) if opts.controls == "none" else ("treated", "comparison")
    series = take_series(panel, outcome, roles, exposure=opts.exposure)
    before = ~series.post
    level = np.log((series.treated + ADDED) / series.exposure)
    regressors = _regressors(series, opts)
    _refuse_rank(regressors.fixed[before], outcome)
    said = forecast(level[before], series.time, regressors)
    paths = _paths(series, said, said.draw(opts.draws, rng), opts.level)
    return _estimate(outcome, opts, series, said, paths)


def _regressors(series: PeriodSeries, opts: Options) -> Regressors:
    before, n = ~series.post, len(series.time)
    fixed = [np.ones(n)]
    calendar, angle = series.arms.calendar, series.arms.angle
    fixed += [f(k * angle) for k in range(1, min(opts.harmonics, calendar.harmonics) + 1) for f in (np.sin, np.cos)]
    fixed += calendar.weekdays(series.arms.periods) if opts.harmonics else ()
    if opts.trend:
        fixed.append(series.time / calendar.a_year)
    shrunk = np.zeros((n, 0))
    if opts.controls == "total":
        course = np.log((series.comparison + ADDED) / series.comparison_exposure)
        fixed.append(course - course[before].mean())
    elif opts.controls == "each":
        shrunk = _each(series, opts)
    return Regressors(np.column_stack(fixed), shrunk)


def _each(series: PeriodSeries, opts: Options) -> np.ndarray:
    """Log courses of the comparison units, ``(n, n_units)``, centred and scaled by their months before."""
    arms, before = series.arms, ~series.post
    rows = ~arms.treated
    size = arms.exposure[rows] if arms.exposure is not None and opts.exposure else np.ones_like(arms.counts[rows])
    course = np.log((arms.counts[rows] + ADDED) / size).T
    spread = course[before].std(axis=0)
    return np.asarray((course - course[before].mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _refuse_rank(fixed: np.ndarray, outcome: str) -> None:
    n, k = fixed.shape
    if n - k >= 4 and np.linalg.matrix_rank(fixed) == k:
        return
    raise MethodError(
        Problem(
            f"{n} months before the start cannot carry level, season, trend and controls ({k} parts)",
            where=f"outcome {outcome}",
            hint="use fewer harmonics, no trend, or a longer window; a comparison that never varies is no control",
        )
    )


def _paths(series: PeriodSeries, said: Forecast, draws: np.ndarray, level: float) -> Paths:
    """Simulated counts, scaled so that their middle is the forecast mean.

    The logarithm of a small count is skewed: neither the median nor the mean of ``exp(draw)`` is the mean
    count. What turns the one into the other is measured on the months before (Duan's smearing),
    enlarged from the noise around the fit to the noise of a new month.
    """
    n = len(said.fitted)
    before, after = series.exposure[:n], series.exposure[n:]
    rest = np.log((series.treated[:n] + ADDED) / before) - said.fitted
    raw = math.log((series.treated[:n] + ADDED).sum() / (before * np.exp(said.fitted)).sum())
    smear = raw * said.noise**2 / max(float((rest**2).mean()), 1e-12)
    expected = np.maximum(np.exp(said.weight @ said.centre + smear) * after - ADDED, 0.0)
    raised = np.exp(np.minimum(draws, 30.0)) * after
    total, middle = np.maximum(raised - ADDED, 0.0).sum(axis=1), float(expected.sum())
    typical, tail = float(np.median(total)), (1 - level) / 2
    # Months are scaled with 0.5 still in: the median of a month without it may be zero.
    ends = np.quantile(raised, (tail, 1 - tail), axis=0) * (expected + ADDED) / np.median(raised, axis=0) - ADDED
    low, high = np.maximum(ends, 0.0)
    return Paths(np.sort(total * (middle / typical if typical > 0 else 1.0)), middle, expected, low, high)


def _estimate(outcome: str, opts: Options, series: PeriodSeries, said: Forecast, paths: Paths) -> Estimate:
    arms, on, controlled = series.arms, series.post, opts.controls != "none"
    pull = float(said.fixed[-1]) if opts.controls == "total" else None
    later = float(series.treated[on].sum())
    tail = (1 - opts.level) / 2
    least, most = (float(x) for x in np.quantile(paths.total, (tail, 1 - tail)))
    low, high = (math.log(later / x) if later and x > 0 else None for x in (most, least))
    value = math.log((later or ADDED) / (paths.middle + (0 if later else ADDED)))
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="offences recorded in treated units after the start over those forecast without treatment from their "
        "own course before it" + (" and from comparison units throughout" if controlled else ""),
        scale="log_rate_ratio",
        value=value,
        se=None if low is None or high is None else (high - low) / (2 * quantile(opts.level)),
        low=low,
        high=high,
        level=opts.level,
        p=_p_value(paths.total, later),
        inference=f"Bayesian: {opts.draws} simulated paths without treatment, all variances averaged over",
        events_prevented=Interval(paths.middle - later, least - later, most - later),
        n_treated=int(arms.treated.sum()),
        n_comparison=int((~arms.treated).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=_path(series, said, paths),
        weights=_weights(series, said, opts),
        counts={"T0": float(series.treated[~on].sum()), "T1": later, "expected": paths.middle}
        | ({"C0": float(series.comparison[~on].sum()), "C1": float(series.comparison[on].sum())} if controlled else {})
        | ({} if pull is None else {"comparison_coefficient": pull})
        | {"level_step": said.step, "noise": said.noise},
        notes=_notes(opts, series, said, later)
        + forecast_limits(series, controlled=controlled, trend=opts.trend, pull=pull)
        + on_real_violence(METHOD.name),
    )


def _p_value(total: np.ndarray, later: float) -> float:
    """Twice the smaller share of paths at least as extreme as what was recorded, never zero."""
    below, above = int((total <= later).sum()), int((total >= later).sum())
    return min(1.0, 2 * (min(below, above) + 1) / (len(total) + 1))


def _path(series: PeriodSeries, said: Forecast, paths: Paths) -> tuple[PathPoint, ...]:
    periods, n = series.arms.periods, len(said.fitted)
    fitted = np.maximum(np.exp(said.fitted) * series.exposure[:n] - ADDED, 0.0)
    before = [PathPoint(p, float(o), float(e)) for p, o, e in zip(periods[:n], series.treated[:n], fitted, strict=True)]
    after = zip(periods[n:], series.treated[n:], paths.expected, paths.low, paths.high, strict=True)
    return (*before, *(PathPoint(p, float(o), float(e), float(a), float(b)) for p, o, e, a, b in after))


def _weights(series: PeriodSeries, said: Forecast, opts: Options) -> dict[str, float]:
    """Coefficient of each comparison unit's standardised log course, with ``controls: each``."""
    if opts.controls != "each":
        return {}
    units = [u for u, t in zip(series.arms.units, series.arms.treated, strict=True) if not t]
    return {u: float(w) for u, w in zip(units, said.shrunk, strict=True)}


def _notes(opts: Options, series: PeriodSeries, said: Forecast, later: float) -> tuple[str, ...]:
    notes = [*series.arms.notes, *length_notes(series)]
    if opts.controls == "none":
        notes.append("There is no comparison: anything else that changed at the same time is in this figure.")
    if opts.controls == "each":
        notes.append(
            "Weights are coefficients of standardised log courses; they may be negative and add up to anything."
        )
    notes.append(
        f"The level moves by about {100 * said.step * said.noise:.1f}% a month and single months stray by about "
        f"{100 * said.noise:.0f}%; intervals by month are of single months."
    )
    if later == 0:
        notes.append("Nothing was recorded after the start: the ratio was computed with 0.5 added and has no interval.")
    if opts.trend:
        notes.append("The fixed trend before the start is carried forward.")
    return tuple(notes)


METHOD = Method(
    name="structural_series",
    family="causal",
    design="panel",
    label="Bayesian structural time series",
    source="Brodersen et al. (2015); Harvey (1989); Durbin & Koopman (2012)",
    options=Options,
    fit=fit,
    adjusts_for=("period",),
)
