"""Outputs are whole or absent: after tampering, a full disk, or a kill at any moment."""

import errno
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vru.errors import VruError
from vru.run.outputs import read_learning, read_outputs, recover, render, write_outputs

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FILES = {"result.json": b"{}", "record.yaml": b"learning:\n  lessons: Patrols were late.\n", "report.html": b"<p>"}


def test_round_trip(tmp_path: Path) -> None:
    write_outputs(tmp_path, FILES, "sha256:x", NOW)
    files, digest = read_outputs(tmp_path)
    assert files == FILES
    assert digest.startswith("sha256:")


def test_an_altered_file_is_noticed_and_the_editable_one_is_not(tmp_path: Path) -> None:
    out = write_outputs(tmp_path, FILES, "sha256:x", NOW)
    (out / "record.yaml").write_text("learning: {lessons: Edited.}\n")
    assert read_learning(tmp_path).lessons == "Edited."
    read_outputs(tmp_path)
    (out / "report.html").write_text("better numbers")
    with pytest.raises(VruError, match=r"report\.html: was changed after the run"):
        read_outputs(tmp_path)
    (out / "report.html").unlink()
    with pytest.raises(VruError, match=r"report\.html: is missing"):
        read_outputs(tmp_path)


@pytest.mark.parametrize("text", ["learning: [1]", "learning: {lesons: x}", ":", "learning: {lessons: [a]}"])
def test_a_spoilt_draft_keeps_its_text_and_says_what_is_allowed(tmp_path: Path, text: str) -> None:
    out = write_outputs(tmp_path, FILES, "sha256:x", NOW)
    (out / "record.yaml").write_text(text)
    with pytest.raises(VruError, match="lessons: text"):
        read_learning(tmp_path)
    assert (out / "record.yaml").read_text() == text


def test_no_outputs_yet(tmp_path: Path) -> None:
    with pytest.raises(VruError, match="has no finished outputs"):
        read_outputs(tmp_path)
    assert read_learning(tmp_path) is None


def test_the_former_set_is_kept_for_undo(tmp_path: Path) -> None:
    write_outputs(tmp_path, FILES, "sha256:x", NOW)
    write_outputs(tmp_path, FILES | {"report.html": b"second"}, "sha256:x", NOW)
    assert (tmp_path / ".vru" / "outputs-previous" / "report.html").read_bytes() == b"<p>"


@pytest.mark.parametrize("at", range(4))
def test_a_full_disk_leaves_the_former_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    write_outputs(tmp_path, FILES, "sha256:x", NOW)
    before = read_outputs(tmp_path)
    calls = iter(range(100))

    def full(handle: Any) -> None:
        if next(calls) == at:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VruError, match="No space left on device"):
        write_outputs(tmp_path, FILES | {"report.html": b"new"}, "sha256:x", NOW)
    assert read_outputs(tmp_path) == before
    assert not list((tmp_path / ".vru").glob("stage-*"))


def test_pandoc_without_room_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError(
            "Pandoc died: hPutBuf: No space left on device\nHasCallStack backtrace:\n  ioException, called"
        )

    monkeypatch.setattr("vru.report.compose", lambda *_: None)
    monkeypatch.setattr("vru.report.write_docx", full)
    with pytest.raises(
        VruError, match=r"could not be made: Pandoc died: hPutBuf: No space left on device\n.*make room"
    ):
        render(None, None, None)  # type: ignore[arg-type]


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / ".vru" / "stage-0123"
    left.mkdir(parents=True)
    (left / "report.html").write_text("half")
    write_outputs(tmp_path, FILES, "sha256:x", NOW)
    assert not left.exists()


def test_a_kill_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    write_outputs(tmp_path, FILES, "sha256:x", NOW)
    (tmp_path / "outputs").rename(tmp_path / ".vru" / "outputs-previous")
    recover(tmp_path)
    assert read_outputs(tmp_path)[0] == FILES


def test_killed_at_any_moment_one_whole_set_can_be_read(tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from vru.run.outputs import write_outputs\n"
        "print('ready', flush=True)\n"
        "i = 0\n"
        "while True:\n"
        "    i += 1; data = str(i).encode() * 20000\n"
        "    write_outputs(Path(sys.argv[1]), {'a': data, 'record.yaml': data, 'b': data}, 'd', datetime.now(UTC))\n"
    )
    write_outputs(tmp_path, {"a": b"0", "record.yaml": b"0", "b": b"0"}, "d", NOW)
    for i in range(8):
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 + 0.013 * i)
        process.kill()
        process.wait()
        process.stdout.close()
        files, _ = read_outputs(tmp_path)
        assert files["a"] == files["b"] == files["record.yaml"]
