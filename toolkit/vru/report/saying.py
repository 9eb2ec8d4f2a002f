"""Blocks of a report in the plan's own terms: admissions by week, where they are written for offences by month."""

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from vru.protocol import Protocol
from vru.report.document import Block, Figure
from vru.words.terms import Terms


def said(blocks: tuple[Block, ...], terms: Terms, own: Collection[str]) -> tuple[Block, ...]:
    """The same blocks; figures, which said their words when drawn, and texts that the plan's authors wrote stay."""
    return tuple(b if isinstance(b, Figure) else _said(b, terms, own) for b in blocks)


def _said(value: Any, terms: Terms, own: Collection[str]) -> Any:
    if isinstance(value, str):
        return value if value in own else terms.say(value)
    if isinstance(value, tuple):
        return tuple(_said(v, terms, own) for v in value)
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{f.name: _said(getattr(value, f.name), terms, own) for f in fields(value) if f.init})
    return value


def texts_of(protocol: Protocol) -> frozenset[str]:
    """Every text of a plan."""
    return frozenset(_texts(protocol.model_dump(mode="json")))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [t for part in parts for t in _texts(part)]
