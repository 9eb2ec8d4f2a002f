"""The Maryland Scientific Methods Scale: how strong a design is, once its checks and its registration are known.

Where an evaluation starts, from the design of the method that answered and how many areas it had:

=====  =========================  ================================================================
level  design                     further conditions
=====  =========================  ================================================================
1      any                        no months before the start, so only places are compared
2      before_after               no comparison areas in the estimate
3      controlled_before_after    at least one comparison area
3      panel                      fewer than 4 treated or 4 comparison areas, or no finding on
                                  whether they moved alike before the start
4      panel                      4 or more of each, and pre_period_trend or placebo_date was run
3      adjusted                   people compared after adjustment for what was known beforehand
4      instrument, threshold      an offer given by lot, or a threshold, moved who was treated
5      randomised                 people, groups or patrol days drawn by lot, 4 or more of what was drawn
                                  in each arm (3 with fewer)
5      panel or controlled_…      units chosen by ``selection`` with ``assign``: treatment given by
                                  lot among the chosen, 4 or more of each (the plan must be registered
                                  and unchanged to stay at 5, see below)
=====  =========================  ================================================================

What then lowers it, one level for each line, never below 1:

- a failed check that the design stands on (``DECISIVE``; one level, however many failed);
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
from vru.results import Estimate, Finding, Rating

INSTRUMENT = "Maryland Scientific Methods Scale"
MULTIPLE = 4
LABELS = {
    1: "Compared at one time only, or a weaker design with failed checks",
    2: "Before and after, without a comparison that holds",
    3: "Before and after, with comparison areas",
    4: "Several areas with and without, followed over time",
    5: "Random allocation",
}
VERBS = {1: "changed", 2: "changed", 3: "is associated with", 4: "caused", 5: "caused"}
DECISIVE = (
    "pre_period_trend",
    "placebo_date",
    "placebo_areas",
    "dowhy_placebo_treatment",
    "regression_to_mean",
    "carry_over",
    "schedule_kept",
    "overlap",
    "balance",
    "density_at_cutoff",
    "continuity_at_cutoff",
    "placebo_cutoffs",
)
PEOPLE = {
    1: "Compared with others, and little makes them alike",
    2: "Compared with others, by a plan or with checks that do not hold",
    3: "Compared with others, adjusted for what was known beforehand",
    4: "An offer by lot or a threshold decided who was treated",
}
"""What the levels below 5 are called where people are compared."""
ALIKE = ("pre_period_trend", "placebo_date")

Registered = Literal["yes", "changed", "no"]


@dataclass(frozen=True, slots=True)
class _Step:
    """A level and why."""

    level: int
    reasons: tuple[str, ...]


def rate(
    protocol: Protocol,
    estimates: tuple[Estimate, ...],
    findings: tuple[Finding, ...],
    preregistered: Registered,
    designs: Mapping[str, str],
) -> tuple[Rating, ...]:
    """One rating per outcome, of its primary estimate (or its first, where none is primary).

    designs : analysis id -> design of its method: "before_after", "controlled_before_after" or "panel";
        an analysis that is not named counts as "before_after".
    """
    chosen: dict[str, Estimate] = {}
    for estimate in estimates:
        held = chosen.get(estimate.outcome)
        if held is None or (estimate.role == "primary" and held.role != "primary"):
            chosen[estimate.outcome] = estimate
    return tuple(
        _rating(protocol, e, _about(findings, e), preregistered, designs.get(e.analysis, "before_after"))
        for e in chosen.values()
    )


def _about(findings: Iterable[Finding], estimate: Estimate) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.analysis in ("", estimate.analysis))


def _rating(
    protocol: Protocol, estimate: Estimate, findings: tuple[Finding, ...], preregistered: Registered, design: str
) -> Rating:
    start = _start(protocol, estimate, findings, design)
    level, reasons = start.level, list(start.reasons)
    for reason in [*_failed(findings), *_registration(protocol, preregistered)]:
        lowered = max(level - 1, 1)
        reasons.append(f"{reason}: {'lowered by one level' if lowered < level else 'already at the lowest level'}.")
        level = lowered
    if protocol.artificial_effect is not None:
        reasons.append("This is an exercise: the true effect is known by design, and no area was treated.")
    label = PEOPLE.get(level, LABELS[level]) if protocol.units.shape == "people" else LABELS[level]
    return Rating(INSTRUMENT, estimate.outcome, level, label, tuple(reasons), VERBS[level])


def _start(protocol: Protocol, estimate: Estimate, findings: tuple[Finding, ...], design: str) -> _Step:
    if design in OF_PEOPLE_AND_DAYS:
        return _of_people_and_days(protocol, estimate, design)
    arms = f"{_count(estimate.n_treated, 'treated')} and {_count(estimate.n_comparison, 'comparison')}"
    if estimate.n_pre == 0:
        return _Step(1, ("There are no months before the start, so areas are compared at one time only.",))
    if design == "before_after" or estimate.n_comparison == 0:
        return _Step(2, ("Areas are compared with themselves before and after, without comparison areas.",))
    several = min(estimate.n_treated, estimate.n_comparison) >= MULTIPLE
    if several and _by_lot(protocol):
        return _Step(5, (f"Treatment was given by lot among the chosen areas ({arms}).",))
    if design != "panel":
        return _Step(3, (f"Before and after, with comparison areas ({arms}).",))
    if not several:
        few = f"Followed over time with comparison areas ({arms}); level 4 needs {MULTIPLE} of each."
        return _Step(3, (few,))
    if not any(f.check in ALIKE and f.verdict != "not_run" for f in findings):
        unseen = "it was not tested whether they moved alike before the start, which level 4 needs"
        return _Step(3, (f"Several areas with and without, followed over time ({arms}), but {unseen}.",))
    return _Step(4, (f"Several areas with and without, followed over time ({arms}).",))


OF_PEOPLE_AND_DAYS = ("randomised", "adjusted", "instrument", "threshold")


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
    elif "clusters_treated" in c:
        drawn = (c["clusters_treated"], c.get("clusters_comparison", 0))
        what = f"{drawn[0]:,.0f} treated and {drawn[1]:,.0f} comparison groups of {noun}"
    else:
        drawn, what = (estimate.n_treated, estimate.n_comparison), arms
    if min(drawn) < MULTIPLE:
        return _Step(3, (f"Drawn by lot, but few ({what}); level 5 needs {MULTIPLE} of each.",))
    return _Step(5, (f"Drawn by lot ({what}).",))


def _by_lot(protocol: Protocol) -> bool:
    selection = protocol.units.selection
    return selection is not None and selection.rule == "top" and selection.assign is not None


def _count(n: int, role: str) -> str:
    return f"{n} {role} {'area' if n == 1 else 'areas'}"


def _failed(findings: Iterable[Finding]) -> list[str]:
    failed = list(dict.fromkeys(f.check for f in findings if f.check in DECISIVE and f.verdict == "fail"))
    if not failed:
        return []
    names = ", ".join(name.replace("_", " ") for name in failed)
    return [f"Failed {'check' if len(failed) == 1 else 'checks'} ({names})"]


def _registration(protocol: Protocol, preregistered: Registered) -> list[str]:
    if preregistered == "no":
        return ["The plan was not registered before the analysis"]
    if preregistered == "changed":
        listed = "; ".join(d.what for d in protocol.deviations)
        given = f" (deviations given: {listed})" if listed else ", and no deviation is listed to say how or why"
        return [f"The plan was changed after it was registered{given}"]
    return []
