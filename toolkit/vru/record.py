"""The learning record: what is published about one evaluation, and nothing that is not.

Records are read from folders that other organisations write, so every field is typed,
closed and limited in size; reading one can run nothing.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vru.errors import LibraryError, Problem

SCHEMA_VERSION = 1
MAX_BYTES = 5_000_000
MAX_PROBLEMS = 20

Line = Annotated[str, StringConstraints(max_length=300)]
Body = Annotated[str, StringConstraints(max_length=6000)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$")]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a record: frozen, closed, limited."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordIntervention(Part):
    """What was done, in TIDieR items."""

    type: Line
    name: Line
    items: dict[Line, Body] = Field(max_length=20)
    start: Line
    end: Line | None = None


class RecordSetting(Part):
    """Where and among whom."""

    population: Body
    comparator: Body
    unit_kind: Line
    n_treated: int = Field(ge=0)
    n_comparison: int = Field(ge=0)
    first: Line
    last: Line


class RecordOutcome(Part):
    """What was measured."""

    id: Line
    measure: Body
    direction: Literal["decrease", "increase"]
    primary: bool


class Effect(Part):
    """One poolable effect. estimate, se, ci_low and ci_high are on ``scale``."""

    outcome: Line
    analysis: Line
    role: Line
    method: Line
    estimand: Line
    scale: Literal["log_rate_ratio", "count_difference"]
    estimate: Finite
    se: Finite | None
    ci_low: Finite | None
    ci_high: Finite | None
    ci_level: Finite
    p: Finite | None
    events_prevented: Finite | None
    events_prevented_low: Finite | None
    events_prevented_high: Finite | None
    n_treated: int
    n_comparison: int
    n_pre: int
    n_post: int


class RecordRating(Part):
    """Strength of evidence for one outcome on one instrument."""

    instrument: Line
    outcome: Line
    level: int
    label: Line
    reasons: list[Body] = Field(max_length=50)


class RecordFinding(Part):
    """One check's verdict."""

    check: Line
    analysis: Line
    verdict: Literal["pass", "concern", "fail", "not_run"]
    text: Body


class Learning(Part):
    """What the team learned beside the number. "not reported" is an answer."""

    mechanism: Body = "not reported"
    implementation: Body = "not reported"
    lessons: Body = "not reported"
    cost: Body = "not reported"
    equity: Body = "not reported"


class LearningRecord(Part):
    """One published evaluation. Never edited in place, only superseded."""

    schema_version: int = SCHEMA_VERSION
    id: Slug
    version: Version
    organisation: Slug
    title: Line
    disclaimer: Line = ""
    summary: Body
    audience: Literal["vru_only", "network", "public"]
    classification: Literal["OFFICIAL"] = "OFFICIAL"
    licence: Line
    template: Line
    intervention: RecordIntervention
    setting: RecordSetting
    design: list[Line] = Field(min_length=1, max_length=10)
    outcomes: list[RecordOutcome] = Field(min_length=1, max_length=50)
    effects: list[Effect] = Field(min_length=1, max_length=200)
    ratings: list[RecordRating] = Field(max_length=50)
    findings: list[RecordFinding] = Field(max_length=500)
    learning: Learning = Learning()
    preregistered: Literal["yes", "changed", "no"]
    deviations: list[Body] = Field(default_factory=list, max_length=100)
    protocol_digest: Digest
    data_digests: dict[Line, Digest] = Field(max_length=50)
    toolkit_version: Line
    protocol: dict[str, Any] = Field(description="The plan, whole, so that the record can be recomputed")
    result: dict[str, Any] = Field(description="The evaluation result, whole, so that the report can be redrawn")
    supersedes: Version | None = None

    @property
    def primary_effect(self) -> Effect:
        """The registered primary effect (the first, if none is marked)."""
        return next((e for e in self.effects if e.role == "primary"), self.effects[0])


def load_record(text: str, where: str) -> LearningRecord:
    """Read an untrusted record. Raises LibraryError naming every field that is wrong."""
    if len(text) > MAX_BYTES:
        raise LibraryError(Problem(f"is larger than {MAX_BYTES:,} bytes", where=where))
    try:
        raw = json.loads(text)
        # NaN, 1e999 and lone surrogates are accepted on reading but could not be written out again.
        json.dumps(raw, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise LibraryError(Problem("is not JSON with finite numbers and whole characters", where=where)) from None
    _check_schema(raw.get("schema_version", SCHEMA_VERSION) if isinstance(raw, dict) else None, where)
    try:
        return LearningRecord.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        details = error.errors() if isinstance(error, ValidationError) else [{"loc": (), "msg": "nested too deeply"}]
        # A hostile record may hold a million wrong fields with names of any length.
        problems = [
            Problem(str(e["msg"])[:300], where=f"{where}: {'.'.join(str(part)[:60] for part in e['loc'])}")
            for e in details[:MAX_PROBLEMS]
        ]
        if len(details) > MAX_PROBLEMS:
            problems.append(Problem(f"and {len(details) - MAX_PROBLEMS} more fields are wrong", where=where))
        raise LibraryError(*problems) from None


def _check_schema(version: object, where: str) -> None:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise LibraryError(Problem("has no record schema version", where=where, allowed="schema_version: 1"))
    if version > SCHEMA_VERSION:
        raise LibraryError(
            Problem(
                f"was written with record schema {version}; this toolkit reads up to {SCHEMA_VERSION}",
                where=where,
                hint="install a newer vru-toolkit",
            )
        )


def dump_record(record: LearningRecord) -> str:
    """The record as stable JSON text."""
    return json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
