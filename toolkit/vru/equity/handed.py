"""What a study hands over: every number as JSON, the same bytes for the same study."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from vru.equity.figured import Line, Step, Study

INTERNAL = (
    "INTERNAL until somebody else has assured it: small counts are hidden by the profile, but nobody has yet looked at what "
    "these tables give away together with others."
)
NUMBERS = "disproportionality.json"


def numbers(study: Study) -> dict[str, Any]:
    """All that was figured, as JSON-safe values; None where hidden or not to be had."""
    asked = {k: _plain(v) for k, v in asdict(study.asked).items()}
    return {
        "note": INTERNAL,
        "asked": asked,
        "data": study.sha256,
        "rows": study.rows,
        "not_recorded": {"rows": study.missing, "share": None if study.missing is None else study.missing / study.rows}
        | {f"by_{what}": [asdict(a) for a in found] for what, found in study.absent.items()},
        "months": list(study.months),
        "months_without_data": list(study.gone),
        "denominators": {name: dict(sizes) for name, sizes in study.sizes.items()},
        "steps": [_step(s) for s in study.steps],
        "agreement": None if study.agreed is None else asdict(study.agreed),
        "trend": None if study.trend is None else asdict(study.trend),
        "stages_that_cannot_be_told": dict(study.left),
        "notes": [{"text": n.text, "count": n.count} for n in study.notes],
    }


def _plain(value: Any) -> Any:
    """A path is its name alone: where a file lies is nobody's business."""
    if isinstance(value, Path):
        return value.name
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _step(step: Step) -> dict[str, Any]:
    return {
        "stage": step.stage, "against": step.against, "ethnicity": step.ethnicity,
        "rate_is": ("per 1,000 a year" if step.against == "residents" else "per one counted there") if step.per_head else "share",
        "not_recorded": step.unknown, "groups": [_line(x) for x in step.lines],
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    return asdict(line)
