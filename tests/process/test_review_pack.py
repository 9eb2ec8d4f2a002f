"""The review pack: whole in one file, made again, and honest about what would overturn the finding."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from vru.cli import main
from vru.process.pack import Again, Pack, compose_pack
from vru.process.pack.overturning import overturning
from vru.protocol import load
from vru.report import render_html
from vru.results import EvaluationResult, Finding, from_json, to_json
from vru.run.workspace import new_evaluation


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registered and run evaluation on practice data."""
    root = tmp_path_factory.mktemp("w")
    assert main(["init", str(root)]) == 0
    made = new_evaluation("trial", "mentoring_or_cbt", root, with_data=True)
    assert main(["register", str(made)]) == 0
    assert main(["run", str(made)]) == 0
    return made


@pytest.fixture
def result(folder: Path) -> EvaluationResult:
    return from_json((folder / "outputs" / "result.json").read_text(encoding="utf-8"))


def pack(folder: Path, out: Path, *more: str) -> int:
    return main(["review-pack", str(folder), "--out", str(out), *more])


def test_the_page_is_whole_and_the_numbers_were_made_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pack(folder, tmp_path / "p") == 0
    assert "run once more: the same" in capsys.readouterr().out
    html = (tmp_path / "p" / "review-pack.html").read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!#|data:)[^"]*\.(?:css|js|png|svg|woff2?)', html)
    for words in (
        "What would overturn the finding",
        "Every check",
        "Not calibrated",
        "first registration",
        "Fingerprints of the data",
    ):
        assert words in html
    assert "every number and every text of the result came out the same" in html
    assert str(folder.parent) not in html


def test_a_number_that_does_not_come_out_again_is_told_and_ends_in_1(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import hashlib
    import shutil

    copy = tmp_path / "evaluations" / "trial"
    shutil.copytree(folder, copy)
    path = copy / "outputs" / "result.json"
    kept = from_json(path.read_text(encoding="utf-8"))
    moved = replace(kept, estimates=tuple(replace(e, value=e.value - 0.01) for e in kept.estimates))
    path.write_text(to_json(moved), encoding="utf-8")
    manifest = json.loads((copy / "outputs" / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["result.json"]["sha256"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    (copy / "outputs" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert pack(copy, tmp_path / "p") == 1
    assert "came out otherwise" in capsys.readouterr().out
    assert "came out otherwise" in (tmp_path / "p" / "review-pack.html").read_text(encoding="utf-8")


def test_a_plan_edited_after_the_run_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    copy = tmp_path / "trial"
    shutil.copytree(folder, copy)
    plan = copy / "protocol.yaml"
    plan.write_text(
        plan.read_text(encoding="utf-8").replace("smallest_effect: 0.10", "smallest_effect: 0.30"), encoding="utf-8"
    )
    assert pack(copy, tmp_path / "p") == 2
    assert "changed after the run" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_not_run_again_says_so(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pack(folder, tmp_path / "p", "--no-rerun", "--json") == 0
    assert json.loads(capsys.readouterr().out)["differences"] is None
    assert "Not run for this pack" in (tmp_path / "p" / "review-pack.html").read_text(encoding="utf-8")


def test_calibration_is_shown_where_it_is_there(folder: Path, result: EvaluationResult) -> None:
    side = {"calibration.json": {"false_alarms": {"share": 0.0712345, "dates": 24}, "starts": [1, 2, 3]}}
    document = compose_pack(Pack(load(folder), result, Again("vru run trial", why_not="not asked"), "o/trial", side))
    html = render_html(document)
    assert "false alarms, share" in html
    assert "0.07123" in html
    assert "Not calibrated" not in html
    assert "No specification curve was made" in html


def test_what_would_overturn_it_follows_the_numbers(folder: Path, result: EvaluationResult) -> None:
    plan = load(folder)
    main_figure = result.primary
    assert "would bring the interval to hold none" in overturning(plan, result)[0]

    def with_main(**changes: object) -> EvaluationResult:
        estimates = tuple(replace(e, **changes) if e is main_figure else e for e in result.estimates)  # type: ignore[arg-type]
        return replace(result, estimates=estimates)

    nothing = overturning(plan, with_main(low=-1.0, high=1.0))
    assert "It holds no effect" in nothing[0]
    assert any("unlike the main one" in told for told in nothing)
    assert "stands for no claim" in overturning(plan, with_main(low=None, high=None))[0]
    assert any("points the other way" in told for told in overturning(plan, with_main(value=2.0, low=1.0, high=3.0)))
    failed = replace(
        result, findings=(*result.findings, Finding("balance", main_figure.analysis, "fail", "Arms differ."))
    )
    assert any("failed: Arms differ." in told for told in overturning(plan, failed))
    late = replace(result, preregistered="no")
    assert any("not registered before results were seen" in told for told in overturning(plan, late))


def test_a_reviewers_comment_on_a_records_pack_goes_back_as_an_event(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = folder.parents[1] / "shared_learning"
    assert main(["assure", str(folder), "--by", "University partner", "--accept", "template_words=practice data"]) == 0
    assert main(["publish", str(folder), "--library", str(library), "--by", "VRU analyst", "--for-review"]) == 0
    capsys.readouterr()
    reference = "simulated-vru/trial"
    out = ["--library", str(library), "--out", str(tmp_path / "p")]
    assert main(["review-pack", reference, *out]) == 0
    assert "give them with --data DIR" in capsys.readouterr().out
    assert main(["review-pack", reference, *out, "--data", str(folder)]) == 0
    assert "run once more: the same" in capsys.readouterr().out
    assert "vru review simulated-vru/trial@1.0" in (tmp_path / "p" / "review-pack.html").read_text(encoding="utf-8")
    said = [
        "--by",
        "Home Office methods reviewer",
        "--decision",
        "comment",
        "--text",
        "Say how many were lost in each arm.",
    ]
    assert main(["review", "simulated-vru/trial@1.0", "--library", str(library), *said]) == 0
    capsys.readouterr()
    assert main(["review", reference, "--library", str(library)]) == 0
    assert "Say how many were lost" in capsys.readouterr().out


def test_a_record_needs_its_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review-pack", "simulated-vru/trial", "--out", str(tmp_path / "p")]) == 2
    assert "--library DIR" in capsys.readouterr().err
