"""Under a health profile counts are rounded to five; estimates, made from the true counts, stay."""

from dataclasses import replace

import pytest

from vru.disclosure import Other, given_away, review, subtracted, suppress
from vru.disclosure.profiles import PROFILES, profile_of, source_of
from vru.disclosure.rounding import is_rounded, nearest
from vru.events import DataNote
from vru.results import Arm, Finding, PathPoint, Rating, Series

PERIODS = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(24))


@pytest.fixture
def health(make_plan):
    base = make_plan()
    intervention = {**base.intervention.model_dump(mode="json"), "start": PERIODS[12], "end": None}
    return make_plan(disclosure={"profile": "nhs_hes_ecds"}, intervention=intervention)


def course(outcome, values):
    path = tuple(PathPoint(p, v, v + 0.4) for p, v in zip(PERIODS, values, strict=True))
    first = replace(outcome.primary, path=path, n_pre=0, n_post=0, counts={"T0": 141.0, "phi": 1.37}, arms=())
    series = Series(first.outcome, "treated", 5, PERIODS, tuple(map(float, values)))
    note = DataNote("hes", "rows read", 1234)
    return replace(outcome, series=(series,), estimates=(first,), data_log=(note,))


def test_the_nearest_five_and_halves_up():
    assert [nearest(v, 5) for v in (0, 2, 3, 7, 8, 12, 13, 1992)] == [0, 0, 5, 5, 10, 10, 15, 1990]


def test_every_count_is_rounded_and_no_estimate(health, outcome):
    values = [11, 12, 13, 3, 9, *[21] * 19]
    full = course(outcome, values)
    made, _ = suppress(health, full)
    (series,) = made.series
    assert series.values[:3] == (10.0, 10.0, 15.0)
    assert [(b.first, b.last, b.count) for b in series.bands] == [("2019-04", "2019-05", 10.0)]
    e = made.estimates[0]
    assert [p.observed for p in e.path[:3]] == [10.0, 10.0, 15.0]
    assert [p.expected for p in e.path[:3]] == [11.4, 12.4, 13.4]
    assert (e.counts, e.value, e.low) == ({"T0": 140.0, "phi": 1.37}, full.estimates[0].value, full.estimates[0].low)
    assert made.data_log[0].count == 1235
    assert is_rounded(made)
    assert "rounded to the nearest 5" in made.data_log[-1].text
    assert suppress(health, made)[0] == made
    assert review(health, made, {})[0].verdict == "pass"


def test_a_share_and_its_interval_are_made_of_rounded_people(health, outcome):
    arms = (Arm("treated", 123, 121, 33 / 121, 0.2, 0.36), Arm("comparison", 118, 118, 4.2, 3.0, 5.0))
    full = replace(outcome, series=(), estimates=(replace(outcome.primary, path=(), counts={}, arms=arms),))
    first, second = suppress(health, full)[0].estimates[0].arms
    assert (first.n, first.observed, first.mean) == (125, 120, 35 / 120)
    assert (first.low, first.high) != (0.2, 0.36)
    assert (second.n, second.mean, second.low) == (120, 4.2, 3.0)


def test_police_counts_are_not_rounded(make_plan, outcome):
    plan = make_plan(disclosure={"profile": "police_local"})
    made, _ = suppress(plan, course(outcome, [11.0] * 24))
    assert made.series[0].values[0] == 11.0
    assert not is_rounded(made)


def test_differences_of_rounded_counts_are_no_counts(health, outcome):
    first, second = (suppress(health, course(outcome, v))[0] for v in ([21] * 24, [21] * 23 + [27]))
    assert given_away(health, second, first).verdict == "pass"
    assert subtracted(health, second, [Other("force/x@1.0", health, first)]).verdict == "pass"


def test_rules_that_nobody_confirmed_say_so(make_plan):
    assert "not confirmed" in source_of(PROFILES["police_local"])
    assert "not confirmed" not in source_of(PROFILES["public_police_uk"])
    agreed = {"profile": "nhs_hes_ecds", "hide_to": 9, "agreement": "Data sharing agreement of March 2026"}
    profile = profile_of(make_plan(disclosure=agreed).disclosure)
    assert (profile.round_to, profile.largest, source_of(profile)) == (5, 9, "Data sharing agreement of March 2026")


def test_counts_of_people_in_what_methods_checks_and_ratings_say_are_rounded_too(health, outcome):
    arms = (Arm("treated", 1500, 1419, 0.215, 0.19, 0.24), Arm("comparison", 1500, 1425, 0.28, 0.26, 0.3))
    note = "The outcome was not observed for 81 treated (5%) and 76 comparison people (5%), 1,203 rows of 2019 in all."
    counts = {"uptake_offered": 941 / 1419, "mean_with": 0.2149401}
    first = replace(outcome.primary, path=(), counts=counts, arms=arms, notes=(note,))
    numbers = {"n_treated": 1419, "treated": 81 / 1500, "worst": 0.123456}
    said = Finding("overlap", first.analysis, "pass", "Of 1,419 treated people none.", numbers)
    rated = Rating(
        "maryland", first.outcome, 4, "a lot", ("Drawn by lot (1,419 treated and 1,426 comparison people).",), "caused"
    )
    made = suppress(health, replace(outcome, series=(), estimates=(first,), findings=(said,), ratings=(rated,)))[0]
    e, f, r = made.estimates[0], made.findings[0], made.ratings[0]
    assert "80 treated (5%) and 75 comparison people (5%), 1,205 rows of 2019" in e.notes[0]
    assert (e.counts["uptake_offered"], e.counts["mean_with"]) == (0.66, 0.21)
    assert f.text == "Of 1,420 treated people none."
    assert dict(f.numbers) == {"n_treated": 1420, "treated": 0.05, "worst": 0.123456}
    assert r.reasons == ("Drawn by lot (1,420 treated and 1,425 comparison people).",)
