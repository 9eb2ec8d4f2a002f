"""A table or a query of a named connection, read whole into memory and nowhere else."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from vru.errors import DataError, Problem
from vru.events import DataNote, Marks, Table
from vru.sources.source import Asked, Request
from vru.sources.sql.cells import Rows
from vru.sources.sql.connections import Entry, Server, connection_named, password_variable
from vru.sources.sql.drivers import KINDS, cursor_of, opened
from vru.sources.sql.faults import Said, is_of_driver, say
from vru.sources.sql.statement import names_in_brackets, of_table, quoted, refused
from vru.sources.tables import LOCAL

MAX_CELLS = 40_000_000
"""Some three gigabytes while they are read."""
_CHUNK = 20_000
_MOST_NAMES = 40


def read_asked(request: Request, marks: Marks, wanted: Sequence[str] | None) -> Table:
    """Every column asked for, as text. wanted : columns that the plan names, where only they are needed; None for all.

    Raises
    ------
    DataError
        The connections file, the query, the server, the role or the values do not allow it; no rows; two columns of a name.
    """
    asked = request.asked
    assert asked is not None  # the caller looked
    entry = connection_named(asked.connection, asked.away_from)
    name = f"{asked.connection}: {asked.table or 'query'}"
    statement = _statement(asked, entry, wanted, name)
    rows = _gathered(asked, entry, statement, name, request)
    if rows.odd:
        kinds = ", ".join(f"{c} ({t})" for c, t in list(rows.odd.items())[:10])
        hint = "cast them in a query: to text, or of a span to a number"
        raise DataError(Problem(f"columns hold what is no number, text, date or yes and no: {kinds}", name, hint=hint))
    if not rows.count:
        raise DataError(
            Problem("gives no rows", name, hint="is the filter too narrow, or may the role see none of them?")
        )
    frame, digest = rows.table()
    log = [DataNote("extract", f"rows read from {name}", rows.count)]
    if rows.zoned:
        text = f"{name}: instants with a time zone read as local time ({LOCAL.key}): {', '.join(sorted(rows.zoned))}"
        log.append(DataNote("extract", text))
    return Table(name, frame, digest, tuple(log), marks=marks)


def tables_of(asked: Asked) -> tuple[str, tuple[str, ...]]:
    """The kind of a connection, and the tables and views that its role may see, by name. Raises DataError."""
    entry = connection_named(asked.connection, asked.away_from)
    with _told(entry, asked.connection, lambda: 0) as at, opened(asked.connection, entry) as link:
        at.append(link)
        return entry.kind, _tables(link, entry)


def _statement(asked: Asked, entry: Entry, wanted: Sequence[str] | None, name: str) -> str:
    kind = KINDS[entry.kind]
    if asked.table is not None:
        return of_table(asked.table, wanted, kind.marks)
    query = asked.query or ""
    problem = refused(query, kind.dialect)
    if problem is not None:
        where = f"{name}: {problem.where}" if problem.where else name
        raise DataError(Problem(problem.what, where, problem.allowed, problem.hint))
    return names_in_brackets(query) if entry.kind == "sqlite" else query


def _gathered(asked: Asked, entry: Entry, statement: str, name: str, request: Request) -> Rows:
    rows = Rows((), ())
    with _told(entry, name, lambda: rows.count, asked) as at, opened(asked.connection, entry) as link:
        at.append(link)
        request.progress(f"asking {asked.connection}", 0, 1)
        with closing(cursor_of(link, entry)) as cursor:
            _fetch(cursor, statement, rows, name, request)
    request.progress(f"{rows.count:,} rows of {asked.connection}", 1, 1)
    return rows


def _fetch(cursor: Any, statement: str, rows: Rows, name: str, request: Request) -> None:
    cursor.execute(statement)
    rows.header, rows.single = _header(cursor, name)
    while some := cursor.fetchmany(_CHUNK):
        rows.add(some)
        if rows.count * len(rows.header) > MAX_CELLS:
            hint = "name only the columns that the plan reads, or fewer rows, in a query"
            raise DataError(Problem("is too large", name, f"up to {MAX_CELLS:,} cells", hint))
        request.progress(f"{rows.count:,} rows of {name}", 0, 1)


def _header(cursor: Any, name: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    header = [str(d[0]).strip() for d in cursor.description]
    hint = "give each its own name in the query: AS name"
    if twice := sorted({c for c in header if header.count(c) > 1}):
        raise DataError(Problem(f"a column name is used twice: {', '.join(twice[:5])}", name, hint=hint))
    if "" in header:
        raise DataError(Problem(f"column {header.index('') + 1} has no name", name, hint=hint))
    return tuple(header), tuple(str(d[1]) == "FLOAT" for d in cursor.description)


@contextmanager
def _told(entry: Entry, name: str, count: Callable[[], int], asked: Asked | None = None) -> Iterator[list[Any]]:
    """What the driver raises, in words; the list holds the connection once there is one."""
    links: list[Any] = []
    try:
        yield links
    except Exception as error:
        if not is_of_driver(error):
            raise
        said = say(entry.kind, error, opening=not links)
        read = f" after {count():,} rows" if count() else ""
        named = said.cause == "table" and asked is not None and asked.table is not None
        own = f": {said.own}" if said.own and not named else ""
        allowed, hint = _near(said, entry, asked)
        if said.cause == "login" and isinstance(entry, Server):
            hint = f"look at user, and at the password in {password_variable(name.split(':')[0], entry)}"
        raise DataError(Problem(f"{said.what}{read}{own}", name, allowed, hint)) from None


def _near(said: Said, entry: Entry, asked: Asked | None) -> tuple[str, str]:
    """What there is in place of a table or column that is not there; asked on a connection of its own."""
    if asked is None or asked.table is None or said.cause not in ("table", "column"):
        return "", said.hint
    try:
        with opened(asked.connection, entry) as link:
            have = _tables(link, entry) if said.cause == "table" else _columns(link, entry, asked.table)
    except Exception as error:
        if not is_of_driver(error):
            raise
        return "", said.hint
    wrong = asked.table if said.cause == "table" else re.split(r'[":]', said.own + ":")[1].strip()
    near = get_close_matches(wrong, have, n=1, cutoff=0.5) or [h for h in have if h.lower() == wrong.lower()]
    return ", ".join(have[:_MOST_NAMES]), f"did you mean {near[0]!r}?" if near else said.hint


def _tables(link: Any, entry: Entry) -> tuple[str, ...]:
    kind = KINDS[entry.kind]
    cursor = link.cursor()
    cursor.execute(kind.tables)
    return tuple(t if s == kind.schema else f"{s}.{t}" for s, t in cursor.fetchall())


def _columns(link: Any, entry: Entry, table: str) -> tuple[str, ...]:
    marks = KINDS[entry.kind].marks
    cursor = link.cursor()
    cursor.execute(f"SELECT * FROM {'.'.join(quoted(part, marks) for part in table.split('.'))} WHERE 1 = 0")
    return tuple(str(d[0]) for d in cursor.description)


def asked_on_command_line(given: str, query: str | None) -> Asked | None:
    """``force_db:schema.table`` or ``force_db:`` with a query; None where it is no such thing, as a file's path."""
    name, mark, rest = given.partition(":")
    is_name = len(name) > 1 and name[:1].isalpha() and name == name.lower() and name.replace("_", "").isalnum()
    if not mark or not is_name or Path(given).exists():
        return None
    return Asked(name, rest or None, query, None)
