"""`vru design`, `vru lots` and `vru calibrate`, typed for real: resume after a kill, what is stale, what is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from vru.cli import main
from vru.design import replaying
from vru.results import from_json
from vru.run import journal
from vru.run.calibration_file import carried, stale

FOLDER = "evaluations/op-grip-demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work") / "demo"
    assert main(["demo", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def calibrated(demo: Path) -> Path:
    assert main(["calibrate", str(demo / FOLDER), "--replays", "40", "--jobs", "1"]) == 0
    return demo


@pytest.fixture
def copy(calibrated: Path, tmp_path: Path) -> Path:
    shutil.copytree(calibrated, tmp_path / "demo")
    return tmp_path / "demo"


def test_report_result_record_and_page_hold_it(copy: Path) -> None:
    folder = copy / FOLDER
    written = json.loads((folder / "outputs/calibration.json").read_text())
    assert written["replays"] == 40
    result = from_json((folder / "outputs/result.json").read_text())
    assert result.calibration is not None
    assert result.calibration.false_alarms == written["false_alarms"]
    report = (folder / "outputs/report.html").read_text()
    assert "would have seen with 80% power" in report
    assert "Not calibrated" not in report
    assert not list((folder / ".vru").glob("replays-*"))
    assert main(["assure", str(folder), "--by", "Force performance analyst"]) == 0
    library = copy / "shared_learning"
    assert main(["publish", str(folder), "--library", str(library)]) == 0
    newest = sorted((library / "records/simshire-demo/op-grip-demo").glob("v*"))[-1]
    assert newest.name == "v1.1"
    assert json.loads((newest / "record.json").read_text())["result"]["calibration"]["replays"] == 40
    assert main(["verify", "op-grip-demo", "--library", str(library)]) == 0
    assert main(["site", "--library", str(library), "--out", str(copy / "pages")]) == 0
    pages = "".join(p.read_text() for p in (copy / "pages").rglob("v1.1/index.html"))
    assert "Calibration on its own data" in pages


def test_without_one_the_report_says_so(demo: Path) -> None:
    stored = demo / "shared_learning/records/simshire-demo/op-grip-demo/v1.0"
    assert "Not calibrated" in (stored / "report.html").read_text()
    assert "calibration" not in json.loads((stored / "record.json").read_text())["result"]


def test_stopped_it_goes_on_where_it_was(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy / FOLDER
    whole = (folder / "outputs/calibration.json").read_bytes()
    before = (folder / "outputs/manifest.json").read_bytes()
    real = replaying.replay_all

    def dies(*arguments):  # type: ignore[no-untyped-def]
        for n, one in enumerate(real(*arguments)):
            if n == 10:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(journal, "replay_all", dies)
    assert main(["calibrate", str(folder), "--replays", "40", "--jobs", "1"]) == 130
    assert (folder / "outputs/manifest.json").read_bytes() == before
    waiting = next((folder / ".vru").glob("replays-calibrate-*"))
    with waiting.open("ab") as handle:
        handle.write(b'{"which": 10, "frame": "bef')
    monkeypatch.setattr(journal, "replay_all", real)
    capsys.readouterr()
    assert main(["calibrate", str(folder), "--replays", "40", "--jobs", "1"]) == 0
    assert "10 there from before" in capsys.readouterr().err
    assert (folder / "outputs/calibration.json").read_bytes() == whole


def test_a_run_carries_it_on_and_leaves_a_stale_one_out(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy / FOLDER
    assert main(["run", str(folder)]) == 0
    assert json.loads((folder / "outputs/calibration.json").read_text())["replays"] == 40
    plan = folder / "protocol.yaml"
    plan.write_text(plan.read_text().replace("smallest_effect: 0.10", "smallest_effect: 0.12"))
    capsys.readouterr()
    assert main(["calibrate", str(folder), "--replays", "40"]) == 1
    assert "protocol.yaml changed after the last run" in capsys.readouterr().err
    assert main(["run", str(folder)]) == 0
    assert "calibration.json left out, as the plan changed since" in capsys.readouterr().err
    assert not (folder / "outputs/calibration.json").exists()
    assert "Not calibrated" in (folder / "outputs/report.html").read_text()


def test_what_it_is_bound_to_and_what_cannot_be_read(copy: Path) -> None:
    from vru.protocol import load

    folder = copy / FOLDER
    result = from_json((folder / "outputs/result.json").read_text())
    found = result.calibration
    assert found is not None
    assert stale(found, found.bound) == []
    assert stale(found, {**found.bound, "data": "x", "code": "y"}) == ["the data", "the toolkit's own code"]
    other = replace(result, provenance=replace(result.provenance, seed=1))
    assert carried(folder, load(folder), result) == (found, "")
    assert "the seed changed" in carried(folder, load(folder), other)[1]
    (folder / "outputs/calibration.json").write_text("{}")
    assert "no calibration that this toolkit can read" in carried(folder, load(folder), result)[1]


def test_bad_requests_leave_everything_as_it_was(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy / FOLDER
    before = {p.name: p.read_bytes() for p in (folder / "outputs").iterdir()}
    for wrong in (["--replays", "3"], ["--jobs", "0"]):
        assert main(["calibrate", str(folder), *wrong]) == 2
    for wrong in (["--contamination", "1"], ["--methods", "poison_did"], ["--replays", "1"]):
        assert main(["design", str(folder), *wrong]) == 2
    said = capsys.readouterr().err
    assert "poisson_did" in said
    assert "Traceback" not in said
    assert {p.name: p.read_bytes() for p in (folder / "outputs").iterdir()} == before
    shutil.rmtree(folder / "outputs")
    shutil.rmtree(folder / ".vru")
    assert main(["calibrate", str(folder)]) == 2
    assert "has no finished outputs" in capsys.readouterr().err


def test_design_prints_what_can_be_used(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(copy / FOLDER)
    library = str(copy / "shared_learning")
    asked = ["--methods", "weighted_displacement,before_after", "--replays", "40", "--jobs", "1", "--library", library]
    assert main(["design", folder, *asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {p["method"] for p in told["prospects"]} == {"weighted_displacement", "before_after"}
    assert told["rehearsed"][1] < "2023"
    assert told["assurance"] is None
    assert "too few" in told["why_no_assurance"] or "can be pooled" in told["why_no_assurance"]
    assert main(["design", folder, *asked]) == 0
    assert "analyses, best first" in capsys.readouterr().out


def test_a_lot_is_kept_and_compared_with(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy / FOLDER
    assert main(["lots", str(folder), "--scheme", "paired"]) == 0
    told = capsys.readouterr()
    assert "vru register" in told.err
    assert main(["lots", str(folder), "--scheme", "paired"]) == 2
    assert "drawing until one likes it is no lot" in capsys.readouterr().err
    main(["check", str(folder)])
    assert "is not in the arm that was drawn" in capsys.readouterr().out
    plan = yaml.safe_load((folder / "protocol.yaml").read_text())
    arms = json.loads((folder / "lots.json").read_text())["lots"]["arms"]
    for arm in ("treated", "comparison"):
        plan["units"][arm] = [u for u, a in arms.items() if a == arm]
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plan, sort_keys=False))
    main(["check", str(folder)])
    assert "is not in the arm that was drawn" not in capsys.readouterr().out
    lots = json.loads((folder / "lots.json").read_text())
    lots["lots"]["seed"] += 1
    (folder / "lots.json").write_text(json.dumps(lots))
    assert main(["check", str(folder)]) == 2
    assert "was changed after it was drawn" in capsys.readouterr().err


def test_people_and_days_are_told_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).resolve().parents[2]
    for name in ("mentoring-demo", "patrol-days-demo"):
        shutil.copytree(root / "evaluations" / name, tmp_path / name)
        assert main(["calibrate", str(tmp_path / name)]) == 1
        assert main(["design", str(tmp_path / name)]) == 1
    assert "people or of patrol days" in capsys.readouterr().err
