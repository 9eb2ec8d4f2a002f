"""What checks on a threshold share: where the cutoff is, which side it counts to, and the two sides of it."""

from dataclasses import dataclass, replace

import numpy as np

from vru.checks.check import Case
from vru.cohort import Cohort
from vru.errors import MethodError


@dataclass(frozen=True, slots=True)
class Cutoff:
    """x : ``(n,)``, score less cutoff. above : bool ``(n,)``, the side to which the cutoff's own score counts as told."""

    at: float
    x: np.ndarray
    above: np.ndarray
    bandwidth: float


def cutoff_of(case: Case) -> Cutoff:
    """The cutoff of the estimate. Raises MethodError where the analysis has none, or the cohort no score."""
    counts = case.estimate.counts
    if "cutoff" not in counts:
        raise MethodError("this analysis compares people across no cutoff.")
    score = case.cohort.running
    if score is None:
        raise MethodError("the cohort has no score.")
    x = score - counts["cutoff"]
    above = x >= 0 if counts.get("cutoff_counts_above", 1.0) else x > 0
    return Cutoff(counts["cutoff"], x, above, counts["bandwidth"])


def score_words(case: Case, at: float) -> str:
    """A score of the data in words; where scores are dates, which may be of birth, how far from the cutoff it is."""
    return f"{at - case.estimate.counts['cutoff']:+.0f} days from it" if case.cohort.dated else f"{at:g}"


def without_receipt(cohort: Cohort) -> Cohort:
    """The cohort as if everybody eligible were treated: at a made-up cutoff there is no receipt to speak of."""
    return replace(cohort, received=None, assigned=None)
