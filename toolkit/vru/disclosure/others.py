"""Other records that may be of the same data: what is left when one is subtracted from the other must not be small.

Two groups of areas are compared where one holds the other and its offences are among the other's, as both plans say. Where
a plan chooses its areas by a rule, the areas are not listed: then a group that never has more offences counts as inside.
Groups of people are compared where records share the outcome's column and their data, by digest or by name. Every version
counts, retracted ones too: what was published has been read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from vru.disclosure.bounds import narrow
from vru.disclosure.profiles import Profile, profile_of
from vru.disclosure.releases import Other, Runs, all_shown, areas_of, runs_of
from vru.disclosure.rounding import is_rounded
from vru.protocol import Protocol
from vru.protocol.fields import Outcome
from vru.results import Arm, EvaluationResult, Finding

CHECK = "disclosure_other_records"
_COMMON = 6
"""Months in common from which on "never more" says that one group may lie inside another."""


def subtracted(protocol: Protocol, result: EvaluationResult, others: Sequence[Other]) -> Finding:
    """Fail where this result and one of the others together give a small count; a plan may accept a record by name."""
    profile = profile_of(protocol.disclosure)
    if profile.smallest is None:
        return Finding(CHECK, "", "pass", "Nothing is suppressed, so nothing can be subtracted.", {"found": 0})
    found: list[str] = []
    for other in others:
        record = other.name.partition("@")[0]
        if record not in protocol.disclosure.accepted:
            found += [f"{other.name}: {where}" for where in _of_areas(profile, protocol, result, other)]
            found += [f"{other.name}: {where}" for where in _of_people(profile, protocol, result, other)]
    if not found:
        beside = [o for o in others if o.name.partition("@")[0] not in protocol.disclosure.accepted]
        found = [f"areas in {month}" for month in narrow(profile, all_shown(protocol, result, beside))]
    if not found:
        text = f"{len(others)} other versions in the library, subtracted from this one, leave no small count."
        return Finding(CHECK, "", "pass", text, {"found": 0})
    text = (
        f"Together with another record this one gives away a small count: {'; '.join(found[:5])}. Use the same areas and "
        "people, or end the window elsewhere. If the two are not of the same data, list the record (organisation/record) "
        "under disclosure.accepted with the reason."
    )
    return Finding(CHECK, "", "fail", text, {"found": len(found)})


def _of_areas(profile: Profile, protocol: Protocol, result: EvaluationResult, other: Other) -> Iterator[str]:
    if protocol.units.shape != "areas" or protocol.units.kind != other.protocol.units.kind:
        return
    if is_rounded(result) and is_rounded(other.result):
        return  # a difference of rounded counts is no count; how closely it bounds one is solved for below
    theirs = _groups(other.protocol, other.result)
    for mine in _groups(protocol, result):
        if any(profile.hides(n) for one in theirs for n in _between(mine, one)):
            yield mine.name


@dataclass(frozen=True, slots=True)
class _Group:
    """Offences of some areas by run. areas : which, None where the plan does not list them."""

    name: str
    outcome: Outcome | None
    areas: frozenset[str] | None
    n: int
    runs: Runs


def _groups(protocol: Protocol, result: EvaluationResult) -> list[_Group]:
    """Every group that is shown, and all groups of an outcome together where one sum can be made of them."""
    known = {o.id: o for o in protocol.outcomes}
    found: list[_Group] = []
    for outcome in dict.fromkeys(s.outcome for s in result.series):
        own = [
            _Group(
                f"{outcome}, {s.role.replace('_', ' ')} areas",
                known.get(outcome),
                areas_of(protocol, s.role),
                s.n_units,
                runs_of(s, result.calendar),
            )
            for s in result.series
            if s.outcome == outcome
        ]
        found += own
        if len(own) > 1:
            listed = [g.areas for g in own if g.areas is not None]
            areas = frozenset().union(*listed) if len(listed) == len(own) else None
            found.append(_Group(f"{outcome}, all areas", known.get(outcome), areas, sum(g.n for g in own), _sum(own)))
    return found


def _sum(groups: Sequence[_Group]) -> Runs:
    """The groups together, between months at which every one of them is known."""
    tables = [_positions(g.runs) for g in groups]
    together: list[tuple[str, str, float]] = []
    for choice in product(*tables):
        common = sorted(set.intersection(*(set(t) for t in choice)))
        together += [(a, b, sum(t[b] - t[a] for t in choice)) for a, b in pairwise(common)]
    return tuple(together)


def _between(mine: _Group, theirs: _Group) -> Iterator[float]:
    """Counts that a reader of both groups works out; none where they have nothing to do with each other."""
    if _same(mine, theirs):
        # The same offences of the same areas: months that each shows in another company.
        for table in _positions((*mine.runs, *theirs.runs)):
            yield from (table[b] - table[a] for a, b in pairwise(sorted(table)))
        yield from (*_left_over(mine.runs, theirs.runs), *_left_over(theirs.runs, mine.runs))
        return
    for inner, outer in ((mine, theirs), (theirs, mine)):
        unlisted = inner.areas is None or outer.areas is None
        inside = _never_more(inner, outer) if unlisted else (inner.areas or frozenset()) <= (outer.areas or frozenset())
        if inside and _narrower(inner.outcome, outer.outcome):
            yield from _beyond(inner, outer)


def _left_over(runs: Runs, within: Runs) -> Iterator[float]:
    """What a month has beyond the weeks that lie in it, where both are shown: the days at its ends."""
    for first, end, count in runs:
        parts = sorted(r for r in within if first <= r[0] and r[1] <= end)
        if parts and (parts[0][0], parts[-1][1]) != (first, end) and all(a[1] == b[0] for a, b in pairwise(parts)):
            yield count - sum(p[2] for p in parts)


def _same(a: _Group, b: _Group) -> bool:
    """Whether both are the same offences of the same areas, as far as can be told."""
    if not (_narrower(a.outcome, b.outcome) and _narrower(b.outcome, a.outcome)):
        return False
    if a.areas is None or b.areas is None:
        return a.n == b.n and _never_more(a, b) and _never_more(b, a)
    return a.areas == b.areas


def _narrower(inner: Outcome | None, outer: Outcome | None) -> bool:
    """Whether whatever passes the inner filter passes the outer one."""
    if inner is None or outer is None:
        return True
    if (
        outer.times
        and (inner.outside or outer.outside)
        and (inner.times, inner.outside) != (outer.times, outer.outside)
    ):
        return False
    asked, met = {**outer.filter, **outer.times}, {**inner.filter, **inner.times}
    return all(column in met and set(met[column]) <= set(values) for column, values in asked.items())


def _positions(runs: Runs) -> list[dict[str, float]]:
    """Months that are connected by runs -> offences up to there; one table for each stretch that hangs together."""
    edges: dict[str, list[tuple[str, float]]] = {}
    for first, end, count in runs:
        edges.setdefault(first, []).append((end, count))
        edges.setdefault(end, []).append((first, -count))
    tables: list[dict[str, float]] = []
    for start in sorted(edges):
        if any(start in table for table in tables):
            continue
        table, waiting = {start: 0.0}, [start]
        while waiting:
            at = waiting.pop()
            for there, count in edges[at]:
                if there not in table:
                    table[there] = table[at] + count
                    waiting.append(there)
        tables.append(table)
    return tables


def _beyond(inner: _Group, outer: _Group) -> Iterator[float]:
    """What the outer group has beyond the inner one, between months at which both are known."""
    for whole in _positions(outer.runs):
        for part in _positions(inner.runs):
            common = sorted(set(whole) & set(part))
            yield from ((whole[b] - whole[a]) - (part[b] - part[a]) for a, b in pairwise(common))


def _never_more(inner: _Group, outer: _Group) -> bool:
    """Whether the inner group never has more in any stretch that both show, over enough of them."""
    beyond = list(_beyond(inner, outer))
    return len(beyond) >= _COMMON and min(beyond) >= 0


def _of_people(profile: Profile, protocol: Protocol, result: EvaluationResult, other: Other) -> Iterator[str]:
    if protocol.units.shape != "people" or not _same_data(protocol, result, other):
        return
    for mine in result.estimates:
        for theirs in other.result.estimates:
            one, two = (
                next((o.column for o in p.outcomes if o.id == e.outcome), None)
                for p, e in ((protocol, mine), (other.protocol, theirs))
            )
            pairs = [(a, b) for a in mine.arms for b in theirs.arms if a.name == b.name]
            if one == two and any(_differs(profile, a, b) for a, b in pairs):
                yield f"{mine.outcome}, groups of people"
                return


def _same_data(protocol: Protocol, result: EvaluationResult, other: Other) -> bool:
    digests = set(result.provenance.data.values()) & set(other.result.provenance.data.values())
    named = {str(d.path) for d in protocol.data if d.path} & {str(d.path) for d in other.protocol.data if d.path}
    return bool(digests) or (bool(named) and protocol.organisation == other.protocol.organisation)


def _differs(profile: Profile, a: Arm, b: Arm) -> bool:
    """Whether two arms differ by a few people, or by a few events among different people."""
    if a.observed == b.observed and a.mean == b.mean:
        return False
    beyond = [float(abs(a.observed - b.observed))]
    if a.mean is not None and b.mean is not None and max(a.mean, b.mean) <= 1:
        beyond.append(abs(round(a.mean * a.observed) - round(b.mean * b.observed)))
    return any(n > 0 and profile.hides(n) for n in beyond)
