"""The same table in PostgreSQL, SQLite and DuckDB gives the cells, and the fingerprint, that its CSV file gives."""

import csv
import datetime as dt
import io
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vru.sources.extract import ExtractOptions, read
from vru.sources.source import Asked, Request

LETTERS = st.characters(
    min_codepoint=33, max_codepoint=0x2FFF, exclude_characters="\x7f\x85\xa0\xad", exclude_categories=("Cs", "Z")
)
ODD = (
    "None",
    "NULL",
    "a, b",
    'say "no"',
    "two\nlines",
    "007",
    "0012345678901234567890",
    "TRUE",
    "'; DROP TABLE t; --",
    "Łódź 😀",
    "%s",
)
WORDS = st.one_of(st.text(LETTERS, min_size=1, max_size=12), st.sampled_from(ODD))
TYPES: dict[str, tuple[str, str, st.SearchStrategy[Any]]] = {
    "words": ("text", "VARCHAR", WORDS),
    "whole": ("bigint", "BIGINT", st.integers(-(10**12), 10**12)),
    "exact": ("numeric(38,6)", "DECIMAL(38,6)", st.decimals(-(10**20), 10**20, places=6)),
    "part": ("double precision", "DOUBLE", st.floats(-1e6, 1e6).map(lambda x: round(x, 4) + 0.0)),
    "day": ("date", "DATE", st.dates(dt.date(1990, 1, 1), dt.date(2035, 1, 1))),
    "moment": (
        "timestamp",
        "TIMESTAMP",
        st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2035, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    ),
    "instant": (
        "timestamptz",
        "TIMESTAMPTZ",
        st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC)).map(
            lambda t: t.replace(microsecond=0)
        ),
    ),
    "yes": ("boolean", "BOOLEAN", st.booleans()),
}  # fmt: skip
TABLES = st.lists(
    st.fixed_dictionaries({k: st.one_of(st.none(), s) for k, (_, _, s) in TYPES.items()}), min_size=1, max_size=12
).filter(lambda rows: all(any(v is not None for v in row.values()) for row in rows))
Row = dict[str, Any]


def in_csv(value: Any) -> str:
    from zoneinfo import ZoneInfo

    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        local = value.astimezone(ZoneInfo("Europe/London")) if value.tzinfo else value
        return f"{local:%Y-%m-%d}" if local.time() == dt.time() else f"{local:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (
            (text.rstrip("0").rstrip(".") if "." in text else text).replace("-0", "0")
            if not value
            else text.rstrip("0").rstrip(".")
        )
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def of_csv(folder: Path, rows: list[Row]) -> list[Row]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(TYPES)
    writer.writerows([in_csv(r[k]) for k in TYPES] for r in rows)
    path = folder / "t.csv"
    path.write_bytes(out.getvalue().encode())
    return in_order(read(Request(path, folder / "cache", 1, lambda *at: None), ExtractOptions()).frame)


def in_order(frame: pd.DataFrame) -> list[Row]:
    rows = [{str(k): None if pd.isna(v) else str(v) for k, v in row.items()} for row in frame.to_dict("records")]
    return sorted(rows, key=str)


def of(connection: str, folder: Path, query: str | None = None) -> Any:
    asked = Asked(connection, None if query else "t", query, folder / "workspace")
    return read(Request(None, folder / "cache", 1, lambda *at: None, asked), ExtractOptions())


def into_duckdb(at: Path, rows: list[Row]) -> None:
    at.unlink(missing_ok=True)
    with duckdb.connect(str(at)) as link:
        link.execute("SET TimeZone = 'America/New_York'")
        link.execute(f"CREATE TABLE t ({', '.join(f'{k} {t}' for k, (_, t, _) in TYPES.items())})")
        link.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(TYPES))})", [[r[k] for k in TYPES] for r in rows])


def into_sqlite(at: Path, rows: list[Row]) -> None:
    """SQLite has no dates and no exact numbers of 38 digits: those stand as text, as programs write them."""
    at.unlink(missing_ok=True)
    link = sqlite3.connect(at)
    link.execute(
        "CREATE TABLE t (words TEXT, whole INTEGER, exact TEXT, part REAL, day TEXT, moment TEXT, instant TEXT, yes TEXT)"
    )
    kept = ("words", "whole", "part")
    made = [[r[k] if k in kept or r[k] is None else in_csv(r[k]) for k in TYPES] for r in rows]
    link.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    link.commit()
    link.close()


def into_postgresql(cluster: Any, rows: list[Row]) -> None:
    columns = ", ".join(f"{k} {t}" for k, (t, _, _) in TYPES.items())
    cluster.load("t", f"CREATE TABLE t ({columns})")
    with cluster.admin() as link, link.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO t VALUES ({', '.join(['%s'] * len(TYPES))})", [[r[k] for k in TYPES] for r in rows]
        )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLES)
def test_cells_are_those_of_the_csv_file(
    tmp_path: Path, force_db: Any, connections: Callable[..., Path], rows: list[Row]
) -> None:
    lite, duck = tmp_path / "t.sqlite", tmp_path / "t.duckdb"
    connections(
        force_db=force_db.entry(),
        lite={"kind": "sqlite", "path": str(lite)},
        duck={"kind": "duckdb", "path": str(duck)},
    )
    into_postgresql(force_db, rows)
    into_sqlite(lite, rows)
    into_duckdb(duck, rows)
    wanted = of_csv(tmp_path, rows)
    found = {name: of(name, tmp_path) for name in ("force_db", "lite", "duck")}
    for name, table in found.items():
        assert in_order(table.frame) == wanted, name
    assert len({table.sha256 for table in found.values()}) == 1


def test_the_fingerprint_knows_no_order_of_rows_and_sees_one_changed_cell(tmp_path: Path, force_db: Any) -> None:
    force_db.load(
        "t", "CREATE TABLE t (a int, b text)", "INSERT INTO t SELECT i, 'x' || i % 7 FROM generate_series(1, 50000) i"
    )
    first = of("force_db", tmp_path, "SELECT a, b FROM t ORDER BY a")
    again = of("force_db", tmp_path, "SELECT b, a FROM t ORDER BY b, a DESC")
    assert first.sha256 == again.sha256
    assert first.frame.equals(again.frame[["a", "b"]])
    with force_db.admin() as link:
        link.execute("UPDATE t SET b = 'y' WHERE a = 25000")
        moved = of("force_db", tmp_path, "SELECT a, b FROM t").sha256
        link.execute("UPDATE t SET b = 'x3' WHERE a = 25000")
        back = of("force_db", tmp_path, "SELECT a, b FROM t").sha256
        link.execute("INSERT INTO t SELECT * FROM t WHERE a = 1")
        twice = of("force_db", tmp_path, "SELECT a, b FROM t").sha256
    assert back == first.sha256
    assert len({first.sha256, moved, twice}) == 3


def test_cells_moved_between_columns_or_rows_are_other_data(tmp_path: Path, force_db: Any) -> None:
    queries = (
        "SELECT 'a' AS x, 'b' AS y",
        "SELECT 'b' AS x, 'a' AS y",
        "SELECT 'a,b' AS x, NULL AS y",
        "SELECT 'a' AS x, 'b' AS z",
        "SELECT 'a' AS x, 'null' AS y",
        "SELECT 'a' AS x, NULL AS y",
    )
    assert len({of("force_db", tmp_path, q).sha256 for q in queries}) == len(queries)


def test_a_zone_is_said_and_read_as_local_time_whatever_the_server_thinks(tmp_path: Path, force_db: Any) -> None:
    with force_db.admin() as link:
        link.execute("ALTER DATABASE crime SET timezone = 'America/New_York'")
    query = "SELECT TIMESTAMPTZ '2021-06-30T23:30:00Z' AS seen, date_trunc('day', TIMESTAMPTZ '2021-06-30T23:30:00Z') AS day"
    found = of("force_db", tmp_path, query)
    assert found.frame.to_dict("records") == [{"seen": "2021-07-01 00:30:00", "day": "2021-07-01"}]
    assert any("read as local time (Europe/London): day, seen" in n.text for n in found.log)


def test_single_precision_is_read_as_it_was_written(
    tmp_path: Path, force_db: Any, connections: Callable[..., Path]
) -> None:
    at = tmp_path / "t.duckdb"
    with duckdb.connect(str(at)) as link:
        link.execute("CREATE TABLE t AS SELECT 0.1::FLOAT AS x")
    connections(force_db=force_db.entry(), duck={"kind": "duckdb", "path": str(at)})
    assert of("duck", tmp_path).frame["x"].tolist() == ["0.1"]
    assert of("force_db", tmp_path, "SELECT 0.1::real AS x").frame["x"].tolist() == ["0.1"]


def test_only_the_columns_that_the_plan_names_leave_the_server(tmp_path: Path, force_db: Any) -> None:
    """The role may not even select the name of the victim."""
    from vru.sources.tallied import EventsOptions
    from vru.sources.tallied import read as read_events

    force_db.load(
        "t",
        "CREATE TABLE t (day date, place text, victim text)",
        "INSERT INTO t VALUES ('2021-01-05', 'North', 'A B')",
        grant=False,
    )
    with force_db.admin() as link:
        link.execute("GRANT SELECT (day, place) ON t TO vru_reader")
    options = EventsOptions.model_validate(
        {"when": "day", "area": "place", "covers": {"first": "2021-01", "last": "2021-01"}}
    )
    asked = Asked("force_db", "t", None, None)
    found = read_events(Request(None, tmp_path, 1, lambda *at: None, asked), options)
    assert list(found.frame.columns) == ["day", "place"]
