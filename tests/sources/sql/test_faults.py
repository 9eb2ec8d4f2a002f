"""Everything that can be wrong with a database, typed as a user types it: exit 2, plain words, and never the password."""

import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from vru.cli import main

Connections = Callable[..., Path]
PASSWORD = "s3cret/p@ss:w0rd"


def said(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    """What a refused command prints; exit 2, no traceback, and no password anywhere."""
    assert main([*typed]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert PASSWORD not in printed.err
    return printed.err


@pytest.fixture
def table(force_db: Any) -> Any:
    force_db.load(
        "t", "CREATE TABLE t (day date, place text, n int)", "INSERT INTO t VALUES ('2021-01-05', 'North', 3)"
    )
    force_db.load("secret", "CREATE TABLE secret (a int)", grant=False)
    return force_db


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"port": 1}, "the server cannot be reached"),
        ({"host": "no-such-host.invalid"}, "the server cannot be reached"),
        ({"database": "crimes"}, "there is no such database"),
        ({"user": "nobody_here"}, "the server refused the log-in"),
        ({"tls": "require"}, "no encrypted connection could be agreed"),
    ],
)
def test_a_server_that_does_not_answer_as_hoped(
    table: Any, connections: Connections, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], says: str
) -> None:
    connections(force_db=table.entry(**changed))
    told = said(capsys, "look", "force_db:t")
    assert f"force_db: t: {says}" in told
    assert "hint:" in told


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_or_no_password(
    table: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("VRU_PASSWORD_FORCE_DB", password)
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    told = said(capsys, "look", "force_db:t")
    assert "the server refused the log-in" in told
    assert "at the password in VRU_PASSWORD_FORCE_DB" in told
    assert "wrong" not in told


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["force_db:tt"], ("there is no such table", "did you mean 't'?")),
        (["force_db"], ("of a database: force_db:TABLE",)),
        (["force_db:nowhere.t"], ("there is no such table",)),
        (["force_db:secret"], ("this role may not read it", "GRANT SELECT")),
        (["force_dbb:t"], ("there is no connection 'force_dbb'", "did you mean 'force_db'?")),
        (["force_db:", "--query", "SELECT plaec FROM t"], ("a column is not there", 'column "plaec" does not exist')),
        (["force_db:", "--query", "SELECT * FROM t WHERE n > 9"], ("gives no rows",)),
        (["force_db:", "--query", "SELECT place, day AS place FROM t"], ("a column name is used twice: place",)),
        (["force_db:", "--query", "SELECT n + 1, n + 2 FROM t"], ("used twice: ?column?", "AS name")),
        (["force_db:", "--query", "SELECT array[n] AS l, '\\x00'::bytea AS b FROM t"], ("l (list), b (bytes)", "cast them")),
        (["force_db:", "--query", "SELECT 'infinity'::timestamp AS x"], ("a value cannot be read as its type",)),
        (["force_db:", "--query", "SELECT place::int AS x FROM t"], ("a value cannot be read as its type",)),
        (["force_db:", "--query", "SELECT nosuch(1) AS x"], ("was not understood",)),
        (["force_db:", "--query", "SELEC place FROM t"], ("cannot be understood",)),
        (["force_db:", "--query", "SELECT 1 AS a; SELECT 2 AS a"], ("holds 2 statements",)),
        (["force_db:", "--query", "DELETE FROM t"], ("is not a SELECT",)),
        (["force_db:", "--query", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x"], ("holds DELETE",)),
        (["force_db:", "--query", "SELECT * INTO u FROM t"], ("holds INTO",)),
        (["force_db:", "--query", "SELECT * FROM t FOR UPDATE"], ("holds LOCK",)),
        (["force_db:", "--query", "SELECT pg_read_file('x') AS x"], ("calls pg_read_file",)),
        (["force_db:t", "--query", "SELECT 1 AS a"], ("names a table and gives a query",)),
        (["force_db:t", "--sheet", "S"], ("sheet belongs to files",)),
    ],
)  # fmt: skip
def test_what_is_typed_and_what_is_said(
    table: Any, capsys: pytest.CaptureFixture[str], typed: list[str], says: tuple[str, ...]
) -> None:
    told = said(capsys, "look", *typed)
    for words in says:
        assert words in told
    assert "North" not in told


def test_what_writes_past_every_check_meets_a_read_only_transaction(
    table: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function of the database that writes, called by a role that might: the connection itself refuses."""
    with table.admin() as link:
        link.execute("CREATE OR REPLACE FUNCTION harmless() RETURNS int LANGUAGE sql AS 'DELETE FROM t RETURNING 1'")
        link.execute("GRANT ALL ON t TO vru_reader")
    assert "may only read" in said(capsys, "look", "force_db:", "--query", "SELECT harmless() AS x")
    with table.admin() as link:
        assert link.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_a_question_that_takes_too_long_is_stopped(
    table: Any, connections: Connections, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lite, duck = tmp_path / "a.sqlite", tmp_path / "a.duckdb"
    sqlite3.connect(lite).close()
    duckdb.connect(str(duck)).close()
    connections(
        force_db=table.entry(timeout_seconds=1),
        lite={"kind": "sqlite", "path": str(lite), "timeout_seconds": 1},
        duck={"kind": "duckdb", "path": str(duck), "timeout_seconds": 1},
    )
    endless = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) AS top FROM r"
    crossed = "SELECT max(a.range * b.range) AS top FROM range(1000000) a, range(1000000) b"
    for name, query in (("force_db", endless), ("lite", endless), ("duck", crossed)):
        told = said(capsys, "look", f"{name}:", "--query", query)
        assert "was stopped before it ended" in told, name
        assert "timeout_seconds" in told


def test_a_connection_that_breaks_midway_keeps_nothing(table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    table.load("long", "CREATE TABLE long AS SELECT i AS a, repeat('x', 200) AS b FROM generate_series(1, 200000) i")
    killed = []

    def kill() -> None:
        with table.admin() as link:
            while not killed:
                found = link.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vru-toolkit' "
                    "AND query LIKE 'FETCH%'"
                ).fetchall()
                killed.extend(found)
                time.sleep(0.002)

    watcher = threading.Thread(target=kill, daemon=True)
    watcher.start()
    told = said(capsys, "look", "force_db:long")
    watcher.join(10)
    assert killed
    assert "the connection broke off" in told
    assert "nothing was kept: run it again" in told


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("force_db: {kind: postgresql, host: h, database: d, password: hunter2}", "no password or address with one"),
        ("force_db: {kind: postgresql, url: 'postgresql://u:hunter2@h/d'}", "no password or address with one"),
        ("force_db: {kind: postgresql, host: 'u:hunter2@h', database: d}", "not of the form that is wanted"),
        ("force_db: {kind: postgresql, host: h, database: 'x://u:hunter2@h/d'}", "not of the form that is wanted"),
        ("force_db: {kind: postgresql, host: h, database: d, port: hunter2}", "not of the form that is wanted"),
        ("force_db: {kind: oracle, host: hunter2}", "postgresql, sqlite, duckdb, sqlserver"),
        ("force_db: {kind: postgresql, host: h}", "database: is required and not given"),
        ("force_db: {kind: sqlite, path: half/hunter2.sqlite}", "half a path"),
        ("force_db: hunter2", "not of the form that is wanted"),
        ("force_db: {kind: postgresql, host: 'hunter2", "line 1"),
        ("other: {kind: sqlite, path: /x}", "there is no connection 'force_db'"),
        ("- hunter2", "names no connection"),
        ("", "names no connection"),
    ],
)
def test_a_connections_file_is_named_and_never_quoted(
    connections: Connections, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    connections().write_text(content, encoding="utf-8")
    told = said(capsys, "look", "force_db:t")
    assert says in told
    assert "hunter2" not in told


def test_no_connections_file_says_where_it_should_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VRU_CONNECTIONS", str(tmp_path / "none.yaml"))
    told = said(capsys, "look", "force_db:t")
    assert "there is no file of connections" in told
    assert "VRU_CONNECTIONS" in told
    monkeypatch.setenv("VRU_CONNECTIONS", "connections.yaml")
    assert "is not a whole path" in said(capsys, "look", "force_db:t")


def test_without_the_variable_the_file_is_the_users_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VRU_CONNECTIONS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    at = tmp_path / "vru" / "connections.yaml"
    at.parent.mkdir()
    made = tmp_path / "a.sqlite"
    link = sqlite3.connect(made)
    link.execute("CREATE TABLE t AS SELECT '007' AS ref")
    link.commit()
    link.close()
    at.write_text(f"mine: {{kind: sqlite, path: '{made}'}}\n", encoding="utf-8")
    if sys.platform == "linux":
        assert main(["look", "mine:"]) == 0
        assert "vru look mine:t" in capsys.readouterr().out


def test_files_that_are_no_database_or_are_held(
    tmp_path: Path, connections: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    text, duck = tmp_path / "a.db", tmp_path / "b.duckdb"
    text.write_text("no database at all, " * 100, encoding="utf-8")
    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    connections(
        lite={"kind": "sqlite", "path": str(text)},
        duck={"kind": "duckdb", "path": str(text)},
        held={"kind": "duckdb", "path": str(duck)},
        gone={"kind": "sqlite", "path": str(tmp_path / "gone.sqlite")},
    )
    assert "is no database of its kind" in said(capsys, "look", "lite:t")
    assert "is no database of its kind" in said(capsys, "look", "duck:t")
    assert "gone.sqlite: is not there" in said(capsys, "look", "gone:t")
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(duck)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        told = said(capsys, "look", "held:t")
        other.communicate(b"\n")
    assert "is held by another program" in told


def test_sqlite_takes_no_unknown_name_for_a_text(
    tmp_path: Path, connections: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    at = tmp_path / "a.sqlite"
    link = sqlite3.connect(at)
    link.execute('CREATE TABLE t AS SELECT \'x"y"\' AS "the place"')
    link.commit()
    link.close()
    connections(lite={"kind": "sqlite", "path": str(at)})
    assert "a column is not there" in said(capsys, "look", "lite:", "--query", 'SELECT "the plaec" FROM t')
    assert main(["look", "lite:", "--query", 'SELECT "the place" FROM t WHERE "the place" = \'x"y"\'']) == 0
    assert "1 rows, 1 columns" in capsys.readouterr().out


def test_a_query_reads_no_file_beside_its_database(
    tmp_path: Path, connections: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    at = tmp_path / "a.duckdb"
    with duckdb.connect(str(at)) as link:
        (tmp_path / "b.csv").write_text("a\n1\n", encoding="utf-8")
        link.execute(f"CREATE VIEW v AS SELECT * FROM '{tmp_path / 'b.csv'}'")
    connections(duck={"kind": "duckdb", "path": str(at)})
    beside = f"SELECT * FROM '{tmp_path / 'b.csv'}'"
    assert re.search("outside the database|cannot be understood", said(capsys, "look", "duck:", "--query", beside))
    assert "reads files or addresses outside the database" in said(capsys, "look", "duck:v")


def test_the_keyring_is_asked_second_and_only_where_the_entry_says_so(
    table: Any, connections: Connections, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.errors import NoKeyringError

    class Held(KeyringBackend):  # type: ignore[misc]
        priority = 1.0
        found: str | None = PASSWORD

        def get_password(self, service: str, username: str) -> str | None:
            if self.found == "broken":
                raise NoKeyringError("no desktop")
            return self.found if (service, username) == ("vru-toolkit", "force_db") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before, held = keyring.get_keyring(), Held()
    keyring.set_keyring(held)
    try:
        monkeypatch.setenv("VRU_PASSWORD_FORCE_DB", "wrong")
        connections(force_db=table.entry(keyring=True))
        assert "refused the log-in" in said(capsys, "look", "force_db:t")
        monkeypatch.delenv("VRU_PASSWORD_FORCE_DB")
        assert main(["look", "force_db:t"]) == 0
        capsys.readouterr()
        held.found = None
        assert "the keyring holds no password for it" in said(capsys, "look", "force_db:t")
        held.found = "broken"
        assert "the keyring cannot be opened here" in said(capsys, "look", "force_db:t")
    finally:
        keyring.set_keyring(before)


def test_debug_shows_where_and_no_password(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import traceback

    from vru.errors import DataError

    monkeypatch.setenv("VRU_PASSWORD_FORCE_DB", "hunter2")
    with pytest.raises(DataError) as caught:
        main(["--debug", "look", "force_db:t"])
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False).format())
    assert "hunter2" not in shown
    assert "psycopg.OperationalError" not in shown
