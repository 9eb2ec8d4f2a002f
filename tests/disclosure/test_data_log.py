"""The log of how data were read holds small counts too: they are not given, and no sum gives them away."""

from dataclasses import replace

import pytest

from vru.disclosure import PROFILES, review, suppress
from vru.disclosure.data_log import small_in_log, without_small
from vru.events import DataNote

LOCAL = PROFILES["police_local"]
SUM = (
    "offences: late: 3,421 in the window = 2,847 in the plan's areas + 0 there in months taken as missing + 572 in other "
    "areas + 2 without coordinates (0.0% in 2019-01 to 0.9% in 2019-04)"
)


def test_small_counts_go_and_sums_with_one_are_rounded_as_a_whole():
    log = (
        DataNote("events", "rows without coordinates", 2),
        DataNote("panel", SUM),
        DataNote("events", "rows read", 900),
    )
    small, parts, large = without_small(LOCAL, log)
    assert (small.count, small.text) == (None, "rows without coordinates (a small number of rows)")
    assert parts.text.startswith("offences: late: 3,420 in the window = 2,850 in the plan's areas + 0 there")
    assert "570 in other areas + 0 without coordinates (each rounded to 10" in parts.text
    assert "%" not in parts.text
    assert large == log[2]
    assert without_small(LOCAL, (small, parts, large)) == (small, parts, large)
    assert not [n for _, n in small_in_log(LOCAL, (small, parts, large)) if LOCAL.hides(n)]


def test_sums_without_a_small_part_and_open_data_stay_as_they_are():
    plain = SUM.replace("+ 2 without", "+ 20 without")
    assert without_small(LOCAL, (DataNote("panel", plain),))[0].text == plain
    assert without_small(PROFILES["public_police_uk"], (DataNote("panel", SUM, 2),))[0] == DataNote("panel", SUM, 2)


@pytest.mark.parametrize("note", [DataNote("events", "rows without coordinates", 2), DataNote("panel", SUM)])
def test_a_log_that_still_holds_one_is_not_let_through(make_plan, outcome, note):
    plan = make_plan(disclosure={"profile": "police_local"})
    bare = replace(outcome, series=(), estimates=(replace(outcome.primary, path=(), counts={}),), data_log=(note,))
    assert review(plan, bare, {})[0].verdict == "fail"
    assert review(plan, suppress(plan, bare)[0], {})[0].verdict == "pass"


def test_a_small_part_of_an_extracts_rows_cannot_be_had_from_the_whole_and_the_other_parts():
    log = (
        DataNote("extract", "rows read from offences.csv", 1890),
        DataNote("link", "offences: rows of people who are not in the list", 303),
        DataNote("link", "offences: rows of the list, without a date", 3),
        DataNote("link", "offences: rows of the list and used", 1584),
        DataNote("link", "custody: rows of the list and used", 111),
    )
    made = without_small(LOCAL, log)
    assert [n.count for n in made] == [1890, 300, None, 1580, 111]
    assert made[1].text.endswith("(rounded to 10, as another part is small)")
    assert without_small(LOCAL, made) == made
    assert without_small(PROFILES["public_police_uk"], log) == log
