"""People and patrol days from PostgreSQL, in columns of its own types, are those of the demonstrations' own extracts."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from vru.cohort import Cohort
from vru.panel import Panel
from vru.protocol import load
from vru.run.study import build, load_study, read_sources

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = {
    "age": "integer",
    "prior_offences": "integer",
    "risk_score": "numeric(5,1)",
}
PEOPLE |= {"reoffended": "boolean", "arrests": "smallint"}


def silent(*at: object) -> None:
    """Progress that nobody sees."""


def into(cluster: Any, table: str, frame: pd.DataFrame, types: dict[str, str]) -> None:
    columns = ", ".join(f'"{c}" {types.get(str(c), "text")}' for c in frame.columns)
    cluster.load(table, f"CREATE TABLE {table} ({columns})")
    shuffled = frame.sample(frac=1, random_state=3).to_csv(index=False)
    with cluster.admin() as link, link.cursor().copy(f"COPY {table} FROM STDIN CSV HEADER") as to:
        to.write(shuffled.encode())


def twice(name: str, tmp_path: Path, cluster: Any, types: dict[str, dict[str, str]]) -> tuple[Any, Any]:
    """The demonstration's data as it makes them, and the same by way of the server."""
    folder = tmp_path / "w" / "evaluations" / name
    shutil.copytree(ROOT / "evaluations" / name, folder, ignore=shutil.ignore_patterns("*.lock", "outputs"))
    study = load_study(folder)
    made = build(study, silent).data
    plan = load(folder).model_dump(mode="json", exclude_defaults=True)
    for source in plan["data"]:
        table = read_sources(study, silent)[source["id"]]
        into(cluster, source["id"], table.frame, types[source["id"]])  # type: ignore[union-attr]
        source.pop("options")
        source |= {"source": "extract", "connection": "force_db", "table": source["id"]}
    plan["disclosure"] = {"profile": "police_local"}
    (folder / "protocol.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    return made, build(load_study(folder), silent).data


def test_people_are_the_same_people(tmp_path: Path, force_db: Any) -> None:
    one, other = twice("mentoring-demo", tmp_path, force_db, {"people": PEOPLE})
    assert isinstance(one, Cohort)
    assert isinstance(other, Cohort)
    assert sorted(one.ids) == sorted(other.ids)
    assert len(one.ids) > 1_000
    at, bt = np.argsort(one.ids), np.argsort(other.ids)
    for outcome in one.outcomes:
        np.testing.assert_array_equal(one.outcomes[outcome][at], other.outcomes[outcome][bt])
    for arm in ("assigned", "received"):
        mine, theirs = getattr(one, arm), getattr(other, arm)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_array_equal(mine[at], theirs[bt])
    pd.testing.assert_frame_equal(
        one.covariates.iloc[at].reset_index(drop=True), other.covariates.iloc[bt].reset_index(drop=True)
    )


def test_patrol_days_are_the_same_days(tmp_path: Path, force_db: Any) -> None:
    one, other = twice("patrol-days-demo", tmp_path, force_db, {"crimes": {}, "schedule": {"date": "date"}})
    assert isinstance(one, Panel)
    assert isinstance(other, Panel)
    assert (one.units, one.periods) == (other.units, other.periods)
    for outcome, counted in one.counts.items():
        assert counted.sum() > 0
        np.testing.assert_array_equal(counted, other.counts[outcome])
