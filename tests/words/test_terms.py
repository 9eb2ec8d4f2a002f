"""What is counted, by which periods, in the plan's own words."""

import pytest

from vru.periods import Calendar
from vru.words.terms import PLAIN, Terms, singular

ADMISSIONS = Terms(Calendar("week", "2021-01-04"), ("admission", "admissions"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("139 fewer recorded offences over 12 months", "139 fewer recorded admissions over 12 weeks"),
        ("An offence a month", "An admission a week"),
        ("Offences, all treated areas", "Admissions, all treated areas"),
        ("the monthly offence count", "the weekly admission count"),
        ("nothing to say", "nothing to say"),
    ],
)
def test_a_sentence_is_said_in_the_plans_words(text, said):
    assert ADMISSIONS.say(text) == said
    assert PLAIN.say(text) == text


def test_the_article_follows_the_word():
    assert Terms(counted=("death", "deaths")).say("an offence, An offence") == "a death, A death"


@pytest.mark.parametrize(("several", "one"), [("offences", "offence"), ("injuries", "injury"), ("calls", "call")])
def test_one_of_several(several, one):
    assert singular(several) == one
