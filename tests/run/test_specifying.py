"""`vru specifications` typed: files, resume, what is of another plan, and the report."""

import json
import shutil
from pathlib import Path

import pytest

from vru.cli import main
from vru.results import from_json
from vru.run.specifying import FIGURE, FILE, with_curve
from vru.run.study import build, load_study

ROOT = Path(__file__).resolve().parents[2]
CHOICES = """
specifications:
  why: Either method is usual, and the first year was odd.
  methods:
    - {method: relative_rate_ratio, options: {variance: as_published}}
  together: [3]
  draws: 20
"""


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    folder = tmp_path / "evaluations" / "op-grip-demo"
    shutil.copytree(
        ROOT / "evaluations" / "op-grip-demo", folder, ignore=shutil.ignore_patterns("outputs", ".vru", "*.lock")
    )
    plan = folder / "protocol.yaml"
    plan.write_text(plan.read_text() + CHOICES)
    return folder


def test_a_curve_is_written_resumed_and_put_into_the_result(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["specifications", str(trial), "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert said.count("* ") == 1
    assert "4 specifications answer" in said
    first = (trial / FILE).read_bytes()
    assert (trial / FIGURE).read_text().startswith("<svg")
    # A kill half-way: some parts are gone, the rest are taken as they are, and the file comes out the same.
    (parts,) = (trial / ".vru" / "specifications").iterdir()
    for lost in ("spec-0001.json", "draws-0001.json"):
        (parts / lost).unlink()
    assert main(["specifications", str(trial), "--jobs", "2"]) == 0
    assert "4 of 6 parts were there" in capsys.readouterr().err
    assert (trial / FILE).read_bytes() == first


def test_a_curve_of_another_plan_is_left_out_and_said(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["specifications", str(trial), "--jobs", "1"]) == 0
    assert main(["run", str(trial)]) == 0
    result = from_json((trial / "outputs" / "result.json").read_text())
    assert result.specifications is not None
    assert result.specifications.points[0].value == round(result.primary.value, 3)
    report = (trial / "outputs" / "report.html").read_text()
    assert "Other defensible choices" in report
    plan = trial / "protocol.yaml"
    plan.write_text(plan.read_text().replace("draws: 20", "draws: 30"))
    again = load_study(trial)
    changed = build(again, lambda what, done, total: None)
    assert changed.inputs.registration.status == "no"
    from dataclasses import replace

    from vru.protocol import digest

    got, words = with_curve(trial, replace(result, protocol_digest=digest(again.plan.protocol), specifications=None))
    assert got.specifications is None
    assert "another plan or other data" in words
    capsys.readouterr()


def test_a_plan_without_choices_says_how_to_name_them(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = trial / "protocol.yaml"
    plan.write_text(plan.read_text().replace(CHOICES, ""))
    assert main(["specifications", str(trial)]) == 2
    assert "names no other defensible choices" in capsys.readouterr().err
    assert not (trial / FILE).exists()


def test_a_damaged_file_is_named(trial: Path) -> None:
    from vru.errors import VruError

    (trial / FILE).write_text("{")
    with pytest.raises(VruError, match=FILE):
        with_curve(trial, None)  # type: ignore[arg-type]


def test_points_on_small_counts_are_not_published(trial: Path) -> None:
    from vru.curve import Specification, SpecificationCurve
    from vru.run.specifying import published

    points = (Specification({}, -0.123456, -0.3, 0.1, 0.2), Specification({}, -2.0, small=True))
    got = published(SpecificationCurve(0.95, "why", points))
    assert [p.value for p in got.points] == [-0.123]
    assert got.left_out == 1
    assert json.loads(json.dumps(got.points[0].choices)) == {}
