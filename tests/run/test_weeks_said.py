"""What is said around a weekly evaluation, in its own words: workbook, terminal, library, review pack."""

import re
import zipfile
from pathlib import Path

import pytest

from vru.cli import main

from .test_weeks import WEEKS, made, plan_of, write


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def test_a_weekly_evaluation_of_admissions_never_speaks_of_offences_by_month(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made().to_csv(work / "own.csv", index=False)
    plan = plan_of("said", WEEKS)
    plan["analyses"] = [a for a in plan["analyses"] if a["method"] in ("poisson_did", "weighted_displacement")]
    plan["analyses"][0]["role"] = "primary"
    plan["checks"] = [{"name": "overdispersion"}]
    plan["answers"] = {"primary_method": "an exercise"}
    plan["specifications"] = {"why": "Both are used.", "methods": [{"method": "level_adjusted_did"}], "draws": 0}
    folder = str(write(work, plan))
    for command in (["register", folder], ["run", folder], ["specifications", folder, "--jobs", "1"]):
        assert main(command) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "say fewer admissions" in said
    with zipfile.ZipFile(Path(folder) / "outputs" / "tables.xlsx") as book:
        text = book.read("xl/sharedStrings.xml").decode() + book.read("xl/workbook.xml").decode()
    words = re.sub(r"<[^>]+>", " ", text)
    assert "Recorded admissions by group and week" in words
    assert not re.findall(r".{20}\b(?:[Mm]onths?|Offences)\b.{20}", words)
    assert main(["assure", folder]) == 0
    assert main(["publish", folder, "--library", "shared_learning"]) == 0
    for asked in (["list"], ["show", "said"]):
        assert main(["library", *asked, "--library", "shared_learning"]) == 0
    told = capsys.readouterr().out
    assert "admissions fewer than expected" in told
    assert "offences" not in told


def test_a_review_pack_finds_data_where_a_run_does_and_tells_nobody_where_it_looked(work: Path) -> None:
    made().to_csv(work / "own.csv", index=False)
    plan = plan_of("packed", WEEKS)
    plan["analyses"] = [a for a in plan["analyses"] if a["method"] == "poisson_did"]
    plan["analyses"][0]["role"] = "primary"
    plan["checks"] = []
    plan["answers"] = {"primary_method": "an exercise"}
    folder = str(write(work, plan))
    assert main(["run", folder]) == 0
    assert main(["review-pack", folder, "--out", "pack"]) == 0
    page = (work / "pack" / "review-pack.html").read_text(encoding="utf-8")
    assert "Not run for this pack" not in page
    assert "Weeks analysed" in page
    assert not re.findall(r"[^.]{30}\b[Mm]onthly.{20}", page)
    (work / "own.csv").unlink()
    assert main(["review-pack", folder, "--out", "pack2"]) == 0
    page = (work / "pack2" / "review-pack.html").read_text(encoding="utf-8")
    assert "own.csv is not there" in page
    assert str(work) not in page
