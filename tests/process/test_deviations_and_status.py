"""Deviations reach report and record at the number they touch; what had been shown before registration is told; status."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from vru.cli import main
from vru.process.standing import Facts, day_after, standing
from vru.protocol import load, registration
from vru.report.touched import touching
from vru.results import from_json
from vru.run.workspace import new_evaluation

WHAT, WHY = "Two weeks of the rota were not kept.", "Both navigators were ill."


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    return new_evaluation("trial", "navigator", Path("."), with_data=True)


def deviate(folder: Path, *more: str) -> int:
    return main(["deviate", str(folder), "--on", "2022-03", "--what", WHAT, "--why", WHY, *more])


def test_a_deviation_is_shown_at_the_number_it_touches_and_in_the_record(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["register", str(work)]) == 0
    assert main(["run", str(work)]) == 0
    assert deviate(work, "--touches", "met") == 0
    assert main(["assure", str(work), "--by", "University partner", "--accept", "template_words=practice data"]) == 1
    assert "the report does not show it" in capsys.readouterr().err
    assert main(["run", str(work)]) == 0
    html = (work / "outputs" / "report.html").read_text(encoding="utf-8")
    assert html.count(WHAT) == 2, "at the number, and in the table of deviations"
    assert "met (deviation)" in html
    assert "offered (deviation)" not in html
    assert "A deviation touches this figure" in html
    record = yaml.safe_load((work / "outputs" / "record.yaml").read_text(encoding="utf-8"))
    assert any(WHAT in told for told in record["deviations"])
    result = from_json((work / "outputs" / "result.json").read_text(encoding="utf-8"))
    assert result.preregistered == "yes"
    assert [len(touching(load(work), e)) for e in result.estimates] == [1, 0]
    assert main(["assure", str(work), "--by", "University partner", "--accept", "template_words=practice data"]) == 0


@pytest.mark.parametrize(
    "written",
    [
        "deviations: []                  # why so\nseed: 3\n",
        "deviations:\n  - on: 2022-01\n    what: One thing was done otherwise.\n    why: It could not be helped.\n\nseed: 3\n",
        "seed: 3\ndeviations: [{on: 2022-01, what: One thing was done otherwise., why: It could not be helped.}]\n",
        "seed: 3\n",
    ],
)
def test_the_plans_other_lines_stay(work: Path, written: str) -> None:
    path = work / "protocol.yaml"
    lines = [x for x in path.read_text(encoding="utf-8").splitlines() if not x.startswith(("deviations:", "seed:"))]
    path.write_text("\n".join(lines) + "\n" + written, encoding="utf-8")
    before = load(work)
    assert deviate(work) == 0
    after = load(work)
    assert after.deviations[:-1] == before.deviations
    assert (after.deviations[-1].what, after.deviations[-1].touches) == (WHAT, [])
    assert after.model_copy(update={"deviations": []}) == before.model_copy(update={"deviations": []})
    text = path.read_text(encoding="utf-8")
    assert all(line in text for line in lines)
    assert ("# why so" in text) == ("# why so" in written)


def test_a_bad_deviation_names_every_problem_and_changes_nothing(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (work / "protocol.yaml").read_bytes()
    asked = ["deviate", str(work), "--on", "2999-01", "--what", "x", "--why", "y", "--touches", "mett"]
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "4 problems" in said
    assert "did you mean 'met'" in said
    assert (work / "protocol.yaml").read_bytes() == before


def test_registering_after_an_estimate_was_shown_is_no_registration(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(work)]) == 0
    # Taking the outputs away does not take back that they were seen.
    for file in (work / "outputs").iterdir():
        file.unlink()
    (work / "outputs").rmdir()
    assert main(["register", str(work)]) == 0
    assert "after an estimate had been shown on" in capsys.readouterr().out
    state = registration(work, load(work))
    assert state.status == "no"
    assert "after an estimate had been shown" in state.changes[0]
    assert main(["run", str(work)]) == 0
    result = json.loads((work / "outputs" / "result.json").read_text(encoding="utf-8"))
    assert result["preregistered"] == "no"
    html = (work / "outputs" / "report.html").read_text(encoding="utf-8")
    assert "after an estimate had been shown" in html


def test_status_tells_every_step_who_holds_it_and_what_is_late(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from vru.run.status import status

    today = date(2026, 11, 1)
    library = Path("shared_learning")
    assert main(["new", "b-draft", "--template", "programme"]) == 0

    def of(name: str) -> tuple[str, str, str]:
        found = {s.evaluation: s for s in status(Path("."), library, today)}[f"evaluations/{name}"]
        return found.step, found.holder, found.next

    assert of("b-draft")[0] == "planned"
    assert "problem" in of("b-draft")[2]
    assert of("trial") == ("planned", "VRU analyst", "vru register evaluations/trial")
    assert main(["register", str(work)]) == 0
    assert of("trial") == ("registered", "VRU analyst", "vru run evaluations/trial")
    assert main(["run", str(work)]) == 0
    assert of("trial")[:2] == ("run", "University partner")
    assert main(["assure", str(work), "--by", "University partner", "--accept", "template_words=practice data"]) == 0
    assert of("trial")[:2] == ("assured", "VRU board chair")
    assert main(["publish", str(work), "--library", str(library), "--by", "VRU board chair"]) == 0
    assert of("trial")[0] == "published"
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    assert {s["evaluation"] for s in json.loads(capsys.readouterr().out)} == {
        "evaluations/trial",
        "evaluations/b-draft",
    }


def test_what_is_late_is_late_from_its_day_on(work: Path) -> None:
    plan = load(work)
    end = day_after(plan.window.last)

    def late(today: date, registered: str = "", run_on: date | None = None) -> str:
        return standing("evaluations/trial", Facts(plan, 0, "", registered, run_on, False, ""), today).late

    assert late(date(2020, 12, 31)) == ""
    assert late(date(2021, 1, 1)) == "not registered, and it began on 2021-01-01"
    assert late(date(2021, 1, 1), "2020-12-01") == ""
    assert late(date.fromordinal(end.toordinal() + 83), "2020-12-01") == ""
    assert "12 weeks ago" in late(date.fromordinal(end.toordinal() + 84), "2020-12-01")
    assert late(date(2023, 2, 1), "2020-12-01", date(2023, 1, 20)) == ""
    assert "not published" in late(date(2023, 6, 1), "2020-12-01", date(2023, 1, 20))
    assert late(date(2023, 2, 1), "", date(2023, 1, 20)) == "run before it was registered"
    assert [day_after(m) for m in ("2021-12", "2024-02", "2021-08-29")] == [
        date(2022, 1, 1),
        date(2024, 3, 1),
        date(2021, 8, 30),
    ]


def test_an_empty_workspace_is_told_where_to_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(tmp_path)]) == 2
    assert "vru scope NAME" in capsys.readouterr().err
