"""What the site is told about several evaluations together: pooled figures, or the reasons why there is none.

The site computes no pooled figure. It shows one that it is given, if every result behind it is in this
copy and none of them is an exercise.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from vru.library.studies import domain

Scale = Literal["log_rate_ratio", "count_difference"]


@dataclass(frozen=True, slots=True)
class Pooled:
    """One pooled effect of ``k`` evaluations; estimate, low, high and the prediction interval are on ``scale``.

    level : of both intervals, 0.95 for 95%.
    prediction_low, prediction_high : where the effect in a new area would lie; None where k is too small to say.
    tau2 : variance of true effects between evaluations, on ``scale`` squared; i2 : its share of all variance, 0 to 100.
    words : what the figure means and how it was made, in plain words.
    """

    scale: Scale
    k: int
    estimate: float
    low: float
    high: float
    prediction_low: float | None = None
    prediction_high: float | None = None
    tau2: float | None = None
    i2: float | None = None
    words: str = ""
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """What an area with ``baseline`` events may expect, in words."""

    baseline: str
    average: str
    span: str
    smallest_sample: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What one more area may expect over a year: chances in words, and a line for each of a few baselines."""

    benefit: str
    harm: str
    lines: tuple[ExpectedLine, ...]
    command: str


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One outcome of one kind of intervention: the pooled figure, what it was made of, or why there is none.

    outcome : the outcome's id, as records or the shared vocabulary give it.
    rows : "organisation/id" of every result in the pooled figure; as many as ``pooled.k``.
    refused : reasons why there is no figure, or why a result was left out of it; one sentence each.
    """

    outcome: str
    pooled: Pooled | None = None
    rows: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class InterventionView:
    """What is known of one kind of intervention, outcome by outcome."""

    outcomes: tuple[OutcomeView, ...] = ()


def outcome_view(view: InterventionView | None, outcome: str, shown: Iterable[str]) -> OutcomeView:
    """The view of one outcome, with its pooled figure only if this copy holds every result behind it.

    outcome : in the shared vocabulary. shown : "organisation/id" of every result of it on this page,
    exercises left out; a record with two results is there twice.
    """
    found = next((o for o in view.outcomes if domain(o.outcome) == outcome), None) if view else None
    if found is None:
        return OutcomeView(outcome)
    if found.pooled is None:
        return found
    if found.pooled.k != len(found.rows) or not Counter(found.rows) <= Counter(shown):
        reason = "A pooled figure was left out: it is not made of the evaluations listed here and of these alone."
        return replace(found, pooled=None, refused=(*found.refused, reason))
    return found
