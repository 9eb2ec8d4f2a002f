"""Synthetic control: comparison units weighted to follow the treated ones before the start."""

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.random import Generator
from pydantic import Field, model_validator

from vru.errors import MethodError, Problem
from vru.methods.arms import common_window, take_arms
from vru.methods.inference import Inference
from vru.methods.method import Method, MethodOptions
from vru.methods.weighted.answer import Answer, complete, log_ratio
from vru.methods.weighted.inference import Asked, Placebos, from_months, from_placebos, relative_fit, run_placebos
from vru.methods.weighted.matching import (
    Augment,
    Matching,
    Means,
    Setting,
    Share,
    nested_share,
    outcome_share,
    settle,
    validated_share,
)
from vru.panel import Panel
from vru.results import Estimate
from vru.stats.permutation import draw_assignments
from vru.stats.reassigned import Reassigned, Statistic, p_of_log_ratio

NESTED_DRAWS = 199


class Options(MethodOptions):
    """What is matched on and how the answer is judged; all of it can be registered.

    matching : counts (classic), rates (per mean exposure), or index (each unit over its own mean before).
    augment : ridge corrects for the imbalance that weights leave, and lets weights be negative.
    predictors : columns of the panel's covariates; then V is nested, from ``starts`` starts (12, or
        two for each of more than eight predictors).
    outcome_means : what joins them of the outcome; its mean in each third of the time before, or none (published
        specifications name single years of the outcome, which are then columns like the others).
    predictor_weights : V by how the whole time before is followed, or by cross-validation (first half, judged on the second).
    inference : placebo (other units taken for treated, at most ``draws`` choices) or conformal (months).
    statistic : of the placebos; ratio (log ratio) or rmspe (Abadie's).
    placebo_start : month of the in-time placebo; by default two thirds of the way to the start.
    """

    matching: Matching = "counts"
    augment: Augment = "none"
    predictors: tuple[str, ...] = ()
    outcome_means: Means = "thirds"
    starts: int | None = Field(None, ge=1, le=200)
    predictor_weights: Literal["in_sample", "validation"] = "in_sample"
    inference: Literal["placebo", "conformal"] = "placebo"
    statistic: Statistic = "ratio"
    draws: int = Field(499, ge=199, le=200_000)
    placebo_start: str | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.predictors and self.augment == "ridge":
            raise ValueError("augment: ridge goes with matching on outcomes alone, not with predictors")
        if self.predictor_weights == "validation" and not self.predictors:
            raise ValueError("predictor_weights: validation goes with predictors; matching on outcomes alone has no V")
        if self.predictors and self.inference == "conformal":
            raise ValueError("inference: conformal goes with matching on outcomes alone, not with predictors")
        return self


@dataclass(frozen=True, slots=True)
class _Fit:
    setting: Setting
    share: Share
    weights: np.ndarray
    expected: np.ndarray


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log ratio of what treated units recorded after the start to what their synthetic control did.

    Several treated units are taken together. Raises MethodError without comparison units, with
    staggered starts, or where treated units have no offence before the start or their synthetic none after.
    """
    opts = Options.model_validate(options.model_dump())
    arms = common_window(take_arms(panel, outcome, ("treated", "comparison"), keep_empty=True))
    setting = settle(panel, outcome, arms, opts.matching, opts.predictors)
    if opts.augment == "ridge" and setting.n_pre < 3:
        raise MethodError(Problem("augment: ridge needs at least 3 months before the start", where="options.augment"))
    ways = draw_assignments(setting.arms.treated, _draws(opts, setting), rng)
    seed = int(rng.integers(2**32))
    share = _share(setting, opts, seed)
    treated = setting.arms.treated
    weights = share(treated, ~treated, setting.n_pre)
    made = _Fit(setting, share, weights, setting.expected(treated, weights) @ setting.counts)
    value = log_ratio(setting, made.expected, outcome)
    asked = Asked(value.value if value.recorded else None, value.scale, opts.level)
    if opts.inference == "conformal":
        found = Placebos(Reassigned(treated[None, :] * 1.0, setting.expected(treated, weights)[None, :]), exact=False)
        answer = from_months(setting, opts.augment, asked)
    else:
        found = run_placebos(setting, share, ways)
        answer = from_placebos(setting, found, asked, opts.statistic)
    return _estimate(outcome, opts, made, value.value, found, answer)


def _share(setting: Setting, opts: Options, seed: int) -> Share:
    if opts.predictors and opts.predictor_weights == "validation":
        if setting.n_pre < 6:
            what = f"{setting.n_pre} months before the start are too few to choose on one half and judge on the other"
            raise MethodError(Problem(what, "options.predictor_weights", "6 months before the start or more"))
        return validated_share(setting, opts.outcome_means, opts.starts, seed)
    if opts.predictors:
        return nested_share(setting, opts.outcome_means, opts.starts, seed)
    return outcome_share(setting, opts.augment)


def _draws(opts: Options, setting: Setting) -> int:
    lone = int(setting.arms.treated.sum()) == 1
    return opts.draws if not opts.predictors or lone else min(opts.draws, NESTED_DRAWS)


def _estimate(outcome: str, opts: Options, made: _Fit, value: float, found: Placebos, answer: Inference) -> Estimate:
    setting = made.setting
    closeness = relative_fit(setting, found)
    counts = {"fit_before": closeness}
    if opts.inference == "placebo":
        rank = p_of_log_ratio(found.data, setting.counts, setting.n_pre, "rmspe")
        counts["rmspe_rank_p"] = rank(0.0)
    sides, words = _sides(opts, made)
    return complete(
        Answer(
            METHOD.name,
            outcome,
            "rate ratio of treated units after the start to a weighted mean of comparison units that followed them before",
            opts.level,
            setting,
            made.weights,
            made.expected,
            value,
            answer,
            counts | sides,
            _notes(opts, setting, made, closeness) + words,
        )
    )


def _sides(opts: Options, made: _Fit) -> tuple[dict[str, float], tuple[str, ...]]:
    """In-time placebo and leave-one-out, as log ratios."""
    found, words = {}, []
    fake = _fake_start(opts, made.setting)
    setting, treated = made.setting, made.setting.arms.treated
    if fake is not None:
        early = setting.expected(treated, made.share(treated, ~treated, fake)) @ setting.counts
        found["in_time_placebo"] = _between(setting, early, fake, setting.n_pre)
        words.append(
            f"In-time placebo: had the start been {setting.arms.periods[fake]}, the ratio up to the true start would "
            f"be {math.exp(found['in_time_placebo']):.3f} (1 = nothing found where there was nothing)."
            + _rough(setting, early, fake, setting.n_pre)
        )
    used = np.flatnonzero(np.abs(made.weights) > 1e-6)
    if (~treated).sum() > 1 and len(used) <= 50:
        pool = np.tile(~treated, (len(used), 1))
        pool[np.arange(len(used)), used] = False
        each = [setting.expected(treated, made.share(treated, p, setting.n_pre)) @ setting.counts for p in pool]
        ratios = [_between(setting, e, setting.n_pre, setting.counts.shape[1]) for e in each]
        found |= {"leave_one_out_low": min(ratios), "leave_one_out_high": max(ratios)}
        words.append(
            f"Leaving out any one comparison unit moves the ratio between {math.exp(min(ratios)):.3f} and "
            f"{math.exp(max(ratios)):.3f}."
            + max(_rough(setting, e, setting.n_pre, setting.counts.shape[1]) for e in each)
        )
    return found, tuple(words)


def _between(setting: Setting, expected: np.ndarray, first: int, last: int) -> float:
    """As the answer's own ratio: 0.5 is added to both sides only where one of them is nothing, which ``_rough`` says."""
    observed, due = _totals_between(setting, expected, first, last)
    half = 0.5 if min(observed, due) == 0 else 0.0
    return math.log((observed + half) / (due + half))


def _totals_between(setting: Setting, expected: np.ndarray, first: int, last: int) -> tuple[float, float]:
    observed = float(setting.counts[setting.arms.treated, first:last].sum())
    return observed, max(float(expected[first:last].sum()), 0.0)


def _rough(setting: Setting, expected: np.ndarray, first: int, last: int) -> str:
    """What a ratio rests on where nothing was recorded or expected; else empty."""
    if min(_totals_between(setting, expected, first, last)) > 0:
        return ""
    return " Nothing was recorded, or expected, in one of these, so 0.5 was added to both sides and its ratio is rough."


def _fake_start(opts: Options, setting: Setting) -> int | None:
    if opts.placebo_start is None:
        return 2 * setting.n_pre // 3 if setting.n_pre >= 9 else None
    before = setting.arms.periods[1 : setting.n_pre]
    if opts.placebo_start not in before:
        raise MethodError(
            Problem(
                f"{opts.placebo_start} is not a month before the start with data on either side",
                "options.placebo_start",
                f"{before[0]} to {before[-1]}" if before else "none: there is only one month before the start",
            )
        )
    return setting.arms.periods.index(opts.placebo_start)


def _notes(opts: Options, setting: Setting, made: _Fit, closeness: float) -> tuple[str, ...]:
    treated = setting.arms.treated
    notes = [
        f"Synthetic control from {int((np.abs(made.weights) > 1e-6).sum())} of {int((~treated).sum())} comparison "
        f"units; before the start it misses the treated units by {closeness:.0%} of their mean in a typical month."
    ]
    if opts.predictors:
        thirds = " and the outcome's mean in each third of the time before" if opts.outcome_means == "thirds" else ""
        notes.append(
            f"Matched on {', '.join(opts.predictors)}{thirds}; their weights come from several starts of a search that "
            "has several optima."
        )
    mean = setting.scaled[:, : setting.n_pre].mean(axis=1)
    level, donors = float(setting.target(treated)[: setting.n_pre].mean()), mean[~treated]
    if not donors.min() <= level <= donors.max() and opts.augment == "none":
        notes.append(
            "The treated units' level before the start lies outside that of all comparison units, so no weighting can "
            "reach it: in simulation such estimates were badly biased. matching: index follows the course instead."
        )
    if closeness < 1e-6:
        notes.append(
            "The weights reproduce the months before exactly: more comparison units than months to judge them by, so "
            "the fit says nothing about how well the synthetic control will follow."
        )
    if int(treated.sum()) > 1:
        notes.append("Treated units are taken together; placebos are groups of as many units.")
    return tuple(notes)


METHOD = Method(
    name="synthetic_control",
    family="causal",
    design="panel",
    label="Synthetic control",
    source="Abadie, Diamond & Hainmueller (2010); Ben-Michael, Feller & Rothstein (2021); Chernozhukov et al. (2021)",
    options=Options,
    fit=fit,
    adjusts_for=("unit", "period", "level"),
)
