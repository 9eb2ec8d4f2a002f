"""A made-up plan and result, and libraries to publish them in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from vru.library import draft_record, open_library
from vru.protocol import Protocol
from vru.record import LearningRecord
from vru.results import EvaluationResult, from_json

EXAMPLE = Path(__file__).with_name("example")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def plan() -> Protocol:
    return Protocol.model_validate(yaml.safe_load((EXAMPLE / "protocol.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def outcome() -> EvaluationResult:
    return from_json((EXAMPLE / "result.json").read_text(encoding="utf-8"))


@pytest.fixture
def make_plan(plan: Protocol) -> Callable[..., Protocol]:
    """Factory: the plan with top-level fields changed, validated again."""

    def make(**changes: Any) -> Protocol:
        return Protocol.model_validate({**plan.model_dump(mode="json"), **changes})

    return make


@pytest.fixture
def make_outcome(outcome: EvaluationResult) -> Callable[..., EvaluationResult]:
    """Factory: the result with fields changed; ``primary`` holds changes to the first estimate."""

    def make(primary: dict[str, Any] | None = None, **changes: Any) -> EvaluationResult:
        first = replace(outcome.estimates[0], **(primary or {}))
        return replace(outcome, **{"estimates": (first, *outcome.estimates[1:]), **changes})

    return make


@pytest.fixture
def record(plan: Protocol, outcome: EvaluationResult) -> LearningRecord:
    return draft_record(plan, outcome)


@pytest.fixture
def files() -> dict[str, bytes]:
    return {"report.html": b"<!DOCTYPE html><title>Report</title>", "checks.json": b'{"findings": []}'}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    open_library(tmp_path / "shared", create=True)
    return tmp_path / "shared"


@pytest.fixture
def now() -> datetime:
    return NOW
