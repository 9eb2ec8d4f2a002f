"""Two outcomes of the same people that differ by few: if one holds the other, the few are known by subtraction.

Any offence and a violent one; an offence within a year, of whoever was there the whole time, and the time until one, of
everybody. A result does not say whether one holds the other, so a person decides, as of few losses.
"""

from collections.abc import Iterator
from itertools import combinations

from vru.disclosure.profiles import Profile
from vru.protocol import Protocol
from vru.results import Estimate, EvaluationResult, Finding

CHECK = "disclosure_outcomes_apart"
_OF_ARMS = (("events_treated", "events_comparison"), ("events_offered", "events_not_offered"))


def outcomes_apart(protocol: Protocol, profile: Profile, result: EvaluationResult) -> Finding:
    """A concern where subtracting one outcome's events from another's leaves few people of an arm."""
    found = [] if profile.largest is None or profile.round_to > 1 else list(_few(protocol, profile, result))
    if not found:
        return Finding(CHECK, "", "pass", "No two outcomes of the same people differ by few.", {"found": 0})
    text = (
        f"Subtracted from each other these leave few people of an arm: {'; '.join(found)}. If one holds the other, that is how "
        "many had the one and not the other: whoever assures this decides whether it could point to anybody, or leaves one out."
    )
    return Finding(CHECK, "", "concern", text, {"found": len(found)})


def _few(protocol: Protocol, profile: Profile, result: EvaluationResult) -> Iterator[str]:
    kinds = {o.id: o.kind for o in protocol.outcomes}
    counted: dict[str, tuple[float, float]] = {}
    for e in result.estimates:
        events = _events(e)
        if kinds.get(e.outcome) in ("binary", "time") and events is not None:
            counted.setdefault(e.outcome, events)
    for (one, a), (other, b) in combinations(counted.items(), 2):
        apart = [x - y for x, y in zip(a, b, strict=True)]
        holds = all(d >= 0 for d in apart) or all(d <= 0 for d in apart)
        if holds and any(d and profile.hides(abs(d)) for d in apart):
            yield f"{one} and {other}"


def _events(e: Estimate) -> tuple[float, float] | None:
    """Events in each arm as observed, or None where they are not shown."""
    for first, second in _OF_ARMS:
        if first in e.counts and second in e.counts:
            return float(e.counts[first]), float(e.counts[second])
    if len(e.arms) != 2 or any(a.mean is None or not 0 <= a.mean <= 1 for a in e.arms):
        return None
    one, other = (round((a.mean or 0.0) * a.observed) for a in e.arms)
    return float(one), float(other)
