"""Read a YAML file that a person typed: text, structure and the line of every field."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from vru.errors import Problem, ProtocolError

MAX_BYTES = 1_000_000
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file: ``content`` is a mapping; ``lines`` gives the 1-based line of each field."""

    name: str
    content: dict[str, Any]
    lines: dict[Place, int]

    def where(self, place: Place) -> str:
        """``file: line 12: units.treated.3``, as near as the file allows."""
        near = place
        while near and near not in self.lines:
            near = near[:-1]
        line = f": line {self.lines[near]}" if near in self.lines else ""
        return f"{self.name}{line}: {'.'.join(map(str, place))}" if place else f"{self.name}{line}"


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML mapping. Raises ProtocolError: absent, too large, wrong encoding, not YAML, repeated keys."""
    text = _text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ProtocolError(_syntax_problem(path.name, error)) from None
    except RecursionError:
        raise ProtocolError(Problem("is nested too deeply", where=path.name)) from None
    if not isinstance(root, yaml.MappingNode):
        raise ProtocolError(Problem("is empty or not a list of 'key: value' lines", where=path.name))
    lines: dict[Place, int] = {}
    problems: list[Problem] = []
    _walk(root, (), lines, problems, path.name, seen=set())
    if problems:
        raise ProtocolError(*problems)
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        what = "holds a date that does not exist" if isinstance(error, ValueError) else "cannot be read"
        raise ProtocolError(Problem(f"{what}: {error}", where=path.name)) from None
    return YamlFile(path.name, _dates_as_text(content), lines)


def _dates_as_text(value: Any) -> Any:
    """YAML turns 2021-06-01 into a date, and the key ``on`` of a deviation into a truth value; the plan keeps what was typed."""
    if isinstance(value, dict):
        return {
            {True: "on", False: "off"}.get(k, k) if isinstance(k, bool) else k: _dates_as_text(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_dates_as_text(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ProtocolError(
            Problem("there is no such file", where=str(path), hint="vru new NAME --template T makes one")
        ) from None
    except OSError as error:
        raise ProtocolError(Problem(f"cannot be opened: {error.strerror}", where=str(path))) from None
    if len(raw) > MAX_BYTES:
        raise ProtocolError(Problem(f"is larger than {MAX_BYTES:,} bytes", where=path.name))
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ProtocolError(
            Problem("is not UTF-8 text", where=f"{path.name}: line {line}", hint="save it again as UTF-8")
        ) from None


def _syntax_problem(name: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or error}".strip()
    known = next((entry for entry in _SYNTAX if entry[0] in said), ("", said, _ALIGN, False))
    _, plain, hint, opened = known
    # What is never closed is noticed at the end of the file; where it was opened is what has to be mended.
    mark = getattr(error, "context_mark", None) or mark if opened else mark
    where = f"{name}: line {mark.line + 1}, column {mark.column + 1}" if mark else name
    return Problem(f"is not valid YAML: {plain}", where=where, hint=hint)


_ALIGN = "line up keys of one part under each other, and check the colons just above this line"
_QUOTE = 'put the whole text in quotation marks, for example title: "Op Grip: phase one"'
_SYNTAX: tuple[tuple[str, str, str, bool], ...] = (
    (
        "mapping values are not allowed",
        "there is a second colon on this line, or it is indented too far",
        _QUOTE,
        False,
    ),
    ("scanning a quoted scalar", "a quotation mark is opened and never closed", "close it, or leave both out", True),
    ("'\\t' that cannot start", "a tab stands where spaces should", "use spaces, not tabs", False),
    ("that cannot start any token", "a text starts with a sign that means something else in YAML", _QUOTE, False),
    (
        "parsing a flow sequence",
        "a list that starts with [ is not closed, or lacks a comma",
        "write [first, second]",
        True,
    ),
    (
        "parsing a flow mapping",
        "a part that starts with { is not closed, or lacks a comma",
        "write {first: 1, last: 2}",
        True,
    ),
    ("could not find expected ':'", "this line has no colon after its key", "write key: value", True),
    ("parsing a block mapping", "this line does not line up with those it belongs to", _ALIGN, False),
    ("parsing a block collection", "this line does not line up with the list it belongs to", _ALIGN, False),
    ("special characters are not allowed", "the file holds characters that are no text", "type them anew", False),
)
"""Words of the parser's complaint, then the same in an analyst's words, what to do, and whether the opening is shown."""


def _walk(
    node: yaml.Node, place: Place, lines: dict[Place, int], problems: list[Problem], name: str, seen: set[int]
) -> None:
    lines[place] = node.start_mark.line + 1
    # An alias is the same node met twice; refusing them all is what stops a "billion laughs" file.
    if id(node) in seen:
        problems.append(
            Problem("anchors and aliases (&, *) are not used in protocols", where=f"{name}: line {lines[place]}")
        )
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            _walk(item, (*place, i), lines, problems, name, seen)
    elif isinstance(node, yaml.MappingNode):
        met: dict[str, int] = {}
        for key, value in node.value:
            label, line = str(key.value), key.start_mark.line + 1
            if label in met:
                what = f"the key {label!r} is given twice (first on line {met[label]})"
                problems.append(Problem(what, where=f"{name}: line {line}"))
            met[label] = line
            _walk(value, (*place, label), lines, problems, name, seen)
            lines[(*place, label)] = line
