"""A full disk and a read-only folder at every step of everything that writes into a library, not publishing alone.

``test_store`` does the same to publishing. Each step that touches the disk is made to fail in turn; afterwards the
library verifies, nothing is half-written, and doing it again completes it.
"""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from vru.cli import main
from vru.errors import LibraryError
from vru.library import decide, finish_takedowns, open_library, publish, scan, take_down, verify_version
from vru.library.checkpoints import checkpoint, own_checkpoints
from vru.library.merging import merge
from vru.library.planned import announce, read_planned
from vru.record import dump_record

CALLS = ("open", "write", "fsync", "mkdir", "rename", "link")
FILES = {"report.html": b"<!DOCTYPE html><title>R</title>"}


def failing(monkeypatch: pytest.MonkeyPatch, at: int, code: int) -> list[str]:
    """Make the ``at``-th call that changes the disk fail; the calls seen so far."""
    seen: list[str] = []

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*args, **kwargs):
            if name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR):
                return real(*args, **kwargs)
            if name == "mkdir" and os.path.isdir(args[0]):
                return real(*args, **kwargs)
            seen.append(name)
            if len(seen) == at:
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, call)

    for name in CALLS:
        wrap(name)
    return seen


def jobs(record, plan, now) -> dict[str, Callable[[Path, Path], object]]:
    def mine(library: Path):
        return next(s for s in scan(library).records if s.record.id == record.id)

    def down(library: Path, other: Path) -> None:
        # Whoever is told that it failed asks again; what is gone already is finished.
        finish_takedowns(library, now)
        if any(s.record.id == record.id for s in scan(library).records):
            take_down(library, mine(library), "Data protection officer", "A name.", now)

    return {
        "review": lambda library, other: decide(library, mine(library), "comment", "Reader", "A word.", now),
        "takedown": down,
        "announce": lambda library, other: announce(library, plan, "Director", now),
        "checkpoint": lambda library, other: checkpoint(library, now),
        "merge": lambda library, other: merge(library, other, now),
    }


def sound(library: Path, record) -> None:
    found = scan(library)
    assert [p for p in found.problems if "files are still here" not in p.what] == []
    for stored in found.records:
        assert {f.verdict for f in verify_version(stored.path)} == {"pass"}
    assert not read_planned(library)[1]
    assert not own_checkpoints(library)[1]
    assert "kept" in {s.record.id for s in found.records}, "a record was lost"
    ids = [s.record.id for s in found.records] + [e.record for e in found.taken_down]
    assert record.id in ids


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full disk", "read-only folder"])
@pytest.mark.parametrize("name", ["review", "takedown", "announce", "checkpoint", "merge"])
def test_every_step_of_everything_that_writes(tmp_path, record, plan, now, monkeypatch, name, code):
    other = tmp_path / "other"
    open_library(other, create=True)
    for i in range(2):
        publish(other, record.model_copy(update={"id": f"theirs-{i}"}), FILES, "Head of evidence", now)
    start = tmp_path / "start"
    open_library(start, create=True)
    publish(start, record, FILES, "Head of evidence", now)
    publish(start, record.model_copy(update={"id": "kept"}), FILES, "Head of evidence", now)
    job = jobs(record, plan, now + timedelta(minutes=1))[name]
    failed = at = 0
    while True:
        at += 1
        library = tmp_path / f"library{at}"
        shutil.copytree(start, library)
        with monkeypatch.context() as patch:
            seen = failing(patch, at, code)
            try:
                job(library, other)
            except LibraryError as error:
                failed += 1
                assert os.strerror(code) in str(error)  # noqa: PT017
            else:
                assert len(seen) < at, f"step {at} ({seen[at - 1]}) failed unnoticed"
                break
        sound(library, record)
        job(library, other)
        finish_takedowns(library, now)
        sound(library, record)
        assert not scan(library).problems
        assert not list((library / ".stage").iterdir())
        shutil.rmtree(library)
    assert failed > 4
    final = scan(library)
    if name == "takedown":
        assert [e.record for e in final.taken_down] == [record.id]
    if name == "merge":
        assert {"theirs-0", "theirs-1"} <= {s.record.id for s in final.records}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot kill a forked writer; POSIX systems run this")
def test_64_processes_at_once_with_64_records_are_all_in_none_twice(library, record, tmp_path):
    text = tmp_path / "record.json"
    text.write_text(dump_record(record), encoding="utf-8")
    script = Path(__file__).with_name("publish_at_once.py")
    done = subprocess.run(
        [sys.executable, str(script), str(library), str(text), "64", "own"], capture_output=True, check=True
    )
    assert done.stdout.decode().split() == ["won"] * 64
    found = scan(library)
    assert not found.problems
    assert sorted(s.record.id for s in found.records) == sorted(f"{record.id}-{i}" for i in range(64))
    assert all([e.kind for e in s.events] == ["publish"] for s in found.records)
    assert not list((library / ".stage").iterdir())


@pytest.fixture
def small_disk(tmp_path: Path):
    """A real file system of 2 MB, where this machine lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs leave to mount a file system; the simulated full disk above does not")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_is_really_full_and_then_read_only(small_disk, record, now, capsys):
    library = small_disk / "shared"
    open_library(library, create=True)
    first = publish(library, record, FILES, "Head of evidence", now)
    (small_disk / "ballast").write_bytes(b"x" * 1_500_000)
    large = {"report.html": b"y" * 900_000}
    more = record.model_copy(update={"id": "more"})
    with pytest.raises(LibraryError, match="No space left on device"):
        publish(library, more, large, "Head of evidence", now)
    assert [s.manifest_sha256 for s in scan(library).records] == [first.manifest_sha256]
    assert not list((library / ".stage").iterdir())
    (small_disk / "ballast").unlink()
    publish(library, more, large, "Head of evidence", now)
    assert not scan(library).problems

    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = ["review", record.id, "--library", str(library), "--decision", "comment", "--by", "Reader", "--text", "Hm."]
    assert main(said) == 2
    told = capsys.readouterr().err
    assert "Read-only file system" in told
    assert "Traceback" not in told
    assert len(scan(library).records) == 2, "what is there is still read"
