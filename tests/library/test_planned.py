"""Announced, due, late, explained, reported."""

from datetime import UTC, date, datetime, timedelta

import pytest

from vru.errors import LibraryError, RefusedError
from vru.library import decide, publish, scan, take_down
from vru.library.checking import check_library
from vru.library.planned import announce, due_date, explain, outstanding, read_planned
from vru.protocol import digest

EARLY = datetime(2021, 2, 1, 9, tzinfo=UTC)


def late(library, today):
    planned, problems = read_planned(library)
    assert problems == ()
    seen = scan(library)
    return outstanding(planned, seen.records, seen.taken_down, today)


def test_due_twelve_weeks_after_the_last_month(plan, make_plan):
    # The plan's months and intervention end with December 2021; 84 days on is 25 March 2022.
    assert (plan.window.last, plan.intervention.end) == ("2021-12", "2021-12")
    assert due_date(plan, EARLY.date()) == date(2022, 3, 25)
    longer = make_plan(window={"first": "2019-01", "last": "2024-02"})
    assert due_date(longer, EARLY.date()) == date(2024, 2, 29) + timedelta(days=84)
    # A plan announced after its months were over has its twelve weeks from then.
    assert due_date(plan, date(2026, 11, 24)) == date(2026, 11, 24) + timedelta(days=84)


def test_announced_once_and_seen_by_every_reader(library, plan):
    entry, new = announce(library, plan, "Director", EARLY)
    assert new
    assert (entry.title, entry.protocol_digest, entry.design) == (plan.title, digest(plan), ["difference"])
    assert announce(library, plan, "Director", EARLY + timedelta(days=3)) == (entry, False)
    assert not scan(library).problems
    (one,) = late(library, date(2021, 3, 1))
    assert (one.days_late, one.standing) == (-389, "nothing")


def test_an_amended_plan_is_a_second_entry_and_the_first_date_stays_known(library, plan, make_plan):
    announce(library, plan, "Director", EARLY)
    announce(library, make_plan(window={"first": "2019-01", "last": "2023-12"}), "Director", EARLY)
    (one,) = late(library, date(2022, 6, 1))
    assert [p.due_by.year for p in one.planned.plans] == [2022, 2024]
    assert one.days_late < 0


def test_overdue_until_published_and_a_reason_turns_the_problem_into_a_note(library, plan, record, files):
    announce(library, plan, "Director", EARLY)
    day = date(2022, 3, 26)
    assert check_library(library, date(2022, 3, 25)).problems == ()
    assert "1 day ago, and nothing is published" in str(check_library(library, day).problems)
    planned = late(library, day)[0].planned
    for reason, text, said in (("lazy", "x", "is not a reason"), ("quality", " ", "needs a text")):
        with pytest.raises(RefusedError, match=said):
            explain(library, planned, reason, "Director", text, EARLY)
    explain(library, planned, "quality", "Director", "The radio log is missing.", EARLY)
    found = check_library(library, day)
    assert found.problems == ()
    assert "quality: The radio log is missing. (Director)" in found.notes[0]
    # In review is not yet a report.
    publish(library, record, files, "Unit analyst", EARLY, for_review=True)
    assert [o.standing for o in late(library, day)] == ["in_review"]
    publish(library, record, files, "Head of evidence", EARLY)
    assert late(library, day) == ()


def test_a_retracted_or_removed_report_was_a_report(library, plan, record, files):
    announce(library, plan, "Director", EARLY)
    publish(library, record, files, "Head of evidence", EARLY)
    decide(library, scan(library).records[0], "retract", "Head of evidence", "Doubled.", EARLY)
    assert late(library, date(2030, 1, 1)) == ()
    take_down(library, scan(library).records[0], "DPO", "A name.", EARLY)
    assert late(library, date(2030, 1, 1)) == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 40_000,
        b"x" * 200_000,
        b'{"kind": "plan"}',
        b'{"kind": "explain", "reason": "quality", "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}',
    ],
)
def test_hostile_plans_are_told_and_hurt_nothing(library, plan, data):
    entry, _ = announce(library, plan, "Director", EARLY)
    folder = library / "records" / plan.organisation / plan.id / "plans"
    (folder / "01ARZ3NDEKTSV4RRFFQ69G5FAV.json").write_bytes(data)
    planned, problems = read_planned(library)
    assert len(problems) == 1
    assert planned[plan.organisation, plan.id].plan == entry
    assert check_library(library, EARLY.date()).problems


def test_a_plan_of_one_record_does_not_speak_for_another(library, plan, make_plan):
    announce(library, plan, "Director", EARLY)
    (file,) = (library / "records").rglob("plans/*.json")
    other = library / "records" / "southchester-vru" / "another-record" / "plans"
    other.mkdir(parents=True)
    (other / file.name).write_bytes(file.read_bytes())
    planned, problems = read_planned(library)
    assert list(planned) == [(plan.organisation, plan.id)]
    assert "of another record" in str(problems)
    with pytest.raises(LibraryError, match="Windows reserves"):
        announce(library, make_plan(id="con"), "Director", EARLY)
    with pytest.raises(LibraryError, match="actor"):
        announce(library, make_plan(id="third-record"), " ", EARLY)
