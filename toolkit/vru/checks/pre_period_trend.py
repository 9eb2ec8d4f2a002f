"""Were treated areas already moving away from the comparison before the start?"""

import math
from dataclasses import dataclass

from numpy.random import Generator
from pydantic import Field
from scipy.stats import t as student

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.checks.windows import Counts, before_start
from vru.results import Finding, Verdict
from vru.stats.pretrend import Pretrend, pretrend
from vru.words.effects import rate_change
from vru.words.p_value import p_is

NAME = "pre_period_trend"
_THRESHOLD = (
    "fail: p of the steady trend below 0.05; concern: below 0.10, or p of any differing movement below 0.05, "
    "or too little power to see a trend that could produce the whole effect"
)


class Options(CheckOptions):
    """``reassignments``: how often areas are relabelled at random; ``min_periods``: fewest months worth testing."""

    reassignments: int = Field(999, ge=99, le=20000)
    min_periods: int = Field(6, ge=3, le=60)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Test for a differing trend, and say what size of trend the data could have shown.

    A trend matters by what it would do to the estimate if it went on: its slope times the
    distance from the middle of the pre-period to the middle of the post-period.
    """
    assert isinstance(options, Options)
    before = before_start(case.panel, case.estimate.outcome)
    treated, comparison = before.arms
    if treated and comparison and case.estimate.n_comparison == 0:
        return not_run(NAME, case, "this estimate does not use the comparison areas.")
    if min(treated, comparison) < 2 or treated + comparison < 5:
        return not_run(
            NAME,
            case,
            f"{treated} treated and {comparison} comparison areas are too few to compare trends (2 and 5 in all).",
        )
    if len(before.at) < options.min_periods:
        return not_run(
            NAME, case, f"{len(before.at)} complete months before the start; at least {options.min_periods} are needed."
        )
    after = case.panel.post().nonzero()[0]
    if not len(after):
        return not_run(NAME, case, "no area has started in this window.")
    own = before.values[before.treated].sum()
    if own == 0 or own == before.values.sum():
        return not_run(NAME, case, "one group has no offences at all before the start.")
    tested = pretrend(before.values, before.treated, rng, options.reassignments)
    ahead = float(after.mean() - before.at.mean())
    return _judge(case, tested, ahead, before)


@dataclass(frozen=True, slots=True)
class _Power:
    """What the test could see: a slope per month, the bias it would bring, and the least p there can be."""

    slope: float
    bias: float
    least_p: float
    blind: bool


def _power(case: Case, tested: Pretrend, ahead: float, before: Counts) -> _Power:
    treated, comparison = before.arms
    areas = treated + comparison
    # Relabelling equal groups the other way round gives the same trend, turned over.
    least_p = (2 if treated == comparison else 1) / math.comb(areas, treated)
    # This many standard errors wide, a trend is seen four times in five at the 5% level.
    slope = float(student.ppf(0.975, areas - 2) + student.ppf(0.8, areas - 2)) * max(tested.null_sd, tested.se)
    # A trend that strong, unseen, could by itself produce the whole of an effect that matters.
    room = abs(math.log1p(-case.protocol.question.smallest_effect))
    if case.estimate.scale == "log_rate_ratio":
        room = max(room, abs(case.estimate.value))
    return _Power(slope, slope * ahead, least_p, slope * ahead >= room or least_p >= 0.05)


def _judge(case: Case, tested: Pretrend, ahead: float, before: Counts) -> Finding:
    power = _power(case, tested, ahead, before)
    verdict: Verdict = "pass"
    if tested.p_linear < 0.05:
        verdict = "fail"
    elif tested.p_linear < 0.10 or tested.p_joint < 0.05 or power.blind:
        verdict = "concern"
    numbers = {
        f"slope_per_{case.panel.calendar.kind}": tested.slope,
        "se": tested.se,
        "p_linear": tested.p_linear,
        "p_joint": tested.p_joint,
        "bias_if_continued": tested.slope * ahead,
        "smallest_visible_slope": power.slope,
        "smallest_visible_bias": power.bias,
        "months": len(before.at),
        "reassignments": tested.reassignments,
    }
    text = _text(case, tested, ahead, before, power)
    return finding(NAME, case, verdict, text, numbers, _THRESHOLD, powered=not power.blind)


def _text(case: Case, tested: Pretrend, ahead: float, before: Counts, power: _Power) -> str:
    yearly = case.panel.calendar.a_year
    text = (
        f"Before the start, offences in treated areas moved against the comparison by {rate_change(yearly * tested.slope)} "
        f"a year ({p_is(tested.p_linear)} for a steady trend, {tested.p_joint:.2f} for any differing movement, "
        f"over {len(before.at)} months). Carried on after the start, that trend alone would look like an effect of "
        f"{rate_change(tested.slope * ahead)}. The test could not have seen a trend smaller than about "
        f"{percent(math.expm1(yearly * power.slope))} a year, which would look like {percent(math.expm1(power.bias))}"
    )
    if power.least_p >= 0.05:
        text += f", and with {before.arms[0]} and {before.arms[1]} areas it cannot give a p below {power.least_p:.2f}"
    text += ": a pass here would say little." if power.blind and tested.p_linear >= 0.05 else "."
    if case.estimate.scale == "count_difference":
        text += " This is about proportions; the estimate, a difference of counts, assumes alike changes in numbers."
    if before.dropped:
        what = "month with missing data was" if before.dropped == 1 else "months with missing data were"
        text += f" {before.dropped} {what} left out."
    return text


CHECK = Check(
    name=NAME,
    label="Trend before the start",
    question="Were treated and comparison areas moving alike before the intervention?",
    source="Poisson trend with area and month effects, randomisation over areas; Roth (2022) AER: Insights 4:305",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design", "course"),
)
