"""What an adjusted estimate assumes, and where its data look like those on which the method was measured to fail.

The figures quoted are those of ``benchmarks/validity_people.md``.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from vru.methods.adjusted.estimators import Adjusted, Estimator
from vru.methods.adjusted.learners import Learner
from vru.methods.adjusted.sample import Sample
from vru.methods.people.describe import LARGE
from vru.results import Balance
from vru.stats.counterfactual import Target

FEW_TREATED = 30
FEW_EVENTS = 10
FEW_EFFECTIVE = 30
FEW_CLUSTERS = 30


def adjustment_notes(
    sample: Sample,
    estimator: Estimator,
    target: Target,
    learner: Learner,
    trim: float,
    found: Adjusted,
    counts: Mapping[str, float],
    compared: Sequence[Balance],
) -> tuple[str, ...]:
    """Assumptions first, then what was done to the rows, then warnings that these data call for."""
    return tuple(
        note
        for note in (
            _assumed(sample),
            _target(sample, estimator, target),
            _trimmed(sample, target, trim),
            _served(estimator, learner, found),
            *_overlap(sample, counts),
            _unbalanced(found, compared),
            _bent(sample, learner),
            *_few(sample, counts),
        )
        if note
    )


def _assumed(sample: Sample) -> str:
    return (
        f"Assumes that among {sample.rows.noun} alike in the {len(sample.rows.names)} measures adjusted for, who was "
        "treated had nothing to do with how they would have ended without it. The data cannot show this; "
        "hidden_confounding says how strong a hidden cause would have to be."
    )


def _target(sample: Sample, estimator: Estimator, target: Target) -> str:
    if estimator == "double_ml":
        return (
            "double_ml weighs rows by how uncertain their treatment was: its effect is that among those treated only "
            "if the effect is the same for all. It gives a difference, not a ratio."
        )
    if estimator == "regression" and sample.rows.kind == "continuous":
        return "The regression takes the effect to be the same for all, and each measure to act in a straight line."
    if target == "ate" and sample.rows.kind != "continuous":
        return "Events prevented apply the average effect on all rows to those treated."
    return ""


def _trimmed(sample: Sample, target: Target, trim: float) -> str:
    if not sum(sample.trimmed):
        return ""
    beyond = f"above {1 - trim:g}" if target == "att" else f"outside {trim:g} to {1 - trim:g}"
    return (
        f"{sample.trimmed[0]:,} treated and {sample.trimmed[1]:,} comparison {sample.rows.noun} with a propensity {beyond} "
        "were left out: the effect is that among those who remain."
    )


def _served(estimator: Estimator, learner: Learner, found: Adjusted) -> str:
    if found.dowhy:
        return "The difference is DoWhy's back-door estimate, which agrees with our own; the errors are ours."
    if estimator in ("doubly_robust", "double_ml") and learner != "linear":
        return f"Propensity and outcome come from a {learner} learner; its propensities are held within 0.01 and 0.99."
    return ""


def _overlap(sample: Sample, counts: Mapping[str, float]) -> list[str]:
    noun, notes = sample.rows.noun, []
    if counts["treated_outside_range"] > 0:
        notes.append(
            f"{counts['treated_outside_range']:.1%} of treated {noun} have a propensity beyond that of every comparison "
            "row: for them the answer rests on the models, not on like cases."
        )
    effective = counts["effective_comparison"]
    if effective < FEW_EFFECTIVE or counts["largest_weight_share"] > 0.1:
        notes.append(
            f"Poor overlap: after weighting, the comparison is worth {effective:.0f} {noun}, and one of them carries "
            f"{counts['largest_weight_share']:.0%} of its weight. In simulation with such weights intervals missed more "
            "often than they should."
        )
    return notes


def _unbalanced(found: Adjusted, compared: Sequence[Balance]) -> str:
    if not found.balanced:
        return "Regression balances nothing: see how unlike the arms were before adjustment."
    left = [b for b in compared if b.after is not None and abs(b.after) > LARGE]
    if not left:
        return ""
    worst = max(left, key=lambda b: abs(b.after or 0.0))
    return (
        f"{len(left)} of {len(compared)} measures still differ by more than {LARGE:g} standard deviations after "
        f"adjustment, most {worst.covariate} ({worst.after:+.2f})."
    )


def _bent(sample: Sample, learner: Learner) -> str:
    """Whether squares of the measures say more of treatment, and of the comparison's outcome, than straight lines do."""
    if learner != "linear":
        return ""
    x = sample.design[:, 1:]
    squares = x[:, [len(np.unique(column)) > 2 for column in x.T]] ** 2
    compared = ~sample.rows.treated
    treated = _gain(sample.rows.treated.astype(float), sample.design, squares)
    ended = _gain(sample.rows.y[compared], sample.design[compared], squares[compared])
    if max(treated, ended) > 0.001:
        return ""
    return (
        "Treatment and outcome bend in what was known beforehand (their squares say more), and this analysis has straight "
        "lines only. In simulation such bends left most of the bias in place; learner: boosting allows for them."
    )


def _gain(y: np.ndarray, base: np.ndarray, more: np.ndarray) -> float:
    """p-value of ``more`` columns beside ``base`` in a linear regression of ``y``; 1 where it cannot be had."""
    full = np.column_stack([base, more])
    df = len(y) - full.shape[1]
    if not more.shape[1] or df < 10:
        return 1.0
    left = [float(np.sum((y - m @ np.linalg.lstsq(m, y, rcond=None)[0]) ** 2)) for m in (base, full)]
    if left[1] <= 0:
        return 1.0
    return float(stats.f.sf((left[0] - left[1]) / more.shape[1] / (left[1] / df), more.shape[1], df))


def _few(sample: Sample, counts: Mapping[str, float]) -> list[str]:
    notes, noun = [], sample.rows.noun
    if sample.arms[0] < FEW_TREATED:
        notes.append(f"Only {sample.arms[0]} treated {noun}: with so few, intervals are rough.")
    events = [counts[k] for k in ("events_treated", "events_comparison") if k in counts]
    if events and min(events) < FEW_EVENTS:
        notes.append(f"An arm has only {min(events):.0f} events: with so few, a ratio's interval is rough.")
    if sample.rows.cluster is not None:
        groups = int(sample.rows.cluster.max()) + 1
        if groups < FEW_CLUSTERS:
            notes.append(
                f"{groups} clusters: errors add up within them, but with fewer than {FEW_CLUSTERS} such intervals are "
                "too narrow; randomise clusters, or find more."
            )
    return notes
