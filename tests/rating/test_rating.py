"""How strong the evidence is, and which words that licenses."""

from dataclasses import replace
from typing import Any

import pytest

from vru.checks import CHECKS
from vru.protocol.fields import Protocol, Selection
from vru.rating import Carried, allowed_verb, overclaims, rate
from vru.results import Estimate, Finding, Rating

ESTIMATE = Estimate(
    analysis="main",
    role="primary",
    method="m",
    outcome="violence",
    estimand="att",
    scale="log_rate_ratio",
    value=-0.2,
    se=0.05,
    low=-0.3,
    high=-0.1,
    level=0.95,
    p=0.01,
    inference="",
    events_prevented=None,
    n_treated=10,
    n_comparison=10,
    n_pre=24,
    n_post=12,
)
ALIKE = Finding("pre_period_trend", "main", "pass", "")
LIKE = Finding("comparability", "main", "pass", "", {"difference_level": 0.1})
RANKS = Finding("placebo_ranks", "main", "pass", "")
HIDDEN = Finding("dowhy_unobserved_common_cause", "main", "pass", "")
ALL_PASSED = (ALIKE, LIKE, RANKS, HIDDEN)
BEARS_ON = {name: check.bears_on for name, check in CHECKS.items()}
LOT = Selection(rule="top", outcome="violence", first="2018-01", last="2018-12", top=20, assign="random_half")


def protocol(
    selection: Selection | None = None, deviations: tuple[Any, ...] = (), artificial: object = None
) -> Protocol:
    units = Protocol.model_fields["units"].annotation.model_construct(kind="lsoa11", selection=selection)  # type: ignore[union-attr]
    return Protocol.model_construct(units=units, deviations=list(deviations), artificial_effect=artificial)


def level(
    design: str = "panel",
    findings: tuple[Finding, ...] = (ALIKE,),
    registered: str = "yes",
    selection: Selection | None = None,
    adjusts: tuple[str, ...] = ("unit", "period"),
    **changed: Any,
) -> Rating:
    (found,) = rate(
        protocol(selection),
        (replace(ESTIMATE, **changed),),
        findings,
        registered,  # type: ignore[arg-type]
        {"main": Carried(design, adjusts)},
        BEARS_ON,
    )
    return found


@pytest.mark.parametrize(
    ("expected", "kw"),
    [
        (4, {}),
        (3, {"design": "controlled_before_after"}),
        (2, {"design": "before_after"}),
        (2, {"design": "unheard of", "n_comparison": 0}),
        (2, {"n_comparison": 0}),
        (1, {"n_pre": 0}),
        (3, {"n_treated": 1}),
        (3, {"n_comparison": 3}),
        (3, {"findings": ()}),
        (3, {"findings": (replace(ALIKE, verdict="not_run"),)}),
        (4, {"findings": (replace(ALIKE, verdict="concern"),)}),
        (3, {"findings": (replace(ALIKE, powered=False),)}),
        (3, {"findings": (replace(ALIKE, verdict="concern", powered=False),)}),
        (3, {"findings": (ALIKE, replace(LIKE, verdict="concern", numbers={"difference_level": 1.3}))}),
        (3, {"findings": (ALIKE, replace(LIKE, verdict="concern", numbers={"difference_level": -0.25}))}),
        (4, {"findings": (ALIKE, replace(LIKE, verdict="concern", numbers={"difference_level": 0.24}))}),
        (
            4,
            {
                "findings": (ALIKE, replace(LIKE, verdict="concern", numbers={"difference_level": 1.3})),
                "adjusts": ("unit", "period", "level"),
            },
        ),
        (3, {"findings": (*ALL_PASSED[:2], replace(RANKS, verdict="fail"))}),
        (4, {"findings": (*ALL_PASSED[:3], replace(HIDDEN, verdict="fail"))}),
        (4, {"findings": (Finding("placebo_date", "main", "pass", ""),)}),
        (3, {"findings": (replace(ALIKE, verdict="fail"),)}),
        (3, {"findings": (ALIKE, Finding("placebo_areas", "main", "fail", ""))}),
        (2, {"findings": (replace(ALIKE, verdict="fail"), Finding("placebo_areas", "main", "fail", ""))}),
        (3, {"selection": LOT, "findings": (ALIKE, RANKS, *(replace(f, verdict="fail") for f in (ALIKE, RANKS)))}),
        (4, {"findings": (ALIKE, Finding("placebo_areas", "another", "fail", ""))}),
        (4, {"findings": (ALIKE, Finding("overdispersion", "main", "fail", ""))}),
        (3, {"registered": "no"}),
        (3, {"registered": "changed"}),
        (2, {"registered": "no", "findings": (replace(ALIKE, verdict="fail"),)}),
        (1, {"registered": "no", "design": "before_after"}),
        (1, {"registered": "no", "n_pre": 0}),
        (5, {"selection": LOT}),
        (5, {"selection": LOT, "design": "controlled_before_after"}),
        (4, {"selection": LOT, "registered": "no"}),
        (2, {"selection": LOT, "design": "before_after"}),
        (3, {"selection": LOT, "n_treated": 2, "n_comparison": 2}),
        (4, {"selection": Selection(rule="listed", outcome="violence", first="2018-01", last="2018-12")}),
    ],
)
def test_levels(expected: int, kw: dict[str, Any]) -> None:
    found = level(**kw)
    assert found.level == expected, found.reasons
    assert found.reasons
    lot = kw.get("selection") == LOT
    strong = "caused" if lot else "is associated with"
    assert found.verb == {1: "changed", 2: "changed", 3: "is associated with", 4: strong, 5: "caused"}[expected]
    assert found.verb == allowed_verb(found)
    assert bool(found.against) == (found.verb != "caused")


FAILED_ONE = {
    "no trend test": (LIKE, RANKS, HIDDEN),
    "a trend test without power": (replace(ALIKE, powered=False), LIKE, RANKS, HIDDEN),
    "a trend": (replace(ALIKE, verdict="concern"), LIKE, RANKS, HIDDEN),
    "busier areas": (ALIKE, replace(LIKE, verdict="concern", numbers={"difference_level": 1.3}), RANKS, HIDDEN),
    "unlike areas": (ALIKE, replace(LIKE, verdict="concern"), RANKS, HIDDEN),
    "levels not known": (ALIKE, RANKS, HIDDEN),
    "ranks not tried": (ALIKE, LIKE, HIDDEN),
    "ranks doubtful": (ALIKE, LIKE, replace(RANKS, verdict="concern"), HIDDEN),
    "ranks failed": (ALIKE, LIKE, replace(RANKS, verdict="fail"), HIDDEN),
    "a hidden cause": (ALIKE, LIKE, RANKS, replace(HIDDEN, verdict="fail")),
}


@pytest.mark.parametrize("findings", FAILED_ONE.values(), ids=FAILED_ONE.keys())
@pytest.mark.parametrize("adjusts", [("unit", "period"), ("unit", "period", "level")], ids=["plain", "like level"])
def test_without_a_lot_one_thing_missing_is_enough_to_take_caused_away(
    findings: tuple[Finding, ...], adjusts: tuple[str, ...]
) -> None:
    found = level(findings=findings, adjusts=adjusts)
    assert found.verb == "is associated with"
    assert found.against


def test_without_a_lot_caused_needs_level_course_ranks_and_no_hidden_cause() -> None:
    found = level(findings=ALL_PASSED)
    assert (found.level, found.verb, found.against) == (4, "caused", ())
    unregistered = level(findings=ALL_PASSED, registered="no")
    assert (unregistered.level, unregistered.verb) == (3, "is associated with")
    assert "not registered" in unregistered.against[0]


@pytest.mark.parametrize(
    ("design", "expected"),
    [("randomised", "caused"), ("instrument", "caused"), ("threshold", "caused"), ("adjusted", "is associated with")],
)
def test_of_people_a_lot_or_a_threshold_licenses_caused(design: str, expected: str) -> None:
    units = Protocol.model_fields["units"].annotation.model_construct(kind="person", selection=None)  # type: ignore[union-attr]
    people = Protocol.model_construct(units=units, deviations=[], artificial_effect=None)
    (found,) = rate(people, (ESTIMATE,), (), "yes", {"main": Carried(design)}, BEARS_ON)
    assert found.verb == expected
    assert bool(found.against) == (expected != "caused")


@pytest.mark.parametrize(("clusters", "expected"), [(16, 5), (8, 5), (7, 3)])
def test_clusters_of_a_stepped_wedge_are_all_treated_and_compared(clusters: int, expected: int) -> None:
    units = Protocol.model_fields["units"].annotation.model_construct(kind="school", selection=None)  # type: ignore[union-attr]
    schools = Protocol.model_construct(units=units, deviations=[], artificial_effect=None)
    counts = {"clusters": clusters, "sequences": 4, "clusters_treated": clusters, "clusters_comparison": 0}
    (found,) = rate(schools, (replace(ESTIMATE, counts=counts),), (), "yes", {"main": Carried("randomised")}, BEARS_ON)
    assert found.level == expected
    assert f"{clusters} clusters in 4 steps" in found.reasons[0]


def test_reasons_say_what_lowered_it() -> None:
    found = level(registered="changed", findings=(replace(ALIKE, verdict="fail"),))
    assert "pre period trend" in " ".join(found.reasons)
    assert "no deviation is listed" in " ".join(found.reasons)
    assert sum("lowered by one level" in r for r in found.reasons) == 2


def test_one_rating_per_outcome_from_its_primary_estimate() -> None:
    other = replace(ESTIMATE, analysis="rough", role="sensitivity")
    second = replace(ESTIMATE, analysis="robbery", role="secondary", outcome="robbery")
    methods = {"main": Carried("panel")}
    found = rate(protocol(), (other, ESTIMATE, second), (ALIKE,), "yes", methods, BEARS_ON)
    assert [(r.outcome, r.level) for r in found] == [("violence", 4), ("robbery", 2)]


def test_an_exercise_says_so() -> None:
    (found,) = rate(protocol(artificial=object()), (ESTIMATE,), (ALIKE,), "yes", {"main": Carried("panel")}, BEARS_ON)
    assert "exercise" in found.reasons[-1]


CAUSAL = (
    "Patrols caused a fall in violence.",
    "The patrols led to fewer robberies.",
    "Violence fell because of the patrols.",
    "Violence fell due to the patrols.",
    "Patrols reduced violence by a quarter.",
    "We estimate the impact of patrols.",
    "The effect of patrols was large.",
    "Patrols prevented 40 offences.",
    "The fall is attributable to patrols.",
    "Violence fell as a result   of patrols.",
    "Patrols are effective.",
    "The programme CUT knife crime.",
)


@pytest.mark.parametrize("text", CAUSAL)
def test_causal_words_need_a_licence_not_only_level_four(text: str) -> None:
    weak, mid, strong = (
        level(design="before_after"),
        level(design="controlled_before_after"),
        level(findings=ALL_PASSED),
    )
    assert (weak.level, mid.level, strong.level) == (2, 3, 4)
    assert len(overclaims(text, weak)) == len(overclaims(text, mid)) == 1
    assert overclaims(text, strong) == []
    assert len(overclaims(text, level())) == 1
    assert "write " in overclaims(text, mid)[0]


@pytest.mark.parametrize(
    "text",
    [
        "Violence fell by 20% after patrols started.",
        "This design cannot show that patrols caused the fall.",
        "We asked whether patrols reduced violence.",
        "There is no evidence that patrols prevented offences.",
        "The second phase is due to start in April.",
        "Officers stopped and searched 40 people.",
        "",
    ],
)
def test_plain_descriptions_and_doubts_pass(text: str) -> None:
    assert overclaims(text, level(design="before_after")) == []


def test_association_needs_level_three_and_proof_is_never_licensed() -> None:
    text = "Patrols were associated with fewer offences."
    assert overclaims(text, level(design="before_after"))
    assert not overclaims(text, level(design="controlled_before_after"))
    assert overclaims("This proves that patrols work.", level(selection=LOT))


def test_a_doubt_covers_its_own_sentence_only() -> None:
    text = "It is not known whether patrols reduced theft. Patrols reduced violence."
    found = overclaims(text, level(design="before_after"))
    assert len(found) == 1
    assert "violence" in found[0]


def test_several_phrases_are_all_named() -> None:
    found = overclaims("Patrols reduced violence and led to savings thanks to officers.", level(design="before_after"))
    assert len(found) == 3
