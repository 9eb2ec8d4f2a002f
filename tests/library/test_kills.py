"""Kills at random moments of reviewing, announcing, merging, checkpointing and taking down."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from vru.library import finish_takedowns, open_library, scan, verify_version
from vru.library.checking import check_library
from vru.library.checkpoints import own_checkpoints
from vru.library.merging import merge
from vru.library.planned import read_planned
from vru.library.reviewing import remains
from vru.record import dump_record

SCRIPT = Path(__file__).with_name("stewards_and_kill.py")
EXAMPLE = Path(__file__).with_name("example")
KINDS = ("review", "takedown", "announce", "merge", "checkpoint")
pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="Windows cannot kill a forked writer; POSIX systems run this"
)


def kill_stewards(tmp_path: Path, record, now, kills: int) -> None:
    library, other = tmp_path / "library", tmp_path / "other"
    open_library(library, create=True)
    open_library(other, create=True)
    text = tmp_path / "record.json"
    text.write_text(dump_record(record), encoding="utf-8")
    command = [sys.executable, SCRIPT, library, other, text, EXAMPLE / "protocol.yaml", str(kills)]
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    count, _, told = done.stdout.decode().split(maxsplit=2)
    assert int(count) == kills
    by_kind = json.loads(told)
    fewest = kills // 20
    assert all(by_kind.get(kind, 0) >= fewest for kind in KINDS), by_kind

    seen = scan(library)
    hidden = [p for p in seen.problems if "files are still here" in p.what]
    assert list(seen.problems) == hidden, "a kill left something that is neither whole nor a takedown to finish"
    for stored in seen.records:
        assert {f.verdict for f in verify_version(stored.path)} == {"pass"}
    assert not read_planned(library)[1]
    assert not own_checkpoints(library)[1]
    assert len([s for s in seen.records if s.record.id.startswith("kept-")]) == 8

    # Whatever was cut short, doing it again completes it.
    finish_takedowns(library, now)
    merge(library, other, now)
    final = scan(library)
    assert not final.problems
    assert not remains(library)
    gone = {e.record for e in final.taken_down}
    assert gone, "no takedown got as far as its event: nothing was tested"
    assert not gone & {s.record.id for s in final.records}
    theirs = {s.record.id for s in final.records if s.record.organisation == "southchester-vru"}
    assert theirs == {s.record.id for s in scan(other).records}
    again = merge(library, other, now + timedelta(hours=1))
    assert (again.added, again.problems) == ((), ())
    assert [p for p in check_library(library, now.date()).problems if "was due by" not in p.what] == []


def test_40_kills_of_stewards_leave_nothing_half_visible(tmp_path, record, now):
    kill_stewards(tmp_path, record, now, 40)


@pytest.mark.slow
def test_500_kills_of_stewards_leave_nothing_half_visible(tmp_path, record, now):
    kill_stewards(tmp_path, record, now, 500)
