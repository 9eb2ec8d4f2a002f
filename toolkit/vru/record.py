"""The learning record: what is published about one evaluation, and nothing that is not.

Records are read from folders that other organisations write, so every field is typed,
closed and limited in size; reading one can run nothing. A record is of an evaluation run with
this toolkit, or of one that somebody else published (``kind: literature``).
"""

import json
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from vru.errors import LibraryError, Problem
from vru.parts import Body, Digest, Finite, Line, Literature, Part, Slug, Version

__all__ = [
    "Body",
    "Digest",
    "Effect",
    "Learning",
    "LearningRecord",
    "Line",
    "Literature",
    "Part",
    "RecordOutcome",
    "RecordRating",
    "Slug",
    "Version",
    "dump_record",
    "load_record",
    "upgrade",
]

SCHEMA_VERSION = 2
LITERATURE_NOTICE = "From published literature, not run with this toolkit."
"""How the disclaimer of every literature record begins, so that no page can show one without saying so."""
MAX_BYTES = 5_000_000
MAX_PROBLEMS = 20


class RecordIntervention(Part):
    """What was done, in TIDieR items."""

    type: Line
    name: Line
    items: dict[Line, Body] = Field(max_length=20)
    start: Line
    end: Line | None = None


class RecordSetting(Part):
    """Where and among whom. Only a literature record may leave the numbers of units unknown."""

    population: Body
    comparator: Body
    unit_kind: Line
    n_treated: int | None = Field(ge=0)
    n_comparison: int | None = Field(ge=0)
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
    scale: Literal["log_rate_ratio", "count_difference", "mean_difference", "risk_difference"]
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
    """One published evaluation. Never edited in place, only superseded.

    A literature record holds no plan, result, digest, check or rating of this toolkit: it cannot know them.
    """

    schema_version: int = SCHEMA_VERSION
    kind: Literal["evaluation", "literature"] = "evaluation"
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
    effects: list[Effect] = Field(max_length=200)
    ratings: list[RecordRating] = Field(max_length=50)
    findings: list[RecordFinding] = Field(max_length=500)
    learning: Learning = Learning()
    preregistered: Literal["yes", "changed", "no", "not_known"]
    deviations: list[Body] = Field(default_factory=list, max_length=100)
    protocol_digest: Digest | None
    data_digests: dict[Line, Digest] = Field(max_length=50)
    toolkit_version: Line | None
    protocol: dict[str, Any] | None = Field(description="The plan, whole, so that the record can be recomputed")
    result: dict[str, Any] | None = Field(description="The evaluation result, whole, so that it can be redrawn")
    literature: Literature | None = None
    supersedes: Version | None = None

    @property
    def primary_effect(self) -> Effect | None:
        """The registered primary effect (the first, if none is marked); None where literature gives none."""
        return next((e for e in self.effects if e.role == "primary"), next(iter(self.effects), None))

    @field_validator("effects", "preregistered", "protocol_digest", "toolkit_version", "protocol", "result")
    @classmethod
    def _known(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("kind") == "evaluation" and value in (None, [], "not_known"):
            raise ValueError("an evaluation must give this; only a literature record may leave it open")
        return value

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        told = _literature_faults(self) if self.kind == "literature" else _evaluation_faults(self)
        if told:
            raise ValueError("; ".join(told))
        return self


def _evaluation_faults(record: LearningRecord) -> list[str]:
    unknown = record.setting.n_treated is None or record.setting.n_comparison is None
    told = ["setting: an evaluation knows its numbers of units"] if unknown else []
    return [*told, *(["literature: belongs to literature records only"] if record.literature else [])]


def _literature_faults(record: LearningRecord) -> list[str]:
    given = record.literature
    if given is None:
        return ["literature: a literature record needs it"]
    unknowable = ("protocol_digest", "toolkit_version", "protocol", "result")
    told = [f"{name}: a literature record has none" for name in unknowable if getattr(record, name) is not None]
    empty = ("data_digests", "findings", "ratings", "deviations")
    told += [f"{name}: a literature record has none" for name in empty if getattr(record, name)]
    if record.preregistered != "not_known":
        told.append("preregistered: a literature record says not_known")
    if not record.disclaimer.startswith(LITERATURE_NOTICE):
        told.append(f"disclaimer: must begin with {LITERATURE_NOTICE!r}")
    if lost := {r.outcome for r in given.reported} - {o.id for o in record.outcomes} - {""}:
        told.append(f"literature: reports on {', '.join(sorted(lost))}, which is no outcome of this record")
    if sorted(e.analysis for e in record.effects) != sorted(d.analysis for d in given.derivations):
        told.append("effects: each has one derivation from published numbers, and each derivation one effect")
    if record.effects and given.form == "review":
        told.append("effects: a review is not pooled beside the studies that it already counts")
    if bool(given.not_poolable) == any(e.se is not None for e in record.effects):
        told.append("literature.not_poolable: says why, exactly where no effect has a standard error")
    return told


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
    _check_schema(raw.get("schema_version", 1) if isinstance(raw, dict) else None, where)
    try:
        return LearningRecord.model_validate(upgrade(raw, where))
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
        raise LibraryError(
            Problem("has no record schema version", where=where, allowed=f"schema_version: 1 to {SCHEMA_VERSION}")
        )
    if version > SCHEMA_VERSION:
        raise LibraryError(
            Problem(
                f"was written with record schema {version}; this toolkit reads up to {SCHEMA_VERSION}",
                where=where,
                hint="install a newer vru-toolkit",
            )
        )


def upgrade(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """A record of an older schema as one of today's. What lies on the disk stays as it was published.

    From 1 to 2: every record was of an evaluation. Raises LibraryError where it names a field that 1 did not have.
    """
    if raw.get("schema_version", 1) != 1:
        return raw
    if new := sorted({"kind", "literature"} & raw.keys()):
        raise LibraryError(Problem(f"{', '.join(new)}: not a field of record schema 1", where=where))
    return {**raw, "schema_version": SCHEMA_VERSION, "kind": "evaluation", "literature": None}


def dump_record(record: LearningRecord) -> str:
    """The record as stable JSON text."""
    return json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
