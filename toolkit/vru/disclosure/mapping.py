"""Whether a map may leave, and what it may say of each area: places of patrol are sensitive, and so are small counts."""

from dataclasses import replace

from vru.disclosure.profiles import Profile, profile_of
from vru.mapped import AreaMap
from vru.protocol import Protocol
from vru.results import EvaluationResult, Finding

WIDEST = 1_500_000.0
"""Metres: Britain from end to end. Points of a map lie between its own corner and this."""


def may_show(protocol: Protocol) -> bool:
    """Whether a map of the areas may leave: as the plan says, else not where the audience is the public."""
    if protocol.disclosure.map == "by_audience":
        return protocol.audience != "public"
    return protocol.disclosure.map == "shown"


def map_to_leave(protocol: Protocol, drawn: AreaMap | None) -> AreaMap | None:
    """The map without what may not leave; doing it again changes nothing.

    Under a profile that hides small counts, no count or ratio of an area leaves, and whether it changed is told of an arm
    only where none of the arm's areas has a small count before or after: one area left out could be worked back.
    """
    if drawn is None or not may_show(protocol):
        return None
    profile = profile_of(protocol.disclosure)
    if profile.smallest is None:
        return drawn
    unsafe = {a.role for a in drawn.areas if _small(profile, a.before) or _small(profile, a.after)}
    areas = tuple(
        replace(a, change="" if a.role in unsafe else a.change, ratio=None, before=None, after=None)
        for a in drawn.areas
    )
    return replace(drawn, areas=areas)


def _small(profile: Profile, count: float | None) -> bool:
    return count is not None and (profile.hides(count) or 0 < count < 1)


def map_finding(protocol: Protocol, result: EvaluationResult) -> Finding:
    """Whether the result holds a map that may not leave, or one with more in it than outlines from its own corner."""
    check, drawn = "disclosure_map", result.map
    if drawn is None:
        return Finding(check, "", "pass", "No map of the areas leaves.")
    if drawn != map_to_leave(protocol, drawn):
        ruled = f"the audience is {protocol.audience}, disclosure.map {protocol.disclosure.map}"
        text = f"A map of the areas may not leave as it is: {ruled}."
        return Finding(check, "", "fail", text)
    points = [xy for a in drawn.areas for ring in a.rings for point in ring for xy in point]
    if max(drawn.width, drawn.height, *points) > WIDEST or any(
        x > drawn.width or y > drawn.height or min(x, y) < 0 for a in drawn.areas for r in a.rings for x, y in r
    ):
        return Finding(check, "", "fail", "Outlines of the map reach beyond it: they may be coordinates.")
    text = (
        f"A map of {len(drawn.areas)} areas leaves for the audience {protocol.audience}: shapes alone can be recognised. "
        "disclosure: {map: left_out} in the plan leaves it out."
    )
    return Finding(check, "", "pass", text, {"areas": len(drawn.areas)})
