import os
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from vru.errors import LibraryError, RefusedError
from vru.library import (
    decide,
    finish_takedowns,
    publish,
    scan,
    state,
    succeed,
    take_down,
    unfinished_takedowns,
    verify_version,
)
from vru.library.checking import check_library
from vru.library.events import Event, dump_event, new_id
from vru.library.merging import merge
from vru.library.reviewing import remains, standing
from vru.run.stewarding import Asked, review


@pytest.fixture
def stored(library, record, files, now):
    """Released by the approver: ``publish`` by a post that is not the plan's analyst is its approval."""
    publish(library, record, files, "Head of evidence", now)
    return lambda: scan(library).records[0]


@pytest.fixture
def submitted(library, record, files, now):
    """Laid before others by the analyst."""
    publish(library, record, files, "Unit analyst", now, for_review=True)
    return lambda: scan(library).records[0]


def hand_written(library, stored, kind, actor, now, text=""):
    """An event file as somebody with an editor would write it."""
    record = stored.record
    event = Event(
        id=new_id(now, stored.events),
        kind=kind,
        organisation=record.organisation,
        record=record.id,
        version=record.version,
        manifest_sha256=stored.manifest_sha256,
        actor=actor,
        at=now.isoformat(),
        text=text,
    )
    folder = stored.path.parent / "events"
    folder.mkdir(exist_ok=True)
    (folder / f"{event.id}.json").write_bytes(dump_event(event))


def test_in_review_returned_in_review_approved_published(library, record, files, submitted, now):
    assert state(submitted()) == "in_review"
    for decision, actor, text, expected in (
        ("comment", "Reader elsewhere", "Which months?", "in_review"),
        ("return", "Home Office reviewer", "Say which months.", "returned"),
        ("submit", "Unit analyst", "", "in_review"),
        ("approve", "Home Office reviewer", "For the board, which does not meet until May.", "approved"),
    ):
        # All in the same second: the order must hold all the same.
        decide(library, submitted(), decision, actor, text, now)
        assert state(submitted()) == expected
    assert publish(library, record, files, "Head of evidence", now).already
    assert state(submitted()) == "published"
    assert [e.kind for e in submitted().events].count("publish") == 1
    assert not scan(library).problems


def test_the_approvers_release_is_an_approval_and_the_analysts_is_not(library, record, files, now):
    publish(library, record, files, "unit  ANALYST", now)
    (stored,) = scan(library).records
    assert state(stored) == "in_review"
    decide(library, stored, "approve", "Head of evidence", "", now)
    assert state(scan(library).records[0]) == "published"


def test_a_version_without_events_is_in_review(library, stored):
    for file in (stored().path.parent / "events").iterdir():
        file.unlink()
    assert state(stored()) == "in_review"


@pytest.mark.parametrize(
    "author",
    [
        "Unit analyst",
        "unit   analyst ",
        "Data lead",
        "Unit analyst.",
        "Unit \u0430nalyst",
        "Unit ana1yst",
        "Un\u0131t-\u00e4nalyst",
        "(Unit anal\u200byst)",
    ],
)
def test_nobody_approves_what_they_wrote_or_submitted(library, record, files, now, author):
    publish(library, record, files, "Data lead", now, for_review=True)
    (stored,) = scan(library).records
    with pytest.raises(RefusedError, match="cannot approve"):
        decide(library, stored, "approve", author, "", now)
    assert state(scan(library).records[0]) == "in_review"


def test_another_post_than_the_plan_names_approves_only_with_a_reason(library, submitted, now):
    with pytest.raises(RefusedError, match="the plan names Head of evidence to approve"):
        decide(library, submitted(), "approve", "Deputy director", "", now)
    hand_written(library, submitted(), "approve", "Deputy director", now)
    assert state(submitted()) == "in_review"
    assert "approves without a reason" in str(check_library(library, now.date()).problems)
    decide(library, submitted(), "approve", "Deputy director", "The head is on leave.", now)
    assert state(submitted()) == "approved"


def test_a_post_without_a_letter_is_nobody(library, submitted, now):
    hand_written(library, submitted(), "approve", "...", now, "Approved.")
    assert state(submitted()) == "in_review"


def test_an_author_who_writes_the_approval_by_hand_is_not_believed_and_told(library, submitted, now):
    hand_written(library, submitted(), "approve", "UNIT ANALYST", now)
    assert state(submitted()) == "in_review"
    found = check_library(library, now.date())
    assert "counts for nothing" in str(found.problems[0])


def test_events_that_do_not_fit_the_state_are_passed_over(library, stored, now):
    hand_written(library, stored(), "submit", "Somebody", now)
    hand_written(library, stored(), "return", "Somebody", now, "no")
    assert state(stored()) == "published"
    hand_written(library, stored(), "retract", "Head of evidence", now, "doubled")
    hand_written(library, stored(), "approve", "Somebody", now)
    assert state(stored()) == "retracted"


def test_an_event_about_other_bytes_counts_for_nothing(library, submitted, now):
    other = replace(submitted(), manifest_sha256="sha256:" + "ab" * 32)
    hand_written(library, other, "approve", "Head of evidence", now)
    assert state(submitted()) == "in_review"


def test_a_return_or_retraction_needs_a_reason_and_an_odd_decision_is_named(library, submitted, now):
    for decision in ("return", "retract", "comment"):
        with pytest.raises(RefusedError, match="says why"):
            decide(library, submitted(), decision, "Reviewer", " ", now)
    with pytest.raises(RefusedError, match="'publish' is not a decision"):
        decide(library, submitted(), "publish", "Reviewer", "x", now)


def test_what_is_published_is_retracted_not_returned(library, stored, now):
    for decision in ("return", "submit"):
        with pytest.raises(RefusedError, match="does not fit") as error:
            decide(library, stored(), decision, "Reviewer", "Too late.", now)
        assert "allowed: comment, approve, retract" in str(error.value)


def test_a_retraction_is_final(library, stored, now):
    decide(library, stored(), "retract", "Head of evidence", "The data were doubled.", now)
    assert state(stored()) == "retracted"
    with pytest.raises(RefusedError, match="final"):
        decide(library, stored(), "approve", "Reviewer", "", now)
    decide(library, stored(), "comment", "Reviewer", "Noted.", now)
    assert state(stored()) == "retracted"


def test_an_approval_speaks_of_one_version_only(library, record, files, submitted, now):
    decide(library, submitted(), "approve", "Head of evidence", "", now)
    following = succeed(record, record.model_copy(update={"title": "Next"}))
    publish(library, following, files, "Unit analyst", now, for_review=True)
    assert [state(s) for s in scan(library).records] == ["approved", "in_review"]


def test_superseded_only_by_what_is_published(library, record, files, stored, now):
    following = succeed(record, record.model_copy(update={"title": "Next"}))
    publish(library, following, files, "Unit analyst", now, for_review=True)
    seen = scan(library).records
    assert [standing(s, seen) for s in seen] == ["published", "in_review"]
    publish(library, following, files, "Head of evidence", now)
    seen = scan(library).records
    assert [standing(s, seen) for s in seen] == ["superseded", "published"]
    decide(library, seen[1], "retract", "Head of evidence", "Wrong months.", now)
    seen = scan(library).records
    # A retraction does not bring back what its author had replaced.
    assert [standing(s, seen) for s in seen] == ["superseded", "retracted"]


def test_an_event_that_cannot_be_written_is_an_error_with_words(library, stored, now, monkeypatch):
    with pytest.raises(LibraryError, match="name a post"):
        decide(library, stored(), "comment", "x", "text", now)
    found = stored()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LibraryError, match="No space left"):
        decide(library, found, "comment", "Reviewer", "text", now)
    monkeypatch.undo()
    assert len(stored().events) == 1


def test_a_takedown_leaves_a_tombstone_and_the_chain_holds(library, record, files, stored, now):
    first = stored()
    take_down(library, first, "Data protection officer", "A name in the lessons.", now)
    found = scan(library)
    assert found.records == ()
    assert [(e.kind, e.manifest_sha256, e.text) for e in found.taken_down] == [
        ("takedown", first.manifest_sha256, "A name in the lessons.")
    ]
    assert not found.problems
    assert not [p for p in library.rglob("record.json")]
    with pytest.raises(LibraryError, match="its number is not used again"):
        publish(library, record, files, "Head of evidence", now)
    new = succeed(record, record.model_copy(update={"title": "Without the name"}))
    path = publish(library, new, files, "Head of evidence", now).path
    assert not scan(library).problems
    assert {f.verdict for f in verify_version(path)} == {"pass"}


def test_a_takedown_that_was_killed_half_way_hides_the_record_and_can_be_finished(library, stored, now, monkeypatch):
    first = stored()

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        take_down(library, first, "Data protection officer", "A name.", now)
    monkeypatch.undo()
    found = scan(library)
    assert found.records == ()
    assert "taken down" in str(found.problems[0])
    assert len(finish_takedowns(library, now + timedelta(hours=1))) == 1
    assert not first.path.exists()
    assert not scan(library).problems


def test_a_takedown_killed_while_deleting_leaves_no_personal_data_for_good(library, stored, now, monkeypatch):
    real = shutil.rmtree

    def killed(path, **kwargs):
        if path.name == "taken-down" or (path / "taken-down").exists():
            raise KeyboardInterrupt
        real(path, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr("vru.library.staging.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            take_down(library, stored(), "Data protection officer", "A name.", now)
    assert scan(library).records == ()
    assert len(remains(library)) == 1
    assert "cut short" in str(check_library(library, now.date()).problems)
    finish_takedowns(library, now)
    assert not list(library.rglob("record.json"))


def test_a_takedown_says_why(library, stored, now):
    with pytest.raises(RefusedError, match="says why"):
        take_down(library, stored(), "Data protection officer", " ", now)
    assert stored().path.exists()


def test_a_stage_that_links_to_nothing_is_refused_in_the_same_words(library, stored, now, tmp_path):
    found = stored()
    shutil.rmtree(library / ".stage")
    (library / ".stage").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LibraryError, match="is a link"):
        decide(library, found, "comment", "Reader", "x", now)
    assert not (tmp_path / "nowhere").exists()


def test_nothing_is_swept_or_written_through_a_linked_stage(library, stored, now, tmp_path):
    found = stored()
    shutil.rmtree(library / ".stage")
    papers = tmp_path / "home" / "Documents"
    papers.mkdir(parents=True)
    os.utime(papers, (0, 0))
    (library / ".stage").symlink_to(tmp_path / "home")
    with pytest.raises(LibraryError, match="is a link"):
        decide(library, found, "comment", "Reader", "x", now)
    assert papers.is_dir()
    assert list((tmp_path / "home").iterdir()) == [papers]
    assert "is a link" in str(check_library(library, now.date()).problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "7" + "Z" * 25, "kind": "comment"}, "after the year 2100"),
        ({"version": "999.0", "manifest_sha256": "sha256:" + "a" * 64}, "that never was here"),
    ],
)
def test_an_event_that_cannot_be_is_named_and_locks_nothing(library, record, files, stored, now, change, said):
    found = stored()
    hand_written(library, found, "takedown", "Somebody", now)
    path = next(p for p in (found.path.parent / "events").iterdir() if "Somebody" in p.read_text())
    event = Event.model_validate_json(path.read_bytes()).model_copy(update=change)
    path.unlink()
    (path.parent / f"{event.id}.json").write_bytes(dump_event(event))
    assert said in str(check_library(library, now.date()).problems)
    decide(library, scan(library).records[0], "comment", "Reader", "Read.", now)
    publish(
        library, succeed(record, record.model_copy(update={"title": "Another title"})), files, "Head of evidence", now
    )
    take_down(library, scan(library).records[0], "Data protection officer", "A name.", now)
    assert len(scan(library).records) == 1


def test_an_event_of_the_next_decades_does_not_move_the_clock(library, stored, now):
    found = stored()
    far = found.events[-1].model_copy(update={"id": new_id(now.replace(year=2099))})
    assert new_id(now, [*found.events, far]) < far.id
    assert new_id(now, found.events) > found.events[-1].id


def test_a_takedown_from_elsewhere_is_followed_by_name_and_with_a_reason(library, record, files, stored, now):
    found = stored()
    twin = record.model_copy(update={"organisation": "other-vru"})
    publish(library, twin, files, "Head of evidence", now)
    for one in scan(library).records:
        hand_written(library, one, "takedown", "Anybody at all", now)
    assert finish_takedowns(library, now, lambda e: e.record == "another") == ()
    mine = f"{record.organisation}/{record.id}@1.0"
    for reference, text, said in (
        (record.id, "x", "say which version"),
        (f"{record.id}@1.0", "x", "several organisations"),
        (mine, " ", "say why you follow it"),
    ):
        with pytest.raises((LibraryError, RefusedError), match=said):
            review(reference, library, Asked("takedown", "Data protection officer", text), now)
        assert len(unfinished_takedowns(library)) == 2
    with pytest.raises(RefusedError, match="another hash"):
        review(mine, library, Asked("takedown", "Data protection officer", "A name.", manifest="sha256:0"), now)
    lines = review(mine, library, Asked("takedown", "Data protection officer", "A name."), now)
    assert "that Anybody at all asked for" in lines[0]
    assert not found.path.exists()
    assert {e.actor for e in scan(library).taken_down} == {"Data protection officer", "Anybody at all"}
    assert [e.organisation for e in unfinished_takedowns(library)] == ["other-vru"]


def test_a_takedown_names_bytes_and_removes_no_others(library, stored, now):
    found = stored()
    other = replace(found, manifest_sha256="sha256:" + "a" * 64)
    hand_written(library, other, "comment", "Anybody at all", now)
    hand_written(library, other, "takedown", "Anybody at all", now + timedelta(seconds=1))
    assert finish_takedowns(library, now) == ()
    assert found.path.is_dir()


def test_a_version_of_which_nothing_was_said_leaves_a_tombstone_that_keeps_it_out(library, stored, now, tmp_path):
    found = stored()
    copy = tmp_path / "copy"
    shutil.copytree(library, copy)
    for event in (found.path.parent / "events").iterdir():
        event.unlink()
    take_down(library, scan(library).records[0], "Data protection officer", "A name.", now)
    assert check_library(library, now.date()).problems == ()
    merge(library, copy, now)
    assert scan(library).records == ()
    assert not found.path.exists()


def test_even_an_unbelieved_takedown_keeps_those_bytes_out(library, stored, now, tmp_path):
    found = stored()
    copy = tmp_path / "copy"
    shutil.copytree(library, copy)
    take_down(library, found, "Data protection officer", "A name.", now)
    for event in (found.path.parent / "events").iterdir():
        if "takedown" not in event.read_text():
            event.unlink()
    for event in (copy / "records").rglob("events/*.json"):
        event.unlink()
    merge(library, copy, now)
    assert not found.path.exists()
    assert "never was here" in str(check_library(library, now.date()).problems)


def test_one_command_finishes_what_a_kill_left_of_a_takedown(library, stored, now, monkeypatch):
    real = shutil.rmtree

    def killed(path, **kwargs):
        if path.name == "taken-down" or (path / "taken-down").exists():
            raise KeyboardInterrupt
        real(path, **kwargs)

    reference = f"{stored().record.id}@1.0"
    asked = Asked("takedown", "Data protection officer", "A name.")
    with monkeypatch.context() as patch:
        patch.setattr("vru.library.staging.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            review(reference, library, asked, now)
    assert len(remains(library)) == 1
    assert "cut short" in review(reference, library, asked, now)[0]
    assert remains(library) == ()


def test_a_release_by_another_post_without_a_reason_is_named_and_not_hidden_in_silence(library, record, files, now):
    publish(library, record, files, "Deputy director", now)
    (stored,) = scan(library).records
    assert state(stored) == "in_review"
    assert "Deputy director approves without a reason, and the plan names Head of evidence" in str(
        check_library(library, now.date()).problems
    )
    decide(library, stored, "approve", "Head of evidence", "", now)
    assert check_library(library, now.date()).problems == ()
