"""What JSON, YAML, CSV and plain text files say."""

import csv
import io
import json
import re
from typing import Any

from vru.disclosure.content import Content, Coordinate, Table, UnreadableError

_PLACE = re.compile(r"^(lat|latitude|lon|lng|long|longitude|easting|northing|coordinates)$", re.IGNORECASE)
_MAX_LEAVES = 2_000_000
_MIN_DIGITS = 10


def read_json(name: str, text: str, content: Content) -> None:
    """Add every text, key, long whole number and place of a JSON file. Raises UnreadableError."""
    try:
        _walk(name, json.loads(text), content)
    except (ValueError, RecursionError):
        raise UnreadableError("is not JSON") from None


def read_yaml(name: str, text: str, content: Content) -> None:
    """The same for YAML. Raises UnreadableError."""
    import yaml

    try:
        _walk(name, yaml.safe_load(text), content)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UnreadableError("is not YAML") from None
    for at, line in enumerate(text.splitlines(), start=1):
        if "#" in line:
            content.say(f"{name} line {at} comment", line[line.index("#") :])


def read_csv(name: str, text: str, content: Content) -> None:
    """Add every cell and the table as a whole. Raises UnreadableError."""
    try:
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text)))
    except csv.Error:
        raise UnreadableError("is not CSV") from None
    add_table(name, rows, content)


def read_lines(name: str, text: str, content: Content) -> None:
    """Add plain text by paragraph, because names and numbers may be broken over lines."""
    at = 1
    for paragraph in re.split(r"(\n[ \t]*\n)", text):
        content.say(f"{name} line {at}", paragraph)
        at += paragraph.count("\n")


def add_table(where: str, rows: tuple[tuple[str, ...], ...], content: Content) -> None:
    """Add a table: its cells as texts, and the numbers in columns that are named as places."""
    content.tables.append(Table(where, rows))
    header = rows[0] if rows else ()
    for at, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            content.say(f"{where} row {at}", cell)
            if at > 1 and column < len(header) and _PLACE.match(header[column].strip()):
                content.coordinates.append(Coordinate(f"{where} row {at}", header[column], cell))


def _walk(name: str, root: Any, content: Content) -> None:
    stack: list[tuple[str, str, Any]] = [(name, "", root)]
    leaves = 0
    while stack:
        where, key, value = stack.pop()
        leaves += 1
        if leaves > _MAX_LEAVES:
            raise UnreadableError("holds too many values to be looked through")
        if isinstance(value, dict):
            for k in value:
                content.say(f"{where} key", str(k))
                stack.append((f"{where}.{str(k)[:40]}", str(k), value[k]))
        elif isinstance(value, list):
            _add_records(where, value, content)
            stack += [(f"{where}[{i}]", key, item) for i, item in enumerate(value)]
        else:
            _add_leaf(where, key, value, content)


def _add_leaf(where: str, key: str, value: Any, content: Content) -> None:
    if value is None or isinstance(value, bool):
        return
    # A long whole number may be somebody's number; shorter ones and decimals are results.
    measured = isinstance(value, float) or (isinstance(value, int) and len(str(abs(value))) < _MIN_DIGITS)
    if not measured:
        content.say(where, str(value))
    if _PLACE.match(key):
        content.coordinates.append(Coordinate(where, key, str(value)))


def _add_records(where: str, items: list[Any], content: Content) -> None:
    """A list of objects with the same keys is a table written otherwise."""
    if len(items) < 2 or not all(isinstance(item, dict) for item in items):
        return
    header = tuple(str(k) for k in items[0])
    if all(tuple(str(k) for k in item) == header for item in items):
        rows = [
            tuple("" if isinstance(v, dict | list) or v is None else str(v) for v in item.values()) for item in items
        ]
        content.tables.append(Table(where, (header, *rows)))
