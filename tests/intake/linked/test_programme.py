"""A mentoring programme linked from two extracts, from a look at the files to a published record; the truth is known."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from vru.cli import main
from vru.resources import template_text

from .agency import COVERS, Exported, export

ADJUST = ["age", "need", "prior_offences"]


def plan(**changes: Any) -> dict[str, Any]:
    """The programme template filled in for the export."""
    found: dict[str, Any] = yaml.safe_load(template_text("programme"))
    offences = {"id": "person_ref", "when": "offence_date", "count": "distinct crime_no"}
    offences["covers"] = {"first": COVERS[0], "last": COVERS[1], "people": "everybody"}  # type: ignore[assignment]
    follow_up = {
        "start": "referred",
        "days": 365,
        "left": "moved_on",
        "linked": {"offences": offences},
        "earlier": {"prior_offences": {"data": "offences", "days": 730}},
        "custody": {"data": "custody", "id": "ref", "since": "in", "until": "out"},
    }
    arm = {"column": "group", "treated": ["Mentoring"], "comparison": ["Usual support"]}
    outcome = {"measure": "Any proven offence within 12 months", "data": "offences"}
    edges = [f"{a} -> {b}" for a in ADJUST for b in ("programme", "reoffended")]
    return (
        found
        | {
            "id": "mentoring-linked",
            "title": "Mentoring for young people in Simshire, linked from two extracts",
            "organisation": "simshire-demo",
            "disclaimer": "No intervention took place. All of it is made up, with a true ratio of offending rates of 0.60.",
            "intervention": found["intervention"] | {"start": "2020-01"},
            "window": {"first": "2020-01", "last": "2022-12", "period": "month"},
            "cohort": {
                "data": "people",
                "id": "ref",
                "received": arm,
                "covariates": {"age": "age", "need": "need_score"},
                "follow_up": follow_up,
            },
            "outcomes": [
                outcome | {"id": "reoffended", "kind": "binary", "primary": True},
                outcome | {"id": "offences_rate", "kind": "count"},
                outcome | {"id": "first_offence", "kind": "time"},
            ],
            "data": [
                {"id": name, "source": "extract", "path": f"data/{file}.csv"}
                for name, file in (("people", "participants"), ("offences", "offences"), ("custody", "custody"))
            ],
            "graph": {
                "treatment": "programme",
                "outcome": "reoffended",
                "adjustment": ADJUST,
                "edges": [*edges, "programme -> reoffended"],
                "notes": {"need": "The referrer's assessment before the start"},
            },
            "analyses": [
                {"id": "adjusted", "role": "primary", "method": "adjusted_comparison", "outcome": "reoffended"},
                {"id": "rate", "role": "secondary", "method": "adjusted_comparison", "outcome": "offences_rate"},
                {"id": "hazard", "role": "secondary", "method": "survival_comparison", "outcome": "first_offence"},
                {
                    "id": "free_time",
                    "role": "secondary",
                    "method": "survival_comparison",
                    "outcome": "first_offence",
                    "options": {"effect": "restricted_mean", "draws": 100},
                },
            ],
            "checks": [{"name": "recording"}, {"name": "balance"}, {"name": "overlap"}],
        }
        | changes
    )


def lay(folder: Path, made: Exported, **changes: Any) -> Path:
    made.write(folder / "data")
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plan(**changes), sort_keys=False), encoding="utf-8")
    return folder


def test_from_look_to_a_published_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "evaluations" / "mentoring-linked"
    made = export(np.random.default_rng(20), n=2000)
    lay(folder, made)
    assert main(["look", str(folder / "data" / "offences.csv")]) == 0
    assert "offence_date" in capsys.readouterr().out
    assert main(["check", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "have an event, " in told
    assert "of people who are not in the list (1,000)" in told
    assert main(["register", str(folder)]) == 0
    assert main(["run", str(folder)]) == 0
    result = json.loads((folder / "outputs" / "result.json").read_text(encoding="utf-8"))
    truths = {
        "adjusted": math.log(made.risk_ratio),
        "rate": math.log(0.6),
        "hazard": math.log(0.6),
        "free_time": -made.free_days,
    }
    for e in result["estimates"]:
        assert e["low"] < truths[e["analysis"]] < e["high"], e["analysis"]
    assert {f["check"]: f["verdict"] for f in result["findings"]} | {"linkage": "pass", "constant_ratio": "pass"} == {
        f["check"]: f["verdict"] for f in result["findings"]
    }
    assert set(result["provenance"]["data"]) == {"people", "offences", "custody"}
    page = (folder / "outputs" / "report.html").read_text(encoding="utf-8")
    assert "Time until it happened" in page
    assert "YP-" not in page
    assert main(["init", str(tmp_path)]) == 0
    _publish(folder, tmp_path / "shared_learning")
    record = next((tmp_path / "shared_learning" / "records").rglob("record.json")).read_text(encoding="utf-8")
    assert "hazard ratio" in record
    assert "YP-" not in record


def _publish(folder: Path, library: Path) -> None:
    apart = "disclosure_outcomes_apart=Made up; who left early and offended is nobody."
    accepted = ["template_words=Made up as the template has it.", apart]
    assert main(["assure", str(folder), *(part for a in accepted for part in ("--accept", a))]) == 0
    assert main(["publish", str(folder), "--library", str(library)]) == 0
    assert main(["verify", "mentoring-linked", "--library", str(library), "--data", str(folder / "data")]) == 0


def test_an_arm_that_loses_links_is_questioned_until_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = export(np.random.default_rng(3), n=800, by_lot=True)
    treated = set(made.people.loc[made.people["group"] == "Mentoring", "ref"])
    lost = [r for r in sorted(treated) if int(r[-1]) % 2]
    spoilt = Exported(
        made.people,
        made.offences[~made.offences["person_ref"].isin(lost)],
        made.custody,
        made.risk_ratio,
        made.free_days,
    )
    folder = lay(tmp_path / "evaluations" / "spoilt", spoilt)
    assert main(["check", str(folder)]) == 1
    assert "question link_offences" in "".join(capsys.readouterr())
    lay(folder, spoilt, answers={"link_offences": "The charity sent references of half of them only; see the note"})
    assert main(["check", str(folder)]) == 0
