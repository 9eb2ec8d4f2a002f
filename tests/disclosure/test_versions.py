"""Two versions of a record show some months in different company; what that gives away stops the second."""

from dataclasses import replace

import pytest

from vru.disclosure import given_away, suppress
from vru.results import Series

PERIODS = tuple(f"2020-{m:02d}" for m in range(1, 13)) + tuple(f"2021-{m:02d}" for m in range(1, 13))


@pytest.fixture
def local(make_plan):
    base = make_plan()
    intervention = {**base.intervention.model_dump(mode="json"), "start": "2020-07", "end": None}
    return make_plan(disclosure={"profile": "police_local"}, intervention=intervention)


def version(plan, outcome, values):
    series = Series("violence", "treated", 5, PERIODS[: len(values)], tuple(map(float, values)))
    estimates = tuple(replace(e, path=(), n_pre=0, n_post=0) for e in outcome.estimates)
    return suppress(plan, replace(outcome, series=(series,), estimates=estimates))[0]


def test_a_longer_window_whose_months_all_stay_as_they_were_passes(local, outcome):
    first, second = version(local, outcome, [7] * 12), version(local, outcome, [7] * 12 + [2, 9])
    assert given_away(local, second, first).verdict == "pass"
    assert given_away(local, first, None).verdict == "pass"
    assert given_away(local, first, first).verdict == "pass"


def test_a_last_small_month_that_joined_backwards_and_now_joins_forwards_is_found(local, outcome):
    # Alone at the end, the 2 had to join the 7 before it; in the longer window it joins the 6 after it.
    first, second = version(local, outcome, [7] * 11 + [2]), version(local, outcome, [7] * 11 + [2, 6])
    assert [(b.first, b.last) for b in first.series[0].bands] == [("2020-11", "2020-12")]
    assert [(b.first, b.last) for b in second.series[0].bands] == [("2020-12", "2021-01")]
    finding = given_away(local, second, first)
    assert finding.verdict == "fail"
    assert "violence, treated areas, from 2020-12 until 2021-01" in finding.text


def test_before_the_start_too(local, outcome):
    first = version(local, outcome, [2, 7, 7, 7, 7, 7] + [7] * 6)
    other = replace(
        first, series=(replace(first.series[0], bands=(), values=(2.0, 7.0, 7.0, 7.0, 7.0, 7.0, *[7.0] * 6)),)
    )
    assert given_away(local, first, other).verdict == "fail"


def test_open_data_are_not_looked_at(make_plan, outcome):
    assert given_away(make_plan(disclosure={"profile": "public_police_uk"}), outcome, outcome).verdict == "pass"
