"""Compare a published result with a recomputed one, number by number, each by the path of its field."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Literal

from vru.events import DataNote
from vru.results import Estimate, EvaluationResult, EventPoint, Finding, PathPoint, Rating, Series

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_VERSIONS = "provenance.versions"
Leaf = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that came out otherwise. ``published`` or ``recomputed`` is "absent" where a side has no such field.

    relative : the difference as a share of the larger number; None where it is not two numbers.
    """

    field: str
    published: Leaf
    recomputed: Leaf
    kind: Literal["number", "text", "absent"]
    relative: float | None = None


SINCE = ("recording",)
"""Checks that run whether or not a plan lists them, and that older results cannot hold."""


def compare_results(
    published: EvaluationResult, recomputed: EvaluationResult, rel: float = 1e-9, absolute: float = 1e-12
) -> tuple[Difference, ...]:
    """Every number and text that differs; empty means reproduced.

    Numbers agree within ``rel`` of the larger, or within ``absolute`` of each other. Estimates,
    findings, ratings and series are matched by name, so their order does not matter. Moments
    inside texts are ignored; versions of software are told apart by ``compare_versions``. A check that is asked of
    every evaluation since is left out where the published result has none of it and it did not fail: a rating that it
    lowers is a difference.
    """
    then = _as_then(published, recomputed)
    return tuple(d for d in _differences(published, then, rel, absolute) if not d.field.startswith(_VERSIONS))


def _as_then(published: EvaluationResult, recomputed: EvaluationResult) -> EvaluationResult:
    known = {f.check for f in published.findings}
    kept = tuple(f for f in recomputed.findings if f.check in known or f.check not in SINCE or f.verdict == "fail")
    # Replays and other choices are no part of making a result again: their own commands make them, bound to the same digests.
    return replace(
        recomputed,
        findings=kept,
        map=recomputed.map if published.map else None,
        calibration=published.calibration,
        specifications=published.specifications,
    )


def compare_versions(published: EvaluationResult, recomputed: EvaluationResult) -> tuple[Difference, ...]:
    """Software that was another version at publication: a reason why numbers may differ, not a difference itself."""
    return tuple(d for d in _differences(published, recomputed, 0.0, 0.0) if d.field.startswith(_VERSIONS))


def _differences(a: EvaluationResult, b: EvaluationResult, rel: float, absolute: float) -> Iterator[Difference]:
    old, new = dict(_leaves(a, "")), dict(_leaves(b, ""))
    for field in [*old, *(f for f in new if f not in old)]:
        if field not in old or field not in new:
            yield Difference(field, old.get(field, "absent"), new.get(field, "absent"), "absent")
        elif found := _difference(field, old[field], new[field], rel, absolute):
            yield found


def _difference(field: str, old: Leaf, new: Leaf, rel: float, absolute: float) -> Difference | None:
    if _is_number(old) and _is_number(new):
        x, y = float(old or 0), float(new or 0)
        if math.isclose(x, y, rel_tol=rel, abs_tol=absolute):
            return None
        return Difference(field, old, new, "number", abs(x - y) / max(abs(x), abs(y)))
    if isinstance(old, str) and isinstance(new, str):
        return None if _MOMENT.sub("", old) == _MOMENT.sub("", new) else Difference(field, old, new, "text")
    if type(old) is type(new) and old == new:
        return None
    return Difference(field, old, new, "number" if _is_number(old) or _is_number(new) else "text")


def _is_number(value: Leaf) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _leaves(value: object, where: str) -> Iterator[tuple[str, Leaf]]:
    if is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from _leaves(getattr(value, f.name), f"{where}.{f.name}" if where else f.name)
    elif isinstance(value, Mapping):
        # An empty mapping and an absent one must not look alike.
        yield f"{where}.(size)", len(value)
        for key in value:
            yield from _leaves(value[key], f"{where}.{key}")
    elif isinstance(value, tuple | list):
        yield f"{where}.(size)", len(value)
        for label, item in _labelled(value):
            yield from _leaves(item, f"{where}[{label}]")
    elif value is None or isinstance(value, str | int | float | bool):
        yield where, value
    else:
        yield where, str(value)


def _labelled(items: tuple[object, ...] | list[object]) -> Iterator[tuple[str, object]]:
    seen: dict[str, int] = {}
    for at, item in enumerate(items):
        label = _label(item, at)
        seen[label] = seen.get(label, 0) + 1
        yield (label if seen[label] == 1 else f"{label}#{seen[label]}"), item


def _label(item: object, at: int) -> str:
    match item:
        case Estimate():
            return item.analysis
        case Finding():
            return f"{item.check},{item.analysis}"
        case Rating():
            return f"{item.instrument},{item.outcome}"
        case Series():
            return f"{item.outcome},{item.role}"
        case PathPoint():
            return item.period
        case EventPoint():
            return str(item.event_time)
        case DataNote():
            return f"{item.source},{at}"
    return str(at)
