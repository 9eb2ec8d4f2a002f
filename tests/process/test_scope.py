"""Where answers lead: the ten and more interventions written down before the code, and every other set of answers."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from vru.cli import main
from vru.errors import ProtocolError
from vru.process.scope import QUESTIONS, Answers, asked, choose, evaluability, half_filled, read_answers
from vru.process.scope.page import page
from vru.protocol.reading import read_draft
from vru.run.scoping import intervention_types, scope
from vru.run.workspace import template_names

CASES = yaml.safe_load((Path(__file__).parent / "scope_cases.yaml").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("case", CASES, ids=[c["what"][:40] for c in CASES])
def test_each_case_is_led_where_it_was_written_to_go(case: dict, tmp_path: Path) -> None:  # type: ignore[type-arg]
    answers = read_answers(case["answers"], "case")
    done = scope("a-case", answers, tmp_path, NOW)
    assert (done.choice.template or "process") == case["leads_to"]
    kept = yaml.safe_load((done.folder / "scope.yaml").read_text(encoding="utf-8"))
    assert kept["answers"]["unit"] == case["answers"]["unit"]
    assert done.planned == (done.folder / "protocol.yaml").exists()
    assert done.planned or set(kept["process_measures"]) == {"reach", "dose", "fidelity", "compliance"}


def _every() -> list[Answers]:
    units = ["places", "areas", "days", "people", "cases", "schools", "staff"]
    numbers = [(0, 0), (1, 4), (1, 30), (12, 0), (500, 500)]
    rest = {"theory": "no", "settled": "no", "access": "no", "assurer": "no", "purpose": "no"}
    found = []
    for unit, (treated, others), lot, outcome, months, kind in itertools.product(
        units,
        numbers,
        ("done", "possible", "no"),
        ("both", "treated", "no"),
        (0, 12, 36),
        ("mentoring", "hot_spot_policing"),
    ):
        given = {
            "unit": unit,
            "treated": treated,
            "others": others,
            "lot": lot,
            "outcome": outcome,
            "months_before": months,
        }
        found.append(read_answers({"intervention": kind, **given, **rest}, "made"))
    return found


def test_no_answers_are_a_dead_end() -> None:
    known = set(template_names())
    for answers in _every():
        choice = choose(answers)
        assert choice.template is None or choice.template in known
        assert choice.why
        if choice.template is None:
            assert "claim no effect" in choice.why
        items = evaluability(answers)
        assert len(items) == 9
        assert all(i.raise_it for i in items if i.points < 2)


def test_more_is_never_worse() -> None:
    for answers in _every():
        better = answers.model_copy(update={"purpose": "yes", "theory": "yes", "settled": "yes", "access": "agreed"})
        assert sum(i.points for i in evaluability(better)) > sum(i.points for i in evaluability(answers))


@pytest.mark.parametrize("template", sorted(template_names()))
def test_a_half_filled_plan_has_the_start_and_keeps_its_order(template: str, tmp_path: Path) -> None:
    given = CASES[0]["answers"] | {"start": "2025-02", "organisation": "essex-vru", "name": "Night: navigators"}
    text = half_filled(template, "night-work", read_answers(given, "case"))
    plan = yaml.load(text, Loader=yaml.BaseLoader)
    assert plan["id"] == "night-work"
    assert plan["organisation"] == "essex-vru"
    assert plan["intervention"]["name"] == "Night: navigators"
    assert plan["intervention"]["start"].startswith("2025-02")
    assert plan["window"]["first"] < plan["window"]["last"]
    (tmp_path / "protocol.yaml").write_text(text, encoding="utf-8")
    left = {p.what for p in read_draft(tmp_path).problems}
    assert not [w for w in left if "own text" not in w and "month" in w.lower()], left


def test_a_decision_not_to_evaluate_needs_its_reason_and_is_kept(tmp_path: Path) -> None:
    given = CASES[4]["answers"] | {"decision": "not_evaluated"}
    with pytest.raises(ProtocolError, match="needs its reason"):
        scope("a-case", read_answers(given, "case"), tmp_path, NOW)
    done = scope("a-case", read_answers(given | {"reason": "The charity closes in March."}, "case"), tmp_path, NOW)
    kept = yaml.safe_load((done.folder / "scope.yaml").read_text(encoding="utf-8"))
    assert (kept["decision"], kept["reason"]) == ("not evaluated", "The charity closes in March.")
    assert not (done.folder / "protocol.yaml").exists()


def test_wrong_answers_are_all_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(
        "intervention: mentoring\nunit: persons\ntreated: many\nlott: no\n", encoding="utf-8"
    )
    assert main(["scope", "a-case", "--answers", str(tmp_path / "a.yaml"), "--workspace", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    for words in ("unit", "treated", "did you mean 'lot'", "others: has no answer", "allowed: places, areas"):
        assert words in said
    assert not (tmp_path / "a-case").exists()


def test_what_scope_wrote_can_be_given_back_as_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = scope("a-case", read_answers(CASES[2]["answers"], "case"), tmp_path, NOW)
    again = ["scope", "b-case", "--answers", str(done.folder / "scope.yaml"), "--workspace", str(tmp_path)]
    assert main(again) == 0
    assert "template: hotspot_patrol" in capsys.readouterr().out


def test_an_interview_needs_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scope", "a-case", "--workspace", str(tmp_path)]) == 2
    assert "--answers FILE" in capsys.readouterr().err


def test_the_interview_asks_again_and_leaves_out_idle_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = ["bogus", "CBT", "", "May", "", "person", "people", "lots", "300", "-3", "300", "Possible"]
    said = iter([*first, "both", "yes", "yes", "yes", "asked", "no", "yes"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda prompt: next(said))
    assert main(["scope", "a-case", "--workspace", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "template: mentoring_or_cbt" in out
    assert "allowed: places, areas" in out
    assert "written as 2021-05" in out
    assert "mentoring, " in out, "kinds of intervention are listed"
    assert next(said, None) is None


def test_the_end_of_what_is_typed_stops_and_a_name_that_is_taken_is_told_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", end)
    assert main(["scope", "a-case", "--workspace", str(tmp_path)]) == 130
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a-case").mkdir()
    assert main(["scope", "a-case", "--workspace", str(tmp_path)]) == 2
    assert "already exists" in capsys.readouterr().err


def test_the_page_asks_the_same_questions_and_loads_nothing() -> None:
    html = page(intervention_types())
    assert all(f'name="{q.field}"' in html for q in QUESTIONS)
    assert "http" not in html.replace("https://", "http")
    assert asked(QUESTIONS[0], {})
