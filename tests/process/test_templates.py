"""Every template: whole when composed, sound with its practice data, from ``vru new`` to a published record."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from vru.cli import main
from vru.errors import ProtocolError
from vru.evaluation import fit
from vru.process import practice as room
from vru.process.practice import PRACTICE, places, practice, written
from vru.process.practice.made import truth_beside
from vru.protocol import Protocol
from vru.resources import template_text, templates_dir
from vru.run.study import build, load_study
from vru.run.workspace import new_evaluation, template_names

TEMPLATES = sorted(template_names())


def test_every_template_has_practice_data_and_every_part_is_used() -> None:
    assert sorted(PRACTICE) == TEMPLATES
    named = "".join((templates_dir() / t / "protocol.yaml").read_text(encoding="utf-8") for t in TEMPLATES)
    for part in (templates_dir() / "parts").glob("*.yaml"):
        assert named.count(f"# part: {part.stem}\n") > 1, f"{part.stem} is shared by nothing"


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_whole_and_its_readme_answers_a_readers_questions(template: str) -> None:
    plan = yaml.load(template_text(template), Loader=yaml.BaseLoader)
    assert set(plan) >= {name for name, field in Protocol.model_fields.items() if field.is_required()}
    assert plan["template"] == template
    readme = (templates_dir() / template / "README.md").read_text(encoding="utf-8")
    assert "refuses" in readme
    assert len(readme.splitlines()) < 80


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_first_answer_on_practice_data_is_near_the_truth(template: str, tmp_path: Path) -> None:
    study = load_study(new_evaluation("trial", template, tmp_path, with_data=True))
    built = build(study, lambda what, done, total: None)
    truth = built.inputs.truth
    primary = next(a for a in study.plan.analyses if a.plan.role == "primary")
    found = fit(study.plan.protocol, primary, built.data)
    true = float(np.log(truth["rate_ratio"])) if "rate_ratio" in truth else float(next(iter(truth.values())))
    assert found.se is not None
    assert abs(found.value - true) < 3.5 * found.se
    assert built.questions == ()


@pytest.mark.parametrize("template", TEMPLATES)
def test_from_new_to_a_published_record(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    assert main(["new", "trial", "--template", template, "--with-data"]) == 0
    folder = Path("evaluations/trial")
    assert main(["register", str(folder)]) == 0
    assert main(["run", str(folder)]) == 0
    result = json.loads((folder / "outputs" / "result.json").read_text(encoding="utf-8"))
    page = (folder / "outputs" / "report.html").read_text(encoding="utf-8")
    if load_study(folder).plan.protocol.units.shape == "people":
        assert "areas" not in page, "nobody here lives in one"
    else:
        assert template not in ("area_programme", "trauma_informed_training") or "offences than expected" not in page
    asked = {f["check"] for f in result["findings"] if f["verdict"] == "fail"} | {"template_words"}
    accepted = [word for name in sorted(asked) for word in ("--accept", f"{name}=practice data")]
    assert main(["assure", str(folder), "--by", "A neighbouring unit's analyst", *accepted]) == 0
    assert main(["publish", str(folder), "--library", "shared_learning", "--by", "VRU board chair"]) == 0
    assert result["provenance"]["truth"], "a reader must be told that the truth is known"


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    for template in ("street_outreach", "navigator", "schools_programme"):
        one, same, other = practice(template, 3), practice(template, 3), practice(template, 4)
        assert dict(one.files) == dict(same.files)
        assert one.truth == same.truth
        assert dict(one.files) != dict(other.files)


def test_a_changed_file_is_no_longer_known_as_made_up(tmp_path: Path) -> None:
    folder = new_evaluation("trial", "navigator", tmp_path, with_data=True)
    people = folder / "data" / "people.csv"
    assert set(truth_beside(people)) == {"risk_difference"}
    people.write_bytes(people.read_bytes() + b"R99999,17,0,no,no,no,1\n")
    assert truth_beside(people) == {}
    assert truth_beside(folder / "data" / "elsewhere.csv") == {}


def test_words_that_the_template_lost_are_missed() -> None:
    with pytest.raises(ProtocolError, match="0 times instead of once"):
        written("id: my-evaluation\n", practice("navigator", 1))


def test_practice_data_share_nothing_with_the_methods_or_their_statistics() -> None:
    for file in Path(str(room.__file__)).parent.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        assert not [m for m in named if m.startswith(("vru.methods", "vru.stats", "vru.checks"))]


def test_made_up_months_are_more_unsteady_than_chance_hang_together_and_have_a_season() -> None:
    when = places.months("2001-01", "2020-12")
    counts = places.monthly(np.random.default_rng(5), np.full(60, 20.0), when, np.ones((60, 1)))
    assert counts.var(axis=1).mean() / counts.mean() > 1.5
    by_month = counts.reshape(60, 20, 12).mean(axis=(0, 1))
    assert by_month.argmax() in (5, 6, 7)
    assert by_month.max() / by_month.min() > 1.15
    rest = counts - counts.mean(axis=0)
    rest = rest - rest.mean(axis=1, keepdims=True)
    assert np.mean([np.corrcoef(r[:-1], r[1:])[0, 1] for r in rest]) > 0.1


def test_bare_new_lists_the_templates_and_names_scope(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new"]) == 0
    said = capsys.readouterr().out
    assert all(t in said for t in TEMPLATES)
    assert "vru scope" in said
    assert main(["new", "trial"]) == 2
    assert "--template is missing" in capsys.readouterr().err
