"""``vru disproportionality`` from the command typed to the folder it writes: real counts, known truth, invariances, errors."""

import csv
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.cli import main
from vru.disclosure.profiles import PROFILES
from vru.equity.groups import CODES, DETAILED, read_group
from vru.equity.hiding import protect

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "equity"
COLUMNS = (
    "--column",
    "when=day",
    "--column",
    "ethnicity=own",
    "--column",
    "officer=seen",
    "--column",
    "outcome=result",
)
STAGES = ("--stage", "arrest=result:Arrest", "--stage", "charge@arrest=disposal:Charged")
PEOPLE = ("--population", "people.csv", "--people", "group=group", "--people", "count=n")
RESIDENTS = {"White": 100_000, "Mixed": 3000, "Asian": 8000, "Black": 4000, "Other": 2000}
RATES = {"White": 0.02, "Mixed": 0.03, "Asian": 0.02, "Black": 0.06, "Other": 0.01}
ARRESTS = {"White": 0.2, "Mixed": 0.2, "Asian": 0.2, "Black": 0.3, "Other": 0.2}
Run = Callable[..., tuple[int, dict[str, Any]]]


def searches(seed: int = 3, missing: float = 0.1) -> pd.DataFrame:
    """A year of searches at known rates; officers see what people say nine times of ten."""
    rng = np.random.default_rng(seed)
    own = np.concatenate([np.repeat(g, rng.poisson(RESIDENTS[g] * r)) for g, r in RATES.items()])
    n = len(own)
    arrest = rng.uniform(size=n) < np.array([ARRESTS[g] for g in own])
    charged = arrest & (rng.uniform(size=n) < 0.5)
    seen = np.where(rng.uniform(size=n) < 0.9, own, rng.choice(list(RATES), n))
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 365, n), unit="D")
    return pd.DataFrame(
        {
            "day": day.strftime("%Y-%m-%d"), "own": np.where(rng.uniform(size=n) < missing, "", own), "seen": seen,
            "result": np.where(arrest, "Arrest", "Nothing found"), "disposal": np.where(charged, "Charged", "Released"),
            "row": np.arange(n),
        }
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    searches().to_csv("rows.csv", index=False)
    pd.DataFrame({"group": RESIDENTS.keys(), "n": RESIDENTS.values()}).to_csv("people.csv", index=False)

    def go(*options: str, source: str = "rows.csv") -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["disproportionality", source, *options, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if code == 0 else {"error": said.err}

    return go


def step(found: dict[str, Any], stage: str, against: str, ethnicity: str = "recorded") -> dict[str, Any]:
    steps = [s for s in found["steps"] if (s["stage"], s["against"], s["ethnicity"]) == (stage, against, ethnicity)]
    assert len(steps) == 1
    return {line["group"]: line for line in steps[0]["groups"]} | {"": steps[0]["not_recorded"]}


def test_the_truth_is_in_the_intervals(run: Run, tmp_path: Path) -> None:
    code, found = run(*COLUMNS, *STAGES, *PEOPLE)
    assert code == 0
    heads, arrests = step(found, "search", "residents"), step(found, "arrest", "search")
    for g in ("Mixed", "Asian", "Black", "Other"):
        ratio = heads[g]["ratio"]
        assert ratio["low"] < RATES[g] / RATES["White"] < ratio["high"], g
        assert heads[g]["bounds"]["low"] < ratio["value"] < heads[g]["bounds"]["high"]
    assert arrests["Black"]["ratio"]["low"] < 1.5 < arrests["Black"]["ratio"]["high"]
    assert heads["White"]["rate"] == pytest.approx(20 * 0.9, rel=0.05)  # per 1,000 a year, less those not recorded
    frame = searches()
    assert found["not_recorded"]["rows"] == (frame["own"] == "").sum() == heads[""]
    assert heads["Black"]["count"] == (frame["own"] == "Black").sum()
    charges = step(found, "charge", "arrest")
    black = frame[(frame["own"] == "Black") & (frame["result"] == "Arrest")]
    assert (charges["Black"]["count"], charges["Black"]["size"]) == ((black["disposal"] == "Charged").sum(), len(black))
    agreed = frame[frame["own"] != ""]
    assert found["agreement"]["found"]["share"] == pytest.approx((agreed["own"] == agreed["seen"]).mean())
    filled = step(found, "search", "residents", "filled")
    assert filled["Black"]["count"] == (frame["own"].where(frame["own"] != "", frame["seen"]) == "Black").sum()
    names = {p.name for p in (tmp_path / "disproportionality").iterdir()}
    assert {"disproportionality.html", "disproportionality.docx", "disproportionality.json", "README.txt"} <= names
    page = (tmp_path / "disproportionality" / "disproportionality.html").read_text(encoding="utf-8")
    assert page.index("Whose ethnicity is not recorded") < page.index("Rates and ratios at each stage")
    assert "Residents are not the people who were there to be stopped" in page
    assert "INTERNAL" in page
    assert not re.findall(r"(?:src|href)=.https?:", page)


def test_neither_order_nor_spelling_nor_form_of_date_matters(run: Run) -> None:
    _, one = run(*COLUMNS, *STAGES, *PEOPLE)
    frame = searches().sample(frac=1, random_state=5)
    code = {
        "White": "W1",
        "Mixed": "M9",
        "Asian": "asian ",
        "Black": "B3",
        "Other": "Other ethnic group - Any other ethnic group",
    }
    frame["own"] = frame["own"].map(lambda g: code.get(g, "Not Stated"))
    frame["day"] = pd.to_datetime(frame["day"]).dt.strftime("%d/%m/%Y")
    frame.to_csv("other.csv", index=False)
    _, other = run(*COLUMNS, "--column", "dates=%d/%m/%Y", *STAGES, *PEOPLE, "--out", "other", source="other.csv")
    assert other["steps"] == one["steps"]
    assert other["trend"] == one["trend"]
    assert other["agreement"] == one["agreement"]


def test_small_counts_are_hidden_and_cannot_be_worked_out(run: Run) -> None:
    frame = searches()
    few = frame["own"] == "Other"
    frame = frame[~few | (few.cumsum() <= 3)]
    frame.to_csv("few.csv", index=False)
    _, found = run(*COLUMNS, *STAGES, *PEOPLE, source="few.csv")
    heads = step(found, "search", "residents")
    hidden = [g for g, x in heads.items() if g and x["count"] is None]
    assert "Other" in hidden
    assert len(hidden) + (heads[""] is None) >= 2
    assert all(heads[g]["rate"] is None and heads[g]["ratio"]["value"] is None for g in hidden)
    for period in found["trend"]["periods"]:
        assert not [n for n in period["counts"].values() if n is not None and 1 <= n <= 4]
    _, open_ = run(*COLUMNS, *STAGES, *PEOPLE, "--profile", "public_police_uk", "--out", "open", source="few.csv")
    assert step(open_, "search", "residents")["Other"]["count"] == 3


def test_no_line_gives_a_hidden_count_away() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        table = rng.poisson(rng.uniform(0.5, 30), size=(rng.integers(2, 6), rng.integers(2, 7)))
        hidden = protect(table, PROFILES["police_local"])
        assert hidden[(table >= 1) & (table <= 4)].all()
        for values, mask in [*zip(table, hidden, strict=True), *zip(table.T, hidden.T, strict=True)]:
            if mask.any() and not mask.all():
                assert mask.sum() >= 2
                assert not 1 <= values[mask].sum() <= 4
    assert not protect(np.array([1, 2, 300]), PROFILES["public_police_uk"]).any()
    also = protect(np.array([90, 200, 300]), PROFILES["police_local"], np.array([False, True, False]))
    assert also.tolist() == [True, True, False]


def test_a_stage_that_the_data_cannot_tell_is_named(run: Run) -> None:
    frame = searches()
    frame["linked"] = np.where(frame["result"] == "Arrest", "True", "")
    frame.to_csv("blank.csv", index=False)
    stage = ("--stage", "linked=linked:True")
    _, found = run(*COLUMNS, *stage, *PEOPLE, source="blank.csv")
    assert "never says no" in found["stages_that_cannot_be_told"]["linked"]
    assert not [s for s in found["steps"] if s["stage"] == "linked"]
    _, told = run(*COLUMNS, *stage, *PEOPLE, "--blank-is-no", source="blank.csv")
    assert step(told, "linked", "search")["Black"]["size"] == step(told, "search", "residents")["Black"]["count"]


def test_intervals_by_the_logarithm_are_those_of_the_formula(run: Run) -> None:
    _, found = run(*COLUMNS, *STAGES, *PEOPLE, "--interval", "log")
    black, white = (step(found, "search", "residents")[g] for g in ("Black", "White"))
    se = (1 / black["count"] - 1 / 4000 + 1 / white["count"] - 1 / 100_000) ** 0.5
    ratio = black["ratio"]
    assert np.log(ratio["high"] / ratio["value"]) == pytest.approx(1.959964 * se, rel=1e-6)


def test_times_with_an_offset_are_read_by_the_clock_at_home(run: Run) -> None:
    frame = (
        searches().head(3).assign(own="White", day=["2021-05-31 23:10:00+00:00", "2021-01-31T23:10:00Z", "2021-02-01"])
    )
    frame.to_csv("zoned.csv", index=False)
    _, found = run(*COLUMNS, source="zoned.csv")
    assert found["months"] == ["2021-01", "2021-02", "2021-06"]
    frame.assign(day="31/05/2021 23:10 +0000").to_csv("formed.csv", index=False)
    _, found = run(*COLUMNS, "--column", "dates=%d/%m/%Y %H:%M %z", "--out", "formed", source="formed.csv")
    assert found["months"] == ["2021-06"]


def test_another_benchmark_changes_only_its_own_denominator(run: Run) -> None:
    pd.DataFrame({"group": RESIDENTS.keys(), "n": [300, 20, 40, 60, 10]}).to_csv("suspects.csv", index=False)
    _, found = run(*COLUMNS, *PEOPLE, "--benchmark", "suspects=suspects.csv")
    black, white = (step(found, "search", "suspects")[g] for g in ("Black", "White"))
    assert black["ratio"]["value"] == pytest.approx(black["count"] / 60 / (white["count"] / 300))
    assert step(found, "search", "residents")["Black"]["size"] == 4000


@pytest.mark.realdata
def test_northumbria_counted_by_an_independent_script(data_dir: Path, run: Run) -> None:
    context = data_dir / "context"
    code, found = run(
        "--population", str(context / "census2021_ethnicity_ltla21.csv"), "--people", "group=ethnic_group", "--people",
        "count=value", "--people", "area=ltla21_code", "--areas", str(context / "lookup_ltla24_csp24_pfa24.csv"),
        "--areas-code", "ltla24_code", "--areas-where", "pfa24_name=Northumbria",
        source=str(data_dir / "police_uk" / "northumbria-stop-and-search_2020-05_2023-02.zip"),
    )  # fmt: skip
    assert code == 0
    rows = list(csv.DictReader((GOLDEN / "northumbria.csv").read_text(encoding="utf-8").splitlines()))
    want = {(r["group"], r["what"]): int(r["count"]) for r in rows}
    for stage in ("search", "outcome", "arrest"):
        lines = step(found, stage, "residents")
        assert lines[""] == want["not recorded", stage]
        for g in RESIDENTS:
            assert (lines[g]["count"], lines[g]["size"]) == (want[g, stage], want[g, "residents"])
    ratio = (
        want["Black", "search"] / want["Black", "residents"] / (want["White", "search"] / want["White", "residents"])
    )
    assert step(found, "search", "residents")["Black"]["ratio"]["value"] == pytest.approx(ratio)
    assert found["months_without_data"] == ["2022-01"]
    assert "linked_outcome" in found["stages_that_cannot_be_told"]


def test_searches_after_midnight_in_summer_and_of_vehicles(run: Run, tmp_path: Path) -> None:
    head = "Type,Date,Self-defined ethnicity,Officer-defined ethnicity,Object of search,Outcome"
    head += ",Outcome linked to object of search,Removal of more than just outer clothing"
    body = [
        "Person search,2021-05-31T23:10:00+00:00,White - Irish,White,Fireworks,Arrest,,",
        "Person search,2021-01-31T23:10:00+00:00,White - Irish,White,Fireworks,Arrest,,",
        "Vehicle search,2021-01-05T10:00:00+00:00,,,Fireworks,Arrest,,",
    ]
    with zipfile.ZipFile(tmp_path / "stops.zip", "w") as archive:
        archive.writestr("2021-05/2021-05-essex-stop-and-search.csv", "\n".join([head, *body]) + "\n")
    code, found = run(source="stops.zip")
    assert code == 0
    assert (found["rows"], found["months"]) == (2, ["2021-01", "2021-06"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "say which is what"),
        (("--column", "when=day", "--column", "ethnicity=colour"), "has no column 'colour'"),
        ((*COLUMNS, "--stage", "arrest=result:Arest"), "no row holds 'Arest'"),
        ((*COLUMNS, "--stage", "arrest"), "is no stage"),
        ((*COLUMNS, "--stage", "charge@arrest=disposal:Charged"), "which is not given before it"),
        ((*COLUMNS, "--reference", "Purple"), "is no group at 5+1"),
        ((*COLUMNS, "--profile", "nhs_hes_ecds"), "is no profile of this command"),
        ((*COLUMNS, "--population", "people.csv"), "which column holds the group"),
        ((*COLUMNS, *PEOPLE, "--area", "Essex"), "which column of the population is the area"),
        ((*COLUMNS, "--benchmark", "suspects=none.csv", "--people", "group=g", "--people", "count=n"), "is not there"),
        (("--column", "when=day", "--column", "ethnicity=row"), "name no group that is known"),
        ((*COLUMNS, "--column", "separator=x"), "is no separator"),
        (("--column", "when=own", "--column", "ethnicity=own"), "no date that can be read"),
        ((*COLUMNS, "--detail", "18+1"), "none of 2,427 rows has ethnicity recorded at 18+1"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    run: Run, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    code, found = run(*options)
    assert code == 2
    assert says in found["error"]
    assert "unexpected" not in found["error"]
    assert not (tmp_path / "disproportionality").exists()


def test_a_population_that_would_count_twice_is_refused(run: Run) -> None:
    for groups in (["White", "White"], ["White", "White: Irish"]):
        pd.DataFrame({"group": groups, "n": [10, 2]}).to_csv("people.csv", index=False)
        code, found = run(*COLUMNS, *PEOPLE)
        assert code == 2
        assert "again" in found["error"] or "count twice" in found["error"]


def test_the_same_file_twice_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.csv").write_bytes((tmp_path / "rows.csv").read_bytes())
    code, found = run("copy.csv", *COLUMNS)
    assert code == 2
    assert "holds the same rows" in found["error"]


def test_one_month_in_two_places_is_refused(run: Run, tmp_path: Path) -> None:
    head = "Date,Self-defined ethnicity,Officer-defined ethnicity,Object of search,Outcome"
    head += ",Outcome linked to object of search,Removal of more than just outer clothing\n"
    for place, n in (("a", 1), ("b", 2)):
        (tmp_path / "stops" / place).mkdir(parents=True)
        rows = "2021-05-02T10:00:00+00:00,White - Irish,White,Fireworks,Arrest,,\n" * n
        (tmp_path / "stops" / place / "2021-05-essex-stop-and-search.csv").write_text(head + rows)
    code, found = run(source="stops")
    assert code == 2
    assert "2021-05 of essex would count twice" in found["error"]


def test_residents_of_every_area_are_a_question(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(g, n, a) for g, n in RESIDENTS.items() for a in ("here", "elsewhere")]
    pd.DataFrame(rows, columns=["group", "n", "area"]).to_csv("people.csv", index=False)
    both = [*COLUMNS, *PEOPLE, "--people", "area=area"]
    assert main(["disproportionality", "rows.csv", *both]) == 0
    assert "residents of all 2 areas" in capsys.readouterr().out
    _, here = run(*both, "--area", "here")
    assert step(here, "search", "residents")["Black"]["size"] == RESIDENTS["Black"]


def test_nobody_with_ethnicity_recorded(run: Run) -> None:
    searches().assign(own="").to_csv("none.csv", index=False)
    code, found = run(*COLUMNS, source="none.csv")
    assert code == 2
    assert "has ethnicity recorded" in found["error"]


def test_other_files_of_a_folder_stay(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    code, found = run(*COLUMNS, "--out", "mine")
    assert code == 2
    assert "holds other files" in found["error"]
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.realdata
def test_labels_of_the_census_and_of_the_police_meet(data_dir: Path) -> None:
    with (data_dir / "context" / "census2021_ethnicity_ltla21.csv").open(encoding="utf-8") as handle:
        labels = {r["ethnic_group"] for r in csv.DictReader(handle) if r["ethnic_group"].endswith("(number)")}
    found = {read_group(label, {}) for label in labels}
    assert None not in found
    assert {g.detailed for g in found if g} == set(DETAILED)
    assert all(read_group(code, {}) is not None for code in CODES)
    police = read_group("Black/African/Caribbean/Black British - Any other Black/African/Caribbean background", {})
    assert police is not None
    assert police.detailed == "Other Black"
    mixed = read_group("Mixed/Multiple ethnic groups - White and Black African", {})
    assert mixed is not None
    assert (mixed.five, mixed.detailed) == ("Mixed", "White and Black African")
    assert read_group("Martian", {}) is None
