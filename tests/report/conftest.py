"""A made-up plan and result with everything a report must cope with; no number here is anybody's finding."""

import math
from dataclasses import replace
from typing import Any

import pytest

from vru.curve import Joint, Specification, SpecificationCurve
from vru.events import DataNote
from vru.graph import Identification
from vru.protocol import Protocol
from vru.protocol.choices import Specifications
from vru.report import compose
from vru.results import (
    Estimate,
    EvaluationResult,
    EventPoint,
    Finding,
    Interval,
    PathPoint,
    Provenance,
    Rating,
    Series,
)

HOSTILE = '<script>alert("x")</script> & $a_b$ =1+1 [link](javascript:alert(1)) $$n$$'
MONTHS = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(36))
START = "2021-01"
MISSING = (17, 18)


def plan(**changes: Any) -> Protocol:
    raw: dict[str, Any] = {
        "id": "made-up-patrols",
        "title": "Hot-spot patrols in Anytown",
        "template": "hot_spot_patrol",
        "organisation": "anytown-vru",
        "disclaimer": "Made-up example: no intervention took place and no number here is a finding.",
        "roles": {
            "commissioner": "Director of the VRU",
            "analyst": "Senior analyst, VRU",
            "assurer": "Analyst of another VRU",
            "approver": "Head of analysis",
        },
        "definition_of_violence": "Police-recorded violence and sexual offences, as published on data.police.uk",
        "intervention": {
            "type": "hot_spot_patrol",
            "name": "Hot-spot patrols",
            "why": "Visible guardianship raises the perceived risk of being caught.",
            "materials": "Patrol app, hot-spot maps " + HOSTILE,
            "procedures": "15 minutes on foot in each hot spot, in random order",
            "who_provided": "Neighbourhood officers, in pairs",
            "how": "On foot, in uniform",
            "where": "20 LSOAs with most recorded violence in the year before",
            "when_and_how_much": "Three visits a day, Wednesday to Saturday, 15:00 to 23:00",
            "fidelity_planned": "GPS pings at five-minute intervals",
            "start": START,
        },
        "theory_of_change": {
            "inputs": ["12 officers"],
            "activities": ["Patrols of 15 minutes"],
            "outputs": ["Minutes of presence per hot spot and day"],
            "outcomes": ["Fewer violent offences in hot spots"],
            "assumptions": ["Offenders notice patrols", "Patrols do not merely move offences round the corner"],
        },
        "question": {
            "population": "20 LSOAs in Anytown with most recorded violence in 2018",
            "comparator": "20 LSOAs of the next ranks, without patrols",
            "smallest_effect": 0.10,
        },
        "units": {
            "kind": "lsoa11",
            "selection": {
                "rule": "top",
                "outcome": "violence",
                "first": "2018-01",
                "last": "2018-12",
                "top": 40,
                "assign": "random_pairs",
            },
        },
        "window": {"first": MONTHS[0], "last": MONTHS[-1]},
        "outcomes": [
            {"id": "violence", "measure": "Violence and sexual offences per month", "primary": True,
             "filter": {"crime_type": ["Violence and sexual offences"]}},
            {"id": "robbery", "measure": "Robbery per month", "filter": {"crime_type": ["Robbery"]}},
        ],
        "data": [{"id": "crimes", "source": "simulated"}],
        "graph": {
            "treatment": "patrols",
            "outcome": "violence",
            "adjustment": ["season", "past_violence"],
            "edges": [
                "past_violence -> patrols",
                "past_violence -> violence",
                "season -> violence",
                "season -> night_time_economy",
                "night_time_economy -> violence",
                "patrols -> perceived_risk",
                "perceived_risk -> violence",
                "gang_tension -> past_violence",
                "gang_tension -> violence",
            ],
            "unobserved": ["gang_tension"],
            "notes": {"gang_tension": "Disputes between groups " + HOSTILE, "season": "Month of the year"},
        },
        "analyses": [
            {"id": "main", "role": "primary", "method": "relative_rate_ratio", "outcome": "violence"},
            {"id": "displacement", "role": "secondary", "method": "weighted_displacement", "outcome": "violence"},
            {"id": "before_after", "role": "sensitivity", "method": "before_after", "outcome": "violence"},
            {"id": "robbery_main", "role": "secondary", "method": "relative_rate_ratio", "outcome": "robbery",
             "options": {"level": 0.95}},
        ],
        "checks": [{"name": "placebo_date"}],
        "equity": {"plan": "Stop and search rates by ethnicity, patrolled areas against the rest",
                   "groups": ["Self-defined ethnicity, five groups"]},
        "costs": {"amount": 180000, "price_year": 2021, "covers": "Officer hours and overtime", "source": "VRU return"},
        "seed": 20210101,
        "deviations": [{"on": "2021-03", "what": "Two hot spots went unpatrolled for a week", "why": "Illness"}],
    }  # fmt: skip
    return Protocol.model_validate({**raw, **changes})


def _counts(level: float, ratio: float) -> tuple[float | None, ...]:
    return tuple(
        None
        if i in MISSING
        else float(round(level * (1 + 0.15 * math.sin(i / 1.91)) * (ratio if i >= 24 else 1) + i % 5))
        for i in range(36)
    )


TREATED = _counts(240, 0.80)
COMPARISON = _counts(190, 1.0)


def estimate(**changes: Any) -> Estimate:
    path = tuple(
        PathPoint(p, float(v), 242 * (1 + 0.15 * math.sin(i / 1.91)), 225 * (1 + 0.15 * math.sin(i / 1.91)),
                  259 * (1 + 0.15 * math.sin(i / 1.91)))
        for i, (p, v) in enumerate(zip(MONTHS, TREATED, strict=True))
        if v is not None
    )  # fmt: skip
    study = tuple(
        EventPoint(
            k,
            (0.03 if k % 3 else -0.02) if k < 0 else -0.2 - 0.02 * (k % 4),
            -0.35 if k >= 0 else -0.1,
            0.0 if k >= 0 else 0.12,
        )
        for k in range(-12, 12)
    )
    base = Estimate(
        analysis="main", role="primary", method="relative_rate_ratio", outcome="violence",
        estimand="average effect on the treated areas over the 12 months from the start",
        scale="log_rate_ratio", value=math.log(0.81), se=0.0753, low=math.log(0.70), high=math.log(0.94), level=0.95,
        p=0.0055, inference="permutation of the start over pairs", events_prevented=Interval(553.0, 160.0, 1012.4),
        n_treated=20, n_comparison=20, n_pre=22, n_post=12, path=path, event_study=study,
    )  # fmt: skip
    return replace(base, **changes)


def estimates() -> tuple[Estimate, ...]:
    return (
        estimate(),
        estimate(
            analysis="displacement", role="secondary", method="weighted_displacement", scale="count_difference",
            value=-1431.0, se=120.5, low=-1667.2, high=-1194.8, p=0.0, inference="Poisson variance",
            events_prevented=Interval(1431.0, 1194.8, 1667.2), path=(), event_study=(),
            components={"local": Interval(-1500.0, -1700.0, -1300.0), "displacement": Interval(69.0, -20.0, None)},
        ),
        estimate(
            analysis="before_after", role="sensitivity", method="before_after", value=math.log(0.72), se=None, low=None,
            high=None, p=None, inference="none", events_prevented=None, path=(), event_study=(), n_comparison=0,
            notes=("No comparison is used: season and trend are not removed. " + HOSTILE,),
        ),
        estimate(
            analysis="robbery_main", role="secondary", outcome="robbery", value=math.log(1.08), se=0.12,
            low=math.log(0.85), high=math.log(1.37), p=0.52, events_prevented=Interval(-24.0, -120.0, 40.0), path=(),
            event_study=(), weights={f"E0100{i:04d}": 1 / (i + 2) for i in range(20)},
        ),
    )  # fmt: skip


def outcome_of_all(**changes: Any) -> EvaluationResult:
    graph = plan().graph
    edges = tuple(tuple(part.strip() for part in e.split("->")) for e in graph.edges)
    base = EvaluationResult(
        protocol_id="made-up-patrols",
        protocol_digest="sha256:" + "ab" * 32,
        preregistered="changed",
        changes=("amended 2021-02-01: a second outcome was added", "outcomes.1: nothing became robbery"),
        identification=Identification(
            "patrols", "violence", edges, ("gang_tension",), ("season", "past_violence"),  # type: ignore[arg-type]
            (("past_violence", "season"), ("past_violence", "season", "night_time_economy")),
            "E[violence | do(patrols)]",
            "the effect of patrols can be told apart from other causes if past violence and season are adjusted for",
            ("no other cause of both patrols and violence exists",),
        ),
        estimates=estimates(),
        findings=(
            Finding("pre_period_trend", "main", "pass", "Trends before the start are alike: 1.00 (0.98 to 1.02)."),
            Finding("placebo_date", "main", "fail", "6 of 20 false start dates gave an effect as large " + HOSTILE,
                    {"false_positive_share": 0.30, "dates": 20}, "at most 10% of false dates"),
            Finding("overdispersion", "main", "concern", "Counts vary 2.4 times as much as chance.", {"phi": 2.4}),
            Finding("analysis", "unit_trends", "not_run", "too few months before the start"),
            Finding("regression_to_mean", "main", "concern", "Chosen areas fell by 28%; selection alone brings 9%.",
                    {"naive_fall": 0.28, "fall_before_start": 0.11, "expected_fall": 0.09,
                     "expected_fall_low": 0.06, "expected_fall_high": 0.12}),
        ),
        ratings=(
            Rating("Maryland Scientific Methods Scale", "violence", 3, "comparable units with and without",
                   ("two groups of comparable areas", "a failed check lowers the level"), "is associated with"),
            Rating("Maryland Scientific Methods Scale", "robbery", 3, "comparable units with and without",
                   ("two groups",), "is associated with"),
        ),
        series=(
            Series("violence", "treated", 20, MONTHS, TREATED),
            Series("violence", "comparison", 20, MONTHS, COMPARISON),
            Series("robbery", "treated", 20, MONTHS, _counts(30, 1.05)),
            Series("robbery", "comparison", 20, MONTHS, _counts(7, 1.0)),
            Series("violence", "buffer", 31, MONTHS, COMPARISON),
        ),
        data_log=(
            DataNote("crimes", "Rows read " + HOSTILE, 1_204_331),
            DataNote("crimes", "Rows without an LSOA were left out", 8_210),
            DataNote("crimes", "anytown has no file for 2020-06 and 2020-07: missing, not zero"),
        ),
        provenance=Provenance({"crimes": "sha256:" + "cd" * 32}, {"vru-toolkit": "0.1.0", "numpy": "2.4.6"}, 20210101,
                              {"rate_ratio": 0.8}),
    )  # fmt: skip
    return replace(base, **changes)


@pytest.fixture(scope="session")
def document():
    """The full report: frozen, so that all tests may share it."""
    return full_report()


@pytest.fixture(scope="session")
def make_document():
    return full_report


def full_report():
    choices = Specifications.model_validate(
        {"why": "either is usual", "together": [3], "methods": [{"method": "staggered_did"}]}
    )
    return compose(plan().model_copy(update={"specifications": choices}), outcome_of_all(specifications=curve()))


def curve():
    """Four specifications, of which one cannot be answered."""
    points = tuple(
        Specification(
            {"method": m, "periods": k}, v, None if v is None else v - 0.1, None if v is None else v + 0.1, 0.02, why
        )
        for m, k, v, why in (
            ("poisson_did", "as counted", -0.21, ""),
            ("poisson_did", "3 as one", -0.2, ""),
            ("staggered_did", "as counted", -0.05, ""),
            ("staggered_did", "3 as one", None, "fewer than 3 periods lie before or after the start"),
        )
    )
    return SpecificationCurve(
        0.95, "either is usual", points, Joint(-0.2, 3, 199, 0.01, True), 2, ("method", "periods")
    )


@pytest.fixture(scope="session")
def make_protocol():
    return plan


@pytest.fixture(scope="session")
def make_result():
    return outcome_of_all


@pytest.fixture(scope="session")
def make_estimate():
    return estimate
