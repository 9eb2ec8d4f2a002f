"""Offences in PostgreSQL from look to a published record: the numbers of the CSV file, and no trace of the connection."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from vru.cli import main
from vru.panel import Panel
from vru.run.study import Built, build, load_study

ROOT = Path(__file__).resolve().parents[3]
MONTHS = [f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(30)]
WARDS = [f"Ward {i:02d}" for i in range(16)]
START = MONTHS[18]
PASSWORD = "s3cret/p@ss:w0rd"
OPTIONS = {
    "when": "begun",
    "area": "ward",
    "kind": "offence",
    "id": "ref",
    "covers": {"first": MONTHS[0], "last": MONTHS[-1]},
}


def offences() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    rows = []
    for i, ward in enumerate(WARDS):
        for month in MONTHS:
            for _ in range(rng.poisson(9 * (0.6 if i < 8 and month >= START else 1))):
                begun = f"{month}-{rng.integers(1, 29):02d} {rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}:00"
                rows.append((f"{len(rows):07d}", begun, ward, "Violence" if rng.random() < 0.8 else "Robbery"))
    return pd.DataFrame(rows, columns=["ref", "begun", "ward", "offence"])


def write_plan(name: str, place: dict[str, str]) -> None:
    plan = yaml.safe_load((ROOT / "evaluations" / "merseyside-known-effect" / "protocol.yaml").read_text("utf-8"))
    plan.pop("artificial_effect")
    source = {"id": "offences", "source": "events", **place, "options": OPTIONS}
    plan |= {"id": name, "disclaimer": "", "disclosure": {"profile": "police_local"}, "data": [source]}
    plan["window"] = {"first": MONTHS[0], "last": MONTHS[-1]}
    said = {field: f"{words} As in Simshire." for field, words in plan["intervention"].items() if " " in words}
    plan["intervention"] |= said | {"start": START, "end": MONTHS[-1]}
    plan["theory_of_change"] = {p: [f"{line} there" for line in lines] for p, lines in plan["theory_of_change"].items()}
    plan["units"] = {"kind": "area", "treated": WARDS[:8], "comparison": WARDS[8:]}
    plan["outcomes"] = [
        {
            "id": "violence",
            "measure": "Violence by month",
            "data": "offences",
            "filter": {"crime_type": ["Violence"]},
            "primary": True,
        }
    ]
    plan["checks"] = [{"name": "overdispersion"}]
    folder = Path("evaluations") / name
    folder.mkdir(parents=True)
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")


def run(name: str) -> dict[str, Any]:
    for command in ("check", "register", "run"):
        assert main([command, f"evaluations/{name}"]) == 0
    found: dict[str, Any] = json.loads((Path("evaluations") / name / "outputs" / "result.json").read_text("utf-8"))
    return found


def built(name: str) -> Built:
    return build(load_study(Path("evaluations") / name), lambda *at: None)


def same_counts(one: object, other: object) -> None:
    assert isinstance(one, Panel)
    assert isinstance(other, Panel)
    assert (one.units, one.periods, one.role) == (other.units, other.periods, other.role)
    assert one.counts["violence"].sum() > 1_000
    np.testing.assert_array_equal(one.counts["violence"], other.counts["violence"])


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force_db: Any) -> Any:
    assert main(["init", str(tmp_path / "w")]) == 0
    monkeypatch.chdir(tmp_path / "w")
    made = offences()
    made.to_csv("offences.csv", index=False)
    force_db.load(
        "crimes",
        "CREATE TABLE crimes (ref text, begun timestamp, ward varchar(20), offence text, victim text)",
    )
    with (
        force_db.admin() as link,
        link.cursor().copy("COPY crimes (ref, begun, ward, offence) FROM STDIN CSV HEADER") as to,
    ):
        to.write(Path("offences.csv").read_bytes())
    return force_db


def traces(folder: Path, words: list[str]) -> list[str]:
    return [
        f"{path.relative_to(folder)}: {word}"
        for path in folder.rglob("*")
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes()
    ]


def test_a_table_of_a_database_to_a_record_that_is_verified_against_it(
    work: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan("by-file", {"path": "offences.csv"})
    write_plan("by-database", {"connection": "force_db", "table": "crimes"})
    result = run("by-database")
    assert "rows read from force_db: crimes" in capsys.readouterr().out
    same_counts(built("by-file").data, built("by-database").data)

    accepted = [
        p for f in result["findings"] if f["verdict"] == "fail" for p in ("--accept", f"{f['check']}=an exercise")
    ]
    assert main(["assure", "evaluations/by-database", *accepted]) == 0
    assert main(["publish", "evaluations/by-database", "--library", "shared_learning"]) == 0
    # The whole workspace, caches and notebooks too.
    assert traces(Path(), [PASSWORD, "vru_reader", str(work.port), "connections.yaml"]) == []

    verify = ["verify", "by-database", "--library", "shared_learning"]
    capsys.readouterr()
    assert main(verify) == 0
    assert "not recomputed" in capsys.readouterr().out
    assert main([*verify, "--data", "."]) == 2
    assert "data stand in a database: offences (connection force_db)" in capsys.readouterr().err
    assert main([*verify, "--connect"]) == 0
    assert "every number came out the same" in capsys.readouterr().out
    with work.admin() as link:
        link.execute("CREATE TABLE turned AS SELECT * FROM crimes ORDER BY ref DESC; DELETE FROM crimes")
        link.execute("INSERT INTO crimes SELECT * FROM turned; DROP TABLE turned")
        assert main([*verify, "--connect"]) == 0
        # A minute of one offence moves no count, and is another data set all the same.
        link.execute("UPDATE crimes SET begun = begun + interval '1 minute' WHERE ref = '0000100'")
    capsys.readouterr()
    assert main([*verify, "--connect"]) == 1
    assert "offences" in capsys.readouterr().out
    (said,) = built("by-database").inputs.data_changes
    assert said == "data offences: the fingerprint differs from the one locked at the first run"


def test_a_query_counts_where_the_data_are(work: Any) -> None:
    write_plan("by-rows", {"connection": "force_db", "table": "crimes"})
    # A query that only counts what there is leaves out the areas and months without any: those would be missing, not zero.
    query = """
        SELECT w.ward, m.month, count(c.ref) AS n
        FROM (SELECT DISTINCT ward FROM crimes) AS w
        CROSS JOIN (SELECT DISTINCT to_char(begun, 'YYYY-MM') AS month FROM crimes) AS m
        LEFT JOIN crimes AS c
          ON c.ward = w.ward AND to_char(c.begun, 'YYYY-MM') = m.month AND c.offence = 'Violence'
        GROUP BY 1, 2
    """
    write_plan("by-query", {"connection": "force_db", "query": query})
    path = Path("evaluations/by-query/protocol.yaml")
    plan = yaml.safe_load(path.read_text("utf-8"))
    plan["data"][0] |= {"source": "counts", "options": {"area": "ward", "period": "month", "counts": {"Violence": "n"}}}
    path.write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    same_counts(built("by-rows").data, built("by-query").data)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"connection": "force_db"}, "connection needs table or query, one of them"),
        ({"connection": "force_db", "table": "t", "query": "SELECT 1 AS a"}, "connection needs table or query"),
        ({"connection": "force_db", "table": "t", "path": "t.csv"}, "give path or connection, not both"),
        ({"query": "SELECT 1 AS a"}, "query needs connection"),
        ({"connection": "force_db", "table": 't"; DROP TABLE x'}, "table"),
        ({"connection": "force_db", "query": "DROP TABLE crimes"}, "data offences: query: is not a SELECT"),
        ({"connection": "force_db", "query": "SELECT a FROM"}, "data offences: query: line 1"),
        ({"connection": "postgresql://u:hunter2@h/d", "table": "t"}, "connection"),
        ({}, "needs path: a zip or folder, or connection with table or query"),
    ],
)
def test_a_plan_that_asks_wrongly_is_refused_before_any_server_is_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: dict[str, str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VRU_CONNECTIONS", "/nonexistent")
    write_plan("wrong", place)
    assert main(["check", "evaluations/wrong", "--no-data"]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "hunter2" not in told


def test_an_archive_of_police_uk_is_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_plan("archive", {"connection": "force_db", "table": "t"})
    path = Path("evaluations/archive/protocol.yaml")
    path.write_text(path.read_text("utf-8").replace("source: events", "source: police_uk"), encoding="utf-8")
    assert main(["check", "evaluations/archive", "--no-data"]) == 2
    assert "source police_uk reads no database" in capsys.readouterr().err


def test_a_connections_file_in_the_workspace_is_refused(
    work: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan("inside", {"connection": "force_db", "table": "crimes"})
    inside = Path("connections.yaml").resolve()
    inside.write_text(yaml.safe_dump({"force_db": work.entry()}), encoding="utf-8")
    monkeypatch.setenv("VRU_CONNECTIONS", str(inside))
    assert main(["check", "evaluations/inside"]) == 2
    assert "lies in the workspace, which is shared with others" in capsys.readouterr().err
