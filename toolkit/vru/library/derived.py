"""What of a record is the result's to say: made from it when drafted, and again whenever a record is read."""

from collections.abc import Mapping
from typing import Any

from vru.record import LearningRecord

_LINE, _BODY = 300, 6000
_SAME = ("outcome", "analysis", "role", "method", "scale", "se", "p", "n_treated", "n_comparison", "n_pre", "n_post")
_RENAMED = {"estimate": "value", "ci_low": "low", "ci_high": "high", "ci_level": "level"}


def derived(result: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record that its result decides. result : as JSON. Raises KeyError or TypeError if it is none."""
    return {
        # A record speaks of offences only; sums by harm stay in its result.
        "effects": [_effect(e) for e in result["estimates"] if e.get("unit", "offences") == "offences"],
        "ratings": [_rating(r) for r in result["ratings"]],
        "findings": [
            {"check": f["check"], "analysis": f["analysis"], "verdict": f["verdict"], "text": body(f["text"])}
            for f in result["findings"]
        ],
        "preregistered": result["preregistered"],
        "protocol_digest": result["protocol_digest"],
        "data_digests": dict(result["provenance"]["data"]),
    }


def untied(record: LearningRecord) -> tuple[str, ...]:
    """Fields in which a record says other than the result inside it; none for a literature record, which has no result."""
    if record.literature:
        return ()
    try:
        made = derived(record.result or {})
    except (KeyError, TypeError, AttributeError, ValueError):
        return ("result",)
    said = record.model_dump(mode="json", include=set(made))
    return tuple(name for name, value in made.items() if not _says(said[name], value))


def line(text: str) -> str:
    """Text on one line, as long as a record takes it."""
    return _clipped(" ".join(text.split()), _LINE)


def body(text: str) -> str:
    """Text of several lines, as long as a record takes it."""
    return _clipped(text.strip(), _BODY)


def _effect(e: Mapping[str, Any]) -> dict[str, Any]:
    prevented = e["events_prevented"] or {"value": None, "low": None, "high": None}
    return {
        **{name: e[name] for name in _SAME},
        **{name: e[own] for name, own in _RENAMED.items()},
        "estimand": line(e["estimand"]),
        "events_prevented": prevented["value"],
        "events_prevented_low": prevented["low"],
        "events_prevented_high": prevented["high"],
    }


def _rating(r: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "instrument": line(r["instrument"]),
        "outcome": r["outcome"],
        "level": r["level"],
        "label": line(r["label"]),
        "reasons": [body(reason) for reason in r["reasons"]],
    }


def _says(said: Any, made: Any) -> bool:
    """True if a list of rows holds the made ones and no others, or a value is the made one."""
    if isinstance(made, list):
        return len(said) == len(made) and all(m.items() <= s.items() for s, m in zip(said, made, strict=True))
    return bool(said == made)


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
