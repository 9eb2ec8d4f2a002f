"""A record in schema.org's words, as JSON-LD, so that catalogues can read a page without a person."""

import json
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from vru.site.entries import SiteRecord
from vru.site.wording import measure_of, organisation_name, plain


def json_ld(entry: SiteRecord, downloads: Iterable[str]) -> Markup:
    """One record as a graph of a Report and a Dataset, safe inside a script element.

    A browser never runs an ``application/ld+json`` block. Every "<", ">" and "&" and whatever is not ASCII is
    escaped all the same, so that no text of a record can end the block or read as markup.
    """
    text = json.dumps({"@context": "https://schema.org", "@graph": _graph(entry, downloads)}, ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _graph(entry: SiteRecord, downloads: Iterable[str]) -> list[dict[str, Any]]:
    record = entry.record
    publisher = {"@type": "Organization", "name": organisation_name(record.organisation)}
    identifier = f"{record.organisation}/{record.id}@{record.version}"
    shared = {"identifier": identifier, "version": record.version, "license": record.licence, "publisher": publisher}
    dated = {"datePublished": entry.published_on} if entry.published_on else {}
    # A disclaimer must stand before a summary wherever it is read, by a machine too.
    abstract = f"{record.disclaimer} {record.summary}" if record.disclaimer else record.summary
    report = {
        "@type": "Report",
        "name": record.title,
        "abstract": abstract,
        "about": plain(record.intervention.type),
        "inLanguage": "en-GB",
        "creativeWorkStatus": plain(entry.status),
        **shared,
        **dated,
    }
    data = {
        "@type": "Dataset",
        "name": f"Effects found in: {record.title}",
        "description": abstract,
        "variableMeasured": [measure_of(record, o.id) for o in record.outcomes],
        "temporalCoverage": f"{record.setting.first}/{record.setting.last}",
        "distribution": [
            {"@type": "DataDownload", "contentUrl": n} for n in downloads if n.endswith((".csv", ".json"))
        ],
        **shared,
        **dated,
    }
    return [report, data]
