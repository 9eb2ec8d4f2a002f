"""Small counts are published together with their neighbours: months are merged until no sum is small.

Leaving single months out would need others left out beside them, and a reader who knows the rule can often work back
from which those are. A sum over neighbours keeps every total true and needs no second round: whoever knows the rule
learns of a merged month only that it was small, which is what the rule itself says. Bands never cross the start or end
of the intervention or of an estimate's window, because estimates print totals up to there. The estimate itself is made
from all counts and stays as it is; what it says of single months goes with them.

Source: Hundepool et al. (2012) Statistical Disclosure Control, chapter 5 (redesign of tables), against chapter 4
(suppression); the trial of it against a reader who knows the rule is in ``tests/disclosure/test_suppression.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from vru.disclosure.courses import published
from vru.disclosure.data_log import without_small
from vru.disclosure.mapping import map_to_leave
from vru.disclosure.profiles import Profile, profile_of
from vru.protocol import Protocol
from vru.results import Band, Estimate, EvaluationResult, Finding, PathPoint, Series


@dataclass(frozen=True, slots=True)
class Account:
    """What was merged, as (outcome, role, bands); unsafe: groups whose whole part of the window is a small count."""

    merged: tuple[tuple[str, str, tuple[Band, ...]], ...] = ()
    unsafe: tuple[str, ...] = ()


def suppress(protocol: Protocol, result: EvaluationResult) -> tuple[EvaluationResult, Account]:
    """The result as it may be published under the plan's profile, and the account. Doing it again changes nothing."""
    profile = profile_of(protocol.disclosure)
    result = replace(result, map=map_to_leave(protocol, result.map))
    if profile.smallest is None:
        return result, Account()
    thinner = tuple(published(profile, e) for e in result.estimates)
    result = replace(result, data_log=without_small(profile, result.data_log), estimates=thinner)
    if not result.series:
        return _paths_alone(profile, result)
    cuts = _cuts(protocol, result)
    unsafe: list[str] = []
    pairs = _nested(result.series)
    series = tuple(_merged(profile, s, _family(s, pairs), cuts, unsafe) for s in result.series)
    estimates = tuple(_shortened(e, series, protocol.intervention.start) for e in result.estimates)
    told = tuple((s.outcome, s.role, s.bands) for s in series if s.bands)
    return replace(result, series=series, estimates=estimates), Account(told, tuple(unsafe))


def _paths_alone(profile: Profile, result: EvaluationResult) -> tuple[EvaluationResult, Account]:
    """Patrol days have no course of groups, only the path of what patrolled areas recorded: its small weeks are merged."""
    unsafe: list[str] = []
    told, estimates = [], []
    for e in result.estimates:
        observed = [p.observed for p in e.path]

        def small(a: int, b: int, observed: Sequence[float] = observed) -> bool:
            return profile.hides(sum(observed[a : b + 1]))

        found, safe = bands_of(small, 0, len(observed) - 1) if observed else ([], True)
        if not safe:
            unsafe.append(f"{e.outcome}, {e.analysis}, {e.path[0].period} to {e.path[-1].period}")
        spans = [(e.path[a].period, e.path[b].period) for a, b in found]
        estimates.append(replace(e, path=_path(e.path, spans)))
        bands = tuple(Band(p.period, p.through, p.n, p.observed) for p in estimates[-1].path if p.n > 1 and spans)
        told += [(e.outcome, "patrolled", bands)] if bands else []
    return replace(result, estimates=tuple(estimates)), Account(tuple(told), tuple(unsafe))


def merging(protocol: Protocol, account: Account) -> Finding:
    """What was merged, as a finding; it fails where merging protects nobody. It says where, never how many offences."""
    check = "disclosure_merged"
    label = profile_of(protocol.disclosure).label
    if account.unsafe:
        text = (
            f"All of a part of the window together is a small count ({label}): {'; '.join(account.unsafe)}. "
            "Use more areas or a longer window, or leave the outcome out."
        )
        return Finding(check, "", "fail", text, {"unsafe": len(account.unsafe)})
    months = sum(b.n for _, _, bands in account.merged for b in bands)
    if not months:
        return Finding(check, "", "pass", "No period had to be merged with its neighbours.", {"months": 0})
    groups = "; ".join(
        f"{outcome}, {role.replace('_', ' ')} areas: {', '.join(f'{b.first} to {b.last}' for b in bands)}"
        for outcome, role, bands in account.merged
    )
    text = f"{months} counts are published as sums over neighbouring periods ({label}): {groups}."
    return Finding(check, "", "pass", text, {"months": months})


def _cuts(protocol: Protocol, result: EvaluationResult) -> set[int]:
    """Positions in the periods that no band crosses: where a total that somebody prints begins or ends."""
    periods = result.series[0].periods
    start = sum(p < protocol.intervention.start for p in periods)
    end = protocol.intervention.end
    cuts = {start} | ({sum(p <= end for p in periods)} if end else set())
    for e in result.estimates:
        treated = next((s for s in result.series if (s.outcome, s.role) == (e.outcome, "treated")), result.series[0])
        # Missing months are no part of a window that is counted in months.
        present = [i for i, v in enumerate(treated.values) if v is not None or treated.bands]
        before, after = [i for i in present if i < start], [i for i in present if i >= start]
        cuts |= {before[-e.n_pre]} if 0 < e.n_pre <= len(before) else set()
        cuts |= {after[e.n_post - 1] + 1} if 0 < e.n_post <= len(after) else set()
    return {c for c in cuts if 0 < c < len(periods)}


Pair = tuple[Series, Series]


def _nested(series: Sequence[Series]) -> list[Pair]:
    """Outcomes of one group of which the first may be a part of the second: it is never more. Their difference is a count."""
    found = []
    for inner, outer in permutations(series, 2):
        if (inner.role, inner.periods) != (outer.role, outer.periods):
            continue
        pairs = [(a, b) for a, b in zip(inner.values, outer.values, strict=True) if a is not None and b is not None]
        if pairs and all(a <= b for a, b in pairs) and any(a < b for a, b in pairs):
            found.append((inner, outer))
    return found


def _family(series: Series, pairs: Sequence[Pair]) -> tuple[tuple[Series, ...], tuple[Pair, ...]]:
    """Everything that has to be merged alike: the series with those it is nested in or holds, and their pairs."""
    mine = [series]
    while more := [
        s for pair in pairs if any(p is m for p in pair for m in mine) for s in pair if all(s is not m for m in mine)
    ]:
        mine.append(more[0])
    return tuple(mine), tuple(pair for pair in pairs if any(pair[0] is m for m in mine))


def _merged(
    profile: Profile,
    series: Series,
    family: tuple[tuple[Series, ...], tuple[Pair, ...]],
    cuts: set[int],
    unsafe: list[str],
) -> Series:
    """The series with months merged where a count of its family, or a difference of two, is small."""

    def small(a: int, b: int) -> bool:
        total = {id(s): sum(v or 0.0 for v in s.values[a : b + 1]) for s in family[0]}
        beyond = (total[id(outer)] - total[id(inner)] for inner, outer in family[1])
        return any(map(profile.hides, total.values())) or any(map(profile.hides, beyond))

    values, bands = list(series.values), []
    for first, last in _parts(series.values, cuts):
        found, safe = bands_of(small, first, last)
        if not safe:
            role = series.role.replace("_", " ")
            unsafe.append(f"{series.outcome}, {role} areas, {series.periods[first]} to {series.periods[last]}")
        for a, b in found:
            count = sum(v for v in series.values[a : b + 1] if v is not None)
            bands.append(Band(series.periods[a], series.periods[b], b - a + 1, count))
            values[a : b + 1] = [None] * (b - a + 1)
    return replace(series, values=tuple(values), bands=(*series.bands, *bands)) if bands else series


def _parts(values: Sequence[float | None], cuts: set[int]) -> list[tuple[int, int]]:
    """Runs of present periods between cuts and gaps, first and last included."""
    parts: list[tuple[int, int]] = []
    for i, value in enumerate(values):
        if value is None:
            continue
        if parts and parts[-1][1] == i - 1 and i not in cuts:
            parts[-1] = (parts[-1][0], i)
        else:
            parts.append((i, i))
    return parts


def bands_of(small: Callable[[int, int], bool], first: int, last: int) -> tuple[list[tuple[int, int]], bool]:
    """Bands of two periods or more within one part, left to right; False where even the whole part is small.

    small : whether a count of the periods from one position to another, both included, may not be shown.
    """
    runs: list[tuple[int, int]] = []
    at = first
    for i in range(first, last + 1):
        if not small(at, i):
            runs.append((at, i))
            at = i + 1
    if at <= last:
        # What is left at the end is small: it joins the band before it, and further ones while the sum is small.
        tail = (at, last)
        while runs and small(*tail):
            tail = (runs.pop()[0], last)
        runs.append(tail)
    return [(a, b) for a, b in runs if b > a], not (runs and small(*runs[-1]))


def _shortened(estimate: Estimate, series: Sequence[Series], start: str) -> Estimate:
    """The estimate with its path in the bands of both groups, and without the estimates of single merged months.

    A model with an effect for every month gives a month's count away by what it expects in it.
    """
    mine = [s for s in series if s.outcome == estimate.outcome and s.role in ("treated", "comparison")]
    spans = _joined([(b.first, b.last) for s in mine for b in s.bands])
    if not spans:
        return estimate
    periods = mine[0].periods
    at = sum(p < start for p in periods)
    gone = {i - at for i, p in enumerate(periods) if any(a <= p <= b for a, b in spans)}
    return replace(
        estimate,
        path=_path(estimate.path, spans),
        event_study=tuple(p for p in estimate.event_study if p.event_time not in gone),
    )


def _joined(spans: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Spans that share a period as one."""
    joined: list[tuple[str, str]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _path(path: Sequence[PathPoint], spans: Sequence[tuple[str, str]]) -> tuple[PathPoint, ...]:
    points: list[PathPoint] = []
    of_span: dict[tuple[str, str], list[PathPoint]] = {}
    for point in path:
        span = next((s for s in spans if s[0] <= point.period <= s[1]), None)
        if span is None:
            points.append(point)
        else:
            of_span.setdefault(span, []).append(point)
    points += [_sum(held) for held in of_span.values()]
    return tuple(sorted(points, key=lambda p: p.period))


def _sum(held: Sequence[PathPoint]) -> PathPoint:
    """Several periods as one; an interval of a sum is not the sum of the intervals, so there is none."""
    if len(held) == 1:
        return held[0]
    last = held[-1].through or held[-1].period
    n = sum(p.n for p in held)
    return PathPoint(held[0].period, sum(p.observed for p in held), sum(p.expected for p in held), through=last, n=n)
