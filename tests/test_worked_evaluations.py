"""The worked evaluations: what was committed comes out again, and finds the truth that is known."""

from pathlib import Path

import pytest

from vru.evaluation import evaluate
from vru.library import compare_results
from vru.protocol import digest, load, registration
from vru.results import EvaluationResult, from_json
from vru.run.study import build, load_study

ROOT = Path(__file__).resolve().parents[1]
SIMULATED = ("op-grip-demo", "patrol-days-demo", "mentoring-demo")
NAMES = (*SIMULATED, "merseyside-known-effect", "merseyside-placebo")


def committed(name: str) -> EvaluationResult:
    return from_json((ROOT / "evaluations" / name / "outputs" / "result.json").read_text(encoding="utf-8"))


def recomputed(name: str, data: Path | None) -> EvaluationResult:
    study = load_study(ROOT / "evaluations" / name, None, data)
    built = build(study, lambda what, done, total: None)
    return evaluate(study.plan, built.data, built.inputs)


@pytest.mark.parametrize("name", NAMES)
def test_every_text_says_first_that_no_intervention_took_place(name: str) -> None:
    folder = ROOT / "evaluations" / name
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("No intervention took place.")
    assert load(folder).disclaimer.startswith("No intervention took place.")
    assert "No intervention took place." in (folder / "outputs" / "report.html").read_text(encoding="utf-8")
    assert "summary: 'No intervention took place." in (folder / "outputs" / "record.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_results_belong_to_the_registered_plan(name: str) -> None:
    folder = ROOT / "evaluations" / name
    assert registration(folder, load(folder)).status == "yes"
    assert committed(name).protocol_digest == digest(load(folder))


def test_the_known_effect_is_found() -> None:
    ratio = committed("merseyside-known-effect").primary.ratio
    assert ratio is not None
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 0.75 < ratio.high < 1


def test_the_placebo_finds_nothing() -> None:
    ratio = committed("merseyside-placebo").primary.ratio
    assert ratio is not None
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 1 < ratio.high


@pytest.mark.parametrize("name", ["merseyside-known-effect", "merseyside-placebo"])
def test_the_part_of_selection_in_a_naive_fall_is_said(name: str) -> None:
    found = next(f for f in committed(name).findings if f.check == "regression_to_mean")
    assert "selection alone brings" in found.text
    assert found.numbers["kept_expected_fall"] is not None
    assert found.numbers["expected_fall"] is not None


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_data_come_out_again(name: str) -> None:
    assert compare_results(committed(name), recomputed(name, None), rel=1e-6, absolute=1e-9) == ()


@pytest.mark.parametrize(
    ("name", "truth"), [("op-grip-demo", 0.8), ("patrol-days-demo", 0.75), ("mentoring-demo", 0.7)]
)
def test_the_simulated_truth_is_found(name: str, truth: float) -> None:
    ratio = committed(name).primary.ratio
    assert ratio is not None
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < truth < ratio.high < 1


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["merseyside-known-effect", "merseyside-placebo"])
def test_real_data_come_out_again(name: str, data_dir: Path) -> None:
    found = recomputed(name, data_dir / "police_uk")
    assert compare_results(committed(name), found, rel=1e-6, absolute=1e-9) == ()
