"""``vru look`` of tables by week: the block to paste counts areas by week, whole and as the file covers them."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from vru.cli import main

WEEKS = [f"{d:%Y-%m-%d}" for d in pd.date_range("2021-03-03", periods=60, freq="7D")]
LONG = pd.DataFrame([{"Ward": f"Ward {i}", "Week": w, "N": (i * j) % 9} for i in range(8) for j, w in enumerate(WEEKS)])


def proposed(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["look", str(path)]) == 0
    said = capsys.readouterr().out.split("to paste into protocol.yaml:\n")[1]
    found = yaml.safe_load(said)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("shape", ["long", "hidden", "wide"])
def test_a_table_by_week_is_proposed_as_counts_by_week(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = LONG
    if shape == "hidden":
        table = LONG.assign(N=LONG["N"].astype(str).where(~LONG["N"].between(1, 6), "<7"))
    if shape == "wide":
        table = LONG.pivot(index="Ward", columns="Week", values="N").reset_index()
    table.to_csv(tmp_path / "n.csv", index=False)
    plan = proposed(tmp_path / "n.csv", capsys)
    (data,) = plan["data"]
    assert data["source"] == "counts"
    assert data["options"]["area"] == "Ward"
    assert data["options"].get("period") == (None if shape == "wide" else "Week")
    window = {k: str(v) for k, v in plan["window"].items()}
    assert window == {"first": "2021-03-03", "last": "2022-04-26", "period": "week", "counted_from": "wednesday"}


def test_an_extract_that_ends_within_a_month_does_not_say_that_it_covers_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = pd.date_range("2021-03-02", "2022-03-10", freq="7h")
    rows = pd.DataFrame({"Date": days.strftime("%Y-%m-%d %H:%M"), "Easting": 335000, "Northing": 391000})
    rows.to_csv(tmp_path / "e.csv", index=False)
    covers = proposed(tmp_path / "e.csv", capsys)["data"][0]["options"]["covers"]
    assert {k: str(v) for k, v in covers.items()} == {"first": "2021-03", "last": f"{days.max():%Y-%m-%d}"}
