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
    """Refit with every suppressed count at one end of its range, and spread as lowers and as raises the estimate most.

    What lowers it: fewer in treated areas from their starts on and in the comparison before, more in the others.
    """
    span = case.panel.spans.get(case.estimate.outcome)
    if span is None:
        return not_run(NAME, case, "no count of this outcome was suppressed before it reached us.")
    low, high = span
    panel = case.panel
    treated, after = panel.is_role("treated")[:, None], np.broadcast_to(panel.post(), panel.shape)
    # Each treated area from its own start on, the comparison before the first of them.
    lowers = np.where(treated, panel.treated_periods(), ~after)
    ends = {
        "lowest": low,
        "highest": high,
        "lower": np.where(lowers, low, high),
        "upper": np.where(lowers, high, low),
    }
    found = {name: case.refit(_with(case.panel, case.estimate.outcome, counts)).value for name, counts in ends.items()}
    cells = int((high > low).sum())
    share = cells / max(int((~case.panel.missing).sum()), 1)
    verdict = _verdict(case, found)
    text = (
        f"Of the area-months {cells:,} ({percent(share)}) were suppressed before they reached us. With all of them at the "
        f"lowest of their range the estimate is {effect(case, found['lowest'])}, at the highest "
        f"{effect(case, found['highest'])}. Were they spread so that the estimate is smallest, it is "
        f"{effect(case, found['lower'])}; so that it is largest, {effect(case, found['upper'])}. The interval of the estimate "
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
