"""Was it recorded in the same way before and after the start, in both arms?"""

import math

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.checks.recording_signs import THRESHOLD, Sign, signs, worst
from vru.cohort import Cohort
from vru.results import Finding, Verdict

NAME = "recording"
FEW = 5
UNEVEN = 0.1
"""Outcomes missing this much more often in one arm than in the other fail."""


class Options(CheckOptions):
    """``matters``: the smallest false effect, as a share, that fails the check."""

    matters: float = Field(0.045, gt=0, lt=1)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    assert isinstance(options, Options)
    if isinstance(case.data, Cohort) or case.data.schedule is not None:
        return _observed(case)
    if case.panel.recording is None:
        return not_run(NAME, case, "these data come without an account of how they were recorded.")
    if not np.nansum(case.panel.counts[case.estimate.outcome]):
        return not_run(NAME, case, "there is not one event whose recording could be looked at.")
    compared = case.estimate.n_comparison > 0
    seen = signs(case.panel, case.panel.recording, case.estimate.outcome, compared, options.matters)
    if not seen:
        return not_run(NAME, case, "there are no months both before and after the start.")
    return finding(NAME, case, worst(seen), _text(seen), _numbers(seen), THRESHOLD)


def _observed(case: Case) -> Finding:
    """For people and patrol days: were outcomes missing alike in both arms?"""
    data = case.data
    if isinstance(data, Cohort):
        arm, gone = (
            data.assigned if data.assigned is not None else data.received,
            np.isnan(data.outcomes[case.estimate.outcome]),
        )
    else:
        rows = data.is_role("treated")
        arm, gone = data.schedule.assigned[rows].astype(bool) if data.schedule else None, data.missing[rows]
    known = None if arm is None else ~np.isnan(np.asarray(arm, dtype=float))
    if arm is None or known is None or gone.all():
        return not_run(NAME, case, "it is not known who was in which arm, or nothing was observed.")
    groups = [gone[known & (np.asarray(arm, dtype=float) == k)] for k in (1, 0)]
    if min(map(len, groups)) < FEW:
        return not_run(NAME, case, f"one arm has fewer than {FEW} to tell a share of.")
    shares = [float(g.mean()) for g in groups]
    whole = float(np.concatenate(groups).mean())
    spread = math.sqrt(max(whole * (1 - whole), 1e-12) * sum(1 / len(g) for g in groups))
    apart = abs(shares[0] - shares[1])
    verdict: Verdict = "pass"
    if apart > 2 * spread and apart >= UNEVEN / 2:
        verdict = "fail" if apart >= UNEVEN and apart > 3 * spread else "concern"
    text = f"Outcomes not observed: {percent(shares[0], 1)} treated, {percent(shares[1], 1)} comparison."
    threshold = f"fail: {UNEVEN:.0%} apart or more and over three standard errors; concern: half of that and over two"
    return finding(NAME, case, verdict, text, {"treated": shares[0], "comparison": shares[1]}, threshold)


def _text(seen: tuple[Sign, ...]) -> str:
    loud = [s.text for s in seen if s.verdict != "pass"]
    if not loud:
        return (
            "Shares without a place, ids, repeats, crime types, rows left out and silent areas did not change at the "
            "start in a way that could look like an effect."
        )
    return " ".join(loud)


def _numbers(seen: tuple[Sign, ...]) -> dict[str, object]:
    return {s.name: s.size for s in seen if s.size is not None}


CHECK = Check(
    name=NAME,
    label="Recording",
    question="Was it recorded in the same way before and after, among the treated and those compared?",
    source="Shares of rows by arm before and after the start, against their own month-to-month spread",
    options=Options,
    run=guarded(NAME, _run),
    takes=("areas", "days", "people"),
    bears_on=("design",),
)
