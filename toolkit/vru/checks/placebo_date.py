"""Would the analysis have found an effect where there was none: at made-up dates before the start?"""

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import effect, excludes_none, finding, guarded, not_run, percent
from vru.errors import MethodError
from vru.replay import moved_start
from vru.results import Estimate, Finding, Verdict

NAME = "placebo_date"


class Options(CheckOptions):
    """Months kept before and after a made-up date, and how many dates are tried at most."""

    min_before: int = Field(6, ge=2, le=60)
    min_after: int = Field(3, ge=1, le=60)
    max_dates: int = Field(8, ge=1, le=60)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Refit on the months before the start alone, with the start moved to made-up dates.

    The window after a made-up date is no longer than the real one. Dates overlap, so their results
    are not independent: the thresholds are wide on purpose.
    """
    assert isinstance(options, Options)
    panel = case.panel
    before = int((~panel.post()).sum())
    room = range(options.min_before, before - options.min_after + 1)
    if not room:
        need = options.min_before + options.min_after
        return not_run(NAME, case, f"{before} months before the start; at least {need} are needed to try another date.")
    at = np.unique(np.linspace(room[0], room[-1], min(options.max_dates, len(room))).round().astype(int))
    length = int(panel.post().sum())
    tried: list[tuple[str, Estimate]] = []
    reason = ""
    for j in at:
        try:
            tried.append((panel.periods[j], case.refit(moved_start(panel, int(j), min(before, int(j) + length)))))
        except MethodError as error:
            reason = str(error.problems[0].what)
    said = [excludes_none(e.low, e.high, e.p, e.level) for _, e in tried]
    if not tried or None in said:
        return not_run(NAME, case, reason or "this method gives neither an interval nor a p-value.")
    return _judge(case, tried, sum(map(bool, said)), len(at) - len(tried))


def _judge(case: Case, tried: list[tuple[str, Estimate]], alarms: int, failed: int) -> Finding:
    share = alarms / len(tried)
    verdict: Verdict = "pass"
    if share >= 0.5 and len(tried) >= 4:
        verdict = "fail"
    elif share >= 0.25:
        verdict = "concern"
    values = np.array([e.value for _, e in tried])
    worst = values[np.abs(values).argmax()]
    text = (
        f"The analysis was repeated with {len(tried)} made-up start {'dates' if len(tried) > 1 else 'date'} before the "
        f"real one ({tried[0][0]} to {tried[-1][0]}), where no effect exists. It claimed an effect at {alarms} of them "
        f"({percent(share)}; about 5% is expected). The largest was {effect(case, worst)}, against "
        f"{effect(case, case.estimate.value)} for the real start."
    )
    text += f" {failed} further dates left too little data for the method." if failed else ""
    text += " Fewer than four dates could be tried, so this says little." if len(tried) < 4 else ""
    numbers = {
        "dates": len(tried),
        "false_alarms": alarms,
        "share": share,
        "mean_placebo_effect": float(values.mean()),
        "largest_placebo_effect": float(worst),
    }
    threshold = "concern: an effect claimed at a quarter of the dates or more; fail: at half or more of at least 4"
    return finding(NAME, case, verdict, text, numbers, threshold, powered=_powered(case, tried))


def _powered(case: Case, tried: list[tuple[str, Estimate]]) -> bool:
    """Whether an effect as large as the one found would have been seen at the made-up dates, of which there are four."""
    halves = [(e.high - e.low) / 2 for _, e in tried if e.low is not None and e.high is not None]
    return len(halves) >= 4 and float(np.median(halves)) < abs(case.estimate.value)


CHECK = Check(
    name=NAME,
    label="Made-up start dates",
    question="Does the analysis find effects at dates when nothing started?",
    source="In-time placebo: Abadie, Diamond & Hainmueller (2015) AJPS 59:495-510",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design", "course"),
)
