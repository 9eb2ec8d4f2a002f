"""What a plan must answer before it is run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vru import questions
from vru.binding import resolve
from vru.cli import main
from vru.errors import RefusedError
from vru.methods import METHODS
from vru.methods.measured import Measured, Way, false_alarms, sentence
from vru.protocol import load
from vru.resources import method_card

ROOT = Path(__file__).parents[1]
DEMO = (ROOT / "evaluations" / "op-grip-demo" / "protocol.yaml").read_text(encoding="utf-8")
PRIMARY = "method: level_adjusted_did, outcome: violence}"
MakePlan = Callable[..., Path]


@pytest.fixture
def make_plan(tmp_path: Path) -> MakePlan:
    """Factory: the demo's plan with another primary method, and with answers."""

    def make(method: str = "level_adjusted_did", answers: str = "") -> Path:
        text = DEMO.replace(PRIMARY, f"method: {method}, outcome: violence}}", 1) + answers
        (tmp_path / "protocol.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture(autouse=True)
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """poisson_did fails among the hottest, keeps its promise by lot; level_adjusted_did keeps it; others were not measured."""
    known = {
        ("poisson_did", "rank"): (8, 50),
        ("poisson_did", "hot_lot"): (4, 6),
        ("level_adjusted_did", "rank"): (0, 5),
    }

    def look(method: str, way: Way) -> Measured | None:
        return Measured(*known[method, way], sum(known[method, way]) / 2) if (method, way) in known else None

    monkeypatch.setattr(questions, "false_alarms", look)


def test_a_primary_that_fails_in_its_own_case_is_asked_about(make_plan: MakePlan) -> None:
    (asked,) = questions.questions(resolve(load(make_plan("poisson_did"))))
    assert asked.id == "primary_method"
    assert "8 to 50 of 100" in asked.what
    assert "make level_adjusted_did the primary method" in asked.hint
    assert "draw lots" in asked.hint


@pytest.mark.parametrize("method", ["level_adjusted_did", "before_after"])
def test_one_that_keeps_its_promise_or_was_not_measured_is_not(method: str, make_plan: MakePlan) -> None:
    assert questions.questions(resolve(load(make_plan(method)))) == ()


def test_a_lot_among_the_hottest_is_another_case() -> None:
    plan = resolve(load(ROOT / "evaluations" / "merseyside-placebo"))
    assert next(a for a in plan.analyses if a.plan.role == "primary").method.name == "poisson_did"
    assert questions.questions(plan) == ()


def test_check_ends_with_1_and_run_and_register_refuse_until_answered(
    make_plan: MakePlan, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(make_plan("poisson_did"))
    assert main(["check", folder, "--no-data"]) == 1
    said = capsys.readouterr()
    assert "question primary_method:" in said.out
    assert 'answers: {primary_method: "why"}' in said.out
    assert "next: vru register" not in said.out
    for command in ("register", "run"):
        assert main([command, folder]) == 1
        assert "primary_method" in capsys.readouterr().err
    assert not (Path(folder) / "protocol.lock").exists()
    assert not (Path(folder) / "outputs").exists()
    make_plan("poisson_did", "\nanswers: {primary_method: Registered before this was known.}\n")
    assert main(["check", folder, "--no-data"]) == 0
    assert "question" not in capsys.readouterr().out
    assert main(["register", folder]) == 0


def test_an_empty_answer_is_none(make_plan: MakePlan) -> None:
    plan = resolve(load(make_plan("poisson_did", '\nanswers: {another: "some reason"}\n')))
    with pytest.raises(RefusedError, match="primary_method"):
        questions.require_answers(plan.protocol, questions.questions(plan))


def test_check_says_it_in_json(make_plan: MakePlan, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["check", str(make_plan("poisson_did")), "--no-data", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["sound"] is False
    assert [q["question"] for q in said["questions"]] == ["primary_method"]


@pytest.mark.parametrize("method", [m.name for m in METHODS.values() if sentence(m.name)])
def test_cards_say_what_was_measured(method: str) -> None:
    assert sentence(method) in " ".join(method_card(method).split())


def test_measured_rates_are_those_of_the_benchmarks_table() -> None:
    """The notes quote the data that the benchmark wrote beside its page."""
    page = (ROOT / "benchmarks" / "placebo_real.md").read_text(encoding="utf-8")
    table = page.split("## p below .05, in per cent: methods with a comparison")[1].split("\n## ")[0]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    head, body = rows[0], {r[0]: r[1:] for r in rows[2:]}
    for method in ("poisson_did", "level_adjusted_did", "relative_rate_ratio", "synthetic_control"):
        for way in ("force_lot", "hot_lot", "rank", "district"):
            cells = [
                float(v.strip("*"))
                for h, v in zip(head[1:], body[method], strict=True)
                if h.startswith(way.replace("_", " ")) and v not in ("", "refused", "-")
            ]
            found = false_alarms(method, way)
            assert found is not None
            assert (min(cells), max(cells)) == pytest.approx((found.low, found.high), abs=0.06)
