"""What may be asked of a database: one SELECT, or the columns of one table."""

import logging
import re
from collections.abc import Sequence

from vru.errors import Problem

DIALECTS = ("postgres", "tsql", "sqlite", "duckdb")
ALLOWED = "one SELECT (WITH and UNION may be part of it)"
_HINT = "let whoever runs the database put it into a view, and name that as table"
_ACTING = re.compile(
    r"^(pg_(?!typeof$)|lo_|dblink|set_config|setval|nextval|query_to_xml|table_to_xml|xp_|sp_|openrowset|openquery|"
    r"opendatasource|load_extension|readfile|writefile|edit$|getenv|read_|sniff_|glob$|sqlite_|copy_)",
    re.IGNORECASE,
)
"""Functions that act, wait or read files. A net, no wall: what holds is a role that may only select."""


def refused(query: str, dialect: str | None = None) -> Problem | None:
    """Why a query is not run; None where it is a single SELECT.

    dialect : as sqlglot names it. None where the kind of database is not known yet: what would pass in one of them passes.
    """
    if dialect is None:
        found = [refused(query, d) for d in DIALECTS]
        return None if None in found else found[0]
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    log = logging.getLogger("sqlglot")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        parsed = [s for s in sqlglot.parse(query, dialect=dialect) if s is not None]
    except (SqlglotError, RecursionError) as error:
        return _unread(error)
    finally:
        log.setLevel(before)
    if len(parsed) != 1:
        return Problem(f"holds {len(parsed)} statements", allowed=ALLOWED, hint="leave out all but one")
    if not isinstance(parsed[0], exp.Query):
        return Problem("is not a SELECT", allowed=ALLOWED, hint=_HINT)
    return _acts(parsed[0])


def _acts(tree: object) -> Problem | None:
    """A part of the query that changes something, locks rows, or calls a function that does more than compute."""
    from sqlglot import exp

    assert isinstance(tree, exp.Expression)
    for node in tree.walk():
        if isinstance(node, (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Into, exp.Lock)):
            return Problem(f"holds {node.key.upper()}, which a SELECT has no need of", allowed=ALLOWED, hint=_HINT)
        if isinstance(node, exp.Command):
            return Problem("holds something other than a SELECT", allowed=ALLOWED, hint=_HINT)
        name = str(node.name) if isinstance(node, exp.Anonymous) else node.key if isinstance(node, exp.Func) else ""
        if _ACTING.match(name):
            return Problem(f"calls {name}, which does more than compute", allowed=ALLOWED, hint=_HINT)
    return None


def _unread(error: Exception) -> Problem:
    at = (getattr(error, "errors", None) or [{}])[0]
    where = f"line {at['line']}, column {at['col']}" if at.get("line") else ""
    said = re.sub(r"\s*(for|<class).*", "", str(at.get("description") or "cannot be read as SQL")).strip(" .")
    return Problem(f"cannot be understood: {said}", where, ALLOWED, f"mend it; or {_HINT}")


def of_table(table: str, columns: Sequence[str] | None, marks: tuple[str, str]) -> str:
    """SELECT of the named columns, or of all, from a table whose name may begin with its schema."""
    named = ", ".join(quoted(c, marks) for c in columns) if columns is not None else "*"
    return f"SELECT {named} FROM {'.'.join(quoted(part, marks) for part in table.split('.'))}"


def quoted(name: str, marks: tuple[str, str]) -> str:
    """A name exactly as it is written, between the marks of the database."""
    first, last = marks
    return f"{first}{name.replace(last, last * 2)}{last}"


def names_in_brackets(query: str) -> str:
    """For SQLite: names between double marks moved into brackets, as an unknown name between marks is silently text there."""
    from sqlglot.dialects.sqlite import SQLite
    from sqlglot.tokens import TokenType

    found = query
    for token in reversed(SQLite().tokenize(query)):
        inner = found[token.start + 1 : token.end]
        if token.token_type == TokenType.IDENTIFIER and found[token.start] == '"' and "]" not in inner:
            found = f"{found[: token.start]}[{inner.replace(chr(34) * 2, chr(34))}]{found[token.end + 1 :]}"
    return found
