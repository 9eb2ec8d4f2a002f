"""Would the analysis have found a jump where nobody's eligibility changes: at made-up cutoffs?"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.cutoffs import Cutoff, cutoff_of, score_words, without_receipt
from vru.checks.findings import excludes_none, finding, guarded, not_run, percent
from vru.cohort import Cohort
from vru.errors import MethodError
from vru.results import Estimate, Finding, Verdict

NAME = "placebo_cutoffs"


class Options(CheckOptions):
    """``each_side``: made-up cutoffs tried on each side, at even steps of the share of rows there."""

    each_side: int = Field(3, ge=1, le=20)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Refit on the rows of one side alone, so that the real jump is in none of them, with the score moved along."""
    assert isinstance(options, Options)
    cut = cutoff_of(case)
    tried: list[tuple[float, Estimate]] = []
    reason, failed = "", 0
    for at, cohort in _moved(case.cohort, cut, options.each_side):
        try:
            tried.append((at, case.refit(cohort)))
        except MethodError as error:
            reason, failed = str(error.problems[0].what), failed + 1
    said = [excludes_none(e.low, e.high, e.p, e.level) for _, e in tried]
    if not tried or None in said:
        return not_run(NAME, case, reason or "no made-up cutoff leaves rows on both sides.")
    return _judge(case, tried, sum(map(bool, said)), failed)


def _moved(cohort: Cohort, cut: Cutoff, each: int) -> list[tuple[float, Cohort]]:
    made, score = [], cohort.running
    assert score is not None
    for mask in (~cut.above, cut.above):
        if not mask.any():
            continue
        rows = without_receipt(cohort.subset(mask))
        assert rows.running is not None
        for share in np.arange(1, each + 1) / (each + 1):
            at = float(np.quantile(score[mask], share, method="inverted_cdf"))
            made.append((at, replace(rows, running=rows.running - (at - cut.at))))
    return made


def _judge(case: Case, tried: list[tuple[float, Estimate]], alarms: int, failed: int) -> Finding:
    share = alarms / len(tried)
    verdict: Verdict = "pass"
    if share >= 0.5 and len(tried) >= 4:
        verdict = "fail"
    elif share >= 0.25 and alarms >= 2:
        verdict = "concern"
    values = np.array([e.value for _, e in tried])
    worst = float(values[np.abs(values).argmax()])
    listed = ", ".join(score_words(case, at) for at, _ in tried)
    text = (
        f"The analysis was repeated at {len(tried)} made-up {'cutoffs' if len(tried) > 1 else 'cutoff'} ({listed}), each on "
        f"rows of one side alone, where eligibility does not change. It claimed a jump at {alarms} of them "
        f"({percent(share)}; about 5% is expected). The largest was {worst:+.3g}, against {case.estimate.value:+.3g} at the "
        "real cutoff."
    )
    text += f" {failed} further cutoffs left too little data for the method." if failed else ""
    text += " Fewer than four cutoffs could be tried, so this says little." if len(tried) < 4 else ""
    numbers = {
        "cutoffs": len(tried),
        "false_alarms": alarms,
        "share": share,
        "mean_placebo_effect": float(values.mean()),
        "largest_placebo_effect": worst,
    }
    threshold = (
        "concern: a jump claimed at two or more, and a quarter, of the cutoffs; fail: at half or more of at least 4"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Made-up cutoffs",
    question="Does the analysis find jumps at scores where eligibility does not change?",
    source="Imbens & Lemieux (2008) Journal of Econometrics 142, section 7; Cattaneo, Idrobo & Titiunik (2020)",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("design",),
)
