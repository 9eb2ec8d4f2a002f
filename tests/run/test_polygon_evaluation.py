"""Polygons with rings, the whole way on real data: run, publish, verify from other people's folders."""

import json
import shutil
from pathlib import Path

import pytest

from vru.cli import main

ROOT = Path(__file__).resolve().parents[2]
CHANGES = (
    ("id: op-grip-demo", "id: polygons"),
    ("organisation: simshire-demo", "organisation: toolkit-exercises"),
    ("seed: 20210401", "seed: 5\nartificial_effect: {keep_share: 0.5}"),
    ("first: 2019-04, last: 2022-03", "first: 2018-01, last: 2022-03"),
    ("  start: 2021-04", "  start: 2021-09"),
    ("- {name: dowhy_random_common_cause}", ""),
    ("- {name: dowhy_data_subset}", ""),
    ("- {name: dowhy_unobserved_common_cause}", ""),
    ("- {name: placebo_areas}", ""),
    ("role: primary, method: level_adjusted_did", "role: primary, method: poisson_did"),
)


def write_plan(folder: Path, data_dir: Path) -> None:
    """Six Essex LSOAs as polygons: three called treated, three comparison, with rings of 300 m."""
    drawn = json.loads((data_dir / "context" / "boundaries_lsoa11" / "lsoa11_essex.geojson").read_text())
    town = [f for f in drawn["features"] if f["properties"]["ltla21_name"] == "Southend-on-Sea"]
    chosen = [town[i] for i in (0, 20, 40, 60, 80, 100)]
    for feature in chosen:
        feature["properties"] = {"id": feature["properties"]["lsoa11_code"]}
    (folder / "maps").mkdir()
    (folder / "maps" / "spots.geojson").write_text(json.dumps(drawn | {"features": chosen}))
    ids = [f["properties"]["id"] for f in chosen]
    text = (ROOT / "evaluations" / "op-grip-demo" / "protocol.yaml").read_text(encoding="utf-8")
    for old, new in CHANGES:
        assert old in text, old
        text = text.replace(old, new, 1)
    head, rest = text.split("units:\n", 1)
    units = (
        f"units:\n  kind: polygon\n  boundaries: maps/spots.geojson\n  treated: {json.dumps(ids[::2])}\n"
        f"  comparison: {json.dumps(ids[1::2])}\n  buffers: {{distances_m: [300]}}\n\nwindow:"
    )
    rest = units + rest.split("\nwindow:", 1)[1]
    before, after = rest.split("data:\n  - id: crimes", 1)
    source = "data:\n  - id: crimes\n    source: police_uk\n    path: essex_2018-01_2022-03.zip\n\n# What causes"
    (folder / "protocol.yaml").write_text(head + before + source + after.split("# What causes", 1)[1])


@pytest.mark.realdata
def test_polygons_with_rings_the_whole_way(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work, data = tmp_path / "w", data_dir / "police_uk"
    assert main(["init", str(work)]) == 0
    folder = work / "evaluations" / "polygons"
    folder.mkdir()
    write_plan(folder, data_dir)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        assert main(["check", "evaluations/polygons"]) == 2
        assert "essex_2018-01_2022-03.zip is not there" in capsys.readouterr().err
    (folder / "essex_2018-01_2022-03.zip").symlink_to(data / "essex_2018-01_2022-03.zip")
    assert main(["register", str(folder)]) == 0
    assert main(["run", str(folder)]) == 0
    result = json.loads((folder / "outputs" / "result.json").read_text())
    assert {s["role"] for s in result["series"]} == {"treated", "comparison", "buffer", "buffer_comparison"}
    assert set(result["provenance"]["data"]) == {"crimes", "boundaries"}
    failed = {f["check"] for f in result["findings"] if f["verdict"] == "fail"}
    accept = [part for name in failed for part in ("--accept", f"{name}=an exercise")]
    assert main(["assure", str(folder), *accept]) == 0
    library = str(work / "shared_learning")
    assert main(["publish", str(folder), "--library", library]) == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(folder / "maps" / "spots.geojson", elsewhere)
    (elsewhere / "essex_2018-01_2022-03.zip").symlink_to(data / "essex_2018-01_2022-03.zip")
    capsys.readouterr()
    assert main(["verify", "polygons", "--library", library, "--data", str(elsewhere)]) == 0
    assert "every number came out the same" in capsys.readouterr().out
