"""Extracts and tables by week as they come: what is not whole, twice, without a time or left out is asked about."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.cli import main
from vru.errors import DataError
from vru.report.naming import analysed
from vru.run.study import Built, build, load_study

from .test_weeks import SPOTS, TREATED, WEEKS, made, plan_of, quiet, write


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def built(work: Path, name: str, rows: pd.DataFrame, options: dict[str, Any] | None = None, **changes: Any) -> Built:
    rows.to_csv(work / f"{name}.csv", index=False)
    plan = plan_of(name, changes.pop("window", WEEKS))
    plan["intervention"] |= changes.pop("intervention", {})
    plan |= {"checks": [], **changes}
    plan["analyses"] = [{"id": "plain", "role": "primary", "method": "poisson_did", "outcome": "admissions"}]
    own = plan["data"][0]
    own["path"] = f"{name}.csv"
    own["options"] = {k: v for k, v in (own["options"] | (options or {})).items() if v is not None}
    return build(load_study(write(work, plan)), quiet)


def tallied(work: Path, name: str, rows: pd.DataFrame, **options: Any) -> Built:
    own = {"area": "Ward", "period": "Week", "counts": {"n": "N"}, **options}
    own = {k: v for k, v in own.items() if v is not None}
    data = [{"id": "own", "source": "counts", "path": f"{name}.csv", "options": own}]
    plan = {"data": data, "units": {"kind": "area", "treated": TREATED, "comparison": SPOTS[8:]}}
    rows.to_csv(work / f"{name}.csv", index=False)
    whole = plan_of(name, WEEKS | {"last": "2023-03-07"}, checks=[], **plan)
    whole["analyses"] = [{"id": "plain", "role": "primary", "method": "poisson_did", "outcome": "admissions"}]
    return build(load_study(write(work, whole)), quiet)


def by_week(form: str = "%Y-%m-%d") -> pd.DataFrame:
    """Counts by place and week from Wednesdays on; the last week holds one day."""
    rows = made()
    day = pd.to_datetime(rows["When"], format="%d/%m/%Y %H:%M").dt.normalize()
    week = day - pd.to_timedelta((day.dt.day_of_week - 2) % 7, unit="D")
    table = pd.crosstab(rows["Ward"], week).stack().rename("N").reset_index()
    table.columns = pd.Index(["Ward", "Week", "N"])
    return table.assign(Week=table["Week"].dt.strftime(form))


def asked(found: Built) -> set[str]:
    return {q.id for q in found.questions}


def told(found: Built) -> str:
    return " | ".join(n.text for n in found.inputs.data_log)


def test_a_repeated_reference_in_two_places_counts_alike_in_any_order_of_the_file(work: Path) -> None:
    rows = made()
    again = rows.sample(300, random_state=1).assign(Ward=np.random.default_rng(1).choice(SPOTS, 300))
    whole = pd.concat([rows, again])
    counts = [
        built(work, f"order-{i}", whole.sample(frac=1, random_state=i)).data.counts["admissions"] for i in range(2)
    ]
    assert np.array_equal(*counts)


def test_rows_alike_in_every_cell_are_asked_about_where_no_reference_tells_them_apart(work: Path) -> None:
    rows = made().drop(columns="Ref")
    assert "rows_alike" in asked(built(work, "twice", pd.concat([rows, rows.head(500)]), {"id": None}))
    assert "rows_alike" not in asked(built(work, "once", rows, {"id": None}))


def test_hours_of_dates_without_times_are_refused_and_of_many_unknown_times_asked_about(work: Path) -> None:
    rows = made()
    days = rows["When"].str[:10]
    (whole,) = plan_of("x", WEEKS)["outcomes"]
    outcomes = [whole, whole | {"id": "night", "primary": False, "hours": [22, 4]}]
    with pytest.raises(DataError, match="hour after midnight"):
        built(work, "no-times", rows.assign(When=days + " 00:00"), outcomes=outcomes)
    some = np.random.default_rng(0).random(len(rows)) < 0.4
    found = built(
        work, "some-times", rows.assign(When=np.where(some, days + " 00:00", rows["When"])), outcomes=outcomes
    )
    assert [n for n in found.inputs.data_log if n.severity == "question" and "hour after midnight" in n.text]
    assert "hour after midnight" not in told(built(work, "all-times", rows, outcomes=outcomes))


def test_a_long_run_of_weeks_without_rows_is_no_sparse_file(work: Path) -> None:
    rows = made()
    days = pd.to_datetime(rows["When"], format="%d/%m/%Y %H:%M")
    found = built(work, "stops", rows[days < "2022-08-01"])
    assert "weeks_without_rows" in asked(found)
    thin = built(work, "thin", rows.sample(60, random_state=3))
    assert "weeks_without_rows" not in asked(thin)
    assert "the file is sparse" in told(thin)


@pytest.mark.parametrize("end", ["2023-02-28", "2022-12-01"])
def test_what_comes_after_an_end_is_told_where_there_is_any_and_without_the_week_of_the_end(
    work: Path, end: str
) -> None:
    found = built(work, "ends", made(), intervention={"end": end})
    assert "nan" not in told(found)
    after = [n.count for n in found.inputs.data_log if "carry-over" in n.text]
    assert after == ([] if end == "2023-02-28" else [12])


def test_a_table_that_lists_only_what_happened_and_one_with_part_of_a_week_are_asked_about(work: Path) -> None:
    table = by_week()
    whole = tallied(work, "whole", table)
    assert {"whole_2023_03_01"} == asked(whole)
    assert "no_zeros" in asked(tallied(work, "no-zeros", table[table["N"] > 0]))
    gaps = told(tallied(work, "gaps", table[~table["Week"].isin(["2022-08-03", "2022-08-10"])]))
    assert "weeks missing for every unit, because the data do not cover them: 2022-08-03, 2022-08-10" in gaps
    wide = by_week("%d/%m/%Y").pivot(index="Ward", columns="Week", values="N").reset_index()
    columns = {"period": None, "counts": None, "months_in": "columns", "dates": "%d/%m/%Y"}
    found = tallied(work, "wide", wide, **columns)
    assert np.array_equal(found.data.counts["admissions"], whole.data.counts["admissions"])


@pytest.mark.parametrize(
    ("form", "hint"),
    [("%G-W%V", "a number of a week"), ("%d/%m/%Y", "%d/%m/%Y"), ("%Y-%m-0%u", "begin on"), ("4%m%d", "Excel")],
)
def test_weeks_written_otherwise_are_refused_with_what_to_do(work: Path, form: str, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        tallied(work, "odd", by_week(form))
    assert hint in str(refused.value)
    assert "%b %Y" not in str(refused.value)


def test_the_report_says_the_whole_weeks_up_to_an_end_as_those_analysed(work: Path) -> None:
    plan = plan_of("analysed", WEEKS)
    plan["intervention"]["end"] = "2022-12-01"
    study = load_study(write(work, plan))
    assert analysed(study.plan.protocol) == "2 June 2021 to 29 November 2022"


def test_months_that_make_no_whole_quarter_are_told_as_months(work: Path) -> None:
    months = [f"{2018 + i // 12}-{i % 12 + 1:02d}" for i in range(60)]
    rows = pd.DataFrame([{"Ward": s, "Week": m, "N": 5} for s in SPOTS for m in months])
    rows.to_csv(work / "rest.csv", index=False)
    options = {"area": "Ward", "period": "Week", "counts": {"n": "N"}}
    plan = plan_of("rest", {"first": "2018-01", "last": "2022-11", "period": "quarter"}, checks=[])
    plan["data"] = [{"id": "own", "source": "counts", "path": "rest.csv", "options": options}]
    plan["units"] = {"kind": "area", "treated": TREATED, "comparison": SPOTS[8:]}
    plan["intervention"]["start"] = "2021-01"
    plan["analyses"] = [{"id": "plain", "role": "primary", "method": "poisson_did", "outcome": "admissions"}]
    found = build(load_study(write(work, plan)), quiet)
    (note,) = [n for n in found.inputs.data_log if "after the last whole quarter" in n.text]
    assert note.text.startswith("calendar months")
    assert note.count == 2
