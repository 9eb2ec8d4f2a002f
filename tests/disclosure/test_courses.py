"""Curves of few people: no number of events between two points is small, and nobody who left can be counted."""

from dataclasses import replace

import numpy as np
import pytest

from vru.disclosure.courses import ROUND, given_in_courses, published
from vru.disclosure.profiles import PROFILES
from vru.results import Arm, CoursePoint, Estimate, SurvivalCourse

HIDING = [p for p in PROFILES.values() if p.smallest is not None]


def course(rng: np.random.Generator, arm: str, n: int, points: int) -> SurvivalCourse:
    left, free, made = n, 1.0, [CoursePoint(0.0, 1.0, None, None, n, 0, 0)]
    for i in range(1, points):
        events, lost = int(min(rng.poisson(n / 40), left)), 0
        lost = int(min(rng.poisson(0.7), left - events))
        free *= 1 - events / max(left, 1)
        left -= events + lost
        made.append(CoursePoint(30.0 * i, free, free * 0.9, min(free * 1.05, 1.0), left, events, lost))
    return SurvivalCourse(arm, n, tuple(made))


def estimate(seed: int, n: int) -> Estimate:
    rng = np.random.default_rng(seed)
    courses = (course(rng, "treated", n, 13), course(rng, "comparison", int(n * 1.3), 13))
    arms = tuple(Arm(c.arm, c.n, c.n, 1 - c.points[-1].free) for c in courses)
    fields = {
        "analysis": "a",
        "role": "primary",
        "method": "survival_trial",
        "outcome": "o",
        "estimand": "hazard ratio",
    }
    numbers = {"value": 0.0, "se": 1.0, "low": -2.0, "high": 2.0, "level": 0.95, "p": 1.0}
    rest = {"inference": "", "events_prevented": None, "n_treated": n, "n_comparison": n, "n_pre": 0, "n_post": 0}
    return Estimate(**fields, scale="log_rate_ratio", **numbers, **rest, courses=courses, arms=arms)


@pytest.mark.parametrize("profile", HIDING, ids=lambda p: p.name)
@pytest.mark.parametrize("n", [12, 60, 400])
def test_no_small_count_is_left(profile, n):
    for seed in range(40):
        before = estimate(seed, n)
        after = published(profile, before)
        assert published(profile, after) == after
        assert not [x for _, x in given_in_courses(after) if profile.hides(x)]
        for c, whole in zip(after.courses, before.courses, strict=False):
            assert sum(p.events for p in c.points) == sum(p.events for p in whole.points)
            assert c.points[-1].day == whole.points[-1].day
            assert all(p.lost is None and p.at_risk % ROUND == 0 for p in c.points)
            assert all(p.free == round(p.free, 3) for p in c.points)


def test_open_data_stay_as_they_are():
    before = estimate(1, 60)
    assert published(PROFILES["public_police_uk"], before) == before


def test_who_left_cannot_be_told_from_what_is_published():
    """Of two worlds that differ in how many left between two points, by up to four, some are published alike."""
    profile, first = PROFILES["police_local"], estimate(3, 400)

    def without(k: int) -> Estimate:
        moved = [replace(p, at_risk=p.at_risk + (k if p.day == 60.0 else 0)) for p in first.courses[0].points]
        return replace(first, courses=(replace(first.courses[0], points=tuple(moved)), first.courses[1]))

    told = {published(profile, without(k)).courses for k in range(5)}
    assert len(told) <= 2
