"""Two versions of one record: months that each shows in another company must not give each other away."""

from collections.abc import Mapping
from itertools import pairwise

from vru.disclosure.profiles import profile_of
from vru.disclosure.rounding import is_rounded
from vru.periods import Calendar
from vru.protocol import Protocol
from vru.results import EvaluationResult, Finding, Series

CHECK = "disclosure_versions"


def given_away(protocol: Protocol, result: EvaluationResult, former: EvaluationResult | None) -> Finding:
    """Fail where subtracting sums of this version from sums of the one before leaves a small count.

    Both are taken to be of the same data and to start in the same month; months that only one has cannot be subtracted.
    """
    profile = profile_of(protocol.disclosure)
    if former is None or profile.smallest is None or (is_rounded(result) and is_rounded(former)):
        return Finding(CHECK, "", "pass", "No version before this one can be subtracted from it.", {"found": 0})
    if former.calendar.kind != result.calendar.kind or not result.calendar.begins(former.calendar.origin):
        text = (
            f"The version before this one counts by {former.calendar.noun} and this one by {result.calendar.noun}, from other "
            "days: parts of either could be worked out from both. Take the version before down first."
        )
        return Finding(CHECK, "", "fail", text, {"found": 1})
    before = {(s.outcome, s.role, s.n_units): s for s in former.series}
    found = []
    for series in result.series:
        other = before.get((series.outcome, series.role, series.n_units))
        if other is None:
            continue
        start = protocol.intervention.start
        sums = {**_sums(other, start, result.calendar), **_sums(series, start, result.calendar)}
        known = sorted(sums)
        for a, b in pairwise(known):
            if profile.hides(sums[b] - sums[a]):
                found.append(f"{series.outcome}, {series.role.replace('_', ' ')} areas, from {a} until {b}")
    if not found:
        return Finding(
            CHECK, "", "pass", "Subtracting the version before from this one leaves no small count.", {"found": 0}
        )
    text = (
        f"This version less the one before it gives away a small count: {'; '.join(found[:5])}. End the window in another "
        "month, so that the last months have company, or take the version before down first."
    )
    return Finding(CHECK, "", "fail", result.calendar.say(text), {"found": len(found)})


def _sums(series: Series, start: str, calendar: Calendar) -> Mapping[str, float]:
    """First period of each run that is shown -> offences from the start to there, below 0 before it."""
    runs: list[tuple[str, float | None]] = []
    firsts = {b.first: b for b in series.bands}
    inside = {p for b in series.bands for p in series.periods if b.first < p <= b.last}
    for period, value in zip(series.periods, series.values, strict=True):
        if period not in inside:
            runs.append((period, firsts[period].count if period in firsts else value))
    after = [r for r in runs if r[0] >= start]
    sums: dict[str, float] = {start: 0.0}
    total = 0.0
    for k, (_, value) in enumerate(after):
        if value is None:
            break
        total += value
        sums[after[k + 1][0] if k + 1 < len(after) else _next(series.periods[-1], calendar)] = total
    total = 0.0
    for period, value in reversed([r for r in runs if r[0] < start]):
        if value is None:
            break
        total -= value
        sums[period] = total
    return sums


def _next(period: str, calendar: Calendar) -> str:
    """The period after, so that a window's end and the next period's beginning are one place."""
    return calendar.label(calendar.number(period) + 1)
