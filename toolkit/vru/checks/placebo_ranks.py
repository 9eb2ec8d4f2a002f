"""Areas chosen for having most: does the analysis find effects one rank further down, or in earlier years, too?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import excludes_none, finding, guarded, not_run, percent
from vru.errors import MethodError
from vru.panel import Panel, SelectionHistory
from vru.replay import chosen_on, from_record, ranking
from vru.results import Estimate, Finding, Verdict
from vru.words.effects import rate_change

NAME = "placebo_ranks"
DOUBTFUL, CRIES_WOLF = 0.15, 0.25
STANDS_OUT = 0.1
FEWEST_RUNS, FEWEST_AREAS = 8, 3
LOWER_SETS = 3


class Options(CheckOptions):
    """Months kept on either side of a made-up start; how many made-up starts each set of areas is given at most."""

    min_before: int = Field(6, ge=2, le=60)
    min_after: int = Field(6, ge=1, le=60)
    max_dates: int = Field(6, ge=1, le=60)


@dataclass(frozen=True, slots=True)
class _Try:
    """A panel on which nothing was done. as_large : it has as many areas as the evaluation; apart : areas or years of its own."""

    panel: Panel
    as_large: bool
    apart: str


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """The registered analysis on areas ranked below the treated ones, and on areas ranked in earlier periods.

    Each set of areas is compared with the next ones in rank, as the plan compares the treated areas with those
    next to them; over several starts and sizes of set.
    """
    assert isinstance(options, Options)
    history = case.panel.selection
    if history is None or history.record is None:
        reason = (
            "the plan does not say which areas could have been chosen and on which months (units.selection), so areas of "
            "other ranks cannot be compared in the same way."
        )
        return not_run(NAME, case, reason)
    if case.estimate.outcome != history.outcome:
        return not_run(NAME, case, f"areas were chosen on {history.outcome}, and this analysis is of another outcome.")
    if case.estimate.n_comparison == 0:
        return not_run(NAME, case, "this estimate uses no comparison areas.")
    tried, reason = [], "too few areas or months outside the evaluation"
    for one in [*_lower_ranks(case, history, options), *_earlier(case, history, options)]:
        try:
            tried.append((one, case.refit(one.panel)))
        except MethodError as error:
            reason = str(error.problems[0].what)
    said = [excludes_none(e.low, e.high, e.p, e.level) for _, e in tried]
    if len(tried) < FEWEST_RUNS or None in said:
        return not_run(
            NAME, case, f"{len(tried)} placebo evaluations could be made, {FEWEST_RUNS} are needed ({reason})."
        )
    return _judge(case, tried, sum(map(bool, said)))


def _lower_ranks(case: Case, history: SelectionHistory, options: Options) -> Iterator[_Try]:
    """Sets of areas below the treated ones against the next ones, over the months of the window."""
    panel, n, m = case.panel, case.estimate.n_treated, case.estimate.n_comparison
    taken = {u for u, r in zip(panel.units, panel.role, strict=True) if r != "comparison"}
    free = [int(i) for i in ranking(history) if history.pool[int(i)] not in taken]
    starts = _starts(panel.periods, options)
    for size in sorted({max(n // 2, FEWEST_AREAS), n, 2 * n}):
        others = max(FEWEST_AREAS, round(size * m / n))
        for j in range(LOWER_SETS if size == n else 1):
            at = j * size
            if len(free) < at + size + others or size < FEWEST_AREAS:
                continue
            arms = free[at : at + size], free[at + size : at + size + others]
            for start in starts:
                yield _Try(from_record(history, arms, panel.periods, start), size == n, f"set {j}")


def _earlier(case: Case, history: SelectionHistory, options: Options) -> Iterator[_Try]:
    """The same rule applied to earlier periods, and followed up to the real start: there nothing had been done yet."""
    record = history.record
    assert record is not None
    n, m = case.estimate.n_treated, case.estimate.n_comparison
    first_start = min(s for s in case.panel.starts if s is not None)
    months = [p for p in record.periods if p < first_start]
    length = len(history.periods)
    room = len(months) - length - options.min_before - options.min_after
    buffers = {u for u, r in zip(case.panel.units, case.panel.role, strict=True) if "buffer" in r}
    for at in range(0, room + 1, 6):
        past = chosen_on(history, months[at : at + length])
        later = months[at + length :]
        if past is None:
            continue
        ranked = [int(i) for i in ranking(past) if past.pool[int(i)] not in buffers]
        arms = ranked[:n], ranked[n : n + m]
        if n < FEWEST_AREAS or len(ranked) < n + m:
            return
        for start in _starts(later, options)[::2]:
            yield _Try(from_record(past, arms, later, start), True, f"years from {at // 24}")


def _starts(periods: tuple[str, ...] | list[str], options: Options) -> list[str]:
    room = range(options.min_before, len(periods) - options.min_after + 1)
    if not room:
        return []
    at = np.unique(np.linspace(room[0], room[-1], min(options.max_dates, len(room))).round().astype(int))
    return [periods[int(j)] for j in at]


def _judge(case: Case, tried: list[tuple[_Try, Estimate]], alarms: int) -> Finding:
    runs, share = len(tried), alarms / len(tried)
    alike = [(one, e) for one, e in tried if one.as_large]
    sizes = np.abs([e.value for _, e in alike]) if alike else np.abs([e.value for _, e in tried])
    as_large = float((1 + (sizes >= abs(case.estimate.value)).sum()) / (1 + len(sizes)))
    z = np.array([e.value / e.se for _, e in tried if e.se])
    wider = max(1.0, float(np.sqrt((z**2).mean()))) if len(z) else 1.0
    apart = len({one.apart for one, _ in tried})
    claims = bool(excludes_none(case.estimate.low, case.estimate.high, case.estimate.p, case.estimate.level))
    verdict: Verdict = "pass"
    if share >= CRIES_WOLF or (claims and as_large >= CRIES_WOLF):
        verdict = "fail"
    elif share >= DOUBTFUL or (claims and as_large >= STANDS_OUT):
        verdict = "concern"
    numbers = {
        "runs": runs,
        "false_alarms": alarms,
        "share": share,
        "typical_placebo_effect": float(np.sqrt((sizes**2).mean())),
        "share_as_large": as_large,
        "independent_sets": apart,
        "widen_by": wider,
    }
    threshold = (
        f"concern: an effect claimed in {percent(DOUBTFUL)} or more, or a claimed effect reached by {percent(STANDS_OUT)} "
        f"of placebos as large; fail: {percent(CRIES_WOLF)}"
    )
    return finding(NAME, case, verdict, _text(case, numbers, wider), numbers, threshold)


def _text(case: Case, numbers: dict[str, float], wider: float) -> str:
    estimate = case.estimate
    nominal = percent(1 - estimate.level)
    text = (
        "Areas just below the treated ones in rank were compared with the next ones, at several starts and in sets of "
        f"several sizes, and so were the top areas of earlier periods: {numbers['runs']:.0f} evaluations of nothing. The "
        f"analysis claimed an effect in {numbers['false_alarms']:.0f} ({percent(numbers['share'])}; {nominal} is expected). "
    )
    if estimate.scale == "log_rate_ratio":
        text += (
            f"Their effects were typically {percent(math.expm1(numbers['typical_placebo_effect']))} in size; "
            f"{percent(numbers['share_as_large'])} were as large as the {rate_change(estimate.value)} found here. "
        )
    text += f"They share areas and months, and stem from about {numbers['independent_sets']:.0f} that do not."
    if wider > 1.1 and estimate.low is not None and estimate.high is not None and estimate.scale == "log_rate_ratio":
        low, high = (estimate.value + wider * (end - estimate.value) for end in (estimate.low, estimate.high))
        ends = f"{rate_change(low)} to {rate_change(high)}"
        text += f" An interval as wide as they ask for is {wider:.1f} times as wide, from {ends}."
    return text


CHECK = Check(
    name=NAME,
    label="Areas of other ranks",
    question="Does the analysis find effects in areas of other ranks, or in earlier years, where nothing was done?",
    source="In-space and in-time placebos: Abadie, Diamond & Hainmueller (2015) AJPS 59:495-510, drawn as areas were chosen",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design", "ranks"),
)
