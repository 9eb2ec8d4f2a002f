"""A personal detail is taken out of an event for good; who did it, when and why stays."""

import shutil

import pytest

from vru.errors import LibraryError, RefusedError
from vru.library import decide, open_library, publish, scan, state
from vru.library.checking import check_library
from vru.library.checkpoints import checkpoint, compare
from vru.library.merging import merge
from vru.library.planned import announce, explain, read_planned
from vru.library.redacting import redact

DETAIL = "as told by Joan of the corner shop"


@pytest.fixture
def event(library, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    return decide(library, scan(library).records[0], "comment", "Reader", f"Wrong month, {DETAIL}.", now)


def everything(library):
    return b"".join(p.read_bytes() for p in library.rglob("*") if p.is_file()).decode(errors="replace")


@pytest.mark.parametrize(("part", "gone"), [("text", DETAIL), ("actor", "Reader")])
def test_one_part_goes_and_the_note_stays(library, event, now, part, gone):
    redact(library, event.id, part, "Data protection officer", "It named somebody.", now)
    assert gone not in everything(library)
    kept = next(e for e in scan(library).records[0].events if e.id == event.id)
    assert getattr(kept, part) == "taken out"
    assert kept.redacted == f"{part} taken out on {now.date()} by Data protection officer: It named somebody."
    assert check_library(library, now.date()).problems == ()
    assert state(scan(library).records[0]) == "published"


def test_a_merge_does_not_bring_it_back_and_a_checkpoint_tells_it(library, event, now, tmp_path):
    open_library(tmp_path / "other", create=True)
    shutil.copytree(library / "records", tmp_path / "other" / "records", dirs_exist_ok=True)
    _, kept = checkpoint(library, now)
    redact(library, event.id, "text", "Data protection officer", "It named somebody.", now)
    done = merge(library, tmp_path / "other", now)
    assert (done.added, done.quarantined, done.problems) == ((), (), ())
    assert DETAIL not in everything(library)
    since = compare(library, kept)
    assert since.problems == ()
    assert "It named somebody." in str(since.taken_down)
    assert check_library(library, now.date()).problems == ()


def test_an_explanation_of_a_plan_can_be_mended_too(library, plan, now):
    announce(library, plan, "Director", now)
    planned = next(iter(read_planned(library)[0].values()))
    entry = explain(library, planned, "other", "Director", f"Late, {DETAIL}.", now)
    redact(library, entry.id, "text", "Data protection officer", "It named somebody.", now)
    assert DETAIL not in everything(library)
    assert read_planned(library)[1] == ()


def test_what_is_refused_changes_nothing(library, event, now):
    before = everything(library)
    with pytest.raises(RefusedError, match="needs a text"):
        redact(library, event.id, "text", "DPO", " ", now)
    with pytest.raises(LibraryError, match="is no event of this library"):
        redact(library, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "text", "DPO", "x", now)
    with pytest.raises(LibraryError, match="does not fit"):
        redact(library, event.id, "text", "DPO", "x" * 7000, now)
    assert everything(library) == before
