"""Controlled interrupted time series: the treated areas' share of offences in both arms, month by month."""

from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field, model_validator

from vru.methods.limits import on_real_violence
from vru.methods.method import Method, MethodOptions
from vru.methods.series.course import PeriodSeries, length_notes, refuse_silence_after, take_series
from vru.methods.series.design import Columns, EffectForm, Shape, columns, shape_problem
from vru.methods.series.effect import (
    Effect,
    ErrorKind,
    Errors,
    Law,
    effect_of,
    events,
    path_of,
    refuse_bad_fit,
    refuse_divergence,
)
from vru.methods.series.notes import phase_notes, series_limits
from vru.panel import Panel
from vru.results import Estimate
from vru.stats.count_series import SeriesFit, fit_share


class Options(MethodOptions):
    """As for interrupted_series; ``trend`` and ``harmonics`` are of the difference between the arms.

    What both arms share in a month cancels, so harmonics are needed only where the arms' seasons differ.
    """

    effect: EffectForm = "step"
    trend: bool = True
    harmonics: int = Field(0, ge=0, le=3)
    half_life: float = Field(3.0, gt=0, le=60)
    phase_in: int = Field(0, ge=0, le=24)
    phase_in_as: Literal["excluded", "ramped"] = "excluded"
    family: Literal["quasi_poisson", "poisson"] = "quasi_poisson"
    errors: ErrorKind = "autocorrelated"
    lags: int = Field(3, ge=1, le=24)
    law: Law = "t"
    exposure: bool = True

    @model_validator(mode="after")
    def _coherent(self) -> "Options":
        problem = shape_problem(self.shape)
        if problem:
            raise ValueError(problem)
        return self

    @property
    def shape(self) -> Shape:
        """The options that shape the design."""
        ramped = self.phase_in_as == "ramped"
        return Shape(self.effect, self.trend, self.harmonics, self.half_life, self.phase_in, ramped)


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Change of the treated areas at the start less that of comparison areas, each from its own trend.

    Buffers take no part. Raises MethodError without comparison units, with fewer than 12 months before the
    start, with starts that differ, with an arm silent in a phase, or where the months cannot tell the parts apart.
    """
    opts = Options.model_validate(options.model_dump())
    series = take_series(panel, outcome, ("treated", "comparison"), exposure=opts.exposure)
    design = columns(series.time, series.arms.periods, series.arms.calendar, opts.shape)
    refuse_bad_fit(design, outcome)
    refuse_silence_after(series, design.kept, outcome, controlled=True)
    kept = design.kept
    offset = np.log(series.exposure[kept] / series.comparison_exposure[kept])
    fitted = fit_share(design.matrix[kept], series.treated[kept], series.comparison[kept], offset)
    refuse_divergence(fitted, outcome)
    errors = Errors(opts.errors, opts.lags, opts.law, opts.family == "quasi_poisson")
    answer = effect_of(fitted, design, series.time[kept], errors, opts.level)
    return _estimate(outcome, opts, series, design, fitted, answer)


def _estimate(
    outcome: str, opts: Options, series: PeriodSeries, design: Columns, fitted: SeriesFit, answer: Effect
) -> Estimate:
    kept, arms = design.kept, series.arms
    y, c, on = series.treated[kept], series.comparison[kept], series.post[kept]
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="offences in treated units after the start over those that comparison units in the same months and "
        "the arms' difference in level and trend before it predict without treatment, over all months with effect",
        scale="log_rate_ratio",
        value=answer.value,
        se=answer.inference.se,
        low=answer.inference.bounds.low,
        high=answer.inference.bounds.high,
        level=opts.level,
        p=answer.inference.p,
        inference=f"{opts.family.replace('_', ' ')}, month effects; {answer.inference.words}",
        events_prevented=events(answer, on, float(y[on].sum())),
        n_treated=int(arms.treated.sum()),
        n_comparison=int((~arms.treated).sum()),
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path_of(tuple(p for p, k in zip(arms.periods, kept, strict=True) if k), y, answer),
        components=answer.components,
        counts={
            "T0": float(y[~on].sum()),
            "T1": float(y[on].sum()),
            "C0": float(c[~on].sum()),
            "C1": float(c[on].sum()),
            "expected": float(answer.expected[on].sum()),
            "phi": fitted.phi,
        }
        | ({} if answer.rho is None else {"rho": answer.rho}),
        notes=_notes(opts, series, design, fitted)
        + series_limits(series, opts.errors, answer.rho)
        + on_real_violence(METHOD.name),
    )


def _notes(opts: Options, series: PeriodSeries, design: Columns, fitted: SeriesFit) -> tuple[str, ...]:
    notes = [
        *series.arms.notes,
        *length_notes(series),
        *phase_notes(design, opts.shape),
        f"The treated share varies {fitted.phi:.2f} times as much as binomial shares (phi, {fitted.df} df).",
    ]
    if opts.trend:
        notes.append("Each arm has its own trend: if the arms would have kept step, poisson_did is more precise.")
    if opts.family == "poisson" and fitted.phi > 1.2:
        notes.append("The Poisson interval takes no account of that and is too narrow.")
    silent = int((series.treated + series.comparison == 0).sum())
    if silent:
        notes.append(f"{silent} month(s) without any offence in either arm carry nothing.")
    return tuple(notes)


METHOD = Method(
    name="controlled_interrupted_series",
    family="causal",
    design="panel",
    label="Controlled interrupted time series",
    source="Bernal, Cummins & Gasparrini (2018); Linden (2015); Palmgren (1981); Zeger (1988)",
    options=Options,
    fit=fit,
    adjusts_for=("unit", "period"),
)
