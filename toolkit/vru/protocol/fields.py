"""The fields of a protocol: the plan as a person writes it, before the data are seen.

Unknown keys are errors. Every text a reader needs to judge the evaluation is a required field.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from vru.periods import Calendar
from vru.protocol.choices import Specifications
from vru.protocol.counting import Outcome, Window
from vru.protocol.data_source import DataSource
from vru.protocol.linked import row_faults
from vru.protocol.rows import CohortPlan, Days
from vru.protocol.section import Moment, Month, Name, Options, Section, Slug, Text
from vru.protocol.units import Buffers, Selection, Units

__all__ = [
    "Buffers",
    "DataSource",
    "Moment",
    "Month",
    "Name",
    "Options",
    "Outcome",
    "Protocol",
    "Section",
    "Selection",
    "Slug",
    "Text",
    "Units",
    "Window",
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
    start: Moment = Field(description="First month, or day, of treatment; later starts per unit go in units.starts")
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
    map: Literal["by_audience", "shown", "left_out"] = Field(
        "by_audience", description="Map of areas; public: left out"
    )
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
    specifications: Specifications | None = None
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

    @property
    def calendar(self) -> Calendar:
        """The periods that events are counted by."""
        return self.window.calendar(self.intervention.start)

    @property
    def periods(self) -> tuple[str, ...]:
        """Labels of the whole periods of the window, in order."""
        return self.calendar.between(self.window.first, self.window.last)

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
    period = {"days": "day", "people": "month"}.get(shape, protocol.window.period)
    if protocol.window.period != period:
        found.append(f"units.kind: {kind} needs window.period: {period}")
    found += _form_faults(protocol)
    for o in protocol.outcomes:
        linked = protocol.cohort.follow_up.linked if protocol.cohort and protocol.cohort.follow_up else {}
        found += [f"outcome {o.id}: {f}" for f in row_faults(shape == "people", o.column, o.kind, o.data, list(linked))]
        if shape == "areas" and "filter" not in o.model_fields_set:
            found.append(f"outcome {o.id}: needs filter, the column of the events and its allowed values")
    if shape != "areas" and protocol.artificial_effect is not None:
        found.append("artificial_effect thins events of areas over months, and nothing else")
    return found


def _form_faults(protocol: Protocol) -> list[str]:
    """Moments of the units that are months where the plan counts days, or the other way round."""
    named = {f"units.starts[{u}]": m for u, m in protocol.units.starts.items()}
    if protocol.units.selection is not None:
        named |= {f"units.selection.{k}": getattr(protocol.units.selection, k) for k in ("first", "last")}
    form = protocol.window.form
    period = protocol.window.period
    return [f"{where}: write {form}, as window.period is {period}" for where, m in named.items() if len(m) != len(form)]
