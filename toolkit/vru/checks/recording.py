"""Was it recorded in the same way before and after the start, in both arms?"""

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run
from vru.checks.recording_signs import THRESHOLD, Sign, signs, worst
from vru.results import Finding

NAME = "recording"


class Options(CheckOptions):
    """``matters``: the smallest false effect, as a share, that fails the check."""

    matters: float = Field(0.045, gt=0, lt=1)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    assert isinstance(options, Options)
    if case.panel.recording is None:
        return not_run(NAME, case, "these data come without an account of how they were recorded.")
    if not np.nansum(case.panel.counts[case.estimate.outcome]):
        return not_run(NAME, case, "there is not one event whose recording could be looked at.")
    compared = case.estimate.n_comparison > 0
    seen = signs(case.panel, case.panel.recording, case.estimate.outcome, compared, options.matters)
    if not seen:
        return not_run(NAME, case, "there are no months both before and after the start.")
    return finding(NAME, case, worst(seen), _text(seen), _numbers(seen), THRESHOLD)


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
    question="Was it recorded in the same way before and after, in treated and comparison areas?",
    source="Shares of rows by arm before and after the start, against their own month-to-month spread",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design",),
)
