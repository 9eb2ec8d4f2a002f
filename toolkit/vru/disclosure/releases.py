"""What a release tells of its areas: every run of periods that is shown of a group, as an equation to solve with others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vru.disclosure.bounds import Shown
from vru.disclosure.profiles import profile_of
from vru.disclosure.rounding import is_rounded
from vru.periods import Calendar
from vru.protocol import Protocol
from vru.results import EvaluationResult, Series

Runs = tuple[tuple[str, str, float], ...]
"""First day, day after the last, and offences of each run of periods shown together."""


@dataclass(frozen=True, slots=True)
class Other:
    """A stored version of a record: ``organisation/record@version``, its plan and its result."""

    name: str
    protocol: Protocol
    result: EvaluationResult


def all_shown(protocol: Protocol, result: EvaluationResult, others: Sequence[Other]) -> list[Shown]:
    """Everything that is shown of areas that have to do with this result's, here and there."""
    mine = Other("", protocol, result)
    own = {a for s in result.series for a in _listed(mine, s)}
    releases = [mine, *(o for o in others if any(_listed(o, s) & own for s in o.result.series))]
    if protocol.units.shape != "areas" or len(releases) < 2:
        return []
    columns = {c for o in releases for outcome in o.protocol.outcomes for c in outcome.filter}
    every = {v for o in releases for outcome in o.protocol.outcomes for vs in outcome.filter.values() for v in vs}
    found = []
    for at, o in enumerate(releases):
        outcomes = {x.id: x for x in o.protocol.outcomes}
        slack = float(profile_of(o.protocol.disclosure).round_to // 2) if is_rounded(o.result) else 0.0
        for s in o.result.series:
            filter_ = outcomes[s.outcome].filter if s.outcome in outcomes else {}
            # By several columns, what one filter leaves of another is not a set of values: then only alike ones are compared.
            kinds = (
                {str(sorted(filter_.items()))} if len(columns) > 1 else {*(v for vs in filter_.values() for v in vs)}
            )
            kinds = kinds or {"*", *map(str, every)}
            for first, end, count in runs_of(s, o.result.calendar):
                months = tuple(p for p in s.periods if first <= _day(p) < end)
                found.append(Shown(at, _listed(o, s), frozenset(map(str, kinds)), months, count, slack))
            for months, count in _phases(o, s):
                found.append(Shown(at, _listed(o, s), frozenset(map(str, kinds)), months, count, slack))
    return found


def _phases(o: Other, s: Series) -> Iterator[tuple[tuple[str, ...], float]]:
    """What estimates say of an arm, by the runs of their course and before and from the start, each rounded by itself."""
    letter = {"treated": "T", "comparison": "C"}.get(s.role)
    if letter is None or o.protocol.units.starts:
        return
    inside = {p for b in s.bands for p in s.periods if b.first <= p <= b.last}
    present = [p for p, v in zip(s.periods, s.values, strict=True) if v is not None or p in inside]
    own = [e for e in o.result.estimates if e.outcome == s.outcome]
    for point in (p for e in own if s.role == "treated" for p in e.path):
        months = tuple(m for m in present if point.period <= m <= (point.through or point.period))
        if len(months) == point.n:
            yield months, point.observed
    for name, before in (("0", True), ("1", False)):
        months = tuple(p for p in present if (p < o.protocol.intervention.start) == before)
        for e in own:
            total = e.counts.get(f"{letter}{name}")
            used = e.n_pre if before else e.n_post
            if isinstance(total, int | float) and months and used == len(months):
                yield months, float(total)


def runs_of(series: Series, calendar: Calendar) -> Runs:
    """What is shown of a group, run by run."""
    inside = {p for b in series.bands for p in series.periods if b.first <= p <= b.last}
    single = [
        (_day(p), _after(p, calendar), v)
        for p, v in zip(series.periods, series.values, strict=True)
        if v is not None and p not in inside
    ]
    return (*single, *((_day(b.first), _after(b.last, calendar), b.count) for b in series.bands))


def _listed(o: Other, s: Series) -> frozenset[str]:
    """The group's areas; where a plan chooses them by a rule, one name for all of them, the same in its own versions."""
    areas = areas_of(o.protocol, s.role)
    token = f"{o.protocol.organisation}/{o.protocol.id}: {s.n_units} {s.role} areas"
    return areas if areas is not None else frozenset({token})


def areas_of(protocol: Protocol, role: str) -> frozenset[str] | None:
    """The areas of a role; None where the plan does not list them."""
    units = protocol.units
    listed: Mapping[str, Sequence[str]] = {
        "treated": units.treated,
        "comparison": units.comparison,
        "buffer": units.buffers.treated,
        "buffer_comparison": units.buffers.comparison,
    }
    return frozenset(listed.get(role, ())) or None


def _after(period: str, calendar: Calendar) -> str:
    """First day after a period, so that a month's end and a week's beginning can be one place."""
    return _day(calendar.label(calendar.number(period) + 1))


def _day(label: str) -> str:
    return label if len(label) == 10 else f"{label}-01"
