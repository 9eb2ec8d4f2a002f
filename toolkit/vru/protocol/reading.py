"""Read a protocol and say everything that is wrong with it at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from vru.errors import Problem, ProtocolError
from vru.protocol.fields import Protocol
from vru.protocol.references import reference_problems
from vru.protocol.yaml_file import Place, YamlFile, read_yaml

FILE = "protocol.yaml"
Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Draft:
    """A protocol as read: the file, the protocol if it is sound, and every problem if not."""

    file: YamlFile
    protocol: Protocol | None
    problems: tuple[Problem, ...]


def load(folder: Path) -> Protocol:
    """The protocol of an evaluation folder. Raises ProtocolError listing every problem."""
    draft = read_draft(folder)
    if draft.protocol is None:
        raise ProtocolError(*draft.problems)
    return draft.protocol


def read_draft(folder: Path) -> Draft:
    """Read a protocol without stopping at its problems. Raises ProtocolError only where it is not YAML at all."""
    if not folder.exists():
        raise ProtocolError(Problem("there is no such folder", where=str(folder), hint="vru new NAME --template T"))
    if folder.is_file() and folder.suffix not in (".yaml", ".yml"):
        raise ProtocolError(Problem("is a file; name the evaluation's folder", where=str(folder)))
    file = read_yaml(folder / FILE if folder.is_dir() else folder)
    problems = list(reference_problems(file))
    try:
        protocol = Protocol.model_validate(file.content)
    except ValidationError as error:
        schema = [problem_of(e, file) for e in error.errors()]
        return Draft(file, None, _in_order(schema + problems))
    return Draft(file, None if problems else protocol, _in_order(problems))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """From the top of the file down, as a person mends them."""

    def line(problem: Problem) -> int:
        found = re.search(r": line (\d+)", problem.where)
        return int(found[1]) if found else 0

    return tuple(sorted(problems, key=line))


def valid_items(file: YamlFile, key: str, model: type[Item]) -> list[Item]:
    """Those entries of a list field that are sound by themselves, so that they can be checked further."""
    entries = file.content.get(key)
    found: list[Item] = []
    for entry in entries if isinstance(entries, list) else []:
        try:
            found.append(model.model_validate(entry))
        except ValidationError:
            continue
    return found


def problem_of(error: Any, file: YamlFile) -> Problem:
    """One pydantic error in an analyst's words, with the nearest known key."""
    place: Place = tuple(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    where = file.where(place)
    if place[-1:] == ("connection",):
        # What stands there may be an address with a password in it.
        hint = "no address or password belongs in a plan: your own connections file names them"
        return Problem("is not the name of a connection: small letters, digits and _", where, hint=hint)
    if kind == "extra_forbidden":
        known = known_keys(Protocol, place[:-1])
        return Problem("is not a field", where, allowed=", ".join(known), hint=nearest(str(place[-1]), known))
    if kind == "missing":
        return Problem("is required and not given", where)
    if kind == "literal_error":
        allowed = str(context.get("expected", ""))
        options = [w.strip("' ") for w in allowed.replace(" or ", ",").split(",")]
        return Problem(
            f"{error['input']!r} is not one of the choices", where, allowed, nearest(str(error["input"]), options)
        )
    if kind == "value_error":
        return Problem(f"{_shown(error['input'])}{context.get('error', error['msg'])}", where)
    if kind == "string_type" and hasattr(error["input"], "isoformat"):
        return Problem(f"{error['input']} is a full date", where, hint="write months as YYYY-MM, for example 2021-04")
    if kind == "string_pattern_mismatch":
        return Problem(f"{_shown(error['input'])}does not have the form {context['pattern']}", where)
    return Problem(f"{_shown(error['input'])}{plain_reason(kind, error['msg'])}", where)


def plain_reason(kind: str, message: str) -> str:
    """A validation message without the validator's own vocabulary."""
    known = next((words for start, words in _REASONS.items() if kind.startswith(start)), None)
    message = message.removeprefix("Value error, ")
    return known or f"{message[0].lower()}{message[1:]}".replace("input should be", "must be")


_REASONS = {
    "int_": "is not a whole number",
    "float_": "is not a number",
    "bool_": "is neither true nor false",
    "string_type": "is not text: put it in quotation marks",
    "string_too_short": "is too short to tell a reader anything",
    "list_type": "is not a list: write [first, second] or one '- item' a line",
    "dict_type": "is not a part of 'key: value' lines",
    "model_type": "is not a part of 'key: value' lines",
    "model_attributes_type": "is not a part of 'key: value' lines",
}


def known_keys(model: type[BaseModel], place: Place) -> list[str]:
    """The field names allowed at a place in the protocol."""
    for step in place:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        inner = next(_models(field.annotation), None) if field else None
        if inner is None:
            return []
        model = inner
    return sorted(model.model_fields)


def nearest(word: str, known: list[str]) -> str:
    """``did you mean 'x'?`` or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _shown(value: Any) -> str:
    return f"{value!r}: " if isinstance(value, str | int | float) and len(repr(value)) < 60 else ""
