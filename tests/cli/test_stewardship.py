"""The stewards' commands as scripts depend on them: exit codes, JSON, no traceback."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from vru.cli import main
from vru.library import draft_record, open_library, publish, scan
from vru.library.planned import announce
from vru.protocol import Protocol, load, register
from vru.record import LearningRecord
from vru.results import from_json

EXAMPLE = Path(__file__).resolve().parents[1] / "library" / "example"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NAME = "night-bus-patrols"


@pytest.fixture
def plan() -> Protocol:
    return Protocol.model_validate(yaml.safe_load((EXAMPLE / "protocol.yaml").read_text(encoding="utf-8")))


@pytest.fixture
def record(plan: Protocol) -> LearningRecord:
    return draft_record(plan, from_json((EXAMPLE / "result.json").read_text(encoding="utf-8")))


@pytest.fixture
def library(tmp_path: Path, record: LearningRecord, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one version in review, in the working directory under its default name."""
    monkeypatch.chdir(tmp_path)
    open_library(tmp_path / "shared_learning", create=True)
    publish(tmp_path / "shared_learning", record, {"report.html": b"x"}, "Unit analyst", NOW, for_review=True)
    return tmp_path / "shared_learning"


def say(*arguments: str) -> int:
    return main(list(arguments))


def test_review_from_submission_to_retraction(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("review", NAME) == 0
    assert f"{NAME}@v1.0 is in review" in capsys.readouterr().out
    assert say("review", NAME, "--decision", "approve", "--by", "Unit analyst") == 1
    assert "cannot approve it" in capsys.readouterr().err
    assert say("review", NAME, "--decision", "approve", "--by", "Reader", "--manifest", "sha256:00") == 1
    assert "is not what was read" in capsys.readouterr().err
    assert say("review", NAME, "--decision", "approve", "--by", "Home Office reviewer") == 1
    assert "--text why another post approves" in capsys.readouterr().err
    reviewer = ("--by", "Home Office reviewer", "--text", "In place of the head, who is on leave.")
    assert say("review", NAME, "--decision", "approve", *reviewer) == 0
    assert "is approved" in capsys.readouterr().out
    assert say("review", NAME, "--decision", "retract", "--by", "Head of evidence", "--text", "Doubled.") == 0
    assert "is retracted" in capsys.readouterr().out
    assert say("review", NAME, "--decision", "submit", "--by", "Unit analyst") == 1
    assert say("review", NAME, "--decision", "approve") == 2
    assert say("review", "nothing", "--decision", "approve", "--by", "Reader") == 2


def test_a_takedown_names_its_version_and_its_reason(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--decision", "takedown", "--by", "Data protection officer")
    assert say("review", NAME, *asked, "--text", "A name.") == 2
    assert "say which version" in capsys.readouterr().err
    assert say("review", f"{NAME}@1.0", *asked) == 1
    assert scan(library).records
    assert say("review", f"{NAME}@1.0", *asked, "--text", "A name.") == 0
    assert "each needs its own deletion" in capsys.readouterr().out
    assert not scan(library).records


def test_announce_overdue_explain(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "evaluation"
    folder.mkdir()
    text = (EXAMPLE / "protocol.yaml").read_text(encoding="utf-8").replace(f"id: {NAME}", "id: never-reported")
    (folder / "protocol.yaml").write_text(text, encoding="utf-8")
    announcing = ("announce", str(folder), "--library", str(library))
    assert say(*announcing) == 1
    assert "is not registered" in capsys.readouterr().err
    register(folder, load(folder), NOW, "0.0.0")
    assert say(*announcing) == 0
    assert say(*announcing) == 0
    assert "announced before" in capsys.readouterr().out
    (folder / "protocol.yaml").write_text(
        text.replace("seed:", "version: '1.1'\nseed:").replace("version: '1.0'\n", "")
    )
    assert say(*announcing) == 1
    assert "was changed since" in capsys.readouterr().err
    assert say("review", str(folder)) == 0
    assert "is planned" in capsys.readouterr().out
    assert say("library", "overdue", "--all", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["record"], row["in_library"]) == ("norchester-vru/never-reported", "nothing")
    asked = ("review", "never-reported", "--decision", "explain", "--by", "Director", "--reason")
    assert say(*asked, "quality") == 1
    assert say(*asked, "quality", "--text", "No radio log.") == 0
    assert say("review", NAME, "--decision", "explain", "--by", "Director", "--reason", "resource") == 2


def test_check_is_exit_1_while_something_is_overdue(
    library: Path, plan: Protocol, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("library", "check") == 0
    long_ago = datetime.now(UTC) - timedelta(weeks=600)
    announce(library, plan.model_copy(update={"id": "late-one"}), "Director", long_ago)
    assert say("library", "check", "--json") == 1
    assert "was due by" in capsys.readouterr().out.split('"problems"')[1]
    assert say("library", "overdue") == 0
    assert "days overdue" in capsys.readouterr().out


def test_keys_checkpoints_copies_and_exports(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], record: LearningRecord
) -> None:
    assert say("library", "keygen", record.organisation, "--out", "key.pem") == 0
    assert say("library", "keygen", record.organisation, "--out", "key.pem") == 2
    assert say("library", "sign", NAME, "--key", "key.pem") == 0
    capsys.readouterr()
    assert say("library", "check", "--json") == 0
    assert json.loads(capsys.readouterr().out)["signatures"] == 1
    assert say("library", "checkpoint") == 0
    (kept,) = (library / "checkpoints").iterdir()
    shutil.copy(kept, tmp_path / "kept.json")
    (tmp_path / "bucket").mkdir()
    url = f"file://{tmp_path}/bucket"
    assert say("library", "push", url) == 0
    open_library(tmp_path / "copy", create=True)
    assert say("library", "pull", url, "--library", "copy") == 0
    assert say("library", "merge", "copy") == 0
    assert "0 added" in capsys.readouterr().out
    for name in ("csv", "json", "xlsx", "datacite", "atom", "registry", "jsonld"):
        assert say("library", "export", "--format", name, "--out", f"out.{name}") == 0
        assert (tmp_path / f"out.{name}").stat().st_size
    assert not list(tmp_path.glob("*.partial"))
    shutil.rmtree(library / "records")
    (library / "records").mkdir()
    assert say("library", "check", "--against", "kept.json") == 1
    assert "was removed since the checkpoint" in capsys.readouterr().out


def test_lists_show_what_is_not_published(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("library", "list") == 0
    assert "[in review]" in capsys.readouterr().out
    assert say("library", "show", NAME) == 0
    assert "(in review)" in capsys.readouterr().out


def test_a_site_does_not_show_what_is_in_review_as_a_finding(library: Path, tmp_path: Path) -> None:
    from vru.run.sites import write_site

    assert write_site(library, tmp_path / "site", "network", "").records == 0
    assert f"norchester-vru/{NAME} version 1.0" in (tmp_path / "site" / "index.html").read_text()
    assert write_site(library, tmp_path / "open", "public", "").records == 0
    assert NAME not in (tmp_path / "open" / "index.html").read_text()


BAD = "call 07700 900123"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--decision", "comment", "--by", "Reader", "--text", BAD),
        ("--decision", "comment", "--by", "PC Smith", "--text", "Which months?"),
        ("--decision", "takedown", "--by", "Reader", "--text", BAD),
        ("--decision", "explain", "--by", "Reader", "--reason", "other", "--text", BAD),
    ],
)
def test_a_review_text_that_identifies_somebody_changes_nothing(
    library: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    before = sorted(p for p in library.rglob("*") if p.is_file())
    assert say("review", f"{NAME}@1.0", *arguments) == 1
    said = capsys.readouterr().err
    assert "looks like a" in said
    assert BAD not in said
    assert "Smith" not in said
    assert sorted(p for p in library.rglob("*") if p.is_file()) == before


def test_a_detail_is_taken_out_by_the_id_that_review_shows(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("review", NAME, "--decision", "comment", "--by", "Reader", "--text", "As Joan said.") == 0
    assert say("review", NAME) == 0
    event = re.findall(r"As Joan said\. \((\w{26})\)", capsys.readouterr().out)[-1]
    redact = ("--decision", "redact", "--by", "Data protection officer", "--event", event)
    assert say("review", NAME, *redact) == 1
    assert say("review", NAME, *redact, "--text", "It named somebody.") == 0
    assert "took the text out of" in capsys.readouterr().out
    assert say("review", NAME) == 0
    assert "comment by Reader: taken out (text taken out on" in capsys.readouterr().out
