"""The command line as scripts depend on it: help with an example, exit codes, JSON, no traceback."""

import argparse
import json
from pathlib import Path

import pytest

from vru.cli import main, parser

ROOT = Path(__file__).resolve().parents[2]


def commands() -> dict[str, argparse.ArgumentParser]:
    action = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert f"example:\n  vru {name}" in commands()[name].format_help()


def test_the_contracts_commands_are_all_there() -> None:
    wanted = "demo init templates methods sources new check register run assure publish verify library site"
    assert set(wanted.split()) <= set(commands())


@pytest.mark.parametrize("name", ["templates", "methods", "sources"])
def test_lists_as_lines_and_as_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main([name, "--json"]) == 0
    assert [line.split("  ")[0] for line in lines] == list(json.loads(capsys.readouterr().out))


def test_a_methods_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "poisson_did"]) == 0
    card = capsys.readouterr().out
    assert card.startswith("## poisson_did")
    assert "When not to use" in card


def test_a_mistyped_method_is_met_with_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "poisson_dit"]) == 2
    assert "did you mean 'poisson_did'" in capsys.readouterr().err


def test_new_writes_a_plan_that_check_finds_unfinished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "w")]) == 0
    assert main(["new", "op-grip-trial", "--template", "hotspot_patrol", "--workspace", str(tmp_path / "w")]) == 0
    folder = tmp_path / "w" / "evaluations" / "op-grip-trial"
    assert "id: op-grip-trial" in (folder / "protocol.yaml").read_text()
    assert main(["check", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "treated is empty" in said
    assert "is still the template's own text" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "x1y", "--template", "hotspot_patroll"], "did you mean 'hotspot_patrol'"),
        (["new", "../up", "--template", "hotspot_patrol"], "cannot be the name of an evaluation"),
        (["check", "nowhere"], "there is no such folder"),
        (["run", "nowhere", "--set", "seeed=3"], "did you mean 'seed'"),
        (["run", "nowhere", "--set", "start=03/04/2021"], "write months as YYYY-MM"),
        (["run", "nowhere", "--set", "seed"], "is not of the form key=value"),
        (["run", "nowhere", "--jobs", "0"], "is not a number of runs"),
        (["assure", "nowhere"], "there is no such folder"),
        (["library", "list", "--library", "nowhere"], "nowhere"),
    ],
)
def test_wrong_input_is_exit_2_and_names_the_trouble(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_taken_names_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine-1").mkdir()
    (tmp_path / "mine-1" / "protocol.yaml").write_text("mine")
    assert main(["new", "mine-1", "--template", "hotspot_patrol", "--workspace", str(tmp_path)]) == 2
    assert (tmp_path / "mine-1" / "protocol.yaml").read_text() == "mine"
    assert "already exists; nothing was changed" in capsys.readouterr().err


def test_every_kind_of_problem_of_a_plan_comes_in_one_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "evaluations" / "op-grip-demo" / "protocol.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("smallest_effect: 0.10", "smallest_efect: 0.10"),  # a mistyped field
        ("method: weighted_displacement", "method: weighted_displacment"),  # an unknown method
        ("options: {inference: auto}", "options: {inferense: auto}"),  # an unknown option
        ("{name: placebo_date}", "{name: placebo_dates}"),  # an unknown check
        ("adjustment: [area, period]", "adjustment: [area, period, police_visibility]"),  # a mediator
        ("source: simulated", "source: simulation"),  # an unknown source
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "protocol.yaml").write_text(text, encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    for hint in ("smallest_effect", "weighted_displacement", "inference", "placebo_date", "simulated"):
        assert f"did you mean '{hint}'" in said
    assert "patrol -> police_visibility -> violence" in said


def test_debug_shows_where(tmp_path: Path) -> None:
    from vru.errors import ProtocolError

    with pytest.raises(ProtocolError):
        main(["--debug", "check", str(tmp_path / "none")])
