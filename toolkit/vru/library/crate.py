"""ro-crate-metadata.json: what a version is, for machines that do not know this toolkit.

Source: RO-Crate 1.2, https://w3id.org/ro/crate/1.2 (root data entity, data entities, provenance of entities).
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vru.library.manifest import sha256
from vru.record import LearningRecord

FILE = "ro-crate-metadata.json"
_SPEC = "https://w3id.org/ro/crate/1.2"
_LICENCES = {"OGL-UK-3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"}
_ODD = re.compile(r"[^A-Za-z0-9.+-]")
_FORMATS = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".html": "text/html",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".txt": "text/plain",
    ".md": "text/markdown",
}


def ro_crate(record: LearningRecord, files: Mapping[str, bytes], published: datetime) -> str:
    """The crate's metadata as JSON-LD text; ``files`` are all files but this one and the manifest."""
    graph = [
        {
            "@id": FILE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": _SPEC},
        },
        _root(record, sorted(files), published),
        *(_file(name, files[name]) for name in sorted(files)),
        {"@id": f"#{record.organisation}", "@type": "Organization", "name": record.organisation},
        {"@id": _licence(record), "@type": "CreativeWork", "name": record.licence},
        *_made_from(record),
    ]
    return json.dumps({"@context": f"{_SPEC}/context", "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _root(record: LearningRecord, names: list[str], published: datetime) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "identifier": f"{record.organisation}/{record.id}",
        "version": record.version,
        "name": record.title,
        "description": record.summary,
        "datePublished": published.date().isoformat(),
        "license": {"@id": _licence(record)},
        "publisher": {"@id": f"#{record.organisation}"},
        "hasPart": [{"@id": name} for name in names],
        **_origin(record),
    }


def _origin(record: LearningRecord) -> dict[str, Any]:
    """Who made it and when: a run of this toolkit, or works of others, whose authors the citations name."""
    if record.literature:
        return {"citation": [{"@id": entity["@id"]} for entity in _citations(record)]}
    return {
        "author": {"@id": f"#{record.organisation}"},
        "temporalCoverage": f"{record.setting.first}/{record.setting.last}",
        "mentions": {"@id": "#run"},
    }


def _made_from(record: LearningRecord) -> list[dict[str, Any]]:
    return _citations(record) if record.literature else _run(record)


def _citations(record: LearningRecord) -> list[dict[str, Any]]:
    cited = record.literature.citations if record.literature else []
    return [
        {"@id": f"#citation-{c.id}", "@type": "CreativeWork", "name": c.text, **({"url": c.link} if c.link else {})}
        for c in cited
    ]


def _file(name: str, data: bytes) -> dict[str, Any]:
    suffix = name[name.rfind(".") :] if "." in name else ""
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": _FORMATS.get(suffix, "application/octet-stream"),
        "contentSize": str(len(data)),
        "sha256": sha256(data).removeprefix("sha256:"),
    }


def _run(record: LearningRecord) -> list[dict[str, Any]]:
    inputs: list[dict[str, Any]] = [
        {"@id": f"#data-{name}", "@type": "CreativeWork", "name": name, "identifier": digest}
        for name, digest in sorted(record.data_digests.items())
    ]
    plan: dict[str, Any] = {
        "@id": "#plan",
        "@type": "CreativeWork",
        "name": "protocol",
        "identifier": record.protocol_digest,
    }
    software = {
        "@id": "#toolkit",
        "@type": "SoftwareApplication",
        "name": "vru-toolkit",
        "softwareVersion": record.toolkit_version,
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "evaluation",
        "agent": {"@id": f"#{record.organisation}"},
        "instrument": {"@id": "#toolkit"},
        "object": [{"@id": entity["@id"]} for entity in [plan, *inputs]],
        "result": {"@id": "./"},
    }
    return [run, software, plan, *inputs]


def licence_url(licence: str) -> str:
    """Where a licence's text is."""
    return _LICENCES.get(licence, f"https://spdx.org/licenses/{_ODD.sub('-', licence)}")


def _licence(record: LearningRecord) -> str:
    return licence_url(record.licence)
