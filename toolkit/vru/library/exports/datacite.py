"""DataCite metadata of every published version, ready for whoever mints the identifiers; none is minted here.

Source: DataCite Metadata Schema 4.5 (mandatory properties, controlled lists); JSON layout of github inveniosoftware/datacite.
"""

import json
from typing import Any

from vru.library.crate import licence_url
from vru.library.exports.export import Export, Holdings, Item, page

SCHEMA = "http://datacite.org/schema/kernel-4"


def datacite_json(holdings: Holdings) -> bytes:
    """A JSON list, one entry per published version; superseded versions keep theirs, retracted ones say so."""
    entries = [metadata(item, holdings.base) for item in holdings.readable if item.on is not None]
    return (json.dumps(entries, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def metadata(item: Item, base: str = "") -> dict[str, Any]:
    """One version. The organisation is creator and publisher: records belong to organisations, not people."""
    record = item.stored.record
    assert item.on is not None  # only published versions come here
    titles = [{"title": record.title, "lang": "en"}]
    if item.standing == "retracted":
        titles[0]["title"] = f"Retracted: {record.title}"
    entry: dict[str, Any] = {
        "types": {"resourceTypeGeneral": "Report", "resourceType": "Evaluation record"},
        "creators": [{"name": record.organisation, "nameType": "Organizational"}],
        "titles": titles,
        "publisher": {"name": record.organisation},
        "publicationYear": str(item.on.year),
        "subjects": [{"subject": s} for s in dict.fromkeys([record.intervention.type, *record.design])],
        "dates": _dates(item),
        "language": "en",
        "alternateIdentifiers": [
            {"alternateIdentifier": f"{item.name}/v{record.version}", "alternateIdentifierType": "vru-record"},
            {"alternateIdentifier": item.stored.manifest_sha256, "alternateIdentifierType": "manifest-sha256"},
        ],
        "version": record.version,
        "rightsList": [{"rights": record.licence, "rightsUri": licence_url(record.licence)}],
        "descriptions": _descriptions(item),
        "schemaVersion": SCHEMA,
    }
    if base.startswith("https://"):
        entry["url"] = page(item, base)
    return entry


def _dates(item: Item) -> list[dict[str, str]]:
    record = item.stored.record
    assert item.on is not None
    covered = f"{record.setting.first}/{record.setting.last}"
    dates = [{"date": item.on.date().isoformat(), "dateType": "Issued"}]
    if item.standing == "retracted":
        events = [e for e in item.stored.events if e.kind == "retract"]
        dates += [{"date": e.at[:10], "dateType": "Withdrawn"} for e in events[:1]]
    return [*dates, {"date": covered, "dateType": "Other", "dateInformation": "months studied"}]


def _descriptions(item: Item) -> list[dict[str, str]]:
    record = item.stored.record
    found = [{"description": record.summary, "descriptionType": "Abstract", "lang": "en"}]
    for event in item.stored.events:
        if event.kind == "retract":
            found.append({"description": f"Retracted: {event.text}", "descriptionType": "Other", "lang": "en"})
    return found


EXPORT = Export("datacite", "DataCite 4.5 metadata of every version", ".json", datacite_json)
