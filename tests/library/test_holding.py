"""What a takedown removed can be taken back until it is destroyed, and is never held inside a library."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vru.cli import main
from vru.errors import LibraryError
from vru.library import publish, scan, take_down
from vru.library.holding import hold, holding_place
from vru.record import LearningRecord

WHO = ("--by", "Data protection officer")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VRU_HELD", str(tmp_path / "held"))
    return tmp_path / "held"


@pytest.fixture
def published(library: Path, record: LearningRecord, files: dict[str, bytes], now, place: Path) -> str:
    publish(library, record, files, "VRU board chair", now)
    return f"{record.organisation}/{record.id}@{record.version}"


@pytest.fixture
def say(library: Path) -> Callable[..., int]:
    return lambda name, decision, *more: main(
        ["review", name, "--library", str(library), "--decision", decision, *WHO, *more]
    )


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_is_removed_is_printed_held_and_comes_back_byte_for_byte(library, published, place, say, capsys) -> None:
    (stored,) = scan(library).records
    before, path = everything(stored.path), stored.path
    assert say(published, "takedown", "--text", "It may name somebody.") == 0
    told = capsys.readouterr().out
    assert all(name in told for name in before)
    assert str(place) in told
    assert not path.exists()
    assert [e.kind for e in scan(library).taken_down] == ["takedown"]
    (kept,) = place.glob("*/*/v1.0-*")
    assert everything(kept) == before
    if os.name != "nt":
        assert kept.stat().st_mode & 0o077 == 0
    assert say(published, "restore", "--text", "It named nobody.") == 0
    assert everything(path) == before
    (again,) = scan(library).records
    assert again.manifest_sha256 == stored.manifest_sha256
    assert again.events[-1].text == "The takedown was taken back: It named nobody."
    assert scan(library).taken_down == ()
    assert scan(library).problems == ()
    assert not kept.exists()


def test_what_is_destroyed_does_not_come_back(library, published, place, say, capsys) -> None:
    assert say(published, "takedown", "--text", "It names somebody.") == 0
    assert say(published, "destroy") == 0
    assert "destroyed" in capsys.readouterr().out
    assert not [p for p in place.rglob("*") if p.is_file()]
    assert say(published, "restore", "--text", "No.") == 2
    assert "is not held on this computer" in capsys.readouterr().err
    assert not scan(library).records


def test_restore_needs_a_reason_and_names_and_changes_nothing_otherwise(library, published, place, say, capsys) -> None:
    assert say(published, "takedown", "--text", "It names somebody.") == 0
    before = everything(library), everything(place)
    assert say(published, "restore") == 1
    for odd in ("*/*@1.0", "../../x@1.0", published.partition("@")[0]):
        assert say(odd, "destroy") == 2
        assert say(odd, "restore", "--text", "x") == 2
    assert (everything(library), everything(place)) == before
    capsys.readouterr()


def test_held_bytes_that_were_changed_are_not_put_back_as_the_record(library, published, place, say, capsys) -> None:
    assert say(published, "takedown", "--text", "It names somebody.") == 0
    (kept,) = place.glob("*/*/v1.0-*")
    (kept / "report.html").chmod(0o600)
    (kept / "report.html").write_bytes(b"other")
    before = everything(library)
    assert say(published, "restore", "--text", "A mistake.") == 2
    assert everything(library) == before
    assert [e.kind for e in scan(library).taken_down] == ["takedown"]
    capsys.readouterr()


def test_a_kill_between_putting_back_and_the_comment_is_finished_by_the_next_restore(
    library, published, say, place, monkeypatch, capsys
) -> None:
    assert say(published, "takedown", "--text", "It names somebody.") == 0
    import vru.library.holding as holding

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(holding, "write_event", killed)
        assert say(published, "restore", "--text", "A mistake.") != 0
    assert say(published, "restore", "--text", "A mistake.") == 0
    assert len(scan(library).records) == 1
    assert scan(library).taken_down == ()
    capsys.readouterr()


def test_nothing_is_held_inside_a_library_or_lost_where_there_is_no_room(
    library, published, say, monkeypatch, tmp_path, capsys
) -> None:
    monkeypatch.setenv("VRU_HELD", str(library / ".stage" / "held"))
    assert say(published, "takedown", "--text", "It names somebody.") == 2
    assert "not held inside the library" in capsys.readouterr().err
    link = tmp_path / "away"
    link.symlink_to(library)
    monkeypatch.setenv("VRU_HELD", str(link / "held"))
    with pytest.raises(LibraryError):
        holding_place(library)
    (tmp_path / "full").write_text("a file where a folder should be")
    monkeypatch.setenv("VRU_HELD", str(tmp_path / "full"))
    assert say(published, "takedown", "--text", "It names somebody.") == 2
    assert "could not be held" in capsys.readouterr().err
    assert len(scan(library).records) == 1
    assert scan(library).taken_down == ()


def test_holding_twice_is_holding_once(library, published, place, now) -> None:
    (stored,) = scan(library).records
    first = hold(place, stored.path, stored.manifest_sha256)
    assert hold(place, stored.path, stored.manifest_sha256) == first
    take_down(library, stored, "Data protection officer", "A name.", now)
    assert first.path.is_dir()
