"""Small dirty inputs made after public reports, where they lie beside the checkout: each right, asked about, or refused.

The project's own tests of the same kinds are in tests/intake, tests/sources and tests/geography; these are copied to a
private folder and typed as a user types them.
"""

import os
import shutil
from pathlib import Path

import pytest

from vru.cli import main

ROOT = Path(__file__).resolve().parents[1]
CASES = Path(os.environ.get("VRU_DATA", ROOT.parent / "shared" / "data")).parent / "cases"

REFUSED = {
    "01-null-string-covariate": 'missing: ["NULL"]',
    "04-decimal-comma-outcome": 'decimal: ","',
    "05-mixed-decimal-comma-outcome": 'decimal: ","',
    "10-trailing-total-row": "1 rows",
    "109-same-id-written-twice": "150 ids are written in two ways",
    "11-excel-formula-no-cache": "formulas that were never calculated",
    "110-literal-nan-stratum": "what programs write for a missing value",
    "112-literal-nan-covariate": 'missing: ["nan"]',
    "113-percent-covariate": "unit: percent",
    "118-parquet-string-na": "1 rows (empty)",
    "121-excel-title-rows": "row 4 seems to be it",
    "123-excel-hidden-lookup-sheet": "holds several sheets",
    "124-excel-unicode-text": "parted by tabs",
    "15-excel-merged-stratum": "merged cells",
    "16-excel-error-cells-outcome": "#N/A",
    "18-excel-apostrophe-numbers": "apostrophe",
    "32-zero-follow-up": "must be positive",
    "37-date-covariate": "kind: date",
    "50-always-treated-unit": "leaves 0 months before it",
    "58-geojson-unknown-crs-name": "EPSG:27700",
    "60-geojson-geometry-collection": "GeometryCollection",
    "62-geojson-bow-tie": "H02",
    "64-shapefile-no-prj": "no coordinate system",
    "65-shapefile-truncated-field": "hotspot_id",
    "67-geojson-two-decimals": "areas without a shape",
    "68-geojson-same-area-two-ids": "areas overlap",
    "70-area-leading-zeros-lost": "'1' (41 rows) for '01'",
    "75-csv-utc-z": "zone",
    "78-ddmm-dates": "03/04/2021 may be March or April",
    "81-yaml-day-starts-unquoted": "quotation marks",
    "82-excel-serial-numbers": "how Excel counts days",
    "85-schedule-total-row": "1 rows",
    "94-swapped-coordinates-one-file": "swapped",
}
ASKED = {
    "07-sentinel-999-covariate": "999 (20 rows)",
    "38-stub-force-month": "2022-08",
    "39-partial-force-month": "2022-11",
    "40-blank-lsoa-from-start": "14.8% after",
    "47-transport-police-file-stops": "left out in every month",
    "80-excel-swapped-day-month-up-to-12": "224 of 649 rows",
}
SOUND = (
    "00-clean-observational",
    "03-thousands-separator-covariate",
    "08-embedded-newline-csv",
    "09-pandas-float-binary",
    "101-rd-running-date",
    "107-category-case-variants",
    "116-parquet-decimal",
    "117-parquet-id-as-index",
    "12-excel-arm-called-none",
    "125-csv-unbalanced-quote",
    "13-parquet-nullable-int",
    "14-parquet-float32-binary",
    "33-count-as-float",
    "34-excel-csv-trailing-commas",
    "35-cp1252-dash-pound-nbsp",
    "44-r-rewritten-na-all-crime",
    "48-one-crime-id-two-types",
    "49-treatment-ends-mid-window",
    "57-geojson-bng-with-crs",
    "61-geojson-clockwise-z",
    "69-days-clean",
    "71-area-name-case-differs",
    "72-area-name-nbsp",
    "86-geojson-negative-feature-ids",
    "95-crime-type-spelling-drifts",
)
VALUES = {
    "00-clean-observational": 5.19,
    "03-thousands-separator-covariate": 5.19,
    "107-category-case-variants": 1.203,
    "13-parquet-nullable-int": -0.606,  # by hand: ln(36/149) - ln(66/149), the two gaps left out
    "14-parquet-float32-binary": -0.579,
    "28-collinear-covariates": 5.185,
    "34-excel-csv-trailing-commas": -0.579,
    "38-stub-force-month": -0.006,
    "44-r-rewritten-na-all-crime": None,
    "48-one-crime-id-two-types": -0.022,
    "49-treatment-ends-mid-window": -0.501,
    "57-geojson-bng-with-crs": -0.078,
    "71-area-name-case-differs": -0.315,
    "72-area-name-nbsp": -0.315,
    "95-crime-type-spelling-drifts": -0.022,
}


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the handed case that the test is about."""
    there = CASES / request.param
    if not there.is_dir():
        pytest.skip(f"the handed cases are not here: no {there.name} beside the data (VRU_DATA)")
    return Path(shutil.copytree(there, tmp_path / "case"))


def check(case: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["check", str(case)])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.mark.parametrize(("case", "said"), REFUSED.items(), indirect=["case"], ids=REFUSED)
def test_refused_with_cause(case: Path, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = check(case, capsys)
    assert code == 2
    assert said in text
    assert "Traceback" not in text


@pytest.mark.parametrize(("case", "said"), ASKED.items(), indirect=["case"], ids=ASKED)
def test_asked_about(case: Path, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = check(case, capsys)
    assert code == 1
    assert said in text


@pytest.mark.parametrize("case", SOUND, indirect=True)
def test_sound(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = check(case, capsys)
    assert code == 0, text


@pytest.mark.parametrize(("case", "value"), VALUES.items(), indirect=["case"], ids=VALUES)
def test_right_value(case: Path, value: float | None) -> None:
    from vru.evaluation import fit
    from vru.run.study import build, load_study

    study = load_study(case)
    built = build(study, lambda what, done, total: None)
    primary = next(a for a in study.plan.analyses if a.plan.role == "primary")
    found = fit(study.plan.protocol, primary, built.data)
    if value is None:
        assert found.counts["T0"] + found.counts["T1"] + found.counts["C0"] + found.counts["C1"] == 9614
    else:
        assert found.value == pytest.approx(value, abs=0.006)
