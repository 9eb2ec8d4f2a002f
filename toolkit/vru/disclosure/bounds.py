"""Small counts that several releases together bound too closely, found by integer programming before the last is let go.

Months merged in one record may be cut elsewhere in another, and a part of an outcome, or of the areas, may be shown beside the
whole. Every run of months that is shown is one equation in unknown whole numbers: offences by month, by areas that occur in
the same groups, and by kinds of offence that occur in the same outcomes. For each sum of unknowns that is itself a count of
a group or a rest, least and most are found. A range that touches small counts and is narrower than the rule's own gives one away.

Source: Hundepool et al. (2012) Statistical Disclosure Control, section 4.4 (auditing by bounds); solver HiGHS in scipy.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vru.disclosure.profiles import Profile

SECONDS = 5.0
_MOST = 10_000
Key = tuple[int, int, str]
"""Part of the areas, part of the offences, month."""
Row = tuple[frozenset[Key], float, float]
"""Unknowns, their sum as published, and how far it may be from the truth."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A group's offences of one kind over one run of months, in one release; ``slack``: how far rounding may have moved them."""

    release: int
    areas: frozenset[str]
    kinds: frozenset[str]
    months: tuple[str, ...]
    count: float
    slack: float = 0.0


@dataclass(frozen=True)
class _System:
    """Equations that hang together, over their own unknowns."""

    unknowns: tuple[Key, ...]
    rows: tuple[Row, ...]

    @cached_property
    def place(self) -> dict[Key, int]:
        return {k: i for i, k in enumerate(self.unknowns)}

    def range(self, target: frozenset[Key], above: float) -> tuple[float, float] | None:
        """Least and most of the target; None if not decided in time. The most is not sought where the least is over ``above``."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        at = [(i, self.place[k]) for i, (keys, _, _) in enumerate(self.rows) for k in keys]
        i, j = np.array(at).T
        table = csr_array((np.ones(len(i)), (i, j)), shape=(len(self.rows), len(self.unknowns)))
        counts, slack = (np.array([r[k] for r in self.rows], dtype=float) for k in (1, 2))
        weights = np.zeros(len(self.unknowns))
        weights[[self.place[k] for k in target]] = 1.0
        found: list[float] = []
        for sign in (1.0, -1.0):
            made = milp(
                sign * weights,
                constraints=LinearConstraint(table, counts - slack, counts + slack),
                integrality=np.ones(len(weights)),
                bounds=Bounds(0, _MOST),
                options={"time_limit": SECONDS},
            )
            if made.status == 2:  # not of the same data: no counts fit them all, so nothing can be subtracted
                return 0.0, float(_MOST)
            if made.status != 0:
                return None
            found.append(sign * float(made.fun))
            if found[0] > above:
                return found[0], float(_MOST)
        return found[0], found[1]


def narrow(profile: Profile, shown: Sequence[Shown]) -> list[str]:
    """Months in which the releases together bound a small count more closely than the rule does, in words without numbers."""
    if profile.smallest is None or profile.largest is None:
        return []
    areas = _parts([s.areas for s in shown])
    kinds = _parts([s.kinds for s in shown])
    found: list[str] = []
    for system in _systems(shown, areas, kinds):
        alone = {keys for keys, _, _ in system.rows if len({k[2] for k in keys}) == 1}
        for month, target in _targets(system, shown, areas, kinds):
            if target in alone or month in found:
                continue
            limits = system.range(target, profile.largest)
            if limits is None or _gives_away(profile, *limits):
                found.append(month)
    return sorted(found)


def _gives_away(profile: Profile, low: float, high: float) -> bool:
    assert profile.smallest is not None
    assert profile.largest is not None
    touches = low < profile.largest + 0.5 and high > max(profile.smallest, 1) - 0.5
    return touches and high - low < profile.largest - profile.smallest - 0.5


def _parts(sets: Sequence[frozenset[str]]) -> dict[frozenset[str], frozenset[int]]:
    """Each set as the parts it is made of; a part is what occurs in the same sets."""
    distinct = list(dict.fromkeys(sets))
    members: dict[tuple[bool, ...], int] = {}
    made: dict[frozenset[str], set[int]] = {s: set() for s in distinct}
    for item in sorted(frozenset().union(*distinct)):
        signature = tuple(item in s for s in distinct)
        part = members.setdefault(signature, len(members))
        for s, inside in zip(distinct, signature, strict=True):
            if inside:
                made[s].add(part)
    return {s: frozenset(parts) for s, parts in made.items()}


Parts = dict[frozenset[str], frozenset[int]]


def _keys(areas: Iterable[int], kinds: Iterable[int], months: Iterable[str]) -> frozenset[Key]:
    listed = tuple(kinds)
    when = tuple(months)
    return frozenset((a, k, m) for a in areas for k in listed for m in when)


def _systems(shown: Sequence[Shown], areas: Parts, kinds: Parts) -> Iterator[_System]:
    """Equations by what hangs together; none where one release alone says all of it, for each was safe by itself."""
    said: dict[Row, set[int]] = {}
    for s in shown:
        said.setdefault((_keys(areas[s.areas], kinds[s.kinds], s.months), s.count, s.slack), set()).add(s.release)
    left = list(said)
    while left:
        inside, rows = set(left[0][0]), [left.pop(0)]
        while joined := [r for r in left if inside & r[0]]:
            rows += joined
            taken = set(map(id, joined))
            left = [r for r in left if id(r) not in taken]
            inside |= {k for r in joined for k in r[0]}
        if not set.intersection(*(said[r] for r in rows)):
            yield _System(tuple(sorted(inside)), tuple(rows))


def _targets(
    system: _System, shown: Sequence[Shown], areas: Parts, kinds: Parts
) -> Iterator[tuple[str, frozenset[Key]]]:
    """Counts of a month: of every group, part of one and rest of one beside another, by outcomes alike."""
    groups, outcomes = _sums(areas), _sums(kinds)
    known = set(system.unknowns)
    for month in sorted({k[2] for k in system.unknowns}):
        for group in sorted(groups, key=sorted):
            for outcome in sorted(outcomes, key=sorted):
                target = _keys(group, outcome, (month,))
                if target <= known:
                    yield month, target


def _sums(made: Parts) -> frozenset[frozenset[int]]:
    """The sets themselves, what each has beyond another, and their parts."""
    whole = set(made.values())
    beyond = {a - b for a in whole for b in whole} - {frozenset[int]()}
    return frozenset(whole | beyond | {frozenset({p}) for parts in whole for p in parts})
