"""From a schedule and offences to patrol days: the day runs as the plan says, and what is not in the schedule is missing."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.errors import DataError
from vru.events import Table
from vru.intake import Made, build_days
from vru.intake.days import days_between
from vru.panel import Panel
from vru.protocol import Protocol
from vru.protocol.fields import Outcome, Window
from vru.protocol.rows import Days
from vru.protocol.units import Units

FIRST, LAST = "2021-03-20", "2021-04-03"
PERIODS = days_between(FIRST, LAST)


def schedule(**changes: Any) -> pd.DataFrame:
    rows = [(u, d, "1" if (i + j) % 2 else "0") for i, u in enumerate(("HS1", "HS2")) for j, d in enumerate(PERIODS)]
    frame = pd.DataFrame(rows, columns=["hot_spot", "date", "drawn"])
    frame["minutes"] = np.where(frame["drawn"] == "1", "45", None)
    for column, value in changes.items():
        frame[column] = value
    return frame.astype("str")


def crimes(*rows: tuple[str, str]) -> pd.DataFrame:
    """The rows given, and one of another year in each area: none is without any event."""
    known = [("HS1", "2019-03-21 12:00"), ("HS2", "2019-03-21 12:00")]
    return pd.DataFrame([*(rows or [("HS1", "2021-03-21 05:59")]), *known], columns=["hot_spot", "when"]).astype("str")


def build(
    table: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    starts: str = "06:00",
    filters: dict[str, list[str]] | None = None,
    **own: Any,
) -> Made:
    plan = Days.model_validate(
        {
            "events": {"unit": "hot_spot", "when": "when", "day_starts": starts, **own},
            "schedule": {
                "unit": "hot_spot",
                "date": "date",
                "assigned": {"column": "drawn"},
                "delivered": {"minutes": "minutes"},
            },
        }
    )
    protocol = Protocol.model_construct(
        days=plan,
        units=Units(kind="site"),
        window=Window(first=FIRST, last=LAST, period="day"),
        outcomes=[Outcome(id="violence", measure="offences", filter=filters or {})],
    )
    sha = "sha256:" + "0" * 64
    return build_days(
        protocol,
        {
            "crimes": Table("offences.csv", crimes() if events is None else events, sha),
            "schedule": Table("schedule.csv", schedule() if table is None else table, sha),
        },
    )


def panel(made: Made) -> Panel:
    assert isinstance(made.data, Panel)
    return made.data


def refusal(table: pd.DataFrame | None = None, events: pd.DataFrame | None = None, starts: str = "06:00") -> str:
    with pytest.raises(DataError) as caught:
        build(table, events, starts)
    return str(caught.value)


def test_an_offence_before_six_belongs_to_the_day_before() -> None:
    events = crimes(("HS1", "2021-03-21 05:59"), ("HS1", "2021-03-21 06:00"), ("HS2", "2021-03-21T05:59:59"))
    counts = panel(build(events=events)).counts["violence"]
    assert counts[0, :3].tolist() == [1, 1, 0]
    assert counts[1, :3].tolist() == [1, 0, 0]
    assert panel(build(events=events, starts="00:00")).counts["violence"][0, :3].tolist() == [0, 2, 0]


def test_what_is_not_in_the_schedule_is_missing_not_unpatrolled() -> None:
    made = build(schedule().drop(index=[3]))
    data = panel(made)
    assert data.missing[0, 3]
    assert np.isnan(data.counts["violence"][0, 3])
    assert any("taken as missing" in n.text and n.count == 1 for n in made.log)


def test_schedule_and_delivery_come_through() -> None:
    drawn = panel(build()).schedule
    assert drawn is not None
    assert drawn.assigned[0].tolist() == [j % 2 == 1 for j in range(len(PERIODS))]
    assert np.nansum(drawn.delivered["minutes"]) == 45 * drawn.assigned.sum()


def test_rows_elsewhere_and_outside_are_counted_and_left_out() -> None:
    made = build(events=crimes(("HS1", "2021-03-22 12:00"), ("HS9", "2021-03-22 12:00"), ("HS1", "2022-01-01 12:00")))
    said = {n.text: n.count for n in made.log}
    assert said["rows outside the window, left out"] == 3
    assert said["rows of the window in no patrolled area, left out"] == 1


def test_areas_are_one_area_in_capitals_and_with_odd_spaces() -> None:
    events = crimes(("hs1", "2021-03-22 12:00"), ("HS1\u00a0", "2021-03-22 12:00"), (" HS1", "2021-03-22 13:00"))
    assert panel(build(events=events)).counts["violence"][0, 2] == 3


def test_an_area_that_is_known_to_be_empty_may_be_named() -> None:
    table = schedule()
    with pytest.raises(DataError, match="empty_units"):
        build(table, crimes()[:1])
    known = {"unit": "hot_spot", "date": "date", "assigned": {"column": "drawn"}, "empty_units": ["hs2"]}
    plan = Days.model_validate({"events": {"unit": "hot_spot", "when": "when"}, "schedule": known})
    protocol = Protocol.model_construct(
        days=plan,
        units=Units(kind="site"),
        window=Window(first=FIRST, last=LAST, period="day"),
        outcomes=[Outcome(id="violence", measure="offences", filter={})],
    )
    sha = "sha256:" + "0" * 64
    tables = {"crimes": Table("o.csv", crimes()[:1], sha), "schedule": Table("s.csv", table, sha)}
    assert panel(build_days(protocol, tables)).counts["violence"][1].sum() == 0


def test_days_and_months_that_changed_places_are_asked_about() -> None:
    rows = [("HS1", f"2021-{m}-03 12:00") for m in ("04", "05", "06", "07", "08", "09")]
    rows += [("HS2", f"2021-03-2{d} 12:00") for d in range(1, 8)] + [("HS2", "2021-01-04 12:00")]
    swapped = pd.DataFrame(rows, columns=["hot_spot", "when"]).astype("str")
    made = build(schedule(), swapped)
    assert [q.id for q in made.questions] == []
    into = [("HS1", f"2021-{m:02d}-04 12:00") for m in (1, 2, 3)] * 3
    turned = pd.DataFrame([*rows[6:13], *into], columns=["hot_spot", "when"]).astype("str")
    assert [q.id for q in build(schedule(), turned).questions] == ["dates_swapped"]


def test_days_on_which_the_clocks_change_are_named() -> None:
    assert any("2021-03-28" in n.text and "23 or 25 hours" in n.text for n in build().log)


@pytest.mark.parametrize(
    ("table", "events", "said"),
    [
        (schedule(date="20/03/2021"), None, "export dates as 2021-04-03"),
        (schedule(drawn="perhaps"), None, "rows (perhaps) are neither"),
        (pd.concat([schedule(), schedule()[:2]]), None, "2 rows repeat an area and day"),
        (schedule().rename(columns={"drawn": "drwan"}), None, "did you mean 'drwan'"),
        (schedule(date="2019-01-01"), None, "no row lies inside the window"),
        (schedule(hot_spot=""), None, "rows name no area"),
        (None, crimes(*[("HS1", f"2021-03-2{i}") for i in range(1, 6)]), "most events have no time"),
        (
            None,
            crimes(("hs 1", "2021-03-22 12:00")),
            "1 names nearly match areas of the schedule: 'hs 1' (1 rows) for 'HS1'",
        ),
        (None, crimes()[:1], "1 areas of the schedule have no event of any kind: HS2"),
        (None, crimes(("HS1", "03/04/2021 12:00")), "rows hold no date"),
        (None, crimes(("HS7", "2021-03-22 12:00")), "not a single event"),
    ],
)
def test_what_is_wrong_is_said(table: pd.DataFrame | None, events: pd.DataFrame | None, said: str) -> None:
    assert said in refusal(table, events)


def test_a_row_per_victim_is_one_crime_on_its_first_day() -> None:
    events = crimes(
        *(("HS1", f"2021-03-22 {h:02d}:00") for h in (12, 10, 11)), ("HS2", "2021-03-23 09:00"), ("HS1", "")
    )
    events = events[events["when"] != ""].assign(crime_ref=["A", "A", "B", "A", "", ""])
    for order in (events, events.iloc[::-1]):
        made = build(events=order, count="distinct crime_ref")
        said = {n.text.removeprefix("violence: "): n.count for n in made.log}
        assert panel(made).counts["violence"].sum() == 2
        assert panel(made).counts["violence"][0, 2] == 2
        assert said["rows that repeat a crime_ref, counted once"] == 2
        assert said["crime_ref whose rows differ in area"] == 1
        assert said["crime_ref whose rows differ in day, counted on the first"] == 1


def test_an_id_written_in_two_ways_is_not_two_crimes() -> None:
    events = crimes(*(("HS1", f"2021-03-22 {h:02d}:00") for h in (10, 11, 12))).assign(
        crime_ref=["1000", "1000.0", "7", "8", "9"]
    )
    with pytest.raises(DataError, match="crime_ref"):
        build(events=events, count="distinct crime_ref")


def test_the_share_of_events_in_no_area_is_the_plans_to_allow() -> None:
    events = crimes(("HS1", "2021-03-22 12:00"), *[("Elsewhere", "2021-03-22 12:00")] * 3)
    made = build(events=events, left_over=0.8)
    assert "75.0% of the window's events lie in no area of the schedule: Elsewhere (3)" in made.account[-1]
    with pytest.raises(DataError, match=r"75\.0% of the window"):
        build(events=events, left_over=0.1)


def test_a_value_like_one_of_the_filter_is_asked_about() -> None:
    events = crimes(("HS1", "2021-03-22 12:00"), ("HS1", "2021-03-22 13:00"))
    events["kind"] = ["Violence with injury", "Violence with injuries", "Theft", "Theft"]
    (asked,) = build(events=events, filters={"kind": ["violence with  injury"]}).questions
    assert asked.id == "value_violence_with_injuries"
    assert "(1 rows)" in asked.what


def test_an_area_that_goes_on_under_another_name_is_asked_about() -> None:
    before = [("HS1", f"2021-03-{d} 12:00") for d in range(20, 27)]
    after = [("New Street", f"2021-03-{d} 12:00") for d in range(27, 32)] + [("New Street", "2021-04-02 12:00")]
    always = [("HS2", f"2021-03-{d} 13:00") for d in range(20, 32)]
    events = pd.DataFrame([*before, *after, *always], columns=["hot_spot", "when"]).astype("str")
    (asked,) = build(events=events).questions
    assert asked.id == "successor_new_street"
    assert "'HS1' (7 rows) ends on 2021-03-26 and 'New Street' (6 rows)" in asked.what
    steady = pd.DataFrame(
        [*before, *always, *[("HS1", "2021-04-01 12:00")], *after], columns=["hot_spot", "when"]
    ).astype("str")
    assert build(events=steady).questions == ()
