"""Whether both arms were linked alike, and whether a ratio of hazards is constant."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS
from vru.linkage import Linkage, LinkedArm
from vru.rating import overclaims
from vru.results import Finding, Rating

ALIKE = Linkage(
    "offences", {"treated": LinkedArm(300, 240, 180, 90), "comparison": LinkedArm(300, 250, 186, 120)}, {}, {}
)


def look(name: str, **case: Any) -> Finding:
    given = SimpleNamespace(estimate=SimpleNamespace(analysis="main", counts=case.pop("counts", {})), **case)
    return CHECKS[name].run(given, CHECKS[name].options(), np.random.default_rng(1))  # type: ignore[arg-type]


def linked(link: Linkage) -> Finding:
    return look("linkage", cohort=SimpleNamespace(linkage=(link,)))


def arms(**changed: Any) -> Linkage:
    return replace(ALIKE, arms={**ALIKE.arms, "treated": replace(ALIKE.arms["treated"], **changed)})


@pytest.mark.parametrize(
    ("link", "verdict", "said"),
    [
        (ALIKE, "pass", "60% treated, 62% comparison"),
        (arms(before=120), "fail", "The treated may have been linked worse"),
        (arms(near=4), "concern", "but for case, signs or zeros"),
        (arms(not_found=12), "concern", "not on record"),
        (replace(ALIKE, custody={"treated": 0.02, "comparison": 0.11}), "concern", "2% of treated, 11% of comparison"),
        (replace(ALIKE, custody={"treated": 0.02, "comparison": 0.04}), "pass", "60% treated"),
    ],
)
def test_what_is_said_of_a_link(link: Linkage, verdict: str, said: str) -> None:
    found = linked(link)
    assert found.verdict == verdict
    assert said in found.text
    assert (
        overclaims(found.text, Rating("Maryland Scientific Methods Scale", "", 3, "", (), "is associated with")) == []
    )


def test_an_arm_without_any_match_is_seen_though_nothing_happened_before() -> None:
    none = LinkedArm(50, 0, 0, 0)
    link = replace(ALIKE, arms={"treated": none, "comparison": replace(none, any=20, after=20)})
    assert linked(link).verdict == "fail"


def test_numbers_of_few_people_are_not_given() -> None:
    few = replace(ALIKE, arms={"treated": LinkedArm(8, 4, 2, 2), "comparison": LinkedArm(8, 4, 2, 2)})
    assert set(linked(few).numbers.values()) == {None}
    assert linked(ALIKE).numbers["offences_treated_before"] == 0.6


def test_without_a_link_it_is_not_run() -> None:
    assert look("linkage", cohort=SimpleNamespace(linkage=())).verdict == "not_run"


@pytest.mark.parametrize(("p", "verdict"), [(0.2, "pass"), (0.01, "concern"), (None, "not_run")])
def test_a_ratio_that_changes_is_a_concern(p: float | None, verdict: str) -> None:
    found = look("constant_ratio", counts={} if p is None else {"constant_ratio_p": p})
    assert found.verdict == verdict
