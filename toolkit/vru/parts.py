"""What records are built of: limited text, the closed base, and what is known of work that others published."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(max_length=300)]
Body = Annotated[str, StringConstraints(max_length=6000)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$")]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Link = Annotated[str, StringConstraints(pattern=r"^(https://[A-Za-z0-9._~:/?#@!$&()*+,;=%-]{3,500})?$")]


class Part(BaseModel):
    """A part of a record: frozen, closed, limited."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Citation(Part):
    """Where a figure was read. ``account``: told by those who did the work, or by others."""

    id: Slug
    text: Body
    link: Link = ""
    account: Literal["authors", "others"]
    access: Literal["open", "not_known"] = "not_known"


class Reported(Part):
    """One published figure in a sentence. ``outcome`` is empty for a fact about the design.

    value : in ``unit``, with the sign of the change; None where the sentence holds no single figure.
    p : as printed. mark : found in the source, or computed from what was found by ``formula``.
    """

    outcome: Line = ""
    statement: Annotated[str, StringConstraints(min_length=10, max_length=1000)]
    value: Finite | None = None
    unit: Line = ""
    low: Finite | None = None
    high: Finite | None = None
    p: Line = "not reported"
    source: Slug
    mark: Literal["found", "computed"] = "found"
    formula: Line = ""


class Derivation(Part):
    """How an effect was computed from published numbers, so that anybody can do it again."""

    analysis: Line
    formula: Literal["relative_rate_ratio"]
    inputs: dict[Line, Finite] = Field(min_length=1, max_length=20)
    source: Slug
    note: Body


class OutsideRating(Part):
    """How another body rates the work; never this toolkit's own rating."""

    by: Line
    label: Line
    source: Slug


class Literature(Part):
    """What is known of an evaluation that others ran, and from where. ``reported[0]`` is its headline."""

    form: Literal["study", "review", "register_entry"]
    citations: list[Citation] = Field(min_length=1, max_length=30)
    reported: list[Reported] = Field(min_length=1, max_length=100)
    derivations: list[Derivation] = Field(default_factory=list, max_length=50)
    outside_ratings: list[OutsideRating] = Field(default_factory=list, max_length=20)
    not_poolable: Body = Field("", description="Why no effect of this record may be pooled; empty where one may")

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        known = [c.id for c in self.citations]
        if len(set(known)) < len(known):
            raise ValueError("two citations have the same id")
        used = {r.source for r in self.reported} | {d.source for d in self.derivations}
        if lost := (used | {x.source for x in self.outside_ratings}) - set(known):
            raise ValueError(f"no citation is called {', '.join(sorted(lost))}")
        if any((r.mark == "computed") != bool(r.formula) for r in self.reported):
            raise ValueError("a computed figure names its formula, and a found one has none")
        return self
