"""Made-up evaluations of hot spots, with nothing that marks an exercise, for the tests of what records say together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from vru.library import StoredRecord, draft_record, open_library, publish
from vru.library.events import Event, new_id
from vru.protocol import Protocol
from vru.record import LearningRecord
from vru.results import from_json

EXAMPLE = Path(__file__).parents[1] / "example"
DIGEST = "sha256:" + "0" * 64
DID = "rate ratio of treated unit-months to what unit and month effects predict without treatment"
OF_EFFECT = ("estimand", "scale", "role", "n_post", "n_treated", "method")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def evaluation() -> Callable[..., LearningRecord]:
    """Factory: a record with one effect on violence; keyword arguments change the effect or the record."""
    raw = yaml.safe_load((EXAMPLE / "protocol.yaml").read_text(encoding="utf-8"))
    real = {"disclaimer": "", "data": [{"id": "crimes", "source": "police_uk", "path": "data"}]}
    plan = Protocol.model_validate(raw | real)
    outcome = from_json((EXAMPLE / "result.json").read_text(encoding="utf-8"))

    def make(name: str, value: float = -0.2, se: float | None = 0.1, **changes: Any) -> LearningRecord:
        of_effect = {"estimand": DID} | {k: changes.pop(k) for k in OF_EFFECT if k in changes}
        low, high = (None, None) if se is None else (value - 1.96 * se, value + 1.96 * se)
        one = replace(outcome.estimates[0], value=value, se=se, low=low, high=high, **of_effect)
        data = {"crimes": f"sha256:{name.encode().hex():0>64}"}
        result = replace(outcome, estimates=(one,), provenance=replace(outcome.provenance, data=data))
        record = draft_record(plan, result)
        own = {"id": name, "organisation": f"{name}-vru"}
        return LearningRecord.model_validate(record.model_dump(mode="json") | own | changes)

    return make


@pytest.fixture(scope="session")
def stored() -> Callable[..., StoredRecord]:
    """Factory: a record as read from a library, with events of the kinds named."""

    def make(record: LearningRecord, *kinds: str) -> StoredRecord:
        events = []
        for i, kind in enumerate(kinds):
            now = NOW + timedelta(hours=i)
            about = {"organisation": record.organisation, "record": record.id, "version": record.version}
            said = {"kind": kind, "manifest_sha256": DIGEST, "actor": "Head of evidence", "text": "because"}
            events.append(Event.model_validate({"id": new_id(now), "at": now.isoformat()} | about | said))
        return StoredRecord(record, Path(f"v{record.version}"), DIGEST, tuple(events))

    return make


@pytest.fixture(scope="session")
def shelf(
    evaluation: Callable[..., LearningRecord], stored: Callable[..., StoredRecord]
) -> Callable[..., list[StoredRecord]]:
    """Factory: one evaluation per (log rate ratio, standard error)."""

    def make(*effects: tuple[float, float], **changes: Any) -> list[StoredRecord]:
        return [stored(evaluation(f"trial-{i:02d}", y, se, **changes)) for i, (y, se) in enumerate(effects)]

    return make


@pytest.fixture
def write_library(tmp_path: Path) -> Callable[..., Path]:
    """Factory: a library on disk that holds these records."""

    def make(records: list[LearningRecord]) -> Path:
        library = tmp_path / "shared"
        open_library(library, create=True)
        for record in records:
            publish(library, record, {"report.html": b"<!DOCTYPE html><title>R</title>"}, "Head of evidence", NOW)
        return library

    return make
