"""Records for the site's tests: plain ones, and one in which every text is an attack."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from vru.record import LearningRecord
from vru.site import SiteRecord

ATTACK = (
    '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">\'"><svg/onload=window.pwned=1>{{7*7}}</script>'
)
CARDS = {
    "wdd": "Weighted displacement difference.\n\n### Formula\n\n$d = (a - b)^2$\n\n| Term | Meaning |\n|---|---|\n"
    "| a | before |\n\n- counts only\n\n<script>window.pwned=1</script> [x](javascript:window.pwned=1)\n",
    "did": "Difference in differences with `area` effects. See [the paper](https://example.org/paper).\n",
}


def record_data(**changes: Any) -> dict[str, Any]:
    effect = {
        "outcome": "violence",
        "analysis": "main",
        "role": "primary",
        "method": "did",
        "estimand": "att",
        "scale": "log_rate_ratio",
        "estimate": -0.2877,
        "se": 0.1,
        "ci_low": -0.4780,
        "ci_high": -0.0943,
        "ci_level": 0.95,
        "p": 0.004,
        "events_prevented": 48.2,
        "events_prevented_low": 5.1,
        "events_prevented_high": 90.4,
        "n_treated": 12,
        "n_comparison": 14,
        "n_pre": 24,
        "n_post": 12,
    }
    data = {
        "id": "op-grip-town",
        "version": "1.0",
        "organisation": "north-vru",
        "title": "Hot spot patrols in the town centre",
        "summary": "Patrols ran for a year.\n\nViolence was lower in treated areas than expected.",
        "audience": "public",
        "licence": "OGL-UK-3.0",
        "template": "hot_spot_policing",
        "intervention": {
            "type": "hot_spot_policing",
            "name": "Op Grip",
            "items": {"why": "Visible guardianship", "procedures": "15 minute visits\nthree times a day"},
            "start": "2021-04",
            "end": "2022-03",
        },
        "setting": {
            "population": "People in 26 small areas",
            "comparator": "Similar areas without patrols",
            "unit_kind": "lsoa11",
            "n_treated": 12,
            "n_comparison": 14,
            "first": "2019-04",
            "last": "2022-03",
        },
        "design": ["quasi_experimental"],
        "outcomes": [
            {"id": "violence", "measure": "Violence recorded by the police", "direction": "decrease", "primary": True}
        ],
        "effects": [
            effect,
            {
                **effect,
                "analysis": "wdd",
                "role": "sensitivity",
                "method": "wdd",
                "scale": "count_difference",
                "estimate": -41.5,
                "ci_low": -90.0,
                "ci_high": 6.4,
                "p": None,
            },
        ],
        "ratings": [
            {
                "instrument": "Maryland SMS",
                "outcome": "violence",
                "level": 3,
                "label": "Moderate",
                "reasons": ["Comparison"],
            }
        ],
        "findings": [
            {"check": "placebo_date", "analysis": "main", "verdict": verdict, "text": f"This one says {verdict}."}
            for verdict in ("pass", "concern", "fail", "not_run")
        ],
        "preregistered": "yes",
        "protocol_digest": "sha256:" + "a" * 64,
        "data_digests": {"crimes": "sha256:" + "b" * 64},
        "toolkit_version": "0.1.0",
        "protocol": {},
        "result": {},
    }
    return {**data, **changes}


def attacked(value: Any, key: str = "") -> Any:
    """Every free text of a record replaced by an attack; identifiers, digests and choices kept."""
    fixed = {
        "id",
        "version",
        "organisation",
        "audience",
        "classification",
        "scale",
        "direction",
        "verdict",
        "preregistered",
        "protocol_digest",
        "data_digests",
        "supersedes",
    }
    if key in fixed:
        return value
    if isinstance(value, str):
        return ATTACK
    if isinstance(value, list):
        return [attacked(v) for v in value]
    if isinstance(value, dict):
        return {(ATTACK if key == "items" else k): attacked(v, k) for k, v in value.items()}
    return value


@pytest.fixture
def make_entry() -> Callable[..., SiteRecord]:
    """Factory: a site record whose files match its digests, with any field of the record changed."""

    def make(
        *,
        status: str = "published",
        on: str = "2026-11-01",
        report: bytes | None = None,
        downloads: Mapping[str, bytes] | None = None,
        digests: Mapping[str, str] | None = None,
        hostile: bool = False,
        **changes: Any,
    ) -> SiteRecord:
        data = record_data(**changes)
        if hostile:
            data = {
                **attacked(data),
                "disclaimer": ATTACK,
                "deviations": [ATTACK],
                "learning": {"mechanism": ATTACK, "lessons": ATTACK},
                "outcomes": attacked(data["outcomes"]),
            }
        files = dict(downloads or {})
        given = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        if report is not None:
            given["report.html"] = hashlib.sha256(report).hexdigest()
        return SiteRecord(
            LearningRecord.model_validate(data),
            "c" * 64,
            status,
            on,
            (),
            report,
            files,
            given if digests is None else digests,
        )

    return make


@pytest.fixture
def write() -> Callable[[Mapping[str, str | bytes], Path], Path]:
    """Function: write a built site into a folder and return the folder."""

    def to(site: Mapping[str, str | bytes], folder: Path) -> Path:
        for name, content in site.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return to
