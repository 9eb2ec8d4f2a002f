"""One way to open each kind of database, read only; all four speak Python's database interface (PEP 249)."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from vru.errors import DataError, Problem
from vru.sources.sql.connections import Entry, File, Server, password_of
from vru.sources.tables import LOCAL

CONNECT_SECONDS = 15
_SILENT_MS = 60_000
"""How long a server may leave sent bytes unanswered before the connection counts as lost."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of database.

    dialect : as sqlglot names it. marks : round a name. schema : the one that needs no naming. tables : SQL for the tables
    and views that the role may see, as schema and name.
    """

    dialect: str
    marks: tuple[str, str]
    schema: str
    tables: str
    open: Callable[[Any, SecretStr | None], Any]


@contextmanager
def opened(name: str, entry: Entry) -> Iterator[Any]:
    """A connection that cannot write, closed afterwards without anything committed. Raises what its driver raises."""
    password = password_of(name, entry) if isinstance(entry, Server) else None
    link = KINDS[entry.kind].open(entry, password)
    limit = threading.Timer(entry.timeout_seconds, link.interrupt) if isinstance(entry, File) else None
    try:
        if limit is not None:
            limit.daemon = True
            limit.start()
        yield link
    finally:
        if limit is not None:
            limit.cancel()
        link.close()


def cursor_of(link: Any, entry: Entry) -> Any:
    """A cursor for a long result: of PostgreSQL one that stays on the server and hands out rows as they are asked for."""
    if entry.kind == "duckdb":
        # Its cursors are connections of their own, which an interruption of this one would not reach.
        return link
    return link.cursor(name="vru") if entry.kind == "postgresql" else link.cursor()


def _postgresql(entry: Server, password: SecretStr | None) -> Any:
    try:
        import psycopg
    except ImportError:
        raise _not_installed("psycopg", "pip install 'vru-toolkit[sql]'") from None
    link = psycopg.connect(
        host=entry.host,
        port=entry.port or 5432,
        dbname=entry.database,
        user=entry.user,
        password=password.get_secret_value() if password is not None else None,
        sslmode=entry.tls or ("prefer" if entry.is_local else "require"),
        sslrootcert=entry.tls_root,
        connect_timeout=CONNECT_SECONDS,
        client_encoding="UTF8",
        application_name="vru-toolkit",
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        tcp_user_timeout=_SILENT_MS,
    )
    link.read_only = True
    # For this transaction alone, so that it holds behind a pooler too.
    link.execute(f"SET LOCAL statement_timeout = {1000 * entry.timeout_seconds}")
    link.execute(f"SET LOCAL timezone = '{LOCAL.key}'")
    return link


def _sqlserver(entry: Server, password: SecretStr | None) -> Any:
    try:
        import pyodbc
    except ImportError:
        raise _not_installed("pyodbc", "pip install pyodbc, and Microsoft's ODBC driver for SQL Server") from None
    drivers = [d for d in pyodbc.drivers() if "SQL Server" in d]
    if not drivers:
        raise _not_installed("the ODBC driver for SQL Server", "install Microsoft's ODBC driver 18 for SQL Server")
    tls = entry.tls or ("prefer" if entry.is_local else "require")
    parts: dict[str, str] = {
        "Driver": sorted(drivers)[-1],
        "Server": f"{entry.host},{entry.port or 1433}",
        "Database": entry.database,
        "ApplicationIntent": "ReadOnly",
        "Encrypt": "yes" if tls in ("require", "verify-ca", "verify-full") else "no",
        "TrustServerCertificate": "no" if tls in ("verify-ca", "verify-full") else "yes",
    }
    known = entry.user is not None and password is not None
    parts |= {"UID": entry.user or "", "PWD": password.get_secret_value()} if known and password else {}
    parts |= {} if known else {"Trusted_Connection": "yes"}
    text = ";".join(f"{k}={{{v.replace('}', '}}')}}}" for k, v in parts.items())
    link = pyodbc.connect(text, autocommit=False, timeout=CONNECT_SECONDS)
    link.timeout = entry.timeout_seconds
    return link


def _sqlite(entry: File, password: SecretStr | None) -> Any:
    import sqlite3

    at = _file(entry)
    return sqlite3.connect(f"{at.as_uri()}?mode=ro", uri=True, timeout=CONNECT_SECONDS, check_same_thread=False)


def _duckdb(entry: File, password: SecretStr | None) -> Any:
    import duckdb

    # A query of a plan may come from somebody else: it reads this file and no other, and nothing from the network.
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
    }
    link = duckdb.connect(str(_file(entry)), read_only=True, config=config)
    link.execute(f"SET TimeZone = '{LOCAL.key}'")
    link.execute("SET lock_configuration = true")
    return link


def _file(entry: File) -> Path:
    at = Path(entry.path).expanduser()
    if not at.is_absolute():
        raise DataError(Problem("names its file by half a path", "connections", hint="write it from the root"))
    if not at.is_file():
        raise DataError(
            Problem("is not there", at.name, f"a {entry.kind} file", "mend its path in the connections file")
        )
    return at.resolve()


def _not_installed(what: str, hint: str) -> DataError:
    return DataError(Problem(f"{what} is not installed", "connections", hint=hint))


_SCHEMATA = (
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'sys') ORDER BY 1, 2"
)
KINDS: Mapping[str, Kind] = {
    "postgresql": Kind("postgres", ('"', '"'), "public", _SCHEMATA, _postgresql),
    "sqlserver": Kind("tsql", ("[", "]"), "dbo", _SCHEMATA, _sqlserver),
    "sqlite": Kind(
        "sqlite",
        ("[", "]"),
        "main",
        "SELECT 'main', name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 2",
        _sqlite,
    ),
    "duckdb": Kind("duckdb", ('"', '"'), "main", _SCHEMATA, _duckdb),
}
