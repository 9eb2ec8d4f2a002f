"""The five estimators: each gives the target's mean with and without treatment, and contrasts with standard errors."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator

from vru.methods.adjusted.crossfit import Fitting, each_split, outcome, propensity
from vru.methods.adjusted.learners import FAMILY
from vru.methods.adjusted.sample import Sample
from vru.methods.adjusted.served import agreed, dowhy_difference
from vru.stats.counterfactual import (
    Contrast,
    Mean,
    Pair,
    Target,
    difference,
    doubly_robust,
    effective_size,
    log_ratio,
    partially_linear,
    per_exposure,
    spread,
    standardise,
    weigh,
)
from vru.stats.score_matching import find_matches, matching_spread

Estimator = Literal["regression", "weighting", "matching", "doubly_robust", "double_ml"]


@dataclass(frozen=True, slots=True)
class Scaled:
    """A contrast of the two means on an additive scale; df of Student's t."""

    value: float
    se: float
    df: float


@dataclass(frozen=True, slots=True)
class Adjusted:
    """difference : of means (per unit of exposure for counts). log_ratio : None where a mean is not above 0, or not reached.

    with_it, without : the target's counterfactual means; None for double_ml. weights : ``(n,)`` within arms.
    balanced : whether those weights are what the estimator balances covariates with. words : how errors were obtained.
    dowhy : whether DoWhy's estimator gave the difference.
    """

    difference: Scaled
    log_ratio: Scaled | None
    with_it: float | None
    without: float | None
    weights: np.ndarray
    balanced: bool
    words: str
    dowhy: bool = False


def regression(sample: Sample, target: Target) -> Adjusted:
    """Linear, logistic or Poisson regression, averaged over the target; DoWhy's where it is linear."""
    rows = sample.rows
    exposure = rows.exposure if rows.kind == "count" else None
    pair = standardise(FAMILY[rows.kind], rows.y, rows.treated, sample.design, exposure, target)
    weights = weigh(rows.y, rows.treated, sample.design, sample.logit, target).weights
    assert weights is not None
    k = sample.design.shape[1] + 1
    names = {"continuous": "linear", "binary": "logistic", "count": "Poisson"}
    words = f"{names[rows.kind]} regression standardised over the target; {_robust(sample)} sandwich"
    found = _both(sample, pair, weights, k, words, balanced=False)
    if rows.kind != "continuous":
        return found
    return _from_dowhy(found, dowhy_difference(sample, "linear_regression", target))


def weighting(sample: Sample, target: Target) -> Adjusted:
    """Normalised inverse probability weighting; DoWhy's, except for events over unequal exposure."""
    rows = sample.rows
    pair = weigh(rows.y, rows.treated, sample.design, sample.logit, target)
    weights = pair.weights
    assert weights is not None
    exposure = _exposure(sample)
    if exposure is not None:
        pair = per_exposure(pair, weigh(exposure, rows.treated, sample.design, sample.logit, target))
    words = f"inverse probability weights; {_robust(sample)} sandwich with the propensity estimated"
    found = _both(sample, pair, weights, 0, words)
    if exposure is not None:
        return found
    return _from_dowhy(found, dowhy_difference(sample, "propensity_score_weighting", target))


def matching(sample: Sample, target: Target) -> Adjusted:
    """One nearest neighbour by propensity, with replacement, ties shared; DoWhy's where there are no ties."""
    rows, d = sample.rows, sample.rows.treated
    found = find_matches(sample.propensity, d, target)
    time = np.ones(len(rows)) if rows.exposure is None or rows.kind != "count" else rows.exposure
    w, level = found.weights, {}
    u = np.zeros(len(rows))
    for side in (True, False):
        at = d == side
        level[side] = float(w[at] @ rows.y[at] / (w[at] @ time[at]))
        u[at] = (rows.y[at] - level[side] * time[at]) * w[at].sum() / (w[at] @ time[at])

    def scaled(value: float, by: np.ndarray) -> Scaled:
        said = matching_spread(u / by, found, sample.propensity, sample.design, sample.logit)
        return Scaled(value, said.se, said.df)

    ratio = None
    if rows.kind != "continuous" and min(level.values()) > 0:
        ratio = scaled(float(np.log(level[True] / level[False])), np.where(d, level[True], level[False]))
    answer = Adjusted(
        difference=scaled(level[True] - level[False], np.ones(len(rows))),
        log_ratio=ratio,
        with_it=level[True],
        without=level[False],
        weights=w,
        balanced=True,
        words="one nearest neighbour by propensity; Abadie-Imbens with the propensity estimated",
    )
    if found.ties or _exposure(sample) is not None:
        return answer
    return _from_dowhy(answer, dowhy_difference(sample, "propensity_score_matching", target))


def robust_twice(sample: Sample, target: Target, how: Fitting, rng: Generator) -> Adjusted:
    """Cross-fitted augmented inverse probability weighting, averaged over splits."""
    rows, exposure = sample.rows, _exposure(sample)
    d, every = rows.treated, []
    for dealt in each_split(sample, how, rng):
        p = propensity(dealt)
        pairs = []
        for y, kind in ((rows.y, rows.kind), (exposure, "continuous")):
            if y is None:
                continue
            without = outcome(dealt, y, kind, ~d)  # type: ignore[arg-type]
            with_it = outcome(dealt, y, kind, d) if target == "ate" else without  # type: ignore[arg-type]
            pairs.append(doubly_robust(y, d, p, with_it, without, target))
        every.append(pairs[0] if exposure is None else per_exposure(*pairs))
    pair = _average(every)
    assert pair.weights is not None
    words = f"influence function, cross-fitted in {how.folds} folds, {how.splits} splits averaged; {_robust(sample)}"
    return _both(sample, pair, pair.weights, 0, words)


def residual_on_residual(sample: Sample, how: Fitting, rng: Generator) -> Adjusted:
    """Partially linear double machine learning, averaged over splits: a difference only."""
    rows, exposure = sample.rows, _exposure(sample)
    time = np.ones(len(rows)) if exposure is None else exposure
    y = rows.y / time
    every, weights = [], np.zeros(len(rows))
    kind = "continuous" if exposure is not None else rows.kind
    for dealt in each_split(sample, how, rng):
        p = propensity(dealt)
        predicted = outcome(dealt, y, kind, np.ones(len(rows), dtype=bool), time)
        every.append(partially_linear(y, rows.treated, p, predicted, time))
        weights += time * np.abs(rows.treated - p) / how.splits
    contrast = Contrast(
        float(np.mean([c.value for c in every])), np.asarray(np.mean([c.influence for c in every], axis=0))
    )
    words = f"orthogonal score, cross-fitted in {how.folds} folds, {how.splits} splits averaged; {_robust(sample)}"
    scaled = _scaled(sample, contrast, weights, 0)
    return Adjusted(scaled, None, None, None, weights, True, words)


def estimate(sample: Sample, estimator: Estimator, target: Target, how: Fitting, rng: Generator) -> Adjusted:
    """Run one estimator."""
    plain: dict[str, Callable[[Sample, Target], Adjusted]] = {
        "regression": regression,
        "weighting": weighting,
        "matching": matching,
    }
    if estimator in plain:
        return plain[estimator](sample, target)
    if estimator == "doubly_robust":
        return robust_twice(sample, target, how, rng)
    return residual_on_residual(sample, how, rng)


def _average(pairs: list[Pair]) -> Pair:
    def mean(of: Callable[[Pair], Mean]) -> Mean:
        values = [of(p) for p in pairs]
        influence = np.asarray(np.mean([m.influence for m in values], axis=0))
        return Mean(float(np.mean([m.value for m in values])), influence)

    weights = np.asarray(np.mean([p.weights for p in pairs if p.weights is not None], axis=0))
    return Pair(mean(lambda p: p.treated), mean(lambda p: p.untreated), weights)


def _both(sample: Sample, pair: Pair, weights: np.ndarray, k: int, words: str, *, balanced: bool = True) -> Adjusted:
    ratio = None
    if sample.rows.kind != "continuous" and min(pair.treated.value, pair.untreated.value) > 0:
        ratio = _scaled(sample, log_ratio(pair), weights, k)
    return Adjusted(
        difference=_scaled(sample, difference(pair), weights, k),
        log_ratio=ratio,
        with_it=pair.treated.value,
        without=pair.untreated.value,
        weights=weights,
        balanced=balanced,
        words=words,
    )


def _scaled(sample: Sample, contrast: Contrast, weights: np.ndarray, coefficients: int) -> Scaled:
    d = sample.rows.treated
    sizes = effective_size(weights[d]), effective_size(weights[~d])
    said = spread(contrast.influence, d, sizes, sample.rows.cluster, coefficients)
    return Scaled(contrast.value, said.se, said.df)


def _from_dowhy(found: Adjusted, theirs: float) -> Adjusted:
    ours = found.difference
    value = agreed(ours.value, theirs, ours.se)
    return replace(found, difference=replace(ours, value=value), dowhy=True)


def _exposure(sample: Sample) -> np.ndarray | None:
    return sample.rows.exposure if sample.rows.kind == "count" else None


def _robust(sample: Sample) -> str:
    return "rows independent" if sample.rows.cluster is None else "cluster-robust"
