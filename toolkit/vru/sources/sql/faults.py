"""What a database's driver complains of, in words: what it is, and what to do. Never a value, a password or an address.

PostgreSQL and SQL Server say by a code of the standard (SQLSTATE) what is wrong; SQLite and DuckDB by class and text.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

Cause = Literal[
    "unreachable", "login", "database", "tls", "table", "column", "denied", "timeout", "broke_off", "busy", "syntax",
    "value", "outside", "writes", "file", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What is told of a fault. own : the database's own words, where they can hold nothing but names and the plan's query."""

    cause: Cause
    what: str
    hint: str
    own: str = ""


_WORDS: dict[Cause, tuple[str, str]] = {
    "unreachable": ("the server cannot be reached", "is it running, are host and port right, is this network let in?"),
    "login": ("the server refused the log-in", "look at user, and at the password in the environment or keyring"),
    "database": ("there is no such database on the server", "mend database in the connections file"),
    "tls": (
        "no encrypted connection could be agreed",
        "ask for the server's certificate (tls_root), or set tls: prefer where the network is trusted",
    ),
    "table": ("there is no such table for this role", "write it with its schema: schema.table"),
    "column": ("a column is not there", "names are taken exactly as written, capitals too"),
    "denied": ("this role may not read it", "ask whoever runs the database: GRANT SELECT ON the table TO the role"),
    "timeout": ("was stopped before it ended", "raise timeout_seconds in the connections file, or ask for less"),
    "broke_off": ("the connection broke off", "nothing was kept: run it again"),
    "busy": ("is held by another program, or has no connection free", "close the other program, or try again later"),
    "syntax": ("was not understood", "mend query"),
    "value": (
        "a value cannot be read as its type",
        "as a date of infinity or a text that is no number: mend it, or leave it out in a query",
    ),
    "outside": ("reads files or addresses outside the database", "bring them in as a table first"),
    "writes": ("would write, and the connection may only read", "one SELECT is all that is run"),
    "file": ("is no database of its kind, or is damaged", "does kind in the connections file fit the file?"),
    "other": ("failed", "ask whoever runs the database"),
}
_STATES: tuple[tuple[str, Cause], ...] = (
    (r"28|08004", "login"),
    (r"3D", "database"),
    (r"42P01|3F|42S02", "table"),
    (r"42703|42S22", "column"),
    (r"42501", "denied"),
    (r"57014|HYT", "timeout"),
    (r"57P03|53|08001|IM", "busy"),
    (r"57P|08", "broke_off"),
    (r"25006", "writes"),
    (r"42|0A", "syntax"),
    (r"22|21", "value"),
)
_SHOWN: tuple[Cause, ...] = ("table", "column", "syntax")


def is_of_driver(error: BaseException) -> bool:
    """Whether a database's driver raised it, or a value that it could not turn into Python's."""
    root = type(error).__module__.split(".")[0]
    return root in ("psycopg", "sqlite3", "duckdb", "_duckdb", "pyodbc") or isinstance(
        error, (UnicodeDecodeError, OverflowError)
    )


def say(kind: str, error: BaseException, opening: bool) -> Said:
    """The fault in words. opening : whether there was no connection yet."""
    find = {"postgresql": _postgresql, "sqlserver": _sqlserver, "sqlite": _sqlite, "duckdb": _duckdb}[kind]
    cause, own = find(error, opening)
    what, hint = _WORDS[cause]
    return Said(cause, what, hint, own if cause in _SHOWN else "")


def _by_state(state: str) -> Cause:
    return next((cause for form, cause in _STATES if re.match(form, state)), "other")


def _postgresql(error: Any, opening: bool) -> tuple[Cause, str]:
    state = getattr(error, "sqlstate", None)
    if state:
        return _by_state(state), str(getattr(error.diag, "message_primary", "") or "")
    if not opening:
        lost = type(error).__name__ in ("OperationalError", "InterfaceError")
        return ("broke_off" if lost else "value"), ""
    text = str(error)
    forms: tuple[tuple[str, Cause], ...] = (
        (r"password|authentication|pg_hba|role \"", "login"),
        (r"database \"", "database"),
        (r"SSL|certificate|GSS", "tls"),
        (r"too many|starting up|shutting down", "busy"),
    )
    return next((cause for form, cause in forms if re.search(form, text)), "unreachable"), ""


def _sqlserver(error: Any, opening: bool) -> tuple[Cause, str]:
    state = str(error.args[0]) if error.args else ""
    if opening and state in ("08001", "HYT00", "01000"):
        return "unreachable", ""
    # 42000 is both a mistake in the text and a lack of rights; the server's number tells them apart.
    return ("denied" if re.search(r"\((229|230|262|297)\)", str(error)) else _by_state(state)), ""


def _sqlite(error: Any, opening: bool) -> tuple[Cause, str]:
    text = str(error)
    forms: tuple[tuple[str, Cause], ...] = (
        (r"no such table", "table"),
        (r"no such column", "column"),
        (r"interrupted", "timeout"),
        (r"locked|busy", "busy"),
        (r"readonly|read-only", "writes"),
        (r"not a database|malformed|unable to open|disk I/O", "file"),
        (r"decode|too big|overflow", "value"),
        (r"near \"|syntax|no such function|incomplete|binding|misuse|ambiguous|unrecognized|wrong number", "syntax"),
    )
    return next((cause for form, cause in forms if re.search(form, text)), "other"), text


def _duckdb(error: Any, opening: bool) -> tuple[Cause, str]:
    name, text = type(error).__name__, str(error).split("\n")[0]
    if name == "CatalogException":
        return ("table" if "Table" in text else "syntax"), text
    if name == "BinderException":
        return ("column" if "column" in text else "syntax"), text
    causes: dict[str, Cause] = {
        "ParserException": "syntax",
        "NotImplementedException": "syntax",
        "PermissionException": "outside",
        "InterruptException": "timeout",
        "ConnectionException": "busy",
        "OutOfMemoryException": "other",
    }
    if name == "IOException" and opening:
        return ("busy" if "lock" in text.lower() else "file"), ""
    if name == "InvalidInputException" and "read-only" in text:
        return "writes", ""
    return causes.get(name, "value" if name != "IOException" else "other"), text
