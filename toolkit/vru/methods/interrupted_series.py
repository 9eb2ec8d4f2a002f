"""Interrupted time series: segmented regression of the treated areas' monthly total."""

from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field, model_validator

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
from vru.stats.count_series import SeriesFit, fit_log_linear, fit_negative_binomial


class Options(MethodOptions):
    """What the series is made of, what treatment may do to it, and how errors are reckoned.

    ``effect``: step; slope; step_and_slope; transient (halves every ``half_life`` months). ``harmonics``: of the
    year. ``phase_in``: months from the start that are left out (``excluded``) or in which a step grows
    evenly (``ramped``). ``errors``: autocorrelated (default), model, or hac with ``lags``; ``law`` refines the
    last two. ``exposure``: use the panel's exposure as offset.
    """

    effect: EffectForm = "step"
    trend: bool = True
    harmonics: int = Field(2, ge=0, le=3)
    half_life: float = Field(3.0, gt=0, le=60)
    phase_in: int = Field(0, ge=0, le=24)
    phase_in_as: Literal["excluded", "ramped"] = "excluded"
    family: Literal["quasi_poisson", "negative_binomial", "poisson"] = "quasi_poisson"
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
    """Log ratio of the treated areas' offences to what level, trend and season before the start predict.

    Only treated units take part. Raises MethodError with fewer than 12 months before the start, with
    starts that differ, with no offence on one side of the start, or where the months cannot tell the parts apart.
    """
    opts = Options.model_validate(options.model_dump())
    series = take_series(panel, outcome, ("treated",), exposure=opts.exposure)
    design = columns(series.time, series.arms.periods, series.arms.calendar, opts.shape)
    refuse_bad_fit(design, outcome)
    refuse_silence_after(series, design.kept, outcome, controlled=False)
    kept = design.kept
    matrix, y, offset = design.matrix[kept], series.treated[kept], np.log(series.exposure[kept])
    model = fit_negative_binomial if opts.family == "negative_binomial" else fit_log_linear
    fitted = model(matrix, y, offset)
    refuse_divergence(fitted, outcome)
    errors = Errors(opts.errors, opts.lags, opts.law, opts.family == "quasi_poisson")
    answer = effect_of(fitted, design, series.time[kept], errors, opts.level)
    return _estimate(outcome, opts, series, design, fitted, answer)


def _estimate(
    outcome: str, opts: Options, series: PeriodSeries, design: Columns, fitted: SeriesFit, answer: Effect
) -> Estimate:
    kept, arms = design.kept, series.arms
    y, on = series.treated[kept], series.post[kept]
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="offences in treated units after the start over those that the series' own level, trend and season "
        "predict without treatment, over all months with effect",
        scale="log_rate_ratio",
        value=answer.value,
        se=answer.inference.se,
        low=answer.inference.bounds.low,
        high=answer.inference.bounds.high,
        level=opts.level,
        p=answer.inference.p,
        inference=f"{opts.family.replace('_', ' ')}; {answer.inference.words}",
        events_prevented=events(answer, on, float(y[on].sum())),
        n_treated=len(arms.units),
        n_comparison=0,
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path_of(tuple(p for p, k in zip(arms.periods, kept, strict=True) if k), y, answer),
        components=answer.components,
        counts={
            "T0": float(y[~on].sum()),
            "T1": float(y[on].sum()),
            "expected": float(answer.expected[on].sum()),
            "phi": fitted.phi,
        }
        | ({"alpha": fitted.alpha} if opts.family == "negative_binomial" else {})
        | ({} if answer.rho is None else {"rho": answer.rho}),
        notes=_notes(opts, series, design, fitted) + series_limits(series, opts.errors, answer.rho),
    )


def _notes(opts: Options, series: PeriodSeries, design: Columns, fitted: SeriesFit) -> tuple[str, ...]:
    notes = [
        "There is no comparison: anything else that changed at the same time is in this figure.",
        *series.arms.notes,
        *length_notes(series),
        *phase_notes(design, opts.shape),
        f"Months vary {fitted.phi:.2f} times as much as the model's counts (phi, {fitted.df} df).",
    ]
    if opts.family == "poisson" and fitted.phi > 1.2:
        notes.append("The Poisson interval takes no account of that and is too narrow.")
    if opts.family == "negative_binomial" and fitted.alpha == 0:
        notes.append("No extra variation was found, so the negative binomial fit is the Poisson fit.")
    if series.arms.exposure is not None and opts.exposure:
        notes.append("Rates are per unit of exposure (for example residents).")
    return tuple(notes)


METHOD = Method(
    name="interrupted_series",
    family="before_after",
    design="before_after",
    label="Interrupted time series (treated areas only)",
    source="Bernal, Cummins & Gasparrini (2017); Wagner et al. (2002); Zeger (1988); Newey & West (1987)",
    options=Options,
    fit=fit,
    adjusts_for=("period",),
)
