"""The attacker of ``attacker.py`` over simulated evaluations: two versions, two records, nested outcomes, arms of a trial.

300 evaluations are in ``benchmarks/red_team.md``. Controls show that the attacker finds what there is to find.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attacker import Knowledge, attack
from simulated import Published, Tally, attacked, knowledge, plan_of, result_of, targets, trial_attacked, world
from test_few import plan_of_people, trial

from vru.disclosure import PROFILES

__all__ = ["plan_of_people"]


@pytest.mark.parametrize(("profile", "evaluations"), [("police_local", 10), ("nhs_hes_ecds", 2)])
def test_no_small_count_is_bounded_from_two_versions_and_two_records(plan, outcome, profile, evaluations):
    rng, tally = np.random.default_rng(20261128), Tally()
    for _ in range(evaluations):
        attacked(plan, outcome, world(rng, profile), tally)
    assert (tally.recovered, tally.undecided) == (0, 0)
    assert tally.hidden > 40 * evaluations
    assert tally.second + tally.others > 0
    assert tally.told > tally.plainly


def test_the_attacker_finds_what_is_only_left_out(plan, outcome):
    """Control: small months blanked, and nothing beside them, are worked back from totals and nested outcomes."""
    rng, found = np.random.default_rng(5), 0
    for _ in range(4):
        made = world(rng, "police_local")
        profile = PROFILES["police_local"]
        mine = plan_of(plan, made, ("E01000010", "E01000011"), ("E01000014", "E01000015"))
        full = result_of(outcome, mine, made, made.first)
        blanked = tuple(
            replace(s, values=tuple(None if v is not None and profile.hides(v) else v for v in s.values))
            for s in full.series
        )
        bare = tuple(replace(e, path=()) for e in full.estimates)
        published = [Published(mine, replace(full, series=blanked, estimates=bare), made.first)]
        known = knowledge(published)
        for target, _ in targets(made, known, published):
            limits = attack(known, target).bounds(target)
            found += limits is not None and limits[1] - limits[0] < 3
    assert found > 20


def test_the_attacker_subtracts_a_record_with_an_area_fewer(plan, outcome):
    """Control: without the comparison of records, one area's months are read off."""
    made = world(np.random.default_rng(3), "police_local")
    published = []
    for areas in (("E01000010", "E01000011"), ("E01000010",)):
        mine = plan_of(plan, made, areas, ("E01000014", "E01000015"))
        published.append(Published(mine, result_of(outcome, mine, made, made.first), made.first))
    known: Knowledge = knowledge(published)
    beyond = known.at(("E01000011", "violence", "2019-01"))
    low, high = attack(known, beyond).bounds(beyond) or (0, 99)
    assert low == high == made.counts[1, :, 0].sum()


@pytest.mark.parametrize("profile", ["police_local", "nhs_hes_ecds"])
def test_few_events_in_an_arm_are_not_worked_back_by_running_the_rule(plan_of_people, outcome, profile):
    disclosure = plan_of_people.disclosure.model_copy(update={"profile": profile})
    plan = plan_of_people.model_copy(update={"disclosure": disclosure})
    rng, tally = np.random.default_rng(11), Tally()
    for _ in range(5):
        n, others = int(rng.integers(60, 300)), int(rng.integers(12, 30))
        events = int(rng.integers(1, (PROFILES[profile].largest or 0) + 1))
        scale = ("risk_difference", "log_rate_ratio")[int(rng.integers(2))]

        def again(k, n=n, others=others, scale=scale):
            return trial(outcome, k, others, n, scale) if k else trial(outcome, 0, others, n)

        trial_attacked(plan, again(events), again, events, tally)
    assert (tally.hidden, tally.recovered) == (5, 0)
