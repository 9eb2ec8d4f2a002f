"""From `vru demo` on: publish again, verify, tamper, explore, run twice at once, fail in a cell."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from vru.cli import main

ARCHIVED = "shared_learning/records/simshire-demo/op-grip-demo/v1.0"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work") / "demo"
    assert main(["demo", str(folder)]) == 0
    return folder


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo, tmp_path / "demo")
    return tmp_path / "demo"


def test_every_output_is_there(demo: Path) -> None:
    outputs = {p.name for p in (demo / "evaluations" / "op-grip-demo" / "outputs").iterdir()}
    wanted = "result.json notebook.ipynb report.html report.docx tables.xlsx record.yaml manifest.json"
    assert set(wanted.split()) <= outputs
    published = {p.name for p in (demo / ARCHIVED).iterdir()}
    layout = (
        "record.json effects.csv report.html report.docx tables.xlsx checks.json ro-crate-metadata.json manifest.json"
    )
    assert published == set(layout.split())
    assert (demo / "site" / "index.html").exists()


def test_the_demo_covers_its_truth(demo: Path) -> None:
    result = json.loads((demo / "evaluations" / "op-grip-demo" / "outputs" / "result.json").read_text())
    primary = result["estimates"][0]
    truth = result["provenance"]["truth"]["log_rate_ratio"]
    assert primary["role"] == "primary"
    assert primary["low"] < truth < primary["high"] < 0


def test_the_notebook_names_no_folder_of_the_machine(demo: Path) -> None:
    text = (demo / "evaluations" / "op-grip-demo" / "outputs" / "notebook.ipynb").read_text()
    assert str(demo) not in text


def test_the_demo_can_be_run_again_and_publishes_nothing_new(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(copy)]) == 0
    capsys.readouterr()
    assert [p.name for p in (copy / ARCHIVED).parent.glob("v*")] == ["v1.0"]
    assert main(["verify", "op-grip-demo", "--library", str(copy / "shared_learning")]) == 0
    assert "every number came out the same" in capsys.readouterr().out


def test_a_demo_never_fills_somebody_elses_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["demo", str(tmp_path)]) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_verify_recomputes_simulated_data_and_json_says_so(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "op-grip-demo", "--library", str(demo / "shared_learning"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "evaluation"
    assert (told["integrity"], told["recomputed"], told["differences"]) == (True, True, [])


def test_check_assure_and_publish_as_json(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation, library = str(copy / "evaluations" / "op-grip-demo"), str(copy / "shared_learning")

    def told(*command: str) -> dict[str, Any]:
        assert main([*command, "--json"]) == 0
        return dict(json.loads(capsys.readouterr().out))

    assert told("check", evaluation, "--no-data")["sound"] is True
    assert told("assure", evaluation)["preregistered"] == "yes"
    again = told("publish", evaluation, "--library", library)
    assert again["version"] == "1.0"
    assert again["manifest"].startswith("sha256:")


def test_a_list_as_json_stays_json_beside_a_damaged_record(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / ARCHIVED / "effects.csv").write_text("mine")
    assert main(["library", "list", "--library", str(copy / "shared_learning"), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert "effects.csv" in said.err


def test_verify_notices_an_altered_file(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    effects = copy / ARCHIVED / "effects.csv"
    effects.write_text(effects.read_text().replace("violence", "robbery"))
    assert main(["verify", "op-grip-demo", "--library", str(copy / "shared_learning")]) != 0
    assert main(["library", "list", "--library", str(copy / "shared_learning")]) == 1
    assert "effects.csv" in capsys.readouterr().out


def test_library_list_and_show(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = str(demo / "shared_learning")
    assert main(["library", "list", "--library", library]) == 0
    assert "simshire-demo/op-grip-demo@v1.0" in capsys.readouterr().out
    assert main(["library", "show", "op-grip-demo", "--library", library]) == 0
    assert "No intervention took place." in capsys.readouterr().out
    assert main(["library", "show", "op-grip-dmo", "--library", library]) == 2
    assert "there is no record" in capsys.readouterr().err


def test_an_exploration_leaves_the_registered_outputs_alone(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = copy / "evaluations" / "op-grip-demo"
    before = (evaluation / "outputs" / "result.json").read_bytes()
    assert main(["run", str(evaluation), "--set", "start=2021-06", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)[0]
    assert told["preregistered"] == "changed"
    assert "explorations" in told["outputs"]
    assert (evaluation / "outputs" / "result.json").read_bytes() == before


def test_two_runs_at_once(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = copy / "evaluations" / "op-grip-demo"
    with FileLock(evaluation / ".vru" / "run.lock"):
        assert main(["run", str(evaluation)]) == 2
    assert "another run of this evaluation is going on" in capsys.readouterr().err


def test_a_failing_cell_is_named_without_showing_data(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = copy / "notebooks" / "hotspot_patrol.ipynb"
    content = json.loads(notebook.read_text())
    content["cells"].insert(
        3, content["cells"][1] | {"id": "boom", "metadata": {}, "source": "raise ValueError('Jo Bloggs')"}
    )
    notebook.write_text(json.dumps(content))
    evaluation = copy / "evaluations" / "op-grip-demo"
    before = (evaluation / "outputs" / "manifest.json").read_bytes()
    assert main(["run", str(evaluation)]) == 2
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "Bloggs" not in said
    assert (copy / ".vru" / "failed-op-grip-demo.ipynb").exists()
    assert (evaluation / "outputs" / "manifest.json").read_bytes() == before


def test_a_kernel_that_dies_is_said_in_words(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = copy / "notebooks" / "hotspot_patrol.ipynb"
    content = json.loads(notebook.read_text())
    fatal = {"id": "end", "metadata": {}, "source": "import os; os._exit(1)"}
    content["cells"].insert(3, content["cells"][1] | fatal)
    notebook.write_text(json.dumps(content))
    evaluation = copy / "evaluations" / "op-grip-demo"
    before = (evaluation / "outputs" / "manifest.json").read_bytes()
    assert main(["run", str(evaluation)]) == 2
    assert "the notebook's Python process ended early" in capsys.readouterr().err
    assert (evaluation / "outputs" / "manifest.json").read_bytes() == before


def test_assure_refuses_the_analyst_stale_outputs_and_overclaiming(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluation = copy / "evaluations" / "op-grip-demo"
    draft = evaluation / "outputs" / "record.yaml"
    text = draft.read_text()
    start = text.index("  lessons:")
    end = text.index("\n", start)
    draft.write_text(text[:start] + "  lessons: This proves that patrols work everywhere." + text[end:])
    plan = evaluation / "protocol.yaml"
    plan.write_text(plan.read_text().replace("seed: 20210401", "seed: 7"))
    assert main(["assure", str(evaluation), "--by", "VRU analyst"]) == 1
    said = capsys.readouterr().err
    assert "the analyst cannot assure their own work" in said
    assert "protocol.yaml changed after the run" in said
    assert "proves" in said


def test_after_a_takedown_the_mended_version_names_what_it_follows(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library, evaluation = copy / "shared_learning", copy / "evaluations" / "op-grip-demo"
    monkeypatch.setenv("VRU_HELD", str(copy.parent / "held"))
    told = ["publish", str(evaluation), "--library", str(library)]
    assert main([*told, "--supersedes", "1.0"]) == 1
    assert "was not taken down" in capsys.readouterr().err
    down = ["--decision", "takedown", "--by", "Data protection officer", "--text", "a detail of somebody"]
    assert main(["review", "op-grip-demo@1.0", "--library", str(library), *down]) == 0
    assert main(told) == 1
    assert "--supersedes 1.0" in capsys.readouterr().err
    assert main([*told, "--supersedes", "1.0"]) == 0
    assert "published version 2.0" in capsys.readouterr().out
    assert main(told) == 0
    assert "already there" in capsys.readouterr().out
    assert main(["library", "--library", str(library), "check"]) == 0


def test_publish_needs_assurance_of_exactly_these_outputs(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation, library = copy / "evaluations" / "op-grip-demo", str(copy / "shared_learning")
    draft = evaluation / "outputs" / "record.yaml"
    assert "lessons: not reported" in draft.read_text()
    draft.write_text(draft.read_text().replace("lessons: not reported", "lessons: Visits fell short in May.", 1))
    assert main(["publish", str(evaluation), "--library", library]) == 1
    assert "changed after they were assured" in capsys.readouterr().err
    assert main(["publish", str(evaluation), "--library", library, "--by", "VRU analyst"]) == 1
    assert main(["assure", str(evaluation)]) == 0
    assert main(["publish", str(evaluation), "--library", library]) == 0
    assert "version 1.1" in capsys.readouterr().out
    (evaluation / "assurance.json").unlink()
    assert main(["publish", str(evaluation), "--library", library]) == 1


def test_a_site_never_replaces_somebody_elses_folder(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = str(copy / "shared_learning")
    assert main(["site", "--library", library, "--out", str(copy / "evaluations")]) == 2
    assert "not a site; nothing was changed" in capsys.readouterr().err
    assert main(["site", "--library", library, "--out", str(copy / "site")]) == 0


def test_a_public_site_holds_public_records_only(copy: Path) -> None:
    library = str(copy / "shared_learning")
    assert main(["site", "--library", library, "--out", str(copy / "public"), "--audience", "public"]) == 0
    assert (copy / "public" / "records" / "simshire-demo").is_dir()


@pytest.mark.browser
def test_report_and_pages_pass_axe(demo: Path, browser: "object", axe: Callable[..., list[str]]) -> None:
    pages = [demo / "evaluations" / "op-grip-demo" / "outputs" / "report.html", *(demo / "site").glob("*.html")]
    pages += (demo / ARCHIVED.replace("shared_learning", "site")).glob("*.html")
    for path in pages:
        page = browser.new_page(bypass_csp=True)  # type: ignore[attr-defined]
        page.goto(path.as_uri())
        assert axe(page) == [], path.name
        page.close()
