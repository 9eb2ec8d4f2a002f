"""Periods: every day belongs to one, neighbours meet, labels sort, and sentences say what the plan counts by."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vru.periods import KINDS, WEEKDAYS, Calendar, first_weekday, months_between

DAYS = st.dates(date(2000, 1, 1), date(2039, 12, 31))
BY_DAYS = ("day", "week", "four_weeks")


def calendar(kind: str, start: date) -> Calendar:
    return Calendar(kind, start.isoformat() if kind in BY_DAYS else f"{start:%Y-%m}")


@given(st.sampled_from(KINDS), DAYS, DAYS)
def test_every_day_lies_in_one_period_which_its_label_begins_and_its_last_ends(kind, start, day):
    c = calendar(kind, start)
    moment = day.isoformat() if c.by_days else f"{day:%Y-%m}"
    label = c.holding(moment)
    assert label <= moment <= c.last_of(label)
    assert c.begins(label)
    assert c.label(c.number(label)) == label
    assert c.label(c.number(label) + 1) > c.last_of(label)
    assert c.of_days(np.array([day.isoformat()], dtype="datetime64[s]"))[0] == label


@given(st.sampled_from(KINDS), DAYS, DAYS, st.integers(0, 800))
def test_periods_between_two_days_lie_whole_within_them_and_leave_less_than_one_at_either_end(kind, start, day, n):
    c = calendar(kind, start)
    last = day + timedelta(days=n)
    found = c.between(day.isoformat(), last.isoformat())
    assert list(found) == sorted(set(found))
    unit = Calendar("day", "2000-01-01")
    first_days = [unit.between(p, c.last_of(p)) for p in found]
    inside = [d for days in first_days for d in days]
    assert (
        inside == [(date.fromisoformat(inside[0]) + timedelta(days=i)).isoformat() for i in range(len(inside))]
        if inside
        else True
    )
    assert all(day.isoformat() <= d <= last.isoformat() for d in inside)
    longest = {"day": 1, "week": 7, "four_weeks": 28, "month": 31, "quarter": 92, "year": 366}[kind]
    left = n + 1 - len(inside)
    assert left < 2 * longest


def test_months_are_what_they_were():
    assert months_between("2021-11", "2022-02") == ("2021-11", "2021-12", "2022-01", "2022-02")
    assert months_between("2022-02", "2022-01") == ()
    months = Calendar()
    assert months.between("2021-01-02", "2021-03-30") == ("2021-02",)
    assert months.between("2021-01-01", "2021-03-31") == ("2021-01", "2021-02", "2021-03")
    assert months.angle(["2021-04"])[0] == pytest.approx(2 * np.pi * 4 / 12)
    assert (months.a_year, months.harmonics, months.months(3)) == (12, 6, 3)


def test_weeks_run_through_the_turn_of_a_year_with_53_of_them_and_through_clock_changes():
    weeks = Calendar("week", "2020-12-07").between("2020-12-07", "2021-04-04")
    assert len(weeks) == 17
    assert weeks[3:6] == ("2020-12-28", "2021-01-04", "2021-01-11")
    forward = np.array(["2021-03-28T00:59", "2021-03-28T02:00", "2021-03-29T00:00"], dtype="datetime64[m]")
    assert Calendar("week", "2020-12-07").of_days(forward).tolist() == ["2021-03-22", "2021-03-22", "2021-03-29"]


def test_years_and_quarters_may_begin_in_april():
    assert Calendar("year", "2015-04").between("2015-04", "2018-03") == ("2015-04", "2016-04", "2017-04")
    assert Calendar("quarter", "2023-05").between("2023-01", "2023-12") == ("2023-02", "2023-05", "2023-08")
    assert Calendar("quarter", "2023-05").last_of("2023-08") == "2023-10"


@pytest.mark.parametrize("weekday", WEEKDAYS)
def test_a_named_weekday_is_the_first_from_that_day_on(weekday):
    found = date.fromisoformat(first_weekday("2024-02-28", weekday))
    assert found.strftime("%A").lower() == weekday
    assert 0 <= (found - date(2024, 2, 28)).days < 7


def test_time_of_year_goes_round_once_a_year_whatever_the_period():
    for kind, span in (("week", ("2021-01-01", "2021-12-31")), ("quarter", ("2021-01", "2021-12"))):
        c = Calendar(kind, span[0])
        angle = c.angle(c.between(*span))
        assert np.all(np.diff(angle) == pytest.approx(2 * np.pi / c.a_year, rel=1e-6))
        assert c.season(c.between(*span))[0] in (1, 2)
    assert [Calendar(k).harmonics for k in ("quarter", "year")] == [1, 0]


def test_sentences_are_said_of_the_plans_periods_and_calendar_months_stay():
    weeks = Calendar("week", "2021-01-04")
    said = weeks.say("Months: 3 unit-months, a monthly total, by calendar month; over 1 month.")
    assert said == "Weeks: 3 unit-weeks, a weekly total, by calendar month; over 1 week."
    assert Calendar().say("3 months") == "3 months"
    assert Calendar("four_weeks", "2021-01-04").say("a month") == "a four-week period"


def test_days_know_their_weekday():
    labels = Calendar("day", "2000-01-01").between("2024-03-04", "2024-03-10")  # Monday to Sunday
    columns = np.array(Calendar("day", "2000-01-01").weekdays(labels))
    assert np.array_equal(columns, np.eye(7)[1:])
    assert Calendar("week", "2024-03-04").weekdays(labels) == ()
