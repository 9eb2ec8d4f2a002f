"""People who came to a programme other than by lot, compared with others after adjustment for what was known beforehand."""

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.random import Generator
from pydantic import Field, model_validator

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.adjusted.crossfit import Fitting
from vru.methods.adjusted.estimators import Adjusted, Estimator, Scaled, estimate
from vru.methods.adjusted.learners import Learner
from vru.methods.adjusted.limits import adjustment_notes
from vru.methods.adjusted.sample import Sample, overlap_counts, take_sample
from vru.methods.method import Method, MethodOptions
from vru.methods.people.describe import arms, balance
from vru.methods.people.rows import take_rows
from vru.results import Estimate, Interval, Scale
from vru.stats.counterfactual import Target
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import prevented, two_sided_p, wald

CERTAIN = 1e-6
"""Propensities nearer to 0 or 1 than this are certainties: the covariates separate some rows from the other arm."""
PLAIN = ("regression", "weighting", "matching")


class Options(MethodOptions):
    """``estimator``: how the arms are made comparable. ``estimand``: effect on those treated, or on all rows.

    ``effect``: for binary and count outcomes, a ratio or a difference. ``covariates``: names; none named takes all.
    ``learner``, ``folds``, ``splits``: models behind doubly_robust and double_ml, into how many folds rows are dealt for
    them, and how often (none typed: 5 times for linear, twice for forest and boosting, which take seconds each).
    ``trim``: rows whose propensity is within this of 1 (and of 0, for all rows) are left out. ``arm``: whose column.
    """

    estimator: Estimator = "doubly_robust"
    estimand: Target = "att"
    effect: Literal["ratio", "difference"] = "ratio"
    covariates: tuple[str, ...] | None = None
    learner: Learner = "linear"
    folds: int = Field(5, ge=2, le=20)
    splits: int | None = Field(None, ge=1, le=50)
    trim: float = Field(0.0, ge=0.0, le=0.4)
    arm: Literal["received", "assigned"] = "received"

    @model_validator(mode="after")
    def _learner_is_used(self) -> Self:
        if self.estimator in PLAIN and self.learner != "linear":
            raise ValueError(f"estimator {self.estimator} takes learner: linear only; its standard error rests on it")
        return self


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is reported: a contrast, its scale, and the words for it."""

    chosen: Scaled
    scale: Scale
    noun: str


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Effect of treatment on the outcome, adjusted for the covariates.

    Raises MethodError without covariates, with fewer than 5 rows in an arm, where the arms do not overlap, where a ratio
    is asked for and an arm has no events, and for matching of rows in clusters or under separation.
    """
    opts = Options.model_validate(options.model_dump())
    rows = take_rows(cohort, outcome, opts.arm, opts.covariates)
    sample = take_sample(rows, opts.trim, opts.estimand)
    _refuse(sample, outcome, opts)
    how = Fitting(opts.learner, opts.folds, opts.splits or (5 if opts.learner == "linear" else 2))
    found = estimate(sample, opts.estimator, opts.estimand, how, rng)
    return _estimate(sample, outcome, opts, found)


def _refuse(sample: Sample, outcome: str, opts: Options) -> None:
    rows = sample.rows
    if opts.estimator == "matching" and rows.cluster is not None:
        raise MethodError(
            Problem(
                "matching has no standard error for rows that share clusters",
                where="estimator",
                hint="use doubly_robust, weighting or regression, whose errors add up within clusters",
            )
        )
    if opts.estimator == "matching" and sample.logit.separated:
        sure = int((np.minimum(sample.propensity, 1 - sample.propensity) < CERTAIN).sum())
        raise MethodError(
            Problem(
                f"what is known settles for {sure:,} {rows.noun} whether they were treated, so matching has no standard error",
                where="estimator",
                hint="leave out groups that all or none of were treated, set trim, or use doubly_robust",
            )
        )
    if rows.cluster is not None and int(rows.cluster.max()) < 4:
        raise MethodError(
            Problem(
                f"{int(rows.cluster.max()) + 1} clusters are too few for an interval",
                where="cohort: cluster",
                allowed="5 or more",
            )
        )
    events = [float(rows.y[side].sum()) for side in (rows.treated, ~rows.treated)]
    ratio = opts.effect == "ratio" and opts.estimator != "double_ml"
    if rows.kind != "continuous" and min(events) == 0 and (ratio or opts.estimator == "regression"):
        name = "treated" if events[0] == 0 else "comparison"
        raise MethodError(
            Problem(
                f"no event was recorded among {name} {rows.noun}, so there is no ratio",
                where=f"outcome {outcome}",
                hint="effect: difference with estimator: doubly_robust gives a difference",
            )
        )


def _answer(sample: Sample, opts: Options, found: Adjusted, outcome: str) -> _Answer:
    kind = sample.rows.kind
    if kind == "continuous":
        return _Answer(found.difference, "mean_difference", "difference in mean")
    if opts.effect == "ratio" and opts.estimator != "double_ml":
        if found.log_ratio is None:
            raise MethodError(
                Problem(
                    "the adjusted mean without treatment is not above 0, so there is no ratio",
                    where=f"outcome {outcome}",
                    hint="effect: difference",
                )
            )
        return _Answer(found.log_ratio, "log_rate_ratio", "risk ratio" if kind == "binary" else "rate ratio")
    if kind == "binary":
        return _Answer(found.difference, "risk_difference", "difference in risk")
    # As of any count here: events more or fewer among all treated rows.
    gap, size = found.difference, _treated_size(sample)
    return _Answer(Scaled(gap.value * size, gap.se * size, gap.df), "count_difference", "difference in events")


def _estimate(sample: Sample, outcome: str, opts: Options, found: Adjusted) -> Estimate:
    rows, answer = sample.rows, _answer(sample, opts, found, outcome)
    chosen = answer.chosen
    if not (math.isfinite(chosen.value) and math.isfinite(chosen.se)):
        raise MethodError(Problem("the adjusted effect is not a number on these data", where=f"outcome {outcome}"))
    bounds = wald(chosen.value, chosen.se, opts.level, chosen.df)
    counts = _counts(sample, found)
    compared = balance(rows, found.weights if found.balanced else None)
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand=f"{answer.noun} {_over(opts)}, adjusted for {len(rows.names)} measures known beforehand",
        scale=answer.scale,
        value=chosen.value,
        se=chosen.se,
        low=bounds.low,
        high=bounds.high,
        level=opts.level,
        p=two_sided_p(chosen.value, chosen.se, chosen.df),
        inference=f"{found.words}; t with {chosen.df:.0f} degrees of freedom",
        events_prevented=_prevented(sample, answer, opts),
        n_treated=sample.arms[0],
        n_comparison=sample.arms[1],
        n_pre=0,
        n_post=0,
        components=_components(sample, found, opts.level),
        counts=counts,
        notes=(
            *rows.notes,
            *adjustment_notes(sample, opts.estimator, opts.estimand, opts.learner, opts.trim, found, counts, compared),
        ),
        arms=arms(rows, opts.level),
        balance=compared,
    )


def _over(opts: Options) -> str:
    if opts.estimator == "double_ml":
        return "over rows weighted by how uncertain their treatment was"
    return "among those treated" if opts.estimand == "att" else "among all rows"


def _counts(sample: Sample, found: Adjusted) -> dict[str, float]:
    rows = sample.rows
    counts = dict(overlap_counts(sample, found.weights))
    if rows.kind != "continuous":
        counts |= {"events_treated": float(rows.y[rows.treated].sum())}
        counts |= {"events_comparison": float(rows.y[~rows.treated].sum())}
    if found.with_it is not None and found.without is not None:
        counts |= {"mean_with": found.with_it, "mean_without": found.without}
    if rows.cluster is not None:
        counts |= {"clusters_treated": float(len(np.unique(rows.cluster[rows.treated])))}
        counts |= {"clusters_comparison": float(len(np.unique(rows.cluster[~rows.treated])))}
    return counts


def _prevented(sample: Sample, answer: _Answer, opts: Options) -> Interval | None:
    """Events fewer among the treated: from the ratio as elsewhere, else from the difference."""
    rows = sample.rows
    if rows.kind == "continuous":
        return None
    bounds = wald(answer.chosen.value, answer.chosen.se, opts.level, answer.chosen.df)
    if answer.scale == "log_rate_ratio":
        observed = float(rows.y[rows.treated].sum())
        due = observed * math.exp(-answer.chosen.value)
        middle = prevented(observed, answer.chosen.value)
        saved = prevented_interval(observed, Expected(due, behind(due)), bounds, opts.level)
        return None if middle is None else Interval(middle, saved.low, saved.high)
    size = 1.0 if answer.scale == "count_difference" else float(sample.arms[0])
    low, high = (None if v is None else -v * size for v in (bounds.high, bounds.low))
    return Interval(-answer.chosen.value * size, low, high)


def _treated_size(sample: Sample) -> float:
    """Treated rows, or their exposure where there is any."""
    exposure = sample.rows.exposure
    return float(sample.arms[0] if exposure is None else exposure[sample.rows.treated].sum())


def _components(sample: Sample, found: Adjusted, level: float) -> dict[str, Interval]:
    rows, gap = sample.rows, found.difference
    bounds = wald(gap.value, gap.se, level, gap.df)
    if rows.kind != "continuous":
        name = "risk_difference" if rows.kind == "binary" else "rate_difference"
        return {name: Interval(gap.value, bounds.low, bounds.high)}
    a, b = rows.y[rows.treated], rows.y[~rows.treated]
    df = len(a) + len(b) - 2
    pooled = math.sqrt(((len(a) - 1) * float(a.var(ddof=1)) + (len(b) - 1) * float(b.var(ddof=1))) / df)
    if pooled == 0:
        return {}
    # Hedges' small-sample factor; the spread it is divided by is itself an estimate (last term).
    factor = 1 - 3 / (4 * df - 1)
    g = factor * gap.value / pooled
    se = math.sqrt((factor * gap.se / pooled) ** 2 + g * g / (2 * df))
    limits = wald(g, se, level, gap.df)
    return {"hedges_g": Interval(g, limits.low, limits.high)}


METHOD = Method(
    name="adjusted_comparison",
    family="causal",
    design="adjusted",
    label="Adjusted comparison",
    source=(
        "Robins, Rotnitzky & Zhao (1994); Chernozhukov et al. (2018); Lunceford & Davidian (2004); "
        "Abadie & Imbens (2006, 2016); back-door estimators of DoWhy 0.14"
    ),
    options=Options,
    fit=fit,
    takes="people",
)
