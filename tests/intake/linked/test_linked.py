"""People linked with events by hand: which day counts, who is observed, and what is asked."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import DataError
from vru.events import Table
from vru.intake import build_cohort
from vru.intake.made import Made
from vru.protocol import Protocol
from vru.protocol.fields import Outcome, Window
from vru.protocol.rows import CohortPlan
from vru.protocol.units import Units

COVERS = {"first": "2019-01-01", "last": "2021-06-30", "people": "everybody"}
PEOPLE = {
    "ref": ["a", "b", "c", "d", "e", "f"],
    "arm": ["1", "1", "1", "0", "0", "0"],
    "start": ["2020-01-10"] * 6,
    "left": ["", "", "2020-03-01", "", "", ""],
}
EVENTS = {
    "who": ["a", "a", "a", "b", "c", "d", "d", "e", "z"],
    "when": [
        *("2020-01-10", "2020-01-11", "2019-12-01"),  # a: on the start, the day after, before
        "2021-01-09",  # b: the 365th day
        "2020-02-01",  # c: before leaving
        *("2021-01-10", "2019-01-05"),  # d: one day too late; 370 days before
        "2020-06-01",
        "2020-06-01",
    ],
    "kind": ["theft", "violence", "theft", "violence", "violence", "violence", "violence", "theft", "theft"],
    "no": ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
}
KINDS = ("binary", "count", "time")


def build(
    people: dict[str, list[str]] | None = None,
    events: dict[str, list[str]] | None = None,
    *,
    custody: dict[str, list[str]] | None = None,
    linked: dict[str, Any] | None = None,
    filter_: dict[str, list[str]] | None = None,
    **follow_up: Any,
) -> Made:
    source = {"id": "who", "when": "when", "covers": COVERS} | (linked or {})
    plan = {"start": "start", "days": 365, "linked": {"events": source}} | follow_up
    if custody is not None:
        plan["custody"] = {"data": "custody", "id": "who", "since": "in", "until": "out"}
    outcomes = [
        Outcome.model_validate({"id": k, "measure": "what it is", "data": "events", "kind": k, "filter": filter_ or {}})
        for k in KINDS
    ]
    protocol = Protocol.model_construct(
        cohort=CohortPlan.model_validate({"id": "ref", "received": {"column": "arm"}, "follow_up": plan}),
        outcomes=outcomes,
        units=Units(kind="person"),
        window=Window(first="2020-01", last="2021-06"),
    )
    tables = {"people": table(people or PEOPLE), "events": table(events or EVENTS)}
    return build_cohort(protocol, tables | ({"custody": table(custody)} if custody is not None else {}))


def table(columns: dict[str, list[str]]) -> Table:
    return Table("table.csv", pd.DataFrame(columns).replace("", None).astype("str"), "sha256:" + "0" * 64)


def cohort(*args: Any, **kwargs: Any) -> Cohort:
    made = build(*args, **kwargs).data
    assert isinstance(made, Cohort)
    return made


def asked(*args: Any, **kwargs: Any) -> dict[str, str]:
    return {q.id: q.what for q in build(*args, **kwargs).questions}


def test_follow_up_begins_the_day_after_and_ends_after_365_days() -> None:
    found = cohort()
    assert found.outcomes["binary"].tolist() == [1, 1, 1, 0, 1, 0]
    assert found.outcomes["count"].tolist() == [1, 1, 1, 0, 1, 0]
    assert found.outcomes["time"].tolist() == [1, 1, 1, 0, 1, 0]
    assert found.times["time"].tolist() == [1, 365, 22, 365, 143, 365]
    np.testing.assert_allclose(found.times["count"], 365 / 365.25)


def test_the_day_of_the_start_counts_where_the_plan_says_so() -> None:
    found = cohort(from_day=0)
    assert found.outcomes["count"].tolist() == [2, 0, 1, 0, 1, 0]
    assert found.times["time"].tolist() == [1, 365, 23, 365, 144, 365]


def test_whoever_left_is_followed_until_then_and_has_no_share() -> None:
    found = cohort(left="left")
    np.testing.assert_array_equal(found.outcomes["binary"], [1, 1, np.nan, 0, 1, 0])
    assert found.outcomes["count"][2] == 1
    assert found.times["count"][2] == pytest.approx(51 / 365.25)
    early = PEOPLE | {"left": ["", "", "2020-01-25", "", "", ""]}
    found = cohort(early, left="left")
    assert (found.outcomes["time"][2], found.times["time"][2]) == (0, 15)


def test_the_end_of_the_data_ends_follow_up_alike_for_those_with_an_event_and_without() -> None:
    late = PEOPLE | {"start": ["2020-01-10", "2020-01-10", "2020-12-31", "2020-01-10", "2020-12-31", "2020-01-10"]}
    events = EVENTS | {"when": [*EVENTS["when"][:4], "2021-01-05", *EVENTS["when"][5:]]}
    found = cohort(late, events)
    np.testing.assert_array_equal(found.outcomes["binary"], [1, 1, np.nan, 0, np.nan, 0])
    assert found.outcomes["time"].tolist() == [1, 1, 1, 0, 0, 0]
    assert found.times["time"].tolist()[2:5] == [5, 365, 181]
    # Nobody is followed up before the extract begins.
    before = PEOPLE | {"start": ["2018-12-30", *PEOPLE["start"][1:]]}
    assert np.isnan(cohort(before).outcomes["count"][0])


def test_custody_is_no_time_at_risk_and_overlapping_spells_count_once() -> None:
    spells = {
        "who": ["b", "b", "e", "f", "f", "z"],
        "in": ["2020-02-01", "2020-02-05", "2020-05-01", "2020-12-31", "2019-12-01", "2020-01-01"],
        "out": ["2020-02-11", "2020-02-21", "2020-05-11", "", "2020-01-21", "2020-02-01"],
    }
    found = cohort(custody=spells)
    assert found.times["time"].tolist() == [1, 345, 22, 365, 133, 365 - 10 - 10]
    assert found.times["count"][1] == pytest.approx(345 / 365.25)
    assert found.outcomes["binary"].tolist() == [1, 1, 1, 0, 1, 0]
    whole = {"who": ["f"], "in": ["2020-01-01"], "out": ["2022-01-01"]}
    held = cohort(custody=whole)
    assert np.isnan(held.outcomes["time"][5])
    assert np.isnan(held.outcomes["count"][5])
    with pytest.raises(DataError, match="1 spells end before they begin"):
        build(custody={"who": ["f"], "in": ["2020-03-01"], "out": ["2020-02-01"]})


def test_an_event_with_several_rows_counts_once_and_a_filter_looks_at_each() -> None:
    twice = {k: [*v, v[1]] for k, v in EVENTS.items()}
    twice["kind"][-1] = "robbery"
    assert cohort(events=twice).outcomes["count"][0] == 2
    assert cohort(events=twice, linked={"count": "distinct no"}).outcomes["count"][0] == 1
    found = cohort(events=twice, linked={"count": "distinct no"}, filter_={"kind": ["Robbery"]})
    assert found.outcomes["count"].tolist() == [1, 0, 0, 0, 0, 0]


def test_earlier_events_are_covariates_where_the_extract_reaches_back() -> None:
    before = {"prior": {"data": "events", "days": 100}, "ever": {"data": "events", "days": 371, "kind": "any"}}
    found = cohort(earlier=before)
    assert found.covariates["prior"].tolist() == [2, 0, 0, 0, 0, 0]
    assert found.covariates["ever"].tolist() == [1, 0, 0, 1, 0, 0]
    assert cohort(earlier={"prior": {"data": "events", "days": 500}}).covariates["prior"].isna().all()


def test_whoever_is_absent_is_zero_only_where_the_extract_covers_everybody() -> None:
    only = cohort(linked={"covers": COVERS | {"people": "those_in_it"}})
    np.testing.assert_array_equal(only.outcomes["binary"], [1, 1, 1, 0, 1, np.nan])
    told = PEOPLE | {"found": ["yes", "yes", "no", "yes", "yes", "yes"]}
    on_record = cohort(told, linked={"found": "found"})
    np.testing.assert_array_equal(on_record.outcomes["count"], [1, 1, np.nan, 0, 1, 0])
    assert on_record.linkage[0].arms["treated"].not_found == 1


def test_index_dates_of_those_compared_may_stand_in_another_column() -> None:
    people = PEOPLE | {"start": ["2020-01-10"] * 3 + [""] * 3, "index": [""] * 3 + ["2020-01-11"] * 3}
    found = cohort(people, comparison_start="index")
    assert found.outcomes["binary"].tolist() == [1, 1, 1, 1, 1, 0]
    assert found.times["time"][3] == 365
    with pytest.raises(DataError, match="3 comparison rows have no date"):
        build(PEOPLE | {"index": [""] * 6}, comparison_start="index")


def test_the_account_adds_up() -> None:
    made = build()
    rows = made.data.linkage[0].rows  # type: ignore[union-attr]
    assert rows["rows"] == 9
    assert sum(n for reason, n in rows.items() if reason != "rows") == 9
    arms = made.data.linkage[0].arms  # type: ignore[union-attr]
    assert (arms["treated"].any, arms["treated"].before, arms["treated"].after) == (3, 1, 3)
    assert (arms["comparison"].any, arms["comparison"].before, arms["comparison"].after) == (2, 1, 1)


def test_ids_that_match_but_for_signs_are_asked_about_and_never_a_silent_zero() -> None:
    people = PEOPLE | {"ref": ["A-1", "b", "c", "d", "e", "f"]}
    events = EVENTS | {"who": ["a1" if w == "a" else w for w in EVENTS["who"]]}
    assert "1 treated" in asked(people, events)["near_events"]
    assert "near_events" not in asked()


def test_events_that_stop_early_repeat_or_are_never_of_a_kind_are_asked_about() -> None:
    assert not asked(linked={"covers": COVERS | {"last": "2021-02-01"}})
    assert (
        "the last event of anybody is of 2021-01"
        in asked(linked={"covers": COVERS | {"last": "2021-12-31"}})["last_day_events"]
    )
    assert "first_day_events" in asked(linked={"covers": COVERS | {"first": "2018-01-01"}})
    assert "1 rows repeat" in asked(events={k: [*v, v[0]] for k, v in EVENTS.items()})["repeats_events"]
    assert "robery" in asked(filter_={"kind": ["robery", "theft"]})["filter_kind"]
    apart = PEOPLE | {"start": ["2020-01-10"] * 3 + ["2020-09-10"] * 3}
    assert "index_dates" in asked(apart)
    assert "starts_outside" in asked(PEOPLE | {"start": ["2019-11-10", *PEOPLE["start"][1:]]})


def test_an_arm_that_was_linked_worse_is_asked_about_and_chance_seldom() -> None:
    def shares(seed: int, kept: float) -> bool:
        rng = np.random.default_rng(seed)
        n = 300
        ids = [f"p{i}" for i in range(2 * n)]
        linked = rng.random(2 * n) < np.where(np.arange(2 * n) < n, kept, 1.0)
        prior = rng.random(2 * n) < 0.6
        hits = [i for i, k, p in zip(ids, linked, prior, strict=True) if k and p]
        people = {"ref": ids, "arm": ["1"] * n + ["0"] * n, "start": ["2020-01-10"] * (2 * n)}
        events = {"who": [*hits, ids[-1]], "when": ["2019-06-01"] * len(hits) + ["2021-06-20"]}
        events["kind"] = ["theft"] * len(events["who"])
        return "link_events" in asked(people, events)

    assert sum(shares(s, 0.7) for s in range(40)) >= 37
    assert sum(shares(100 + s, 1.0) for s in range(60)) <= 2


@pytest.mark.parametrize(
    ("people", "events", "said"),
    [
        ({"start": ["03/04/2020"] * 6}, {}, "6 rows hold no date"),
        ({"start": [""] * 6}, {}, "6 rows hold no date"),
        ({"left": ["2020-01-01"] + [""] * 5}, {}, "1 rows left before they started"),
        ({}, {"when": ["last week"] * 9}, "9 rows hold no date"),
        ({}, {"who": ["x"] * 9}, "is anybody's of 6 people"),
        ({}, {"when": [""] * 9}, "no row has a date"),
        ({"ref": ["a", "a", "c", "d", "e", "f"]}, {}, "1 rows repeat an id"),
    ],
)
def test_bad_input_is_named_and_never_a_person(
    people: dict[str, list[str]], events: dict[str, list[str]], said: str
) -> None:
    with pytest.raises(DataError) as caught:
        build(PEOPLE | people, EVENTS | events, left="left")
    assert said in str(caught.value)


def test_missing_columns_are_named_with_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean 'when'"):
        build(linked={"when": "whem"})
    with pytest.raises(DataError, match="there is no column 'gone'"):
        build(left="gone")


def test_row_order_and_other_peoples_rows_do_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(EVENTS["who"]))
    moved = {k: [v[i] for i in order] + ["y", "x"][:2] for k, v in EVENTS.items()}
    moved["when"][-2:] = ["2020-05-05", "2020-05-06"]
    first, second = cohort(), cohort(events=moved)
    for kind in KINDS:
        np.testing.assert_array_equal(first.outcomes[kind], second.outcomes[kind])


def test_a_custody_list_of_nobody_or_of_other_spellings_is_asked_about() -> None:
    held = {"in": ["2020-03-01"], "out": ["2020-04-01"]}
    assert "no spell is anybody's" in asked(custody={"who": ["nobody"], **held})["nobody_custody"]
    assert "1 ids without a spell" in asked(custody={"who": ["-F"], **held})["near_custody"]
    assert not {"nobody_custody", "near_custody"} & set(asked(custody={"who": ["f"], **held}))


def test_a_code_for_not_known_in_a_custody_list_is_asked_about() -> None:
    assert "code_in" in asked(custody={"who": ["f"], "in": ["1900-01-01"], "out": ["2020-04-01"]})


def test_rows_without_a_date_are_asked_about() -> None:
    days = [*EVENTS["when"][:5], "", *EVENTS["when"][6:]]
    told = asked(events=EVENTS | {"when": days})["undated_events"]
    assert "0% of the treated's, 33% of the comparison's" in told
    assert "undated_events" not in asked()


def test_a_yes_or_no_of_few_who_were_followed_up_to_the_end_is_asked_about_and_of_nobody_refused() -> None:
    ends = COVERS | {"last": "2020-12-31"}
    with pytest.raises(DataError, match="everybody was followed up for less than 365 days"):
        build(linked={"covers": ends})
    later = PEOPLE | {"start": ["2019-10-01", "2019-10-01", *["2020-01-10"] * 4]}
    told = asked(later, linked={"covers": ends})
    assert "67% of the people were followed up for less than 365 days" in told["short_binary"]
    assert "short_binary" not in asked()
