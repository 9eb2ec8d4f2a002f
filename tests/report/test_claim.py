import math
from dataclasses import replace

import pytest

from vru.report import claim, naming
from vru.results import Rating
from vru.run.telling import estimate_text
from vru.words import evidence


@pytest.fixture
def make_result(make_result):
    """As the shared one, but no exercise: those never get a causal word."""

    def make(**changes):
        result = make_result(**changes)
        return replace(result, provenance=replace(result.provenance, truth={}))

    return make


def rated(*verbs):
    return tuple(Rating("maryland", "violence", 3, "label", (), verb) for verb in verbs)


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ((), "change"),
        (("changed",), "change"),
        (("is associated with",), "associated"),
        (("caused",), "caused"),
        (("caused", "is associated with"), "associated"),
        (("caused", "something new"), "change"),
    ],
)
def test_the_weakest_rating_decides(make_result, verbs, expected):
    assert evidence.strength(make_result(ratings=rated(*verbs)), "violence") == expected


def test_a_rating_of_another_outcome_licenses_nothing(make_result):
    assert evidence.strength(make_result(ratings=rated("caused")), "robbery") == "change"


@pytest.mark.parametrize(
    ("verb", "said", "unsaid"),
    [
        ("caused", "caused a difference: 19% fewer", "associated"),
        ("is associated with", "was associated with 19% fewer", "caused a difference"),
        ("changed", "cannot say that the intervention made the difference", "associated"),
    ],
)
def test_headline_uses_the_licensed_words(make_protocol, make_result, verb, said, unsaid):
    result = make_result(ratings=rated(verb))
    text = claim.headline(make_protocol(), result, result.primary)
    assert said in text
    assert unsaid not in text


def test_the_sentence_says_what_stands_against_more(make_protocol, make_result):
    doubts = ("areas were not drawn by lot", "treated areas were busier than their comparison beforehand")
    ratings = (replace(rated("is associated with")[0], against=doubts),)
    result = make_result(ratings=ratings)
    text = claim.headline(make_protocol(), result, result.primary)
    assert text.endswith(
        "does not show that it caused the difference, as areas were not drawn by lot and treated areas were busier than "
        "their comparison beforehand."
    )


@pytest.mark.parametrize(
    "ends", [{"low": math.log(0.8), "high": math.log(1.1)}, {"low": None, "high": None, "se": None}]
)
def test_headline_claims_nothing_where_the_interval_does_not(make_protocol, make_result, make_estimate, ends):
    result = make_result(ratings=rated("caused"), estimates=(make_estimate(**ends),))
    text = claim.headline(make_protocol(), result, result.primary)
    assert text.startswith("It is not clear whether")
    assert "caused" not in text


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.70, 0.90, "at least as large as 10% fewer"),
        (0.70, 0.91, "do not settle"),
        (0.92, 1.20, "falls short of 10% fewer"),
    ],
)
def test_size_against_the_smallest_effect_that_matters(make_protocol, make_estimate, low, high, said):
    estimate = make_estimate(low=math.log(low), high=math.log(high))
    assert said in claim.size_that_matters(make_protocol(), estimate)


@pytest.mark.parametrize(
    ("low", "high", "said"), [(1.1, 1.4, "at least as large as 10% more"), (0.9, 1.05, "falls short")]
)
def test_size_where_more_is_good(make_protocol, make_estimate, low, high, said):
    outcomes = [{"id": "violence", "measure": "Reports", "filter": {}, "direction": "increase"}]
    protocol = make_protocol(outcomes=outcomes)
    assert said in claim.size_that_matters(protocol, make_estimate(low=math.log(low), high=math.log(high)))


def test_a_sum_by_harm_is_never_called_offences(make_result):
    """1,431 days of sentence are not 1,431 offences."""
    offences = make_result().estimates[1]
    days = replace(offences, unit="days of sentence")
    assert claim.effect(days) == "1,431 fewer days of sentence"
    assert claim.effect_interval(days) == "between 1,195 and 1,667 fewer days of sentence"
    assert claim.effect(replace(days, value=0.0)) == "no difference in days of sentence"
    assert naming.scale(days) == ("days of sentence over the whole period", 1)
    said = estimate_text(days)
    assert said.startswith("days of sentence -1,431 (95% interval -1,667 to -1,195)")
    assert estimate_text(offences).startswith("offences -1,431")


def test_a_difference_of_restricted_means_is_said_in_days(make_estimate):
    noun = "difference in mean days of 365 that come after a first event (restricted mean time lost)"
    found = make_estimate(scale="mean_difference", estimand=noun, value=-41.2, low=-65.2, high=2.0)
    assert claim.effect(found) == "41.2 days fewer"
    assert claim.effect_interval(found) == "between 65.2 days fewer and 2 days more"
    assert estimate_text(found).startswith("difference of mean days after a first event -41.2")
