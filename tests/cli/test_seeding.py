"""``vru library seed`` and what other commands say of literature records."""

import json
from pathlib import Path

import pytest

from vru.cli import main, seeding
from vru.library import open_library, scan


@pytest.fixture
def library(tmp_path: Path) -> Path:
    open_library(tmp_path / "shared", create=True)
    return tmp_path / "shared"


def test_seed_twice_then_list_show_and_verify(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--library", str(library)]
    assert main(["library", "seed", *where]) == 0
    assert "23 published, 0 already there; all from published literature" in capsys.readouterr().out
    assert main(["library", "seed", *where, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["records"]
    assert len(rows) == 23
    assert all(r["already"] for r in rows)
    assert main(["library", "list", *where]) == 0
    told = capsys.readouterr().out
    assert told.count("[from published literature]") == 23
    assert "rate ratio 0.619 (95% interval 0.389 to 0.986)" in told
    assert main(["library", "show", "peterborough-operation-style", *where]) == 0
    told = capsys.readouterr().out
    assert "From published literature, not run with this toolkit." in told
    assert "rated by CrimeSolutions: No Effects" in told
    assert "39% lower" in told
    assert "preregistered" not in told
    assert main(["verify", "london-underground-platforms", *where]) == 0
    told = capsys.readouterr().out
    assert "numbers: from published literature, not recomputable here" in told
    assert "--data" not in told
    assert main(["verify", "london-underground-platforms", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "kind": "literature",
        "integrity": True,
        "recomputed": False,
        "differences": [],
    }


def test_the_subcommand_by_itself(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "seed", "--library", str(library), "--date", "2026-11-24"]) == 0
    assert {e.at[:10] for s in scan(library).records for e in s.events} == {"2026-11-24"}
    assert "published: published-literature/" in capsys.readouterr().out


def test_seeding_what_is_no_library_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "seed", "--library", str(tmp_path)]) == 2
    assert "is not a library" in capsys.readouterr().err


def test_a_day_that_is_none_is_refused() -> None:
    from vru.errors import LibraryError

    with pytest.raises(LibraryError, match="is not a day"):
        seeding._moment("24/11/2026")
