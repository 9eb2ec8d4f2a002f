"""The Maryland Scientific Methods Scale: how strong a design is, once its checks and its registration are known.

Where an evaluation starts, from the design of the method that answered and how many areas it had:

=====  =========================  ================================================================
level  design                     further conditions
=====  =========================  ================================================================
1      any                        no months before the start, so only places are compared
2      before_after               no comparison areas in the estimate
3      controlled_before_after    at least one comparison area
3      panel                      fewer than 4 treated or 4 comparison areas; or no test with the power
                                  to see it whether they moved alike before the start; or treated
                                  areas at another level (0.25 standard deviations or more), which the
                                  method does not allow for
4      panel                      4 or more of each, tested with power, at like level or allowed for
3      adjusted                   people compared after adjustment for what was known beforehand
4      instrument, threshold      an offer given by lot, or a threshold, moved who was treated
5      randomised                 people, groups or patrol days drawn by lot, 4 or more of what was drawn
                                  in each arm (3 with fewer)
5      panel or controlled_…      units chosen by ``selection`` with ``assign``: treatment given by
                                  lot among the chosen, 4 or more of each (the plan must be registered
                                  and unchanged to stay at 5, see below)
=====  =========================  ================================================================

What then lowers it, one level for each, never below 1:

- each failed check that the design stands on (those that bear on "design");
- the protocol was not registered, or was changed after registration (a listed deviation is quoted,
  but does not give the level back: the plan that was kept is what counts).

Source: Sherman et al. (1997) *Preventing Crime*, chapter 2; Farrington et al. (2002) in *Evidence-Based
Crime Prevention*. What counts as "multiple units" (4) is this toolkit's reading: fewer cannot reach
p < 0.05 when areas are reassigned at random.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from vru.protocol.fields import Protocol
from vru.rating.licence import LEVEL_APART, Evidence, about, level_apart, licence
from vru.results import Estimate, Finding, Rating
from vru.words.evidence import VERBS

INSTRUMENT = "Maryland Scientific Methods Scale"
MULTIPLE = 4
LABELS = {
    1: "A design with failed checks, or a comparison at one time only",
    2: "Before and after, without a comparison that holds",
    3: "Before and after, with comparison areas",
    4: "Several areas with and without, followed over time",
    5: "Random allocation",
}
PEOPLE = {
    1: "Compared with others, and little makes them alike",
    2: "Compared with others, by a plan or with checks that do not hold",
    3: "Compared with others, adjusted for what was known beforehand",
    4: "An offer by lot or a threshold decided who was treated",
}
"""What the levels below 5 are called where people are compared."""
Registered = Literal["yes", "changed", "no"]
Bearing = Mapping[str, tuple[Finding, ...]]
"""Findings about one estimate by what they bear on."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A level and why."""

    level: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a rating needs to know of the method that answered: its design, and what it adjusts for."""

    design: str = "before_after"
    adjusts_for: tuple[str, ...] = ()


def rate(
    protocol: Protocol,
    estimates: tuple[Estimate, ...],
    findings: tuple[Finding, ...],
    preregistered: Registered,
    methods: Mapping[str, Carried],
    bears_on: Mapping[str, tuple[str, ...]],
) -> tuple[Rating, ...]:
    """One rating per outcome, of its primary estimate (or its first, where none is primary).

    methods : analysis id -> what its method carries; an analysis that is not named counts as "before_after".
    bears_on : name of a check -> what its findings bear on.
    """
    chosen: dict[str, Estimate] = {}
    for estimate in estimates:
        held = chosen.get(estimate.outcome)
        if held is None or (estimate.role == "primary" and held.role != "primary"):
            chosen[estimate.outcome] = estimate
    return tuple(
        _rating(protocol, e, about(_of(findings, e), bears_on), preregistered, methods.get(e.analysis, Carried()))
        for e in chosen.values()
    )


def _of(findings: Iterable[Finding], estimate: Estimate) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.analysis in ("", estimate.analysis))


def _rating(
    protocol: Protocol, estimate: Estimate, seen: Bearing, preregistered: Registered, method: Carried
) -> Rating:
    start = _start(protocol, estimate, seen, method)
    level, reasons = start.level, list(start.reasons)
    lowering = [*_failed(seen), *_registration(protocol, preregistered)]
    for reason in lowering:
        lowered = max(level - 1, 1)
        reasons.append(f"{reason}: {'lowered by one level' if lowered < level else 'already at the lowest level'}.")
        level = lowered
    given = licence(level, _evidence(protocol, estimate, seen, method, start, lowering))
    if protocol.artificial_effect is not None:
        reasons.append("This is an exercise: the true effect is known by design, and no area was treated.")
    label = PEOPLE.get(level, LABELS[level]) if protocol.units.shape == "people" else LABELS[level]
    return Rating(INSTRUMENT, estimate.outcome, level, label, tuple(reasons), VERBS[given.strength], given.against)


def _evidence(
    protocol: Protocol, estimate: Estimate, seen: Bearing, method: Carried, start: _Step, lowering: list[str]
) -> Evidence:
    areas = method.design not in OF_PEOPLE_AND_DAYS
    lot = (areas and _by_lot(protocol)) or method.design in ("randomised", "instrument")
    lowered = [r[0].lower() + r[1:] for r in lowering]
    if not areas and start.level <= 3:
        lowered.insert(0, WEAK_PEOPLE.get(method.design, "few were drawn by lot"))
    return Evidence(estimate, seen, lot, areas, tuple(lowered))


def _start(protocol: Protocol, estimate: Estimate, seen: Bearing, method: Carried) -> _Step:
    if method.design in OF_PEOPLE_AND_DAYS:
        return _of_people_and_days(protocol, estimate, method.design)
    arms = f"{_count(estimate.n_treated, 'treated')} and {_count(estimate.n_comparison, 'comparison')}"
    if estimate.n_pre == 0:
        return _Step(1, ("There are no months before the start, so areas are compared at one time only.",))
    if method.design == "before_after" or estimate.n_comparison == 0:
        return _Step(2, ("Areas are compared with themselves before and after, without comparison areas.",))
    several = min(estimate.n_treated, estimate.n_comparison) >= MULTIPLE
    if several and _by_lot(protocol):
        return _Step(5, (f"Treatment was given by lot among the chosen areas ({arms}).",))
    if method.design != "panel":
        return _Step(3, (f"Before and after, with comparison areas ({arms}).",))
    if not several:
        few = f"Followed over time with comparison areas ({arms}); level 4 needs {MULTIPLE} of each."
        return _Step(3, (few,))
    if short := _short_of_four(seen, method):
        return _Step(3, (f"Several areas with and without, followed over time ({arms}), but {short}.",))
    return _Step(4, (f"Several areas with and without, followed over time ({arms}).",))


def _short_of_four(seen: Bearing, method: Carried) -> str:
    """Why several areas followed over time do not reach level 4, or nothing."""
    if not any(f.verdict != "not_run" and f.powered for f in seen.get("course", ())):
        return "it was not tested with enough power whether they moved alike before the start, which level 4 needs"
    apart = level_apart(seen)
    if apart is not None and abs(apart) >= LEVEL_APART and "level" not in method.adjusts_for:
        return (
            f"treated areas had a level {abs(apart):.1f} standard deviations {'above' if apart > 0 else 'below'} the "
            "comparison, which the method does not allow for"
        )
    return ""


OF_PEOPLE_AND_DAYS = ("randomised", "adjusted", "instrument", "threshold")
WEAK_PEOPLE = {"adjusted": "only what was measured beforehand is allowed for"}


def _of_people_and_days(protocol: Protocol, estimate: Estimate, design: str) -> _Step:
    noun, c = protocol.units.noun, estimate.counts
    arms = f"{estimate.n_treated:,} treated and {estimate.n_comparison:,} comparison {noun}"
    if design == "adjusted":
        return _Step(
            3, (f"{arms} were compared after adjustment for what was known beforehand, and for nothing else.",)
        )
    if design == "instrument":
        return _Step(4, (f"An offer given by lot moved who was treated ({arms} by offer).",))
    if design == "threshold":
        return _Step(
            4, (f"A threshold decided who was treated, and those near it on either side are compared ({arms}).",)
        )
    if protocol.units.shape == "days":
        drawn = (c.get("treated_days", 0), c.get("comparison_days", 0))
        what = f"{drawn[0]:,.0f} area-days with and {drawn[1]:,.0f} without, in {estimate.n_treated:,} areas"
    elif "sequences" in c:
        # Of a stepped wedge each cluster is compared with itself and with those that wait: all of them are both.
        drawn = (c["clusters"] / 2,) * 2
        what = f"{c['clusters']:,.0f} clusters in {c['sequences']:,.0f} steps"
    elif "clusters_treated" in c:
        drawn = (c["clusters_treated"], c.get("clusters_comparison", 0))
        what = f"{drawn[0]:,.0f} treated and {drawn[1]:,.0f} comparison groups of {noun}"
    else:
        drawn, what = (estimate.n_treated, estimate.n_comparison), arms
    if min(drawn) < MULTIPLE:
        needed = f"{2 * MULTIPLE} clusters" if "sequences" in c else f"{MULTIPLE} of each"
        return _Step(3, (f"Drawn by lot, but few ({what}); level 5 needs {needed}.",))
    return _Step(5, (f"Drawn by lot ({what}).",))


def _by_lot(protocol: Protocol) -> bool:
    selection = protocol.units.selection
    return selection is not None and selection.rule == "top" and selection.assign is not None


def _count(n: int, role: str) -> str:
    return f"{n} {role} {'area' if n == 1 else 'areas'}"


def _failed(seen: Bearing) -> list[str]:
    names = dict.fromkeys(f.check.replace("_", " ") for f in seen.get("design", ()) if f.verdict == "fail")
    return [f"Failed check ({name})" for name in names]


def _registration(protocol: Protocol, preregistered: Registered) -> list[str]:
    if preregistered == "no":
        return ["The plan was not registered before the analysis"]
    if preregistered == "changed":
        listed = "; ".join(d.what for d in protocol.deviations)
        given = f" (deviations given: {listed})" if listed else ", and no deviation is listed to say how or why"
        return [f"The plan was changed after it was registered{given}"]
    return []
