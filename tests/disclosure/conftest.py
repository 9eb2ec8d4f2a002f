"""The made-up plan and result of the library's tests, and one review of one file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from vru.disclosure import review
from vru.protocol import Protocol
from vru.results import EvaluationResult, Finding, from_json

EXAMPLE = Path(__file__).resolve().parents[1] / "library" / "example"


@pytest.fixture(scope="session")
def plan() -> Protocol:
    return Protocol.model_validate(yaml.safe_load((EXAMPLE / "protocol.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def outcome() -> EvaluationResult:
    return from_json((EXAMPLE / "result.json").read_text(encoding="utf-8"))


@pytest.fixture
def make_plan(plan: Protocol) -> Callable[..., Protocol]:
    def make(**changes: Any) -> Protocol:
        return Protocol.model_validate({**plan.model_dump(mode="json"), **changes})

    return make


@pytest.fixture
def reviewed(plan: Protocol, outcome: EvaluationResult) -> Callable[..., dict[str, Finding]]:
    """Review one file; findings by the part of their name after ``disclosure_``."""

    def run(name: str, data: bytes | str) -> dict[str, Finding]:
        content = data.encode() if isinstance(data, str) else data
        return {f.check.removeprefix("disclosure_"): f for f in review(plan, outcome, {name: content})}

    return run


@pytest.fixture
def failures(reviewed: Callable[..., dict[str, Finding]]) -> Callable[..., list[str]]:
    """Names of the checks that do not pass for one file."""
    return lambda name, data: [k for k, f in reviewed(name, data).items() if f.verdict not in ("pass", "not_run")]
