"""Few events in an arm or a whole part of the window: the outcome is withheld, or told from published counts alone."""

import math
from dataclasses import replace

import pytest

from vru.disclosure import merging, review, suppress
from vru.results import Arm, Finding, Rating, Series

PERIODS = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(24))
TRIAL = ({"id": "again", "measure": "Any offence", "column": "again", "kind": "binary", "primary": True},)


def trial(outcome, events, others=12, n=120, scale="risk_difference", **changes):
    """A result of a trial of people in which few had the outcome in the first arm."""
    arms = (
        Arm("treated", n + 6, n, events / n, 0.0, 0.1),
        Arm("comparison", n, n - 2, others / (n - 2), 0.05, 0.2),
    )
    value = events / n - others / (n - 2)
    value = math.log(events / n / (others / (n - 2))) if scale == "log_rate_ratio" else value
    first = replace(
        outcome.primary, method="parallel_trial", outcome="again", scale=scale, arms=arms, path=(), event_study=(),
        value=value, low=value - 0.1, high=value + 0.1, se=0.05, p=0.04, n_pre=0, n_post=0, notes=("3 people of 120",),
        counts={"events_treated": float(events), "events_comparison": float(others)}, estimand="difference in risk",
    )  # fmt: skip
    first = replace(first, **changes)
    findings = (
        Finding("balance", first.analysis, "pass", "alike"),
        Finding("hidden_confounding", first.analysis, "pass", "1.37"),
    )
    return replace(outcome, estimates=(first,), series=(), findings=findings, ratings=())


@pytest.fixture
def plan_of_people(plan):
    outcome = plan.outcomes[0].model_copy(update={"id": "again", "kind": "binary"})
    disclosure = plan.disclosure.model_copy(update={"profile": "police_local"})
    return plan.model_copy(update={"outcomes": [outcome], "disclosure": disclosure})


@pytest.mark.parametrize("scale", ["risk_difference", "log_rate_ratio"])
def test_few_events_in_an_arm_of_a_trial_publish_the_same_whatever_their_number(plan_of_people, outcome, scale):
    published = [suppress(plan_of_people, trial(outcome, n, scale=scale))[0] for n in (1, 2, 3, 4)]
    assert all(p == published[0] for p in published)
    (e,) = published[0].estimates
    assert (e.se, e.p, e.counts, e.arms[0].mean, e.arms[0].observed) == (None, None, {}, None, 120)
    assert e.arms[1].mean == pytest.approx(12 / 118)
    assert review(plan_of_people, published[0], {})[0].verdict == "pass"
    assert suppress(plan_of_people, published[0])[0] == published[0]
    assert [(f.check, f.verdict) for f in published[0].findings] == [("balance", "pass"), ("withheld", "not_run")]


@pytest.mark.parametrize("scale", ["risk_difference", "log_rate_ratio"])
def test_its_interval_holds_every_interval_that_a_hidden_number_could_have_given(plan_of_people, outcome, scale):
    """Against Newcombe's (1998) and the score interval of statsmodels, computed here for each number of events."""
    from statsmodels.stats.proportion import confint_proportions_2indep as interval

    (e,) = suppress(plan_of_people, trial(outcome, 2, scale=scale))[0].estimates
    ratio = scale == "log_rate_ratio"
    for n in (1, 2, 3, 4):
        kind = {"compare": "ratio", "method": "score"} if ratio else {"compare": "diff", "method": "newcomb"}
        low, high = interval(n, 120, 12, 118, correction=False, **kind)
        low, high = (math.log(low), math.log(high)) if ratio else (low, high)
        assert e.low <= low + 1e-12
        assert e.high >= high - 1e-12
    middle = 2.5 / 120
    assert e.value == pytest.approx(math.log(middle / (12 / 118)) if ratio else middle - 12 / 118)


def test_few_without_the_outcome_are_hidden_alike(plan_of_people, outcome):
    published = [suppress(plan_of_people, trial(outcome, n, others=60))[0] for n in (116, 117, 119)]
    assert all(p == published[0] for p in published)
    assert published[0].estimates[0].value == pytest.approx(117.5 / 120 - 60 / 118)


def test_what_is_adjusted_or_a_small_arm_is_refused_as_a_main_outcome(plan_of_people, outcome):
    adjusted = suppress(plan_of_people, trial(outcome, 3, method="adjusted_comparison"))[0]
    assert review(plan_of_people, adjusted, {})[0].verdict == "fail"
    small = suppress(plan_of_people, trial(outcome, 2, n=4, others=1))[0]
    assert review(plan_of_people, small, {})[0].verdict == "fail"


def test_a_further_outcome_with_few_events_is_withheld_and_the_rest_is_published(make_plan, outcome):
    base = make_plan()
    intervention = {**base.intervention.model_dump(mode="json"), "start": PERIODS[12], "end": None}
    plan = make_plan(disclosure={"profile": "police_local"}, intervention=intervention)
    knife = plan.outcomes[0].model_copy(update={"id": "knife", "primary": False})
    plan = plan.model_copy(update={"outcomes": [*plan.outcomes, knife]})
    first = replace(outcome.primary, path=(), event_study=(), n_pre=0, n_post=0, counts={}, arms=())
    second = replace(first, analysis="knives", role="secondary", outcome="knife", counts={"T1": 31.0, "C1": 40.0})
    rows = (
        Series(first.outcome, "treated", 5, PERIODS, (9.0,) * 24),
        Series("knife", "treated", 5, PERIODS, (1.0, *[0.0] * 11, *[9.0] * 12)),
    )
    rating = Rating("Maryland Scientific Methods Scale", "knife", 3, "x", (), "associated")
    findings = (Finding("placebo_date", "knives", "pass", "x"), Finding("placebo_date", first.analysis, "pass", "x"))
    result = replace(outcome, estimates=(first, second), series=rows, ratings=(rating,), findings=findings)
    published, account = suppress(plan, result)
    assert [e.analysis for e in published.estimates] == [first.analysis]
    assert [s.outcome for s in published.series] == [first.outcome]
    assert published.ratings == ()
    assert [(f.check, f.analysis) for f in published.findings] == [
        ("placebo_date", first.analysis),
        ("withheld", "knives"),
    ]
    assert merging(plan, account).verdict == "pass"
    assert suppress(plan, published)[0] == published
    # The same by a total that an estimate prints.
    rows = (rows[0], replace(rows[1], values=(9.0,) * 24))
    few = replace(result, series=rows, estimates=(first, replace(second, counts={"T1": 3.0})))
    assert [e.analysis for e in suppress(plan, few)[0].estimates] == [first.analysis]
    # A main outcome is refused.
    alone = replace(result, series=rows, estimates=(replace(first, counts={"T1": 3.0}),))
    assert review(plan, suppress(plan, alone)[0], {})[0].verdict == "fail"


def test_what_is_left_of_an_outcome_beside_two_parts_of_it_is_a_count_too(make_plan, outcome):
    base = make_plan()
    intervention = {**base.intervention.model_dump(mode="json"), "start": PERIODS[12], "end": None}
    plan = make_plan(disclosure={"profile": "police_local"}, intervention=intervention)
    every, gun, knife = [30.0] * 24, [10.0] * 24, [18.0] + [10.0] * 23
    rows = tuple(
        Series(o, "treated", 5, PERIODS, tuple(v)) for o, v in (("all", every), ("gun", gun), ("knife", knife))
    )
    first = replace(outcome.primary, path=(), n_pre=0, n_post=0)
    published, _ = suppress(plan, replace(outcome, series=rows, estimates=(first,)))
    assert [[(b.first, b.last) for b in s.bands] for s in published.series] == [[("2019-01", "2019-02")]] * 3


@pytest.mark.parametrize(
    ("kind", "events", "verdict"),
    [
        ("binary", (30, 40), "concern"),  # two of the treated had the one and not the other
        ("time", (34, 42), "concern"),
        ("binary", (20, 30), "pass"),
        ("binary", (32, 41), "pass"),  # all the same
        ("binary", (34, 30), "pass"),  # neither holds the other
        ("count", (34, 42), "pass"),  # events, not people
    ],
)
def test_two_outcomes_of_the_same_people_are_subtracted(plan_of_people, outcome, kind, events, verdict):
    base = trial(outcome, 32, 41)
    second = replace(
        base.primary, analysis="violent", outcome="violent", role="secondary", arms=(),
        counts={"events_treated": float(events[0]), "events_comparison": float(events[1])},
    )  # fmt: skip
    more = plan_of_people.outcomes[0].model_copy(update={"id": "violent", "kind": kind, "primary": False})
    plan = plan_of_people.model_copy(update={"outcomes": [*plan_of_people.outcomes, more]})
    both = replace(base, estimates=(base.primary, second))
    found = {f.check: f for f in review(plan, both, {})}["disclosure_outcomes_apart"]
    assert found.verdict == verdict
    assert "30" not in found.text
