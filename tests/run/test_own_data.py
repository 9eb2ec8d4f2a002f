"""A force's own extract, and a table with suppressed cells, from the file to a published record; the truth is 0.6."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from pyproj import Transformer

from vru.cli import main
from vru.sources import SOURCES

ROOT = Path(__file__).resolve().parents[2]
MONTHS = [f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(30)]
START = MONTHS[18]
TRUTH = 0.6
SPOTS = {f"HS{i:02d}": (334_000 + (i % 6) * 1_000, 390_000 + i // 6 * 1_000) for i in range(16)}
TREATED = list(SPOTS)[:8]
SIDE = 150


def counts(seed: int, level: float) -> dict[tuple[str, str], int]:
    rng = np.random.default_rng(seed)
    own = {s: level * rng.gamma(20, 1 / 20) for s in SPOTS}
    return {
        (s, m): int(rng.poisson(own[s] * (TRUTH if s in TREATED and m >= START else 1.0)))
        for s in SPOTS
        for m in MONTHS
    }


def extract(at: Path, made: dict[tuple[str, str], int]) -> None:
    """As records systems export it: ranges, British dates, grid metres, one row per victim, rows without a place."""
    rng = np.random.default_rng(1)
    rows: list[dict[str, Any]] = []
    for (spot, month), n in made.items():
        east, north = SPOTS[spot]
        for _ in range(n):
            begun = pd.Timestamp(f"{month}-{rng.integers(1, 29):02d}") + pd.Timedelta(
                minutes=int(rng.integers(0, 1_300))
            )
            rows.append(
                {
                    "Crime Ref": f"C{len(rows):06d}",
                    "Committed From": begun.strftime("%d/%m/%Y %H:%M"),
                    "Committed To": (begun + pd.Timedelta(hours=1)).strftime("%d/%m/%Y %H:%M"),
                    "Offence Group": "Violence against the person",
                    "Easting": east + float(rng.uniform(1, SIDE - 1)),
                    "Northing": north + float(rng.uniform(1, SIDE - 1)),
                }
            )
    frame = pd.DataFrame(rows)
    nearby = frame.sample(600, random_state=2).assign(**{"Crime Ref": [f"N{i}" for i in range(600)]})
    nearby["Easting"] += SIDE + 60
    lost = frame.sample(20, random_state=3).assign(
        **{"Crime Ref": [f"L{i}" for i in range(20)], "Easting": 0, "Northing": 0}
    )
    victims = frame.sample(100, random_state=4)
    pd.concat([frame, nearby, lost, victims]).sample(frac=1, random_state=5).to_csv(at, index=False)


def hotspots(at: Path) -> None:
    to_degrees = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    features = []
    for spot, (e, n) in SPOTS.items():
        corners = [(e, n), (e + SIDE, n), (e + SIDE, n + SIDE), (e, n + SIDE), (e, n)]
        ring = [list(to_degrees.transform(*corner)) for corner in corners]
        features.append(
            {"type": "Feature", "properties": {"id": spot}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
    at.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def write_plan(folder: Path, units: dict[str, Any], source: dict[str, Any], filters: dict[str, list[str]]) -> None:
    plan = yaml.safe_load(
        (ROOT / "evaluations" / "merseyside-known-effect" / "protocol.yaml").read_text(encoding="utf-8")
    )
    plan.pop("artificial_effect")
    plan |= {"id": folder.name, "disclaimer": "", "disclosure": {"profile": "police_local"}, "data": [source]}
    plan["window"] = {"first": MONTHS[0], "last": MONTHS[-1]}
    said = {field: f"{words} As in Simshire." for field, words in plan["intervention"].items() if " " in words}
    plan["intervention"] |= said | {"start": START, "end": MONTHS[-1]}
    plan["theory_of_change"] = {
        part: [f"{line} there" for line in lines] for part, lines in plan["theory_of_change"].items()
    }
    lists = {"treated": TREATED, "comparison": [s for s in SPOTS if s not in TREATED]}
    plan["units"] = units | lists
    plan["outcomes"] = [
        {"id": "violence", "measure": "Violence by month", "data": source["id"], "filter": filters, "primary": True}
    ]
    plan["checks"] = [{"name": "overdispersion"}]
    folder.mkdir(parents=True)
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def test_the_templates_own_words_are_named_and_not_assured(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = counts(4, 9.0)
    pd.DataFrame([{"Ward": s, "Month": m, "N": n} for (s, m), n in made.items()]).to_csv(work / "n.csv", index=False)
    options = {"area": "Ward", "period": "Month", "counts": {"n": "N"}}
    source = {"id": "n", "source": "counts", "path": "n.csv", "options": options}
    write_plan(work / "evaluations" / "unwritten", {"kind": "area"}, source, {})
    path = work / "evaluations" / "unwritten" / "protocol.yaml"
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    template = yaml.safe_load(
        (ROOT / "evaluations" / "templates" / plan["template"] / "protocol.yaml").read_text("utf-8")
    )
    plan["intervention"]["why"] = template["intervention"]["why"]
    plan["theory_of_change"]["assumptions"] = template["theory_of_change"]["assumptions"]
    path.write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    result = run("unwritten")
    said = (
        "2 lines about what was done are still the template's own words: intervention.why, theory_of_change.assumptions"
    )
    assert said in capsys.readouterr().out
    failed = [part for f in result["findings"] if f["verdict"] == "fail" for part in ("--accept", f"{f['check']}=x y")]
    assert main(["assure", "evaluations/unwritten", *failed]) == 1
    assert said in capsys.readouterr().err
    assert main(["assure", "evaluations/unwritten", *failed, "--accept", "template_words=It was so here too."]) == 0


def run(name: str) -> dict[str, Any]:
    folder = f"evaluations/{name}"
    assert main(["check", folder]) == 0
    assert main(["register", folder]) == 0
    assert main(["run", folder]) == 0
    found: dict[str, Any] = json.loads((Path(folder) / "outputs" / "result.json").read_text(encoding="utf-8"))
    return found


def publish(name: str, data: str, result: dict[str, Any]) -> None:
    accepted = [f"{f['check']}=an exercise" for f in result["findings"] if f["verdict"] == "fail"]
    assert main(["assure", f"evaluations/{name}", *(part for a in accepted for part in ("--accept", a))]) == 0
    assert main(["publish", f"evaluations/{name}", "--library", "shared_learning"]) == 0
    assert main(["verify", name, "--library", "shared_learning", "--data", data]) == 0


EVENTS = {
    "when": "Committed From",
    "until": "Committed To",
    "dates": "%d/%m/%Y %H:%M",
    "easting": "Easting",
    "northing": "Northing",
    "kind": "Offence Group",
    "id": "Crime Ref",
    "covers": {"first": MONTHS[0], "last": MONTHS[-1]},
}


def test_an_extract_with_coordinates_from_look_to_a_published_record(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = counts(3, 7.0)
    extract(work / "offences.csv", made)
    hotspots(work / "hotspots.geojson")
    assert main(["look", "offences.csv"]) == 0
    proposed = yaml.safe_load(capsys.readouterr().out.split("to paste into protocol.yaml:\n")[1])
    source = proposed["data"][0]
    assert source["options"] == EVENTS
    units = {"kind": "polygon", "boundaries": "../../hotspots.geojson", "buffers": {"distances_m": [100]}}
    write_plan(work / "evaluations" / "hotspots-own", units, source, {"crime_type": ["Violence against the person"]})
    result = run("hotspots-own")
    said = capsys.readouterr().out
    assert "rows that repeat a Crime Ref of the same kind, counted once (100)" in said
    assert "rows without coordinates (20)" in said
    primary = result["estimates"][0]
    assert primary["low"] < np.log(TRUTH) < primary["high"]
    treated = next(s for s in result["series"] if s["role"] == "treated")
    assert sum(v for v in treated["values"] if v is not None) == sum(n for (s, _), n in made.items() if s in TREATED)
    publish("hotspots-own", str(work), result)
    assert not list(work.rglob("*offences.csv.*"))


def test_a_table_with_suppressed_cells_bounds_its_answer(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = counts(4, 9.0)
    cells = [{"Ward": s, "Month": m, "Admissions": "*" if 1 <= n <= 4 else n} for (s, m), n in made.items()]
    totals = [{"Ward": "Total", "Month": m, "Admissions": sum(made[s, m] for s in SPOTS)} for m in MONTHS]
    pd.DataFrame(cells + totals).to_csv(work / "admissions.csv", index=False)
    options = {
        "area": "Ward",
        "period": "Month",
        "counts": {"admissions": "Admissions"},
        "suppressed": {"*": [1, 4]},
        "hidden": "middle",
        "total_rows": ["Total"],
    }
    source = {"id": "admissions", "source": "counts", "path": "admissions.csv", "options": options}
    write_plan(work / "evaluations" / "admissions-own", {"kind": "area"}, source, {})
    result = run("admissions-own")
    (finding,) = [f for f in result["findings"] if f["check"] == "suppressed_cells"]
    numbers = finding["numbers"]
    assert numbers["cells"] == sum(c["Admissions"] == "*" for c in cells)
    assert numbers["effect_lower"] < min(numbers["effect_lowest"], numbers["effect_highest"])
    assert max(numbers["effect_lowest"], numbers["effect_highest"]) < numbers["effect_upper"]
    # The bounds hold the answer that the counts themselves give.
    sums = {
        (t, p): sum(n for (s, m), n in made.items() if (s in TREATED) == t and (m >= START) == p)
        for t in (True, False)
        for p in (True, False)
    }
    true = np.log(sums[True, True] / sums[True, False] / (sums[False, True] / sums[False, False]))
    assert numbers["effect_lower"] < true < numbers["effect_upper"]
    publish("admissions-own", "admissions.csv", result)


def test_a_source_of_offences_can_be_no_milder_than_police_local(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = {"id": "offences", "source": "events", "path": "offences.csv", "options": EVENTS}
    write_plan(work / "evaluations" / "mild", {"kind": "area"}, source, {})
    plan = work / "evaluations" / "mild" / "protocol.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("police_local", "public_police_uk"), encoding="utf-8")
    assert main(["check", "evaluations/mild"]) == 2
    assert "hides less than the source of offences asks for" in capsys.readouterr().err
    assert SOURCES["counts"].profile == "police_local"
