"""Did people end up just on one side of the cutoff more often than just on the other?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.cutoffs import Cutoff, cutoff_of, score_words
from vru.checks.findings import finding, guarded, not_run, percent
from vru.results import Finding, Verdict
from vru.stats.density_jump import density_jump
from vru.stats.lumpy_density import count_jump, step_of
from vru.words.p_value import p_is

NAME = "density_at_cutoff"
FEWEST = 20
LUMPY = 0.2


class Options(CheckOptions):
    """``bandwidth``: "auto" (that of the analysis) or a distance in units of the score."""

    bandwidth: float | Literal["auto"] = Field("auto")


@dataclass(frozen=True, slots=True)
class _Found:
    ratio: float | None
    p: float
    how: str
    numbers: dict[str, object]


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    assert isinstance(options, Options)
    cut = cutoff_of(case)
    reach = cut.bandwidth if options.bandwidth == "auto" else float(options.bandwidth)
    near = np.abs(cut.x) < reach
    sides = int((near & ~cut.above).sum()), int((near & cut.above).sum())
    if min(sides) < FEWEST:
        return not_run(
            NAME, case, f"{min(sides)} rows of one side lie within {reach:.3g} of the cutoff; {FEWEST} are needed."
        )
    found = _test(cut, reach)
    if isinstance(found, str):
        return not_run(NAME, case, found)
    verdict: Verdict = "fail" if found.p < 0.01 else "concern" if found.p < 0.05 else "pass"
    many = (
        "could not be compared as a ratio" if found.ratio is None else f"is {found.ratio:.2f} times that just below it"
    )
    at_cutoff = case.cohort.score_words(cut.at)
    text = (
        f"Within {reach:.3g} of the cutoff {at_cutoff} there are {sides[0]:,} rows below and {sides[1]:,} above. The density "
        f"of the score just above the cutoff {many} ({p_is(found.p)}; {found.how})."
    )
    if verdict != "pass":
        text += (
            " People may have been steered across the cutoff, or those on one side may be missing from the data; then the "
            "two sides are not alike, and the jump is not the effect of eligibility alone."
        )
    heap, at = _heap(cut, near)
    text += (
        f" The commonest score near the cutoff is {score_words(case, at)}, held by {percent(heap)} of the rows there."
    )
    numbers = found.numbers | {"p": found.p, "rows_below": sides[0], "rows_above": sides[1], "bandwidth": reach}
    numbers |= {"density_ratio": found.ratio, "largest_heap": heap}
    return finding(NAME, case, verdict, text, numbers, "concern: p below 0.05; fail: p below 0.01")


def _test(cut: Cutoff, reach: float) -> _Found | str:
    """The test that fits the score: continuous, or in whole steps; or why there is none."""
    distinct = len(np.unique(cut.x))
    if 1 - distinct / len(cut.x) < LUMPY:
        d = density_jump(cut.x, cut.above, reach)
        ratio = d.above / d.below if min(d.above, d.below) > 0 else None
        return _Found(
            ratio,
            d.p,
            "local polynomial of the score's distribution",
            {"density_below": d.below, "density_above": d.above},
        )
    step = step_of(cut.x)
    if step is None:
        return "many rows share a score and scores are not evenly spaced, so neither test of the density fits."
    c = count_jump(cut.x, cut.above, max(reach, 6 * step), step)
    how = f"counts at {c.steps_below} and {c.steps_above} scores, quadratic on each side, {c.phi:.1f} times Poisson"
    return _Found(
        float(np.exp(c.log_ratio)), c.p, how, {"steps_below": c.steps_below, "steps_above": c.steps_above, "phi": c.phi}
    )


def _heap(cut: Cutoff, near: np.ndarray) -> tuple[float, float]:
    values, counts = np.unique(cut.x[near], return_counts=True)
    most = int(counts.argmax())
    return float(counts[most] / counts.sum()), float(values[most] + cut.at)


CHECK = Check(
    name=NAME,
    label="Crowding at the cutoff",
    question="Are there more people just on one side of the cutoff than on the other?",
    source="McCrary (2008) Journal of Econometrics 142; Cattaneo, Jansson & Ma (2020) JASA 115; Frandsen (2017) for whole steps",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("design",),
)
