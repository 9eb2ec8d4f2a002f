"""How far could counts that were suppressed before they reached us move the answer?"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, finding, guarded, not_run, percent
from vru.panel import Panel
from vru.results import Finding, Verdict

NAME = "suppressed_cells"
_THRESHOLD = "concern: an end lies outside the estimate's interval; fail: the ends lie on both sides of no effect"


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Refit with every suppressed count at one end of its range, and with those ends that speak most for and against.

    For the intervention speaks what lowers the treated areas after the start and the comparison before it, and what raises
    the others; against it, the reverse.
    """
    span = case.panel.spans.get(case.estimate.outcome)
    if span is None:
        return not_run(NAME, case, "no count of this outcome was suppressed before it reached us.")
    low, high = span
    treated = case.panel.is_role("treated")[:, None]
    lowers = treated == case.panel.post()[None, :]
    ends = {
        "lowest": low,
        "highest": high,
        "for": np.where(lowers, low, high),
        "against": np.where(lowers, high, low),
    }
    found = {name: case.refit(_with(case.panel, case.estimate.outcome, counts)).value for name, counts in ends.items()}
    cells = int((high > low).sum())
    share = cells / max(int((~case.panel.missing).sum()), 1)
    verdict = _verdict(case, found)
    text = (
        f"Of the area-months {cells:,} ({percent(share)}) were suppressed before they reached us. With all of them at the "
        f"lowest of their range the estimate is {effect(case, found['lowest'])}, at the highest "
        f"{effect(case, found['highest'])}. Were they spread as speaks most for the intervention, it is "
        f"{effect(case, found['for'])}; most against, {effect(case, found['against'])}. The interval of the estimate "
        "knows nothing of this."
    )
    numbers = {**{f"effect_{name}": value for name, value in found.items()}, "cells": cells, "share": share}
    return finding(NAME, case, verdict, text, numbers, _THRESHOLD)


def _verdict(case: Case, found: dict[str, float]) -> Verdict:
    low, high = min(found.values()), max(found.values())
    if low < 0 < high:
        return "fail"
    e = case.estimate
    inside = e.low is not None and e.high is not None and e.low <= low and high <= e.high
    return "pass" if inside else "concern"


def _with(panel: Panel, outcome: str, counts: np.ndarray) -> Panel:
    return replace(panel, counts={**panel.counts, outcome: counts})


CHECK = Check(
    name=NAME,
    label="Suppressed counts",
    question="How far could counts that were suppressed before they reached us move the answer?",
    source="Manski (2003) Partial Identification of Probability Distributions, chapter 1 (bounds by the extremes)",
    options=CheckOptions,
    run=guarded(NAME, _run),
)
