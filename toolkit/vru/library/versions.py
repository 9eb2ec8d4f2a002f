"""Version numbers of records: which changes are major, which minor, and which is the newest."""

import math
from typing import Any

from vru.record import LearningRecord

_REL = 1e-9
MAJOR = ("outcomes", "design", "effects")
DATES = ("start", "end")
SETTING = ("unit_kind", "n_treated", "n_comparison", "first", "last")
"""Fields whose change is major, because a reader may have to think again."""


def version_key(version: str) -> tuple[int, int]:
    """ "1.10" as (1, 10), for sorting."""
    major, minor = version.split(".")
    return int(major), int(minor)


def next_version(previous: LearningRecord, new: LearningRecord) -> str | None:
    """The number that ``new`` should have; None where nothing but the numbers themselves changed.

    Major where outcomes, design, setting, dates or estimates changed (estimates beyond 1e-9,
    so that another machine's last digit is not news); minor otherwise.
    """
    if _content(previous) == _content(new):
        return None
    major, minor = version_key(previous.version)
    if not _same(_weighty(previous), _weighty(new)):
        return f"{major + 1}.0"
    return f"{major}.{minor + 1}"


def succeed(previous: LearningRecord, new: LearningRecord) -> LearningRecord:
    """``new`` as the next version of ``previous``; ``previous`` itself where nothing changed."""
    version = next_version(previous, new)
    if version is None:
        return previous
    return new.model_copy(update={"version": version, "supersedes": previous.version})


def _content(record: LearningRecord) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"version", "supersedes"})


def _weighty(record: LearningRecord) -> dict[str, Any]:
    content = _content(record)
    dates = {name: content["intervention"][name] for name in DATES}
    setting = {name: content["setting"][name] for name in SETTING}
    reported = (content["literature"] or {}).get("reported")
    return {"dates": dates, "setting": setting, "reported": reported, **{name: content[name] for name in MAJOR}}


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=_REL, abs_tol=1e-12)
    return bool(a == b)
