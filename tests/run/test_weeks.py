"""An evaluation by week from a force's own extract: every row in its week, every method's answer, and no word of months."""

import json
import re
from collections import Counter
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from vru.cli import main
from vru.errors import DataError, ProtocolError
from vru.evaluation import evaluate
from vru.report import compose
from vru.run.study import build, load_study
from vru.version import __version__

ROOT = Path(__file__).resolve().parents[2]
FIRST, START, LAST = date(2021, 3, 3), date(2022, 6, 8), date(2023, 3, 1)
SPOTS = [f"Place {i:02d}" for i in range(16)]
TREATED = SPOTS[:8]
TRUTH = 0.6
METHODS = (
    "level_adjusted_did",
    "poisson_did",
    "weighted_displacement",
    "relative_rate_ratio",
    "before_after",
    "interrupted_series",
    "controlled_interrupted_series",
    "structural_series",
    "staggered_did",
    "staggered_poisson",
    "synthetic_control",
    "synthetic_did",
    "calibrated_weights",
)
CHECKS = (
    "comparability",
    "recording",
    "pre_period_trend",
    "pre_trend_sensitivity",
    "placebo_date",
    "placebo_areas",
    "placebo_ranks",
    "regression_to_mean",
    "overdispersion",
)


def made(level: float = 2.5) -> pd.DataFrame:
    """Offences with date and time at a place, more of them at week-ends; a fall of 40% in treated places from the start."""
    rng = np.random.default_rng(11)
    own = {s: level * rng.gamma(20, 1 / 20) for s in SPOTS}
    rows = []
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=n)
        usual = (1.4 if day.weekday() >= 4 else 0.7) / 7
        for spot in SPOTS:
            mean = own[spot] * usual * (TRUTH if spot in TREATED and day >= START else 1.0)
            for _ in range(rng.poisson(mean)):
                when = pd.Timestamp(day) + pd.Timedelta(minutes=int(rng.integers(1, 1439)))
                rows.append({"Ref": f"R{len(rows):05d}", "When": when.strftime("%d/%m/%Y %H:%M"), "Ward": spot})
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def plan_of(name: str, window: dict[str, Any], **changes: Any) -> dict[str, Any]:
    plan = yaml.safe_load((ROOT / "evaluations" / "merseyside-known-effect" / "protocol.yaml").read_text("utf-8"))
    plan.pop("artificial_effect")
    options = {
        "dates": "%d/%m/%Y %H:%M",
        "when": "When",
        "area": "Ward",
        "id": "Ref",
        "covers": {"first": FIRST.isoformat(), "last": LAST.isoformat()},
    }
    plan |= {
        "id": name,
        "disclaimer": "",
        "definition_of_violence": "Attendances at hospital after an assault",
        "disclosure": {"profile": "police_local"},
        "data": [{"id": "own", "source": "events", "path": "own.csv", "options": options}],
        "window": window,
        "outcomes": [
            {
                "id": "admissions",
                "measure": "Attendances after assault",
                "data": "own",
                "filter": {},
                "noun": "admissions",
                "primary": True,
            }
        ],
        "analyses": [
            {"id": m, "role": "primary" if i == 0 else "sensitivity", "method": m, "outcome": "admissions"}
            for i, m in enumerate(METHODS)
        ],
        "checks": [{"name": c} for c in CHECKS],
    }
    said = {field: f"{words} As in Simshire." for field, words in plan["intervention"].items() if " " in words}
    plan["intervention"] |= said | {"start": START.isoformat(), "end": None}
    plan["theory_of_change"] = {k: [f"{line} there" for line in v] for k, v in plan["theory_of_change"].items()}
    plan["graph"] = json.loads(json.dumps(plan["graph"]).replace("violence", "admissions"))
    plan["units"] = {
        "kind": "area",
        "treated": TREATED,
        "comparison": SPOTS[8:],
        "selection": {
            "rule": "listed",
            "outcome": "admissions",
            "first": FIRST.isoformat(),
            "last": (FIRST + timedelta(days=7 * 13 - 1)).isoformat(),
        },
    }
    return plan | changes


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    made().to_csv(tmp_path / "w" / "own.csv", index=False)
    return tmp_path / "w"


def write(work: Path, plan: dict[str, Any]) -> Path:
    folder = work / "evaluations" / plan["id"]
    folder.mkdir(parents=True)
    plain = json.loads(json.dumps(plan))  # no aliases
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    return folder


def quiet(what: str, done: int, total: int) -> None:
    """Nobody watches."""


WEEKS = {"first": "2021-06-02", "last": LAST.isoformat(), "period": "week", "counted_from": "start"}


def test_every_method_and_check_answers_by_week_and_says_so(work: Path) -> None:
    study = load_study(write(work, plan_of("by-week", WEEKS)))
    built = build(study, quiet)
    rows = pd.read_csv(work / "own.csv")
    days = pd.to_datetime(rows["When"], format="%d/%m/%Y %H:%M")
    weeks = Counter(zip(rows["Ward"], (days.dt.normalize() - pd.Timestamp(START)).dt.days // 7, strict=True))
    panel = built.data
    for i, unit in enumerate(panel.units):
        for j, period in enumerate(panel.periods):
            assert panel.counts["admissions"][i, j] == weeks[unit, (date.fromisoformat(period) - START).days // 7]
    assert panel.periods[-1] == "2023-02-22"  # the week of 1 March is not whole
    result = evaluate(study.plan, panel, built.inputs)
    assert {e.method for e in result.estimates} == set(METHODS)
    assert result.primary.low < np.log(TRUTH) < result.primary.high
    for e in result.estimates:
        assert e.method in ("staggered_did",) or e.ratio is None or 0.45 < e.ratio.value < 0.8, e.method
    assert not [f.text for f in result.findings if f.verdict == "not_run" and f.check == "analysis"]
    document = compose(study.plan.protocol, result)
    said = json.dumps([asdict(p) for p in document.parts], default=str) + "".join(
        str(n.text) for n in built.inputs.data_log
    )
    odd = [m.group(0) for m in re.finditer(r".{40}\b(?:[Mm]onth|[Oo]ffence).{20}", said)]
    assert not odd, odd[:10]
    assert "week" in said
    assert "admissions" in said


@pytest.mark.parametrize(
    ("window", "first", "last", "n"),
    [
        (
            {"first": "2021-06-01", "last": "2023-03-01", "period": "week", "counted_from": "wednesday"},
            "2021-06-02",
            "2023-02-22",
            91,
        ),
        ({"first": "2021-05-12", "last": "2023-03-01", "period": "four_weeks"}, "2021-05-12", "2023-01-18", 23),
        ({"first": "2022-03-01", "last": "2023-03-01", "period": "day"}, "2022-03-01", "2023-03-01", 366),
    ],
)
def test_other_periods_count_the_same_rows(work: Path, window: dict[str, Any], first: str, last: str, n: int) -> None:
    plan = plan_of("by-other", window)
    plan["analyses"] = plan["analyses"][1:2]
    plan["analyses"][0]["role"] = "primary"
    study = load_study(write(work, plan))
    panel = build(study, quiet).data
    assert (panel.periods[0], panel.periods[-1], len(panel.periods)) == (first, last, n)
    days = pd.to_datetime(pd.read_csv(work / "own.csv")["When"], format="%d/%m/%Y %H:%M")
    end = pd.Timestamp(panel.calendar.last_of(last)) + pd.Timedelta(days=1)
    assert panel.counts["admissions"].sum() == ((days >= first) & (days < end)).sum()


def test_hours_and_days_of_the_week_and_what_they_leave_out_add_up_to_all(work: Path) -> None:
    plan = plan_of("by-hour", WEEKS)
    (whole,) = plan["outcomes"]
    on = whole | {"id": "patrolled", "primary": False, "hours": [15, 22], "weekdays": ["wed", "thu", "fri", "sat"]}
    plan["outcomes"] += [on, on | {"id": "other_times", "outside": True}, on | {"id": "night", "hours": [22, 4]}]
    study = load_study(write(work, plan))
    counts = build(study, quiet).data.counts
    assert np.array_equal(counts["patrolled"] + counts["other_times"], counts["admissions"])
    rows = pd.to_datetime(pd.read_csv(work / "own.csv")["When"], format="%d/%m/%Y %H:%M")
    rows = rows[(rows >= "2021-06-02") & (rows < "2023-03-01")]
    days = rows.dt.day_of_week.isin([2, 3, 4, 5])
    assert counts["patrolled"].sum() == (days & rows.dt.hour.between(15, 21)).sum()
    assert counts["night"].sum() == (days & ~rows.dt.hour.between(4, 21)).sum()


@pytest.mark.parametrize(
    ("window", "intervention", "said"),
    [
        ({"first": "2021-06", "last": "2023-02", "period": "week"}, {}, "must be written YYYY-MM-DD"),
        ({"first": "2021-06-02", "last": "2023-03-01", "period": "month"}, {}, "must be written YYYY-MM"),
        (WEEKS | {"counted_from": "monday"}, {}, "lies within the week from 2022-06-06"),
        ({"first": "2021-06-02", "last": "2023-03-01", "period": "fortnight"}, {}, "fortnight"),
        ({"first": "2021-06-02", "last": "2023-03-01", "period": "day", "counted_from": "monday"}, {}, "is for weeks"),
        (WEEKS, {"start": "2022-06"}, "write days as YYYY-MM-DD"),
        (WEEKS, {"start": "2021-06-09"}, "at least 3"),
        (WEEKS, {"start": "2022-02-30"}, "YYYY-MM-DD"),
    ],
)
def test_what_does_not_fit_the_periods_is_refused(
    work: Path, window: dict[str, Any], intervention: dict[str, Any], said: str
) -> None:
    plan = plan_of("odd", window)
    plan["intervention"] |= intervention
    with pytest.raises((ProtocolError, DataError)) as refused:
        build(load_study(write(work, plan)), quiet)
    assert said in str(refused.value)


def test_hours_of_events_without_a_time_are_refused(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame(
        [{"Ward": s, "Month": f"{y}-{m:02d}", "N": 5} for s in SPOTS for y in (2021, 2022) for m in range(1, 13)]
    )
    table.to_csv(work / "n.csv", index=False)
    plan = plan_of("tallied", {"first": "2021-01", "last": "2022-12"})
    plan["intervention"]["start"] = "2022-01"
    del plan["units"]["selection"]
    plan["data"] = [
        {
            "id": "own",
            "source": "counts",
            "path": "n.csv",
            "options": {"area": "Ward", "period": "Month", "counts": {"n": "N"}},
        }
    ]
    plan["outcomes"][0]["hours"] = [15, 22]
    plan["analyses"] = [{"id": "plain", "role": "primary", "method": "poisson_did", "outcome": "admissions"}]
    plan["checks"] = []
    assert main(["check", str(write(work, plan))]) == 2
    assert "the events have no time of day" in capsys.readouterr().err


def test_a_table_by_month_answers_by_quarter_as_one_by_quarter_does(work: Path) -> None:
    rng = np.random.default_rng(2)
    months = [f"{2018 + i // 12}-{i % 12 + 1:02d}" for i in range(60)]
    n = {(s, m): int(rng.poisson(9 * (TRUTH if s in TREATED and m >= "2021-07" else 1))) for s in SPOTS for m in months}
    by_month = pd.DataFrame([{"Ward": s, "When": m, "N": k} for (s, m), k in n.items()])
    quarter = by_month.assign(When=[f"{m[:4]} Q{(int(m[5:]) + 2) // 3}" for m in by_month["When"]])
    year = by_month.assign(When=by_month["When"].str[:4])
    tables = {
        "month": (by_month, "quarter"),
        "quarter": (quarter, "quarter"),
        "year": (year, "year"),
        "added": (by_month, "year"),
    }
    tables["quarters added"] = (quarter, "year")
    found = {}
    for name, (table, period) in tables.items():
        table.groupby(["Ward", "When"], as_index=False)["N"].sum().to_csv(work / f"{name}.csv", index=False)
        plan = plan_of(f"by-{name.replace(' ', '-')}", {"first": "2018-01", "last": "2022-12", "period": period})
        plan["intervention"]["start"] = "2021-07" if period == "quarter" else "2021-01"
        del plan["units"]["selection"]
        options = {"area": "Ward", "period": "When", "counts": {"n": "N"}}
        plan["data"] = [{"id": "own", "source": "counts", "path": f"{name}.csv", "options": options}]
        plan["analyses"] = [{"id": "plain", "role": "primary", "method": "poisson_did", "outcome": "admissions"}]
        plan["checks"] = []
        found[name] = build(load_study(write(work, plan)), quiet).data
    assert np.array_equal(found["month"].counts["admissions"], found["quarter"].counts["admissions"])
    assert np.array_equal(found["year"].counts["admissions"], found["added"].counts["admissions"])
    assert np.array_equal(found["year"].counts["admissions"], found["quarters added"].counts["admissions"])
    assert found["month"].periods[:2] == ("2018-01", "2018-04")
    assert found["year"].periods == ("2018-01", "2019-01", "2020-01", "2021-01", "2022-01")
    assert found["year"].counts["admissions"].sum() == sum(n.values())


def test_a_sparse_weekly_evaluation_is_published_with_its_small_counts_merged(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(0.5).to_csv(work / "own.csv", index=False)
    plan = plan_of("sparse", WEEKS)
    plan["analyses"] = [a for a in plan["analyses"] if a["method"] in ("level_adjusted_did", "poisson_did")]
    plan["checks"] = [{"name": "overdispersion"}]
    write(work, plan)
    folder = "evaluations/sparse"
    for step in ("check", "register", "run"):
        assert main([step, folder]) == 0, capsys.readouterr().err
    result = json.loads((work / folder / "outputs" / "result.json").read_text(encoding="utf-8"))
    bands = [b for s in result["series"] for b in s["bands"]]
    assert bands
    assert all(b["count"] == 0 or b["count"] >= 5 for b in bands)
    failed = [
        p for f in result["findings"] if f["verdict"] == "fail" for p in ("--accept", f"{f['check']}=an exercise")
    ]
    assert main(["assure", folder, *failed]) == 0
    assert main(["publish", folder, "--library", "shared_learning"]) == 0
    assert main(["verify", "sparse", "--library", "shared_learning", "--data", str(work)]) == 0
    assert __version__ in (work / folder / "outputs" / "result.json").read_text(encoding="utf-8")
