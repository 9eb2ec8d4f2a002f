"""Made-up data for each template, whose truth is known, so that a plan can be tried before there are data.

Nothing here is shared with the methods: what they assume is not what the data are made by.
"""

import numpy as np

from vru.errors import Problem, ProtocolError
from vru.process.practice import people, places, shipped
from vru.process.practice.made import Practice, written

__all__ = ["PRACTICE", "Practice", "practice", "written"]

PRACTICE = {
    "area_programme": places.area_programme,
    "diversion_outcome_22": people.diversion,
    "focused_deterrence": people.focused_deterrence,
    "hotspot_patrol": shipped.hotspot_patrol,
    "mentoring_or_cbt": people.waiting_list,
    "navigator": people.navigator,
    "patrol_days": shipped.patrol_days,
    "problem_oriented_place": places.problem_oriented_place,
    "programme": shipped.programme,
    "randomised_programme": shipped.randomised_programme,
    "schools_programme": people.schools,
    "simple_before_after": places.simple_before_after,
    "street_outreach": places.street_outreach,
    "trauma_informed_training": places.training,
}
"""Template -> what makes its practice data from a generator."""
_STREAM = 1_990_015


def practice(template: str, seed: int) -> Practice:
    """Practice data of a template; the same seed gives the same bytes. Raises ProtocolError where it has none."""
    if template not in PRACTICE:
        raise ProtocolError(Problem(f"template {template!r} has no practice data", "--with-data", ", ".join(PRACTICE)))
    return PRACTICE[template](np.random.default_rng([_STREAM, seed]))
