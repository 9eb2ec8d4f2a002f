"""Before-after rate ratio in treated units only: describes change, cannot say what caused it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import model_validator

from vru.errors import MethodError, Problem
from vru.methods.arms import Arms, path, take_arms
from vru.methods.inference import Inference
from vru.methods.limits import measured_limits
from vru.methods.method import Method, MethodOptions
from vru.panel import Panel
from vru.results import Estimate, Interval
from vru.stats.counts import conditional_ratio, e_test_p, exact_ratio
from vru.stats.dispersion import Dispersion, series_dispersion
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import Bounds, prevented, quantile, two_sided_p, wald


class Options(MethodOptions):
    """``interval``: exact (Poisson counts) or overdispersed; ``variance`` and ``test`` refine one of them."""

    interval: Literal["exact", "overdispersed"] = "overdispersed"
    variance: Literal["quasi_poisson", "negative_binomial"] = "quasi_poisson"
    test: Literal["conditional", "e_test"] = "conditional"

    @model_validator(mode="after")
    def _coherent(self) -> "Options":
        if self.test == "e_test" and self.interval != "exact":
            raise ValueError("test: e_test assumes Poisson counts; it goes with interval: exact")
        if self.variance == "negative_binomial" and self.interval != "overdispersed":
            raise ValueError("variance: negative_binomial goes with interval: overdispersed")
        return self


@dataclass(frozen=True, slots=True)
class PhaseCounts:
    """Offences and exposure of each unit before and after its own start.

    before, after, odds : ``(n_units,)``; odds is exposure after over exposure before.
    cells : ``(n_units, n_periods)``, exposure (unit-months or people), 0 where not observed.
    """

    before: np.ndarray
    after: np.ndarray
    odds: np.ndarray
    cells: np.ndarray


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Rate after over rate before, per observed unit-month (or per person-month where the panel has exposure).

    Raises MethodError where no offence was recorded before the start, or a phase is not observed.
    """
    opts = Options.model_validate(options.model_dump())
    arms = take_arms(panel, outcome, ("treated",))
    cells = np.where(arms.observed, 1.0 if arms.exposure is None else arms.exposure, 0.0)
    before, after = (arms.counts * ~arms.after).sum(axis=1), (arms.counts * arms.after).sum(axis=1)
    odds = (cells * arms.after).sum(axis=1) / (cells * ~arms.after).sum(axis=1)
    if before.sum() == 0:
        raise MethodError(
            Problem(
                "no offences were recorded before the start, so a rate ratio does not exist",
                where=f"outcome {outcome}",
                hint="use weighted_displacement, which is a difference of counts, or a longer baseline",
            )
        )
    value = _log_ratio(before, after, odds)
    ratio = math.exp(value) if after.sum() else 0.0
    extra = _dispersion(arms, cells, before, after, ratio)
    counts = PhaseCounts(before, after, odds, cells)
    answer = _inference(opts, value, counts, extra, arms)
    return _estimate(outcome, opts, arms, value, counts, extra, answer)


def _log_ratio(before: np.ndarray, after: np.ndarray, odds: np.ndarray) -> float:
    if after.sum() > 0:
        return math.log(conditional_ratio(before, after, odds))
    expected = float((before * odds).sum())
    return math.log(0.5 / (expected + 0.5 * expected / float(before.sum())))


def _dispersion(arms: Arms, cells: np.ndarray, before: np.ndarray, after: np.ndarray, ratio: float) -> Dispersion:
    """Around the monthly total of all treated units: what they share month by month counts as well."""
    exposed = (cells * np.where(arms.after, ratio, 1.0)).sum(axis=1)
    rate = (before + after) / exposed
    expected = (rate[:, None] * cells * np.where(arms.after, ratio, 1.0)).sum(axis=0)
    harmonics = arms.calendar.harmonics if len(arms.periods) >= arms.calendar.months(24) else 0
    return series_dispersion(arms.counts.sum(axis=0), expected, arms.post, arms.angle, harmonics)


def _inference(opts: Options, value: float, counts: PhaseCounts, extra: Dispersion, arms: Arms) -> Inference:
    if opts.interval == "exact":
        return _exact(opts, counts)
    before, after = counts.before, counts.after
    if after.sum() == 0:
        information = 1 / (1 / 0.5 + 1 / (before.sum() + 0.5))
    else:
        x = math.exp(value) * counts.odds
        information = float(((before + after) * x / (1 + x) ** 2).sum())
    variance = extra.inflation / information
    words = "quasi-Poisson, variation of the monthly total of all treated units"
    if opts.variance == "negative_binomial" and extra.alpha is not None:
        variance = _negative_binomial_variance(extra.alpha, arms, max(float(after.sum()), 0.5))
        words = "negative binomial, variation of the monthly total of all treated units"
    df = extra.df if extra.df > 0 else None
    se = math.sqrt(variance)
    law = f"t with {df} degrees of freedom" if df else "normal; too few months to measure variation, so Poisson"
    return Inference(wald(value, se, opts.level, df), se, two_sided_p(value, se, df), f"{words}; {law}")


def _exact(opts: Options, counts: PhaseCounts) -> Inference:
    found = exact_ratio(counts.before, counts.after, counts.odds, opts.level)
    bounds = Bounds(*(None if v is None else math.log(v) for v in (found.low, found.high)))
    p, words = found.p, "exact conditional binomial (C-test); assumes Poisson counts"
    if opts.test == "e_test":
        if float(np.ptp(counts.odds)) > 1e-9:
            raise MethodError(
                Problem(
                    "the E-test compares two rates, and units here differ in months observed or in start",
                    where="options.test",
                    hint="use test: conditional, which allows for it",
                )
            )
        p = e_test_p(float(counts.before.sum()), float(counts.after.sum()), float(counts.odds[0]))
        words = "exact conditional binomial interval; p by the E-test; assumes Poisson counts"
    se = None
    if bounds.low is not None and bounds.high is not None:
        se = (bounds.high - bounds.low) / (2 * quantile(opts.level))
    return Inference(bounds, se, p, words)


def _negative_binomial_variance(alpha: float, arms: Arms, later: float) -> float:
    series, seen = arms.counts.sum(axis=0), arms.observed.any(axis=0)
    total = 0.0
    for phase, sum_ in ((~arms.post & seen, float(series[~arms.post].sum())), (arms.post & seen, later)):
        total += 1 / sum_ + alpha / float(phase.sum())
    return total


def _estimate(
    outcome: str, opts: Options, arms: Arms, value: float, counts: PhaseCounts, extra: Dispersion, answer: Inference
) -> Estimate:
    cells = counts.cells
    rate = counts.before / (cells * ~arms.after).sum(axis=1)
    expected = (rate[:, None] * cells).sum(axis=0)
    later, due = float(counts.after.sum()), float((counts.before * counts.odds).sum())
    supported = Expected(
        due, behind(float(counts.before.sum())), extra.phi if opts.interval == "overdispersed" else None
    )
    saved = prevented_interval(later, supported, answer.bounds, opts.level)
    middle = prevented(later, value) if later else due
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand="rate of offences in treated units after the start over the rate before it",
        scale="log_rate_ratio",
        value=value,
        se=answer.se,
        low=answer.bounds.low,
        high=answer.bounds.high,
        level=opts.level,
        p=answer.p,
        inference=answer.words,
        events_prevented=None if middle is None else Interval(middle, saved.low, saved.high),
        n_treated=len(arms.units),
        n_comparison=0,
        n_pre=arms.n_pre,
        n_post=arms.n_post,
        path=path(arms, arms.counts.sum(axis=0), expected),
        counts={"T0": float(counts.before.sum()), "T1": later, "expected": due}
        | ({} if extra.phi is None else {"phi": extra.phi, "alpha": extra.alpha or 0.0}),
        notes=_notes(opts, arms, later, extra) + answer.notes + measured_limits(METHOD.name, arms, extra),
    )


def _notes(opts: Options, arms: Arms, later: float, extra: Dispersion) -> tuple[str, ...]:
    notes = [
        "There is no comparison: anything else that changed at the same time, and any return to normal after a peak, "
        "is in this figure.",
        *arms.notes,
    ]
    if extra.phi is not None:
        notes.append(f"Monthly totals vary {extra.phi:.2f} times as much as Poisson counts (phi, {extra.df} df).")
        if opts.interval == "exact" and extra.phi > 1.5:
            notes.append("The exact interval assumes Poisson counts, so with this much variation it is too narrow.")
    if later == 0:
        notes.append("Nothing was recorded after the start: the ratio was computed with 0.5 added to both counts.")
    if arms.staggered:
        notes.append("Units start in different months; each is compared with its own past.")
    if arms.exposure is not None:
        notes.append("Rates are per unit of exposure (for example residents), not per unit-month.")
    seen = arms.observed.any(axis=0)
    shares = [
        np.bincount(arms.calendar.season(arms.periods)[seen & phase], minlength=13) / max(1, int((seen & phase).sum()))
        for phase in (~arms.post, arms.post)
    ]
    if np.abs(shares[0] - shares[1]).max() > 0.02:
        notes.append(
            "The months before and after do not cover the calendar year alike, so season is part of this figure: "
            "compare whole years."
        )
    return tuple(notes)


METHOD = Method(
    name="before_after",
    family="before_after",
    design="before_after",
    label="Before-after rate ratio (treated units only)",
    source="Przyborowski & Wilenski (1940); Krishnamoorthy & Thomson (2004); McCullagh & Nelder (1989)",
    options=Options,
    fit=fit,
)
