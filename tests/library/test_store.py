import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vru.errors import LibraryError
from vru.library import Published, open_library, publish, scan, staging, succeed, verify_version
from vru.library.index import library_file, vocabulary_files
from vru.library.staging import staged
from vru.record import dump_record

KILLER = Path(__file__).with_name("publish_and_kill.py")


def visible(library: Path) -> list[Path]:
    return sorted(library.glob("records/*/*/v*"))


def test_a_version_lies_where_the_design_says_and_verifies(library, record, files, now):
    done = publish(library, record, files, "Head of evidence", now)
    assert done.path == library / "records" / "norchester-vru" / "night-bus-patrols" / "v1.0"
    assert sorted(p.name for p in done.path.iterdir()) == [
        "checks.json",
        "effects.csv",
        "manifest.json",
        "record.json",
        "report.html",
        "ro-crate-metadata.json",
    ]
    found = scan(library)
    assert not found.problems
    (stored,) = found.records
    assert (stored.record, stored.path, stored.manifest_sha256) == (record, done.path, done.manifest_sha256)
    assert [(e.kind, e.actor, e.manifest_sha256) for e in stored.events] == [
        ("publish", "Head of evidence", done.manifest_sha256)
    ]
    assert {f.verdict for f in verify_version(done.path)} == {"pass"}
    assert not list((library / ".stage").iterdir())


def test_the_same_content_again_changes_nothing(library, record, files, now):
    first = publish(library, record, files, "Head of evidence", now)
    before = {p: p.stat().st_mtime_ns for p in library.rglob("*") if p.is_file()}
    again = publish(library, record, files, "Somebody else", now + timedelta(days=40))
    assert again == Published(first.path, "1.0", first.manifest_sha256, already=True)
    assert {p: p.stat().st_mtime_ns for p in library.rglob("*") if p.is_file()} == before


def test_the_same_version_with_other_content_is_refused(library, record, files, now):
    first = publish(library, record, files, "Head of evidence", now)
    with pytest.raises(LibraryError, match="never changes") as caught:
        publish(library, record, {**files, "report.html": b"other"}, "Head of evidence", now)
    assert "next version" in str(caught.value)
    assert (first.path / "report.html").read_bytes() == files["report.html"]
    assert not scan(library).problems


def test_the_next_version_names_the_one_before_by_its_hash(library, record, files, now):
    first = publish(library, record, files, "Head of evidence", now)
    new = succeed(record, record.model_copy(update={"title": "Another title"}))
    second = publish(library, new, files, "Head of evidence", now)
    assert second.path.name == "v1.1"
    assert first.manifest_sha256 in (second.path / "manifest.json").read_text()
    found = scan(library)
    assert not found.problems
    assert [s.record.version for s in found.records] == ["1.0", "1.1"]
    assert [len(s.events) for s in found.records] == [1, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.1", "supersedes": None},
        {"version": "0.9", "supersedes": "1.0"},
        {"version": "1.2", "supersedes": "1.1"},
    ],
)
def test_a_version_that_does_not_follow_the_newest_is_refused(library, record, files, now, change):
    publish(library, record, files, "Head of evidence", now)
    with pytest.raises(LibraryError, match=r"must come after 1\.0"):
        publish(library, record.model_copy(update=change), files, "Head of evidence", now)


def test_a_first_version_supersedes_nothing(library, record, files, now):
    with pytest.raises(LibraryError, match="not in this library"):
        publish(library, record.model_copy(update={"supersedes": "0.9"}), files, "Head of evidence", now)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../escape.html", "cannot publish"),
        ("/etc/passwd.html", "cannot publish"),
        ("a/b.html", "cannot publish"),
        ("con.html", "cannot publish"),
        ("Report.html", "cannot publish"),
        ("notebook.ipynb", "cannot publish"),
        ("run.exe", "cannot publish"),
        ("report.html\n", "cannot publish"),
        ("record.json", "is made by publishing"),
        ("manifest.json", "is made by publishing"),
    ],
)
def test_file_names_that_could_escape_or_confuse_are_refused(library, record, now, name, what):
    with pytest.raises(LibraryError, match=what):
        publish(library, record, {name: b"x"}, "Head of evidence", now)
    assert not visible(library)


def test_what_readers_would_refuse_is_not_written(library, record, files, now):
    for change, what in (
        ({"organisation": "../../up"}, "organisation"),
        ({"organisation": "con"}, "Windows"),
        ({"title": "x" * 400}, "title"),
        ({"result": {"value": float("nan")}}, "record.json"),
        ({"result": {"value": "x" * 6_000_000}}, "larger"),
    ):
        with pytest.raises(LibraryError, match=what):
            publish(library, record.model_copy(update=change), files, "Head of evidence", now)
    with pytest.raises(LibraryError, match="time zone"):
        publish(library, record, files, "Head of evidence", datetime(2026, 1, 1))
    with pytest.raises(LibraryError, match="actor"):
        publish(library, record, files, "", now)
    assert not visible(library)


def test_a_folder_that_is_no_library_or_a_newer_one_is_refused(tmp_path, record, files, now):
    with pytest.raises(LibraryError, match=r"no library\.json"):
        publish(tmp_path, record, files, "Head of evidence", now)
    (tmp_path / "library.json").write_text(
        '{"kind": "vru-shared-learning", "schema_version": 2, "vocabulary_version": 1}'
    )
    with pytest.raises(LibraryError, match="install a newer vru-toolkit"):
        publish(tmp_path, record, files, "Head of evidence", now)
    for text in ("", "[]", "{}", "\x00", '{"kind": "vru-shared-learning", "schema_version": true}'):
        (tmp_path / "library.json").write_text(text)
        with pytest.raises(LibraryError):
            open_library(tmp_path)


def test_opening_twice_changes_nothing(library):
    before = {p: p.read_bytes() for p in library.rglob("*") if p.is_file()}
    assert open_library(library, create=True).schema_version == 1
    assert {p: p.read_bytes() for p in library.rglob("*") if p.is_file()} == before


def test_the_checkouts_library_and_vocabularies_are_what_the_code_says():
    shared = Path(__file__).resolve().parents[2] / "shared_learning"
    assert (shared / "library.json").read_bytes() == library_file()
    assert {p.name: p.read_bytes() for p in (shared / "vocab").glob("*.json")} == vocabulary_files()
    assert not scan(shared).problems


def test_nothing_is_written_through_a_link(library, record, files, now, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (library / "records" / "norchester-vru").symlink_to(outside, target_is_directory=True)
    with pytest.raises(LibraryError, match="is a link"):
        publish(library, record, files, "Head of evidence", now)
    assert not list(outside.iterdir())


def test_a_damaged_version_in_the_way_is_left_alone(library, record, files, now):
    done = publish(library, record, files, "Head of evidence", now)
    (done.path / "report.html").write_bytes(b"tampered")
    with pytest.raises(LibraryError, match="does not verify, so it was left alone"):
        publish(library, record, files, "Head of evidence", now)
    assert (done.path / "report.html").read_bytes() == b"tampered"


CALLS = ("open", "write", "fsync", "mkdir", "rename", "link")


def failing(monkeypatch: pytest.MonkeyPatch, at: int, code: int) -> list[str]:
    """Make the ``at``-th call that touches the disk fail; returns the list of calls seen so far."""
    seen: list[str] = []

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*args: object, **kwargs: object) -> object:
            if name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR):  # type: ignore[operator]
                return real(*args, **kwargs)
            if name == "mkdir" and os.path.isdir(args[0]):  # type: ignore[arg-type]
                return real(*args, **kwargs)
            seen.append(name)
            if len(seen) == at:
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, call)

    for name in CALLS:
        wrap(name)
    return seen


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full disk", "read-only folder"])
def test_a_full_or_read_only_disk_at_every_single_step(tmp_path, record, files, now, monkeypatch, code):
    steps = None
    at = 0
    while steps is None:
        at += 1
        library = tmp_path / f"library{at}"
        open_library(library, create=True)
        with monkeypatch.context() as patch:
            seen = failing(patch, at, code)
            try:
                publish(library, record, files, "Head of evidence", now)
            except LibraryError as error:
                assert os.strerror(code) in str(error)  # noqa: PT017
                assert "Traceback" not in str(error)  # noqa: PT017
            else:
                assert len(seen) < at, f"step {at} ({seen[at - 1]}) failed unnoticed"
                steps = len(seen)
        found = scan(library)
        assert not found.problems
        assert not list((library / ".stage").iterdir()), "the stage was not cleaned up"
        assert len(found.records) == len(visible(library))
        # Whatever was lost, publishing again mends it.
        publish(library, record, files, "Head of evidence", now)
        (stored,) = scan(library).records
        assert [e.kind for e in stored.events] == ["publish"]
    assert steps > 15


def test_short_writes_are_continued(library, record, files, now, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data[:7])))
    done = publish(library, record, files, "Head of evidence", now)
    assert verify_version(done.path)[0].verdict == "pass"


def test_without_hard_links_events_are_still_written(library, record, files, now, monkeypatch):
    def refuse(*args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(staging.os, "link", refuse)
    publish(library, record, files, "Head of evidence", now)
    assert len(scan(library).records[0].events) == 1


def test_64_publishers_at_once_of_8_records_with_two_contents_each(library, record, files, now):
    """Threads: 64 at once, 8 records, half with another report. One content wins each; the rest learn which."""

    def one(i: int) -> str:
        mine = record.model_copy(update={"id": f"night-bus-patrols-{i % 8}"})
        content = {**files, "report.html": b"A" if i % 16 < 8 else b"B"}
        try:
            return "already" if publish(library, mine, content, f"Publisher {i}", now).already else "won"
        except LibraryError as error:
            assert "with other content" in str(error)  # noqa: PT017
            return "refused"

    with ThreadPoolExecutor(64) as pool:
        outcomes = list(pool.map(one, range(64)))
    found = scan(library)
    assert not found.problems
    assert len(found.records) == 8
    assert outcomes.count("won") == 8
    assert outcomes.count("refused") == 32
    assert outcomes.count("already") == 24
    assert not list((library / ".stage").iterdir())


def kill_many(library: Path, text: Path, kills: int) -> None:
    """Kill publishers at random moments: importing is done once, then each publication happens in a fresh fork."""
    told = subprocess.run(
        [sys.executable, str(KILLER), str(library), str(text), str(kills)], capture_output=True, check=True
    )
    assert int(told.stdout.split()[0]) == kills


def check_after_kills(library: Path) -> None:
    found = scan(library)
    assert not found.problems, [str(p) for p in found.problems[:3]]
    assert len(visible(library)) == len(found.records) > 0
    for stored in found.records:
        assert {f.verdict for f in verify_version(stored.path)} == {"pass"}
    assert list((library / ".stage").iterdir()), "no kill came while something was staged: nothing was tested"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot kill a forked writer; POSIX systems run this")
def test_60_kills_at_random_moments_leave_nothing_half_visible(library, record, tmp_path, files, now):
    text = tmp_path / "record.json"
    text.write_text(dump_record(record), encoding="utf-8")
    kill_many(library, text, 60)
    check_after_kills(library)
    left = list((library / ".stage").iterdir())
    again = publish(library, record, files, "Head of evidence", now)
    assert not again.already
    assert set((library / ".stage").iterdir()) == set(left), "a stage of today may still be in use"
    for stage in left:
        set_back(stage, days=2)
    publish(library, succeed(record, record.model_copy(update={"title": "Another"})), files, "Head of evidence", now)
    assert not list((library / ".stage").iterdir())


def set_back(path: Path, days: float) -> None:
    """As if the disk had written it so many days ago."""
    when = path.stat().st_mtime - days * 86_400
    os.utime(path, (when, when))


@pytest.mark.parametrize("ahead", [timedelta(days=1.5), timedelta(days=366), -timedelta(days=366)])
def test_a_publisher_with_a_wrong_clock_leaves_a_stage_in_use_alone(library, record, files, now, ahead, monkeypatch):
    monkeypatch.setattr("vru.clock.now", lambda: datetime.now(UTC) + ahead)
    with staged(library) as stage:
        (stage / "half").write_bytes(b"x")
        publish(library, record, files, "Head of evidence", now + ahead)
        assert (stage / "half").read_bytes() == b"x"
    assert not list((library / ".stage").iterdir())


def test_a_stage_is_as_old_as_its_own_disk_says(library, record, files, now):
    for name, days in (("fresh", 0), ("yesterday", 0.9), ("old", 1.1)):
        (library / ".stage" / name / "version").mkdir(parents=True)
        (library / ".stage" / name / "version" / "record.json").write_text("{")
        set_back(library / ".stage" / name, days)
    assert not scan(library).problems
    publish(library, record, files, "Head of evidence", now)
    assert sorted(p.name for p in (library / ".stage").iterdir()) == ["fresh", "yesterday"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot kill a forked writer; POSIX systems run this")
def test_500_kills_at_random_moments_leave_nothing_half_visible(library, record, tmp_path):
    text = tmp_path / "record.json"
    text.write_text(dump_record(record), encoding="utf-8")
    kill_many(library, text, 500)
    check_after_kills(library)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot kill a forked writer; POSIX systems run this")
def test_64_processes_at_once_with_the_same_record(library, record, files, now, tmp_path):
    """Processes, not threads: one wins, 63 learn that it is there already."""
    text = tmp_path / "record.json"
    text.write_text(dump_record(record), encoding="utf-8")
    script = Path(__file__).with_name("publish_at_once.py")
    done = subprocess.run([sys.executable, str(script), str(library), str(text), "64"], capture_output=True, check=True)
    told = done.stdout.decode().split()
    assert sorted(set(told)) == ["already", "won"]
    assert told.count("won") == 1
    assert len(told) == 64
    found = scan(library)
    assert not found.problems
    assert len(found.records) == 1
