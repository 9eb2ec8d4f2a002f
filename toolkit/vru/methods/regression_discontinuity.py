"""The jump of an outcome at an eligibility threshold: local linear, with the robust bias-corrected interval."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.method import Method, MethodOptions
from vru.methods.people.describe import arms, balance
from vru.methods.people.rows import Rows
from vru.methods.threshold.notes import notes
from vru.methods.threshold.sample import FEWEST_SCORES, Cutoff, Threshold, TreatedSide, take_threshold
from vru.results import Estimate, Interval, Scale
from vru.stats.bandwidth import Bandwidth, choose_bandwidth
from vru.stats.intervals import Bounds, quantile, two_sided_p, wald
from vru.stats.local_polynomial import Jump, Kernel, Variance, adjusted, jump
from vru.stats.weak_ratio import WeakRatio, weak_ratio


class Options(MethodOptions):
    """``cutoff``, in units of the score (2003-09-01 where that is a date), and the ``treated_side`` of it.

    ``bandwidth``: "auto" (least mean squared error) or a distance, in days between dates; ``bias_bandwidth``: "auto" or a
    distance, for the bias ("auto" is the same as a fixed ``bandwidth``). ``order``: of the local polynomial. ``covariates``:
    held fixed for precision. ``interval``: where receipt differs from the rule, "anderson_rubin" or "delta".
    """

    cutoff: Cutoff = 0.0
    treated_side: TreatedSide = "at_or_above"
    bandwidth: float | Literal["auto"] = "auto"
    bias_bandwidth: float | Literal["auto"] = "auto"
    kernel: Kernel = "triangular"
    order: int = Field(1, ge=1, le=3)
    variance: Variance = "nearest"
    covariates: tuple[str, ...] = ()
    interval: Literal["anderson_rubin", "delta"] = "anderson_rubin"


@dataclass(frozen=True, slots=True)
class _Answer:
    """value, se, bounds, p on the estimate's scale; ``ratio`` where receipt differs from the rule."""

    value: float
    se: float | None
    bounds: Bounds
    p: float
    words: str
    ratio: WeakRatio | None


def fit(cohort: Cohort, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Limit of the outcome at the cutoff from the treated side less that from the other; over that of receipt if fuzzy.

    Raises MethodError without a score, with too few rows or distinct scores on a side, or where receipt does
    not rise at the cutoff.
    """
    opts = Options.model_validate(options.model_dump())
    t = take_threshold(cohort, outcome, opts.cutoff, opts.treated_side, opts.covariates)
    variance: Variance = "residual" if t.rows.cluster is not None else opts.variance
    try:
        width, widened = _width(t, opts, variance)
        below, above = t.below, t.above
        if t.z is not None:
            below, above = adjusted(below, above, t.z, width.main, opts.order, opts.kernel)
        found = jump(below, above, width.main, width.pilot, opts.order, opts.kernel, variance)
    except np.linalg.LinAlgError as error:
        hint = "choose a wider bandwidth, or a finer score"
        raise MethodError(Problem(str(error), where="cohort: running", hint=hint)) from None
    answer = _answer(t, opts, found)
    return _estimate(outcome, opts, t, found, width, answer, widened)


def _width(t: Threshold, opts: Options, variance: Variance) -> tuple[Bandwidth, bool]:
    """The bandwidths, and whether the chosen one had to be widened to hold enough distinct scores."""
    if opts.bandwidth != "auto":
        main = _positive(opts.bandwidth, "bandwidth")
        pilot = main if opts.bias_bandwidth == "auto" else _positive(opts.bias_bandwidth, "bias_bandwidth")
        width = Bandwidth(main, pilot, False)
    else:
        width = choose_bandwidth(t.below, t.above, opts.order, opts.kernel, variance)
        if opts.bias_bandwidth != "auto":
            width = replace(width, pilot=_positive(opts.bias_bandwidth, "bias_bandwidth"))
    need = FEWEST_SCORES + opts.order - 1
    if min(t.distinct(width.main)) >= need:
        return width, False
    if opts.bandwidth != "auto":
        have = min(t.distinct(width.main))
        raise MethodError(
            Problem(
                f"a side has {have} distinct scores within it", "options: bandwidth", f"{need} or more on each side"
            )
        )
    reach = max(float(np.sort(np.unique(np.abs(s.x)))[min(need, len(np.unique(s.x))) - 1]) for s in (t.below, t.above))
    main = reach * 1.001
    return Bandwidth(main, max(width.pilot, main), width.lumpy), True


def _positive(value: float, name: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise MethodError(Problem(f"{value} is no distance", f"options: {name}", "above 0, in units of the score"))
    return float(value)


def _answer(t: Threshold, opts: Options, found: Jump) -> _Answer:
    groups = min(found.below.n_clusters, found.above.n_clusters)
    df = float(groups - 1) if groups else None
    how = f"clustered, t with {groups - 1} degrees of freedom" if groups else f"{opts.variance} residuals, normal"
    top, se = t.sign * float(found.corrected[0]), math.sqrt(float(found.robust_cov[0, 0]))
    if not t.fuzzy:
        p = two_sided_p(top, se, df)
        return _Answer(top, se, wald(top, se, opts.level, df), p, f"robust bias-corrected; {how}", None)
    if t.sign * found.corrected[1] <= 0 or found.robust_cov[1, 1] <= 0:
        rise = t.sign * float(found.corrected[1])
        raise MethodError(
            Problem(
                f"receipt does not rise on the treated side of the cutoff (by {rise:.2f})",
                where="cohort: received",
                hint="check cutoff and treated_side; a cutoff that moves nobody says nothing about taking part",
            )
        )
    ratio = weak_ratio(found.corrected, found.robust_cov, opts.level, df)
    if opts.interval == "delta":
        value, error = _delta(found)
        p = two_sided_p(value, error, df)
        return _Answer(
            value, error, wald(value, error, opts.level, df), p, f"robust bias-corrected ratio; {how}", ratio
        )
    words = f"Anderson-Rubin test of the robust bias-corrected jumps inverted; {how}"
    return _Answer(ratio.value, ratio.se if ratio.shape == "interval" else None, ratio.bounds, ratio.p, words, ratio)


def _delta(found: Jump) -> tuple[float, float]:
    """The ratio of uncorrected jumps less its linearised bias, and its robust standard error."""
    y, d = found.fitted
    slope = np.array([1 / d, -y / d**2])
    return float(y / d + slope @ (found.corrected - found.fitted)), math.sqrt(float(slope @ found.robust_cov @ slope))


def _estimate(
    outcome: str, opts: Options, t: Threshold, found: Jump, width: Bandwidth, answer: _Answer, widened: bool
) -> Estimate:
    near = t.near(width.main, outcome)
    scale: Scale = "risk_difference" if t.rows.kind == "binary" else "mean_difference"
    what = {"binary": "risk difference", "count": "difference in events per row", "continuous": "difference in means"}
    who = "for those whose receipt the cutoff decides" if t.fuzzy else "from eligibility"
    jumped = _jump_interval(t, found, 0, opts.level)
    inside = float(t.w[(np.abs(t.distance) < width.main) & t.rows.treated].sum())
    saved = None if t.rows.kind == "continuous" else _prevented(jumped, inside)
    return Estimate(
        analysis="",
        role="exploratory",
        method=METHOD.name,
        outcome=outcome,
        estimand=f"{what[t.rows.kind]} {who}, at the cutoff {t.ruled.score_words(t.cutoff)}",
        scale=scale,
        value=answer.value,
        se=answer.se,
        low=answer.bounds.low,
        high=answer.bounds.high,
        level=opts.level,
        p=answer.p,
        inference=answer.words,
        events_prevented=saved,
        n_treated=int(near.treated.sum()),
        n_comparison=int((~near.treated).sum()),
        n_pre=0,
        n_post=0,
        components=_components(t, found, opts.level, jumped),
        counts=_counts(t, near, found, width, answer.ratio),
        notes=notes(t, near, width, answer.ratio, widened),
        arms=arms(near, opts.level, ("eligible", "not eligible")),
        balance=balance(near),
    )


def _jump_interval(t: Threshold, found: Jump, which: int, level: float) -> Interval:
    groups = min(found.below.n_clusters, found.above.n_clusters)
    value, se = t.sign * float(found.corrected[which]), math.sqrt(float(found.robust_cov[which, which]))
    bounds = wald(value, se, level, groups - 1 if groups else None)
    return Interval(value, bounds.low, bounds.high)


def _prevented(jumped: Interval, rows: float) -> Interval:
    low, high = (None if v is None else -v * rows for v in (jumped.high, jumped.low))
    return Interval(-jumped.value * rows, low, high)


def _components(t: Threshold, found: Jump, level: float, jumped: Interval) -> dict[str, Interval]:
    half = quantile(level) * math.sqrt(float(found.fitted_cov[0, 0]))
    plain = t.sign * float(found.fitted[0])
    made = {"uncorrected_jump": Interval(plain, plain - half, plain + half)}
    if t.fuzzy:
        value, se = _delta(found)
        half = quantile(level) * se
        made |= {
            "jump_in_outcome": jumped,
            "jump_in_receipt": _jump_interval(t, found, 1, level),
            "delta_method": Interval(value, value - half, value + half),
        }
    elif t.rows.kind != "continuous":
        made |= _mean_ratio(t, found, level)
    return made


def _mean_ratio(t: Threshold, found: Jump, level: float) -> dict[str, Interval]:
    """The limit from the treated side over the other; none where the correction makes one negative."""
    treated, other = (found.above, found.below) if t.sign > 0 else (found.below, found.above)
    a, b = float(treated.corrected[0]), float(other.corrected[0])
    if a <= 0 or b <= 0:
        return {}
    se = math.sqrt(float(treated.robust_cov[0, 0]) / a**2 + float(other.robust_cov[0, 0]) / b**2)
    half = quantile(level) * se
    return {"mean_ratio": Interval(a / b, a / b * math.exp(-half), a / b * math.exp(half))}


def _counts(t: Threshold, near: Rows, found: Jump, width: Bandwidth, ratio: WeakRatio | None) -> dict[str, float]:
    distinct = t.distinct(width.main)
    made = {
        "cutoff": t.cutoff,
        "cutoff_counts_above": float(t.cutoff_above),
        "bandwidth": width.main,
        "bias_bandwidth": width.pilot,
        "rows_below": float(found.below.n_main),
        "rows_above": float(found.above.n_main),
        "scores_below": float(distinct[0]),
        "scores_above": float(distinct[1]),
        "mean_at_cutoff_below": float(found.below.corrected[0]),
        "mean_at_cutoff_above": float(found.above.corrected[0]),
    }
    if near.kind != "continuous":
        made |= {
            "events_eligible": float(near.y[near.treated].sum()),
            "events_not_eligible": float(near.y[~near.treated].sum()),
        }
    if found.above.n_clusters:
        made |= {"clusters_below": float(found.below.n_clusters), "clusters_above": float(found.above.n_clusters)}
    if ratio is not None and math.isfinite(ratio.strength):
        made["first_stage_F"] = ratio.strength
    return made


METHOD = Method(
    name="regression_discontinuity",
    family="causal",
    design="threshold",
    label="Regression discontinuity at a threshold",
    source="Calonico, Cattaneo & Titiunik (2014) Econometrica 82; Calonico, Cattaneo & Farrell (2020)",
    options=Options,
    fit=fit,
    takes="people",
)
