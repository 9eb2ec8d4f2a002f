"""Made this library, with the toolkit as it was when record schema 1 was the newest (commit 64e8daf)."""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from vru import record
from vru.library import draft_record, open_library, publish
from vru.protocol import Protocol
from vru.results import from_json

HERE = Path(__file__).parent

if __name__ == "__main__":
    assert record.SCHEMA_VERSION == 1, "run this with the toolkit of that commit"
    example = HERE.parents[1] / "library" / "example"
    plan = Protocol.model_validate(yaml.safe_load((example / "protocol.yaml").read_text(encoding="utf-8")))
    drafted = draft_record(plan, from_json((example / "result.json").read_text(encoding="utf-8")))
    open_library(HERE, create=True)
    files = {"report.html": b"<!DOCTYPE html><title>Report</title>"}
    publish(HERE, drafted, files, "Head of evidence", datetime(2026, 11, 24, 9, 30, tzinfo=UTC))
