import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vru.errors import LibraryError
from vru.library import latest, publish, scan, succeed, verify_version
from vru.library.untrusted import read_limited


@pytest.fixture
def stored(library: Path, record, files, now) -> Path:
    """A library with one sound record; the path of its version."""
    return publish(library, record, files, "Head of evidence", now).path


@pytest.fixture
def forge(library: Path, stored: Path) -> Callable[..., Path]:
    """Factory: a second version folder made by hand, with a manifest that fits whatever is in it."""

    def make(
        change: dict[str, Any] | None = None,
        *,
        organisation: str = "mallory-vru",
        record_id: str = "night-bus-patrols-two",
        text: str | None = None,
        files: dict[str, bytes] | None = None,
        manifest: dict[str, Any] | None = None,
    ) -> Path:
        folder = library / "records" / organisation / record_id / "v1.0"
        folder.mkdir(parents=True)
        content = json.loads((stored / "record.json").read_text())
        content |= {"organisation": organisation, "id": record_id, **(change or {})}
        data = {"record.json": (json.dumps(content) if text is None else text).encode(), **(files or {})}
        for name, one in data.items():
            (folder / name).write_bytes(one)
        entries = {n: {"sha256": "sha256:" + hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in data.items()}
        base = {"schema_version": 1, "organisation": organisation, "record": record_id, "version": "1.0"}
        (folder / "manifest.json").write_text(
            json.dumps({**base, "previous": None, "files": entries, **(manifest or {})})
        )
        return folder

    return make


def only_the_sound_one(library: Path, *expected: str) -> None:
    found = scan(library)
    assert [s.record.id for s in found.records] == ["night-bus-patrols"]
    told = "\n".join(map(str, found.problems))
    assert told, "the bad version was hidden instead of reported"
    for words in expected:
        assert words in told


def test_a_forged_but_well_made_record_is_only_data(library, forge):
    forge({"title": "<script>alert(1)</script>", "summary": "{{ 7*7 }} ${x}"})
    found = scan(library)
    assert not found.problems
    assert found.records[0].record.title == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("record.json", "was changed after it was published"),
        ("report.html", "was changed after it was published"),
        ("effects.csv", "was changed after it was published"),
        ("ro-crate-metadata.json", "was changed after it was published"),
    ],
)
def test_a_changed_file_voids_the_version(library, forge, stored, name, what):
    sound = forge()
    data = (stored / name).read_bytes()
    (stored / name).write_bytes(data[:-1] + b"?")
    found = scan(library)
    assert [s.path for s in found.records] == [sound]
    assert any(name in p.where and what in p.what for p in found.problems)
    assert verify_version(stored)[0].verdict == "fail"


def test_a_truncated_longer_or_missing_file_voids_the_version(library, stored):
    original = (stored / "report.html").read_bytes()
    for data in (original[:-1], original + b" ", b""):
        (stored / "report.html").write_bytes(data)
        assert not scan(library).records
    (stored / "report.html").unlink()
    found = scan(library)
    assert not found.records
    assert any("report.html" in p.where for p in found.problems)


def test_a_folder_without_manifest_is_incomplete(library, forge):
    (forge() / "manifest.json").unlink()
    only_the_sound_one(library, "is incomplete", "sync")


def test_a_stranger_in_a_version_folder_is_a_problem(library, forge):
    (forge() / "notes.txt").write_text("hello")
    only_the_sound_one(library, "notes.txt", "is not in the manifest")


def test_a_folder_in_a_version_folder_is_a_problem(library, forge):
    (forge() / "more").mkdir()
    only_the_sound_one(library, "is not in the manifest")


@pytest.mark.parametrize(
    "name", ["../record.json", "/etc/passwd", "a/b", "..", "C:\\x", "con", "x\u202egpj.exe", "nul.txt"]
)
def test_a_manifest_that_names_other_places_is_refused(library, forge, name):
    entry = {"sha256": "sha256:" + "0" * 64, "bytes": 1}
    forge(manifest={"files": {name: entry}})
    only_the_sound_one(library, "manifest")


@pytest.mark.parametrize(
    "bad",
    [
        {"schema_version": 2},
        {"files": {}},
        {"files": {f"f{i}.txt": {"sha256": "sha256:" + "0" * 64, "bytes": 1} for i in range(100)}},
        {"files": {"record.json": {"sha256": "sha256:" + "0" * 64, "bytes": 10**15}}},
        {"files": {"record.json": {"sha256": "md5:0", "bytes": 1}}},
        {"surprise": 1},
        {"version": "2.0"},
        {"record": "somebody-elses"},
    ],
)
def test_an_odd_manifest_is_refused(library, forge, bad):
    forge(manifest=bad)
    only_the_sound_one(library)


def test_links_are_not_followed(library, forge, stored, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    folder = forge()
    (folder / "record.json").unlink()
    (folder / "record.json").symlink_to(secret)
    (library / "records" / "linked-vru").symlink_to(stored.parent.parent, target_is_directory=True)
    (stored.parent / "v1.1").symlink_to(stored, target_is_directory=True)
    only_the_sound_one(library, "record.json", "linked-vru", "v1.1", "links are not followed")


def test_a_pipe_does_not_hang_the_reader(library, forge):
    folder = forge()
    (folder / "record.json").unlink()
    os.mkfifo(folder / "record.json")
    only_the_sound_one(library, "neither a file nor a folder")
    with pytest.raises(LibraryError, match="plain file"):
        read_limited(folder / "record.json", 10, "here")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "JSON"),
        ("[", "JSON"),
        ("null", "schema"),
        ("[]", "schema"),
        ("[" * 100_000, "JSON"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "JSON"),
        ("9" * 10_000, "JSON"),
        ('{"schema_version": 1e999}', "JSON"),
        ('{"schema_version": NaN}', "JSON"),
        ('{"schema_version": "99"}', "schema"),
        ('{"schema_version": true}', "schema"),
        ('{"schema_version": 3}', "install a newer vru-toolkit"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "JSON"),
    ],
)
def test_bad_json_is_a_problem_never_a_crash(library, forge, text, expected):
    forge(text=text)
    only_the_sound_one(library, expected)


def test_text_that_is_not_utf8_is_a_problem(library, forge, record):
    folder = forge(text="{}", files={"report.html": b"x"})
    (folder / "record.json").write_bytes(b"\xff\xfe{}")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["record.json"] = {"sha256": "sha256:" + hashlib.sha256(b"\xff\xfe{}").hexdigest(), "bytes": 4}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    only_the_sound_one(library, "UTF-8")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x" * 100_000},
        {"effects": []},
        {"effects": [{}] * 1000},
        {"audience": "everybody"},
        {"classification": "SECRET"},
        {"version": "1.0.0"},
        {"version": "99999999.1"},
        {"protocol_digest": "sha256:xyz"},
        {"unknown_field": 1},
        {"unknown" * 100_000: 1},
        {"result": {"text": "\ud800"}},
        {"ratings": [1] * 100_000},
    ],
    ids=lambda change: next(iter(change))[:20],
)
def test_fields_of_the_wrong_kind_or_size_are_problems(library, forge, change):
    forge(change)
    only_the_sound_one(library)
    assert all(len(str(p)) < 1_000 for p in scan(library).problems)


def test_a_giant_record_is_not_read(library, forge):
    forge(text='{"a": "' + "x" * 25_000_000 + '"}')
    only_the_sound_one(library, "larger than")


def test_a_record_under_anothers_name_is_refused(library, stored, forge):
    forge({"organisation": "norchester-vru"})
    only_the_sound_one(library, "belongs elsewhere")


def test_a_copied_version_is_refused(library, stored):
    shutil.copytree(stored, stored.parent / "v2.0")
    only_the_sound_one(library, "belongs elsewhere")


def test_the_same_id_in_two_organisations_is_told_and_both_are_kept(library, forge):
    forge(record_id="night-bus-patrols")
    found = scan(library)
    assert [s.record.organisation for s in found.records] == ["mallory-vru", "norchester-vru"]
    assert "is used by mallory-vru, norchester-vru" in str(found.problems[0])


@pytest.mark.parametrize("name", ["UPPER", "-dash", "dot.", "x", "with space", "con", "new\nline"])
def test_odd_folder_names_are_problems(library, stored, name):
    (library / "records" / name).mkdir()
    (library / "records" / name / "night-bus-patrols").mkdir()
    (stored.parent / f"v{name}").mkdir()
    only_the_sound_one(library)
    assert all("\n" not in p.where for p in scan(library).problems)


def test_strangers_beside_records_are_problems_but_system_files_are_not(library, stored):
    for folder in (library / "records", stored.parent.parent, stored.parent, stored):
        for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
            (folder / name).write_text("x")
    assert not scan(library).problems
    (library / "records" / "index.json").write_text("{}")
    (stored.parent.parent / "index.json").write_text("{}")
    (stored.parent / "index.json").write_text("{}")
    assert len(scan(library).problems) == 3


def test_two_versions_that_follow_the_same_one_are_told(library, record, files, now, stored):
    copy = library.parent / "copy"
    shutil.copytree(library, copy)
    publish(library, succeed(record, record.model_copy(update={"title": "Ours"})), files, "Head of evidence", now)
    theirs = record.model_copy(update={"version": "2.0", "supersedes": "1.0"})
    other = publish(copy, theirs, files, "Head of evidence", now)
    shutil.copytree(other.path, stored.parent / "v2.0")
    found = scan(library)
    assert [s.record.version for s in found.records] == ["1.0", "1.1", "2.0"]
    assert "follows v1.0, and so does v1.1" in str(found.problems[0])
    assert [s.record.version for s in latest(found.records)] == ["2.0"]


def test_a_version_whose_predecessor_was_swapped_is_told(library, record, files, now, stored):
    publish(library, succeed(record, record.model_copy(update={"title": "Next"})), files, "Head of evidence", now)
    shutil.rmtree(stored)
    publish(
        library.parent / "shared", record.model_copy(update={"version": "9.0", "supersedes": "1.1"}), files, "X Y", now
    )
    assert "follows a version 1.0 that is not here as it was" in str(scan(library).problems[0])


def test_latest_counts_versions_as_numbers(library, record, files, now):
    publish(library, record.model_copy(update={"version": "1.9"}), files, "Head of evidence", now)
    tenth = record.model_copy(update={"version": "1.10", "supersedes": "1.9"})
    publish(library, tenth, files, "Head of evidence", now)
    assert [s.record.version for s in latest(scan(library).records)] == ["1.10"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"kind": "publish"}', "x" * 60_000, '{"id": "../../x"}'],
)
def test_bad_events_are_problems(library, stored, text):
    (stored.parent / "events" / "01ARZ3NDEKTSV4RRFFQ69G5FAV.json").write_text(text)
    found = scan(library)
    assert len(found.records) == 1
    assert len(found.records[0].events) == 1
    assert len(found.problems) == 1


def test_an_event_under_another_name_or_of_another_record_is_a_problem(library, stored):
    (event,) = (stored.parent / "events").iterdir()
    (event.parent / "01ARZ3NDEKTSV4RRFFQ69G5FAV.json").write_bytes(event.read_bytes())
    assert "under another name" in str(scan(library).problems[0])
