"""The fields of a protocol: the plan as a person writes it, before the data are seen.

Unknown keys are errors. Every text a reader needs to judge the evaluation is a required field.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from vru.protocol.rows import CohortPlan, Column, Days
from vru.protocol.section import Moment, Month, Name, Options, Section, Slug, Text
from vru.protocol.units import Buffers, Selection, Units

__all__ = [
    "Buffers",
    "Moment",
    "Month",
    "Name",
    "Options",
    "Protocol",
    "Section",
    "Selection",
    "Slug",
    "Text",
    "Units",
]


class Roles(Section):
    """Who commissions, analyses, assures and approves (AQuA Book 2025). Posts, not people."""

    commissioner: Text
    analyst: Text
    assurer: Text
    approver: Text


class Intervention(Section):
    """What was done, in the TIDieR items (Hoffmann et al. 2014), and when."""

    type: Name
    name: Text
    why: Text
    materials: Text
    procedures: Text
    who_provided: Text
    how: Text
    where: Text
    when_and_how_much: Text
    tailoring: Text = "not reported"
    modifications: Text = "not reported"
    fidelity_planned: Text = "not reported"
    fidelity_actual: Text = "not reported"
    start: Moment = Field(description="First month (or day) with treatment; later starts per unit go in units.starts")
    end: Moment | None = None


class TheoryOfChange(Section):
    """Why it should work: inputs to outcomes, and what must be true on the way."""

    inputs: list[Text]
    activities: list[Text]
    outputs: list[Text]
    outcomes: list[Text]
    assumptions: list[Text]


class Question(Section):
    """What is asked, of whom, against what, and how small an effect would still matter."""

    estimand: Literal["att"] = Field(
        "att", description="Average effect of treatment on the treated areas over the post period"
    )
    population: Text
    comparator: Text
    smallest_effect: float = Field(
        gt=0, lt=1, description="Smallest relative fall that would matter: 0.10 means 10% fewer offences"
    )


class Window(Section):
    """The months (or days) analysed, first and last included. The selection window must lie outside."""

    first: Moment
    last: Moment
    period: Literal["month", "day"] = "month"

    @model_validator(mode="after")
    def _ordered(self) -> "Window":
        form = {"month": "YYYY-MM", "day": "YYYY-MM-DD"}[self.period]
        for name, value in (("first", self.first), ("last", self.last)):
            if len(value) != len(form):
                raise ValueError(f"{name} ({value}) must be written {form}, as period is {self.period}")
        if self.first >= self.last:
            raise ValueError(f"first ({self.first}) must come before last ({self.last})")
        return self


class Outcome(Section):
    """One outcome: events counted by ``filter``, or for people a ``column`` and its ``kind``; which direction is good."""

    id: Name
    measure: Text
    data: Name = "crimes"
    filter: dict[str, list[str]] = Field(default_factory=dict, description="Column of the events: allowed values")
    column: Column | None = Field(None, description="For people: the column that holds the outcome")
    kind: Literal["binary", "count", "continuous"] | None = Field(None, description="For people: what the column holds")
    direction: Literal["decrease", "increase"] = Field("decrease", description="Which change is good")
    primary: bool = False

    @model_validator(mode="after")
    def _whole(self) -> "Outcome":
        if (self.column is None) != (self.kind is None):
            raise ValueError("column and kind go together: name the column and say what it holds")
        if self.column is not None and self.filter:
            raise ValueError("filter counts events, column reads a value per row: give one of them")
        return self


class DataSource(Section):
    """One source of events. ``path`` is relative to the evaluation folder or to --data."""

    id: Name
    source: Name
    path: str | None = None
    options: Options = Field(default_factory=dict)


class Graph(Section):
    """The assumed causal graph. ``edges`` as "a -> b" lines, or ``dot``; and what is adjusted for."""

    treatment: Name
    outcome: Name
    adjustment: list[Name]
    edges: list[str] = Field(default_factory=list)
    dot: str | None = None
    unobserved: list[Name] = Field(default_factory=list)
    instrument: Name | None = Field(
        None, description="What moves treatment by lot and nothing else: an offer, a letter"
    )
    notes: dict[str, Text] = Field(default_factory=dict, description="Node: what it stands for")

    @model_validator(mode="after")
    def _one_form(self) -> "Graph":
        if bool(self.edges) == bool(self.dot):
            raise ValueError('give the graph once: edges (a list of "a -> b") or dot, not both')
        return self


class Analysis(Section):
    """One registered analysis: which method, on which outcome, with which options."""

    id: Name
    role: Literal["primary", "secondary", "sensitivity", "exploratory"]
    method: Name
    outcome: Name
    options: Options = Field(default_factory=dict)


class CheckPlan(Section):
    """One registered check and the analyses it is run on (default: the primary one)."""

    name: Name
    analyses: list[Name] = Field(default_factory=list)
    options: Options = Field(default_factory=dict)


class Equity(Section):
    """How fairness will be looked at: which groups, from which data, and what is missing."""

    plan: Text
    groups: list[Text] = Field(default_factory=list)
    data_available: bool = False


class Costs(Section):
    """What delivery cost, as a figure with its price year and source."""

    amount: float = Field(ge=0)
    currency: Literal["GBP"] = "GBP"
    price_year: int = Field(ge=1990, le=2100)
    covers: Text
    source: Text


class Disclosure(Section):
    """Which suppression rules apply: the strictest of the inputs; an agreement with the data's owner may hide more."""

    profile: Literal["public_police_uk", "police_local", "nhs_hes_ecds", "tre"] = "police_local"
    hide_to: int | None = Field(
        None, ge=1, le=99, description="Counts up to this one are hidden, where that is stricter"
    )
    agreement: Text | None = Field(None, description="What asks for hide_to: with whom, of when")
    accepted: dict[Text, Text] = Field(
        default_factory=dict,
        max_length=20,
        description="a text that looks like somebody's (a charity's telephone number), exactly as printed -> why it may leave",
    )

    @model_validator(mode="after")
    def _sourced(self) -> "Disclosure":
        if (self.hide_to is None) != (self.agreement is None):
            raise ValueError("hide_to and agreement go together: say which agreement asks for it")
        return self


class ArtificialEffect(Section):
    """A declared exercise: real events in treated units are thinned after the start, so the truth is known."""

    keep_share: float = Field(gt=0, le=1, description="0.75 keeps each event with probability 0.75; 1 is a placebo")


class Deviation(Section):
    """Something done otherwise than registered. Not part of the digest."""

    on: Month | str
    what: Text
    why: Text
    touches: list[Name] = Field(
        default_factory=list, description="Analyses or outcomes whose numbers it touches; none: all"
    )


class Protocol(Section):
    """The plan. ``digest()`` in ``vru.protocol`` covers all but deviations."""

    id: Slug
    title: Text
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")] = "1.0"
    template: Name
    organisation: Slug
    disclaimer: str = Field(
        "", max_length=300, description="First line of every output, e.g. that no intervention took place"
    )
    audience: Literal["vru_only", "network", "public"] = "network"
    licence: str = "OGL-UK-3.0"
    roles: Roles
    definition_of_violence: Text
    intervention: Intervention
    theory_of_change: TheoryOfChange
    question: Question
    units: Units
    cohort: CohortPlan | None = None
    days: Days | None = None
    window: Window
    outcomes: list[Outcome] = Field(min_length=1)
    data: list[DataSource] = Field(min_length=1)
    graph: Graph
    analyses: list[Analysis] = Field(min_length=1)
    checks: list[CheckPlan] = Field(default_factory=list)
    equity: Equity
    costs: Costs | None = None
    disclosure: Disclosure = Disclosure()
    seed: int = Field(ge=0, lt=2**63)
    artificial_effect: ArtificialEffect | None = None
    answers: dict[Annotated[str, StringConstraints(min_length=2, max_length=80)], Text] = Field(
        default_factory=dict, description="Name of a question that vru check asks: the answer, shown in the report"
    )
    deviations: list[Deviation] = Field(default_factory=list)

    @model_validator(mode="after")
    def _declared(self) -> "Protocol":
        if self.artificial_effect is not None and not self.disclaimer:
            raise ValueError("artificial_effect needs a disclaimer that says so in the first line of every output")
        return self

    @model_validator(mode="after")
    def _one_shape(self) -> "Protocol":
        if wrong := shape_faults(self):
            raise ValueError("; ".join(wrong))
        return self

    def outcome(self, outcome_id: str) -> Outcome:
        """The outcome of that id. Raises KeyError if there is none."""
        for o in self.outcomes:
            if o.id == outcome_id:
                return o
        raise KeyError(outcome_id)


def shape_faults(protocol: Protocol) -> list[str]:
    """What does not fit together between the kind of units, the window, the sections on rows, and the outcomes."""
    kind, shape = protocol.units.kind, protocol.units.shape
    found = []
    for name, part, needed in (("cohort", protocol.cohort, "people"), ("days", protocol.days, "days")):
        if (part is not None) != (shape == needed):
            found.append(f"units.kind: {kind} {'needs' if part is None else 'takes no'} section {name}")
    period = "day" if shape == "days" else "month"
    if protocol.window.period != period:
        found.append(f"units.kind: {kind} needs window.period: {period}")
    for o in protocol.outcomes:
        if (o.column is not None) != (shape == "people"):
            found.append(f"outcome {o.id}: {'column belongs to people' if o.column else 'needs column and kind'}")
        if shape == "areas" and "filter" not in o.model_fields_set:
            found.append(f"outcome {o.id}: needs filter, the column of the events and its allowed values")
    if shape != "areas" and protocol.artificial_effect is not None:
        found.append("artificial_effect thins events of areas over months, and nothing else")
    return found
