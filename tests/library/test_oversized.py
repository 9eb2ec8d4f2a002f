"""Records that are too large on purpose: files of a gigabyte, and a zip that would unpack to one."""

import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from vru.cli import main
from vru.library import publish, scan
from vru.library.checking import check_library
from vru.library.planned import read_planned


@pytest.fixture
def other(library: Path, record, files, now) -> Path:
    """A library with a sound record and a second one, whose version's folder this is."""
    publish(library, record, files, "Head of evidence", now)
    return publish(library, record.model_copy(update={"id": "spoiled"}), files, "Head of evidence", now).path


@pytest.mark.parametrize("name", ["record.json", "manifest.json", "report.html", "events", "plans", "signatures"])
def test_a_file_of_a_gigabyte_is_refused_without_being_read(library, other, now, name):
    """Sparse: a gigabyte to every reader, and nothing on the disk."""
    folder = other
    at = folder / name
    if not at.exists():
        at = folder.parent / name / "01KAY3QZ7N0000000000000000.json"
        at.parent.mkdir(exist_ok=True)
        at.touch()
    os.truncate(at, 1 << 30)
    tracemalloc.start()
    try:
        found = scan(library)
        planned, unsound = read_planned(library)
        checked = check_library(library, now.date())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60_000_000
    told = "\n".join(map(str, [*found.problems, *unsound, *checked.problems]))
    assert "larger than" in told
    assert not planned
    assert {s.record.id for s in found.records} >= {"night-bus-patrols"}


def test_a_manifest_that_owns_up_to_a_gigabyte_is_refused_too(library, other):
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["files"]["record.json"]["bytes"] = 1 << 30
    (other / "manifest.json").write_text(json.dumps(manifest))
    found = scan(library)
    assert [s.record.id for s in found.records] == ["night-bus-patrols"]
    assert "is not a manifest" in str(found.problems[0])


def test_a_zip_bomb_in_a_record_is_only_bytes(library, record, now, tmp_path):
    """Readers, the site and the exports copy a Word file or none; nobody here unpacks one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb:
        for part in range(8):
            bomb.writestr(f"word/{part}.xml", b" " * 50_000_000)
    assert len(packed.getvalue()) < 1_000_000
    shared = record.model_copy(update={"audience": "public"})
    publish(library, shared, {"report.docx": packed.getvalue()}, "Head of evidence", now)
    for command in (
        ["site", "--library", str(library), "--out", str(tmp_path / "site"), "--audience", "public"],
        ["library", "check", "--library", str(library)],
        ["library", "export", "--format", "json", "--out", str(tmp_path / "all.json"), "--library", str(library)],
    ):
        tracemalloc.start()
        try:
            assert main(command) == 0
            assert tracemalloc.get_traced_memory()[1] < 60_000_000
        finally:
            tracemalloc.stop()
    (given,) = (tmp_path / "site").rglob("report.docx")
    assert given.read_bytes() == packed.getvalue()
