"""Entries for the national Evaluation Registry: our fields under its names, and what a person must still add.

Source: models.py and design_types.csv of github i-dot-ai/evaluation-registry, snapshot of January 2024. The live
service may ask for other fields.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from vru.library.exports.export import Export, Holdings, Item, page
from vru.library.planned import Entry, Planned
from vru.library.vocabulary import DESIGNS

TO_ADD = ("lead department", "policies", "grant number", "major project number", "plan link", "permission to share")
"""What the registry asks for and no record holds."""

ROOT = "impact"
"""The widest code; the vocabulary names it as a parent only."""

MAPPING: Mapping[str, str] = {
    "title": "title",
    "brief_description": "summary",
    "status": "complete once published; ongoing from the intervention's first month; planned before",
    "visibility": "public where the audience is public, otherwise draft",
    "departments": "organisation, not as lead department",
    "evaluation_design_types": "design, with its parents",
    "event_dates": "intervention.start and end, months studied, date of publication",
    "cost": "learning.cost, as text",
    "is_final_report_published": "whether a version is published",
    "link_to_published_evaluation": "the page of the version, if the site's address is given",
    "reasons_unpublished": "reasons in plans/",
    "reasons_unpublished_details": "their texts",
}
"""Registry field -> what it is filled from."""


def registry_json(holdings: Holdings) -> bytes:
    """One entry per published record, and one per announced evaluation that is not reported."""
    entries = [_reported(item, holdings.base) for item in holdings.current]
    entries += [_announced(p, holdings.today) for p in holdings.planned]
    content = {"mapping": dict(MAPPING), "to_add_by_hand": list(TO_ADD), "entries": entries}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def with_parents(codes: list[str]) -> list[str]:
    """Design codes with the codes above them, widest first, as the registry's form ticks them."""
    found: list[str] = []
    for code in codes:
        line = []
        while code in DESIGNS or code == ROOT:
            line.append(code)
            code = DESIGNS[code][0] if code in DESIGNS else ""
        found += reversed(line)
    return list(dict.fromkeys(found))


def _reported(item: Item, base: str) -> dict[str, Any]:
    record = item.stored.record
    dates = [
        _month("intervention_start", "actual", record.intervention.start),
        _month("intervention_end", "actual", record.intervention.end),
        _month("other", "actual", record.setting.first, "First month studied"),
        _month("other", "actual", record.setting.last, "Last month studied"),
        _month("pub_final", "actual", item.on.date().isoformat() if item.on else None),
    ]
    return _entry(
        f"{item.name}@v{record.version}",
        {
            "title": record.title,
            "brief_description": record.summary,
            "status": "complete",
            "visibility": "public" if record.audience == "public" else "draft",
            "departments": [record.organisation],
            "evaluation_design_types": with_parents(record.design),
            "event_dates": [d for d in dates if d],
            "cost": record.learning.cost,
            "is_final_report_published": True,
            "link_to_published_evaluation": page(item, base) if base else None,
        },
    )


def _announced(planned: Planned, today: date) -> dict[str, Any]:
    plan: Entry = planned.plan
    dates = [
        _month("intervention_start", "intended", plan.start),
        _month("other", "intended", plan.last, "Last month studied"),
        _month("pub_final", "intended", planned.due_by.isoformat()),
    ]
    return _entry(
        f"{planned.organisation}/{planned.record}",
        {
            "title": plan.title,
            "brief_description": plan.disclaimer or plan.intervention,
            "status": "ongoing" if (plan.start or "") <= f"{today:%Y-%m}" else "planned",
            "visibility": "public" if plan.audience == "public" else "draft",
            "departments": [planned.organisation],
            "evaluation_design_types": with_parents(plan.design),
            "event_dates": [d for d in dates if d],
            "is_final_report_published": False,
            "reasons_unpublished": list(dict.fromkeys(str(e.reason) for e in planned.explanations)),
            "reasons_unpublished_details": "; ".join(e.text for e in planned.explanations if e.text) or None,
        },
    )


def _entry(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """Every field of the registry, None where nobody said."""
    empty: dict[str, Any] = {field: None for field in MAPPING} | {"reasons_unpublished": [], "event_dates": []}
    return {"record": name, **empty, **known}


def _month(category: str, status: str, when: str | None, other: str = "") -> dict[str, Any] | None:
    """An event date as the registry takes it: month and year. None for a text that is not a month."""
    parts = (when or "").split("-")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal() and 1 <= int(parts[1]) <= 12):
        return None
    entry = {"category": category, "status": status, "year": int(parts[0]), "month": int(parts[1])}
    return entry | ({"other_description": other} if other else {})


EXPORT = Export("registry", "entries for the national Evaluation Registry", ".json", registry_json)
