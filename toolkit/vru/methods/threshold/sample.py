"""From a cohort to the two sides of a threshold; and what to refuse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator

from vru.cohort import EPOCH, Cohort
from vru.errors import MethodError, Problem
from vru.methods.people.rows import Rows, take_rows
from vru.stats.local_polynomial import Side, side

TreatedSide = Literal["at_or_above", "above", "at_or_below", "below"]
Cutoff = Annotated[float, BeforeValidator(lambda given: day_number(given))]
"""A score, or the day that it is: 2003-09-01."""
FEWEST_ROWS = 20
FEWEST_SCORES = 5


def day_number(given: object) -> object:
    """A day (text as 2003-09-01, or a date) as days since 1970-01-01; anything else as it is."""
    if isinstance(given, str):
        try:
            given = date.fromisoformat(given)
        except ValueError:
            return given
    return float((given - EPOCH).days) if isinstance(given, date) else given


@dataclass(frozen=True, slots=True)
class Threshold:
    """``rows``: split by the rule. below, above : scores less cutoff, sorted; outcome 0 is the outcome, 1 receipt.

    fuzzy : whether receipt differs from the rule. sign : 1 where the treated side is above. distance : ``(n,)``.
    z : covariates of each side, sorted as the sides are, or None. ruled : the cohort, ``received`` replaced by the rule.
    cutoff_above : whether a score at the cutoff itself counts to the side above.
    """

    rows: Rows
    below: Side
    above: Side
    z: tuple[np.ndarray, np.ndarray] | None
    distance: np.ndarray
    received: np.ndarray
    w: np.ndarray
    fuzzy: bool
    sign: int
    cutoff: float
    cutoff_above: bool
    ruled: Cohort

    def distinct(self, reach: float) -> tuple[int, int]:
        """Distinct scores nearer than ``reach``: below and above."""
        return len(np.unique(self.below.within(reach).x)), len(np.unique(self.above.within(reach).x))

    def near(self, reach: float, outcome: str) -> Rows:
        """The rows nearer to the cutoff than ``reach``, those without an outcome counted as lost."""
        assert self.ruled.running is not None
        close = np.abs(self.ruled.running - self.cutoff) < reach
        return take_rows(self.ruled.subset(close), outcome, "received")


def rule(score: np.ndarray, cutoff: float, treated_side: TreatedSide) -> np.ndarray:
    """Whether each score is on the treated side, bool ``(n,)``."""
    made: np.ndarray = {
        "at_or_above": score >= cutoff,
        "above": score > cutoff,
        "at_or_below": score <= cutoff,
        "below": score < cutoff,
    }[treated_side]
    return made


def take_threshold(
    cohort: Cohort, outcome: str, cutoff: float, treated_side: TreatedSide, covariates: Sequence[str]
) -> Threshold:
    """Both sides of the cutoff. Raises MethodError naming everything that makes the comparison impossible."""
    score = cohort.running
    if score is None:
        hint = "name the column that eligibility depends on under cohort.running"
        raise MethodError(Problem("is not in the data", where="cohort: running", hint=hint))
    ruled = rule(score, cutoff, treated_side)
    _refuse_sides(cohort, outcome, score, ruled, cutoff)
    ruled_cohort = replace(cohort, received=ruled.astype(float))
    rows = take_rows(ruled_cohort, outcome, "received", covariates)
    took = ruled.astype(float) if cohort.received is None else np.asarray(cohort.received, dtype=float)
    received, distance = took[rows.at], score[rows.at] - cutoff
    rate = rows.kind == "count" and rows.exposure is not None
    w = rows.exposure if rate and rows.exposure is not None else np.ones(len(rows))
    y = np.column_stack([rows.y / w if rate else rows.y, received])
    upper = rows.treated if treated_side.endswith("above") else ~rows.treated
    sides = [side(distance[m], y[m], w[m], None if rows.cluster is None else rows.cluster[m]) for m in (~upper, upper)]
    z = None
    if rows.names:
        parts = [rows.x[m][np.argsort(distance[m], kind="stable")] for m in (~upper, upper)]
        z = (parts[0], parts[1])
    return Threshold(
        rows=rows,
        below=sides[0],
        above=sides[1],
        z=z,
        distance=distance,
        received=received,
        w=w,
        fuzzy=bool((received != rows.treated).any()),
        sign=1 if treated_side.endswith("above") else -1,
        cutoff=cutoff,
        cutoff_above=treated_side in ("at_or_above", "below"),
        ruled=ruled_cohort,
    )


def _refuse_sides(cohort: Cohort, outcome: str, score: np.ndarray, ruled: np.ndarray, cutoff: float) -> None:
    y = cohort.outcomes.get(outcome)
    if y is None:
        # take_rows names the outcomes there are.
        take_rows(replace(cohort, received=ruled.astype(float)), outcome, "received", ())
        return
    problems = []
    for name, where in (("treated", ruled), ("untreated", ~ruled)):
        seen = where & ~np.isnan(y)
        n, values = int(seen.sum()), len(np.unique(score[seen]))
        if n < FEWEST_ROWS or values < FEWEST_SCORES:
            first, last = cohort.score_words(float(score.min())), cohort.score_words(float(score.max()))
            hint = f"scores run from {first} to {last}: is the cutoff, and the treated side, right?"
            problems.append(
                Problem(
                    f"{n} rows with {values} distinct scores are on the {name} side of the cutoff {cohort.score_words(cutoff)}",
                    where="cohort: running",
                    allowed=f"{FEWEST_ROWS} rows and {FEWEST_SCORES} distinct scores on each side, or more",
                    hint=hint,
                )
            )
    if problems:
        raise MethodError(*problems)
