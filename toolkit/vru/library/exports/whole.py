"""Every published version as JSON, with its standing and its history."""

import json
from typing import Any

from vru.library.exports.export import Export, Holdings, Item


def library_json(holdings: Holdings) -> bytes:
    """All versions that were published (superseded and retracted ones say so), and what is only announced.

    The plan and the result inside each record are left out: they are in the version's own record.json.
    """
    content = {
        "made": holdings.today.isoformat(),
        "records": [entry(item) for item in holdings.readable],
        "announced": [
            p.plan.model_dump(mode="json", exclude={"kind", "reason", "text"})
            | {
                "explanations": [
                    e.model_dump(mode="json", include={"reason", "text", "actor", "at"}) for e in p.explanations
                ]
            }
            for p in holdings.planned
        ],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def entry(item: Item) -> dict[str, Any]:
    """One version."""
    events = [e.model_dump(mode="json", include={"kind", "actor", "at", "text"}) for e in item.stored.events]
    return {
        "standing": item.standing,
        "published": item.on.isoformat() if item.on else None,
        "manifest_sha256": item.stored.manifest_sha256,
        "events": events,
        "record": item.stored.record.model_dump(mode="json", exclude={"protocol", "result"}),
    }


EXPORT = Export("json", "every published version, without plan and result", ".json", library_json)
