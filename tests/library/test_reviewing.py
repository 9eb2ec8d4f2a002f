import os
from datetime import timedelta

import pytest

from vru.errors import LibraryError, RefusedError
from vru.library import decide, finish_takedowns, publish, scan, state, succeed, take_down, verify_version


@pytest.fixture
def stored(library, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    return lambda: scan(library).records[0]


def test_submit_return_submit_approve(library, stored, now):
    assert state(stored()) == "published"
    for decision, actor, text, expected in (
        ("submit", "Unit analyst", "", "in_review"),
        ("comment", "Reader elsewhere", "Which months?", "in_review"),
        ("return", "Home Office reviewer", "Say which months.", "returned"),
        ("submit", "Unit analyst", "", "in_review"),
        ("approve", "Home Office reviewer", "", "approved"),
    ):
        # All in the same second: the order must hold all the same.
        decide(library, stored(), decision, actor, text, now)
        assert state(stored()) == expected
    assert not scan(library).problems


@pytest.mark.parametrize("author", ["Head of evidence", "head of evidence ", "Unit analyst"])
def test_nobody_approves_what_they_published_or_submitted(library, stored, now, author):
    decide(library, stored(), "submit", "Unit analyst", "", now)
    with pytest.raises(RefusedError, match="cannot approve"):
        decide(library, stored(), "approve", author, "", now)
    assert state(stored()) == "in_review"


def test_a_return_or_retraction_needs_a_reason_and_an_odd_decision_is_named(library, stored, now):
    for decision in ("return", "retract", "comment"):
        with pytest.raises(RefusedError, match="says why"):
            decide(library, stored(), decision, "Reviewer", " ", now)
    with pytest.raises(RefusedError, match="'publish' is not a decision"):
        decide(library, stored(), "publish", "Reviewer", "x", now)


def test_a_retraction_is_final(library, stored, now):
    decide(library, stored(), "retract", "Head of evidence", "The data were doubled.", now)
    assert state(stored()) == "retracted"
    with pytest.raises(RefusedError, match="final"):
        decide(library, stored(), "approve", "Reviewer", "", now)
    decide(library, stored(), "comment", "Reviewer", "Noted.", now)
    assert state(stored()) == "retracted"


def test_an_approval_speaks_of_one_version_only(library, record, files, stored, now):
    decide(library, stored(), "approve", "Reviewer", "", now)
    publish(library, succeed(record, record.model_copy(update={"title": "Next"})), files, "Head of evidence", now)
    assert [state(s) for s in scan(library).records] == ["approved", "published"]


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
