"""schema.org metadata of a version, for search engines: a Report with its effects as a Dataset.

Source: https://schema.org/Report, https://schema.org/Dataset, https://schema.org/PropertyValue.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from vru.library.crate import licence_url
from vru.library.exports.export import Export, Holdings, page
from vru.record import Effect, LearningRecord

CONTEXT = "https://schema.org"
UNITS = {
    "log_rate_ratio": "log rate ratio",
    "count_difference": "offences over the period after the start",
    "mean_difference": "units of the measure",
    "risk_difference": "share of 1",
}


def record_jsonld(
    record: LearningRecord,
    manifest_sha256: str = "",
    published: datetime | None = None,
    url: str = "",
    files: Sequence[str] = (),
) -> dict[str, Any]:
    """One version as a schema.org Report; a pure function of the record.

    url : address of its page; relative ones are left out of ``url``, because search engines read no base.
    files : names of the files that lie beside the page; effects.csv becomes the dataset's download.
    """
    owner = {"@type": "Organization", "name": record.organisation}
    report: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Report",
        "name": record.title,
        "identifier": _identifiers(record, manifest_sha256),
        "version": record.version,
        "abstract": record.summary,
        "inLanguage": "en-GB",
        "author": owner,
        "publisher": owner,
        "license": licence_url(record.licence),
        "temporalCoverage": f"{record.setting.first}/{record.setting.last}",
        "about": {"@type": "Thing", "name": record.intervention.name, "description": record.intervention.type},
        "keywords": [record.intervention.type, *record.design],
        "hasPart": _dataset(record, url, files),
    }
    if record.disclaimer:
        report["disambiguatingDescription"] = record.disclaimer
    if published is not None:
        report["datePublished"] = published.date().isoformat()
    if url.startswith("https://"):
        report["url"] = url
    return report


def script(content: dict[str, Any]) -> str:
    """JSON that may stand inside a ``<script type="application/ld+json">``: no text of a record can end the element."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def all_jsonld(holdings: Holdings) -> bytes:
    """The newest published version of each record, in one ``@graph``."""
    graph = []
    for item in holdings.current:
        url = page(item, holdings.base)
        made = record_jsonld(item.stored.record, item.stored.manifest_sha256, item.on, url)
        graph.append({k: v for k, v in made.items() if k != "@context"})
    return (json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False) + "\n").encode()


def _identifiers(record: LearningRecord, manifest_sha256: str) -> list[Any]:
    name = f"{record.organisation}/{record.id}"
    found: list[Any] = [{"@type": "PropertyValue", "propertyID": "vru-record", "value": name}]
    if manifest_sha256:
        found.append({"@type": "PropertyValue", "propertyID": "manifest-sha256", "value": manifest_sha256})
    return found


def _dataset(record: LearningRecord, url: str, files: Sequence[str]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "Dataset",
        "name": f"Effects: {record.title}",
        "description": f"Estimated effects of {record.intervention.name}, each with its interval.",
        "license": licence_url(record.licence),
        "creator": {"@type": "Organization", "name": record.organisation},
        "variableMeasured": [_variable(e) for e in record.effects],
    }
    if "effects.csv" in files and url.startswith("https://"):
        address = f"{url.rsplit('/', 1)[0]}/effects.csv"
        data["distribution"] = {"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": address}
    return data


def _variable(effect: Effect) -> dict[str, Any]:
    bounds = {"minValue": effect.ci_low, "maxValue": effect.ci_high}
    return {
        "@type": "PropertyValue",
        "name": f"{effect.outcome}: {effect.analysis} ({effect.role})",
        "value": effect.estimate,
        "unitText": UNITS[effect.scale],
        "measurementTechnique": effect.method,
        **{name: value for name, value in bounds.items() if value is not None},
    }


EXPORT = Export("jsonld", "schema.org metadata of every record", ".jsonld", all_jsonld)
