"""Two machines' copies of a library become one; what differs is put aside; checkpoints tell what was lost."""

import json
import shutil

import pytest

from vru.errors import LibraryError
from vru.library import decide, open_library, publish, scan, state, succeed, take_down
from vru.library.checking import check_library
from vru.library.checkpoints import checkpoint, compare, read_checkpoint
from vru.library.events import dump_event
from vru.library.merging import left_aside, merge
from vru.library.signing import keygen, sign


@pytest.fixture
def other(tmp_path):
    open_library(tmp_path / "other", create=True)
    return tmp_path / "other"


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_union_loses_nothing_and_is_idempotent(library, other, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    shutil.copytree(library / "records", other / "records", dirs_exist_ok=True)
    # Two machines apart: one comments, the other publishes the next version and another record.
    decide(library, scan(library).records[0], "comment", "Reader here", "Which months?", now)
    decide(other, scan(other).records[0], "comment", "Reader there", "Which stops?", now)
    following = succeed(record, record.model_copy(update={"title": "Next"}))
    publish(other, following, files, "Head of evidence", now)
    publish(other, record.model_copy(update={"organisation": "southchester-vru"}), files, "Head of evidence", now)
    checkpoint(other, now)
    before = content(library)
    done = merge(library, other, now)
    assert (done.quarantined, done.problems) == ((), ())
    assert {k: v for k, v in content(library).items() if k in before} == before
    after = content(library)
    assert {k: v for k, v in content(other).items() if not k.startswith(".stage")}.items() <= after.items()
    assert sorted(e.text for e in scan(library).records[0].events if e.kind == "comment") == [
        "Which months?",
        "Which stops?",
    ]
    again = merge(library, other, now)
    assert again.added == ()
    assert content(library) == after
    merge(other, library, now)
    assert content(library) == {k: v for k, v in content(other).items() if not k.startswith(".stage")}


def test_the_same_path_with_other_content_is_put_aside_and_ours_stays(library, other, record, files, now):
    ours = publish(library, record, files, "Head of evidence", now)
    theirs = publish(other, record, {**files, "report.html": b"other"}, "Head of evidence", now)
    done = merge(library, other, now)
    assert len(done.quarantined) == 1
    assert (library / done.quarantined[0] / "report.html").read_bytes() == b"other"
    assert (ours.path / "report.html").read_bytes() == files["report.html"]
    assert theirs.manifest_sha256 != ours.manifest_sha256
    assert [s.manifest_sha256 for s in scan(library).records] == [ours.manifest_sha256]
    whole = content(library)
    merge(library, other, now)
    assert content(library) == whole
    assert left_aside(library) == done.quarantined
    assert "lies in quarantine" in str(check_library(library, now.date()).problems)


def test_an_event_that_differs_is_put_aside(library, other, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    shutil.copytree(library / "records", other / "records", dirs_exist_ok=True)
    (event,) = (other / "records").rglob("events/*.json")
    event.write_text(event.read_text().replace("Head of evidence", "Somebody else"))
    done = merge(library, other, now)
    assert len(done.quarantined) == 1
    assert scan(library).records[0].events[0].actor == "Head of evidence"


def test_what_does_not_verify_or_is_hostile_is_not_taken(library, other, record, files, now, tmp_path):
    path = publish(other, record, files, "Head of evidence", now).path
    (path / "report.html").write_bytes(b"tampered")
    folder = path.parent
    hostile = {
        "events/01ARZ3NDEKTSV4RRFFQ69G5FAV.json": b"{" * 50_000,
        "events/01ARZ3NDEKTSV4RRFFQ69G5FAW.json": b"x" * 200_000,
        "plans/01ARZ3NDEKTSV4RRFFQ69G5FAV.json": b'{"kind": "plan"}',
        "signatures/1.0-0000000000000000.dsse.json": b'{"payload": "", "payloadType": "x", "signatures": []}',
    }
    for name, data in hostile.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    (tmp_path / "secret.json").write_text("{}")
    (folder / "events" / "link.json").symlink_to(tmp_path / "secret.json")
    (other / "records" / "linked-vru").symlink_to(tmp_path, target_is_directory=True)
    done = merge(library, other, now)
    assert [a for a in done.added if "/events/" not in a] == []
    assert scan(library).records == ()
    told = str(done.problems)
    for name in ("report.html", *(n.split("/")[1] for n in hostile), "link.json", "linked-vru"):
        assert name in told
    assert not (library / "records" / "linked-vru").exists()


def test_a_merge_never_writes_through_a_link(library, other, record, files, now, tmp_path):
    publish(other, record, files, "Head of evidence", now)
    outside = tmp_path / "outside"
    outside.mkdir()
    (library / "records" / record.organisation).symlink_to(outside, target_is_directory=True)
    with pytest.raises(LibraryError, match="is a link"):
        merge(library, other, now)
    assert not list(outside.iterdir())


def test_what_was_taken_down_here_does_not_come_back(library, other, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    shutil.copytree(library / "records", other / "records", dirs_exist_ok=True)
    take_down(library, scan(library).records[0], "Data protection officer", "A name.", now)
    assert merge(library, other, now).problems == ()
    assert not list(library.rglob("record.json"))
    # The other way round their takedown waits: whether our copy goes is decided here, by name.
    asked = merge(other, library, now)
    assert len(asked.quarantined) == 1
    assert "says takedown of night-bus-patrols@1.0" in str(asked.problems)
    assert merge(other, library, now) == asked
    assert len(scan(other).records) == 1
    assert "lies in quarantine" in str(check_library(other, now.date()).problems)


@pytest.mark.parametrize(
    ("kind", "ours"), [("retract", "published"), ("return", "in_review"), ("approve", "in_review")]
)
def test_what_another_copy_decided_about_ours_waits_unless_that_copy_is_our_own(
    library, other, record, files, now, kind, ours
):
    publish(library, record, files, "Head of evidence", now, for_review=ours == "in_review")
    shutil.copytree(library / "records", other / "records", dirs_exist_ok=True)
    decide(other, scan(other).records[0], kind, "A stranger", "Wrong.", now)
    done = merge(library, other, now)
    assert len(done.quarantined) == 1
    assert f"says {kind} of night-bus-patrols@1.0 (by A stranger), which stands here" in str(done.problems)
    assert state(scan(library).records[0]) == ours
    assert merge(library, other, now) == done
    assert not merge(library, other, now, decisions=True).problems
    assert state(scan(library).records[0]) == state(scan(other).records[0]) != ours


def test_a_version_that_its_organisation_did_not_sign_waits(library, other, record, files, now, tmp_path):
    publish(library, record, files, "Head of evidence", now)
    keygen(library, record.organisation, tmp_path / "key.pem", now)
    sign(library, scan(library).records[0], tmp_path / "key.pem", now)
    shutil.copytree(library, other, dirs_exist_ok=True)
    publish(other, succeed(record, record.model_copy(update={"title": "Forged"})), files, "Head of evidence", now)
    done = merge(library, other, now)
    assert "is not signed by norchester-vru" in str(done.problems)
    assert [s.record.version for s in scan(library).records] == ["1.0"]
    sign(other, scan(other).records[1], tmp_path / "key.pem", now)
    merge(library, other, now)
    assert [s.record.version for s in scan(library).records] == ["1.0", "1.1"]


def test_two_takedowns_under_one_id_do_not_stop_a_merge(library, other, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    shutil.copytree(library / "records", other / "records", dirs_exist_ok=True)
    event = take_down(other, scan(other).records[0], "Anybody at all", "x", now)
    path = next((other / "records").rglob(f"events/{event.id}.json"))
    for text in ("x", "y"):
        path.write_bytes(dump_event(event.model_copy(update={"text": text})))
        assert len(merge(library, other, now).quarantined) == 1
    assert len(list((library / "quarantine").rglob("*.json"))) == 2
    assert len(scan(library).records) == 1


def test_a_fork_is_kept_and_told(library, other, record, files, now):
    publish(library, record, files, "Head of evidence", now)
    shutil.copytree(library / "records", other / "records", dirs_exist_ok=True)
    for place, version in ((library, "1.1"), (other, "2.0")):
        mine = record.model_copy(update={"title": f"To {version}", "version": version, "supersedes": "1.0"})
        publish(place, mine, files, "Head of evidence", now)
    merge(library, other, now)
    assert [s.record.version for s in scan(library).records] == ["1.0", "1.1", "2.0"]
    assert "follows v1.0, and so does v1.1" in str(check_library(library, now.date()).problems)


def test_a_library_is_not_merged_with_itself_or_a_stranger(library, tmp_path, now):
    with pytest.raises(LibraryError, match="same folder"):
        merge(library, library, now)
    with pytest.raises(LibraryError, match="no library"):
        merge(library, tmp_path / "nowhere", now)


def test_a_kept_checkpoint_tells_what_was_removed_or_altered(library, record, files, now, tmp_path):
    publish(library, record, files, "Head of evidence", now)
    second = record.model_copy(update={"id": "second-record"})
    third = record.model_copy(update={"id": "third-record"})
    for one in (second, third):
        publish(library, one, files, "Head of evidence", now)
    decide(library, scan(library).records[0], "retract", "Head of evidence", "Doubled.", now)
    path, made = checkpoint(library, now)
    kept = read_checkpoint(shutil.copy(path, tmp_path / "kept.json"))
    assert check_library(library, now.date(), kept).problems == ()
    publish(library, record.model_copy(update={"id": "later-record"}), files, "Head of evidence", now)
    take_down(library, next(s for s in scan(library).records if s.record.id == "third-record"), "DPO", "A name.", now)
    assert check_library(library, now.date(), kept).problems == ()
    # Somebody unmakes the retraction, deletes a record, and rewrites another with its manifest; and the checkpoint.
    (retraction,) = [p for p in library.rglob("events/*.json") if '"retract"' in p.read_text()]
    retraction.unlink()
    shutil.rmtree(library / "records" / record.organisation / "second-record" / "v1.0")
    manifest = library / "records" / record.organisation / record.id / "v1.0" / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    path.unlink()
    found = compare(library, kept)
    owner = record.organisation
    assert set(found.removed) == {f"{owner}/second-record/v1.0", f"{owner}/{record.id}/events/{retraction.name}"}
    assert found.altered == (f"{owner}/{record.id}/v1.0",)
    assert [t.split(":")[0] for t in found.taken_down] == [f"{owner}/third-record/v1.0"]
    assert made.root == kept.root
    assert len([p for p in check_library(library, now.date(), kept).problems if "since the checkpoint" in p.what]) == 3


def test_a_checkpoint_vouches_for_itself(library, record, files, now, tmp_path):
    publish(library, record, files, "Head of evidence", now)
    path, _ = checkpoint(library, now)
    text = json.loads(path.read_text())
    text["entries"].popitem()
    (tmp_path / "forged.json").write_text(json.dumps(text))
    with pytest.raises(LibraryError, match="was altered: its root"):
        read_checkpoint(tmp_path / "forged.json")
    for junk in (b"", b"[]", b"{}", b"\xff", b'{"entries": {"../../x": "y"}}'):
        (tmp_path / "junk.json").write_bytes(junk)
        with pytest.raises(LibraryError, match="is not a checkpoint"):
            read_checkpoint(tmp_path / "junk.json")


def test_a_merge_cut_short_after_its_events_is_completed_by_the_next(library, other, record, files, now):
    """Events come first: were the version first, a kill between them would make its own story look a stranger's."""
    publish(other, record, files, "Unit analyst", now, for_review=True)
    decide(other, scan(other).records[0], "approve", "Head of evidence", "", now)
    at = f"records/{record.organisation}/{record.id}/events"
    shutil.copytree(other / at, library / at)
    assert scan(library).records == ()
    assert check_library(library, now.date()).problems == ()
    done = merge(library, other, now)
    assert (done.quarantined, done.problems) == ((), ())
    assert state(scan(library).records[0]) == "approved"
