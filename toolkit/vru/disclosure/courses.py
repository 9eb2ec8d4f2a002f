"""The course of people over time as it may be published: where the profile hides small counts, nothing gives one away.

A curve says how many events lie between two of its points: points are left out until no such number is small, in
either arm. Numbers still followed up would say, less those events, how many died or moved away in between: they are
rounded to ten, and shares to three decimals, from which they cannot be worked out.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from vru.disclosure.profiles import Profile
from vru.results import CoursePoint, Estimate, SurvivalCourse

ROUND, DIGITS = 10, 3
ROUNDED = (
    f"Numbers still followed up are rounded to {ROUND}, and curves are read at days with enough events between them."
)


def published(profile: Profile, estimate: Estimate) -> Estimate:
    """The estimate with its courses as they may leave. Doing it again changes nothing."""
    if not estimate.courses or profile.smallest is None:
        return estimate
    kept = _kept(profile, estimate.courses)
    courses = tuple(replace(c, points=_read(c, kept)) for c in estimate.courses) if len(kept) > 1 else ()
    arms = tuple(replace(a, mean=_round(a.mean), low=_round(a.low), high=_round(a.high)) for a in estimate.arms)
    notes = estimate.notes if ROUNDED in estimate.notes else (*estimate.notes, ROUNDED)
    return replace(estimate, courses=courses, arms=arms, notes=notes)


def given_in_courses(estimate: Estimate) -> Iterator[tuple[str, float]]:
    """Where, and how many: every count that a curve gives away."""
    for c in estimate.courses:
        for p in c.points:
            numbers = (p.events, p.lost, p.at_risk)
            yield from ((f"{estimate.analysis}, course of {c.arm}, day {p.day:g}", float(n)) for n in numbers if n)


def _kept(profile: Profile, courses: tuple[SurvivalCourse, ...]) -> list[int]:
    """Positions of points that stay: left to right, each as soon as no count of events since the one before is small."""
    last, kept = len(courses[0].points) - 1, [0]
    for i in range(1, last + 1):
        if not _small(profile, courses, kept[-1], i):
            kept.append(i)
    # What is left over at the end joins the last stretch, or the stretches before it.
    while kept[-1] != last and len(kept) > 1 and _small(profile, courses, kept[-2], last):
        kept.pop()
    if kept[-1] != last and len(kept) > 1:
        kept[-1] = last
    return kept


def _small(profile: Profile, courses: tuple[SurvivalCourse, ...], first: int, last: int) -> bool:
    for c in courses:
        held = c.points[first + 1 : last + 1]
        events = sum(p.events for p in held)
        if profile.hides(events) or (held[-1].at_risk and profile.hides(held[-1].at_risk)):
            return True
    return False


def _read(course: SurvivalCourse, kept: list[int]) -> tuple[CoursePoint, ...]:
    points = [_rounded(course.points[0], 0)]
    for a, b in pairwise(kept):
        points.append(_rounded(course.points[b], sum(p.events for p in course.points[a + 1 : b + 1])))
    return tuple(points)


def _rounded(p: CoursePoint, events: int) -> CoursePoint:
    at_risk = ROUND * round(p.at_risk / ROUND)
    free = round(p.free, DIGITS)
    return replace(p, free=free, low=_round(p.low), high=_round(p.high), at_risk=at_risk, events=events, lost=None)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
