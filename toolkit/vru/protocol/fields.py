"""The fields of a protocol: the plan as a person writes it, before the data are seen.

Unknown keys are errors. Every text a reader needs to judge the evaluation is a required field.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


def _month(text: str) -> str:
    if not _MONTH.match(text):
        raise ValueError("write months as YYYY-MM, for example 2021-04")
    return text


Month = Annotated[str, AfterValidator(_month)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=4000)]
Options = dict[str, Any]


class Section(BaseModel):
    """A part of the protocol: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    start: Month = Field(description="First month with treatment; later starts per unit go in units.starts")
    end: Month | None = None


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


class Selection(Section):
    """How hot spots were chosen, so that regression to the mean can be measured.

    ``rule: top`` chooses the ``top`` units with most offences of ``outcome`` in ``window`` and
    splits them by ``assign``; ``rule: listed`` says that the lists under units were chosen on
    that window by people.
    """

    rule: Literal["top", "listed"]
    outcome: Name
    first: Month
    last: Month
    top: int | None = Field(None, ge=2, le=5000)
    assign: Literal["random_half", "random_pairs"] | None = Field(
        None, description="random_pairs: adjacent ranks are paired and one of each pair is treated by lot"
    )
    within: list[str] = Field(
        default_factory=list, description="Only units whose LSOA name starts with one of these, e.g. Liverpool"
    )

    @model_validator(mode="after")
    def _complete(self) -> "Selection":
        if self.rule == "top" and (self.top is None or self.assign is None):
            raise ValueError("rule: top needs top (how many units) and assign (how they were split)")
        return self


class Buffers(Section):
    """Catchments for displacement: rings round polygons, or listed neighbouring LSOAs."""

    distances_m: list[Annotated[float, Field(gt=0, le=5000)]] = Field(default_factory=list)
    treated: list[str] = Field(default_factory=list, description="LSOA codes next to treated areas")
    comparison: list[str] = Field(default_factory=list, description="LSOA codes next to comparison areas")


class Units(Section):
    """What is compared with what. Lists, or a selection rule, or polygons with a role property."""

    kind: Literal["lsoa11", "lsoa21", "polygon"]
    treated: list[str] = Field(default_factory=list)
    comparison: list[str] = Field(default_factory=list)
    starts: dict[str, Month] = Field(default_factory=dict, description="Unit: its own first treated month")
    selection: Selection | None = None
    boundaries: str | None = Field(None, description="GeoJSON or GeoPackage, relative to the evaluation folder")
    id_field: str = "id"
    buffers: Buffers = Buffers()

    @model_validator(mode="after")
    def _named(self) -> "Units":
        chosen = self.selection is not None and self.selection.rule == "top"
        if chosen and (self.treated or self.comparison):
            raise ValueError("give either treated and comparison lists, or selection with rule: top, not both")
        if not chosen and not self.treated:
            raise ValueError("treated is empty: list the units that get the intervention, or use selection: rule: top")
        if both := sorted(set(self.treated) & set(self.comparison)):
            raise ValueError(f"both treated and comparison: {', '.join(both[:5])}")
        if self.kind == "polygon" and not self.boundaries:
            raise ValueError("kind: polygon needs boundaries, a GeoJSON or GeoPackage file")
        if self.buffers.distances_m and self.kind != "polygon":
            raise ValueError("buffers.distances_m needs kind: polygon; for LSOAs list buffers.treated and .comparison")
        if lost := sorted(set(self.starts) - set(self.treated)):
            raise ValueError(f"starts names units that are not treated: {', '.join(lost[:5])}")
        return self


class Window(Section):
    """The months analysed, first and last included. The selection window must lie outside."""

    first: Month
    last: Month
    period: Literal["month"] = "month"

    @model_validator(mode="after")
    def _ordered(self) -> "Window":
        if self.first >= self.last:
            raise ValueError(f"first ({self.first}) must come before last ({self.last})")
        return self


class Outcome(Section):
    """One outcome: what is counted, from which rows, and which direction is good."""

    id: Name
    measure: Text
    data: Name = "crimes"
    filter: dict[str, list[str]] = Field(description="Column of the events: allowed values")
    direction: Literal["decrease", "increase"] = Field("decrease", description="Which change is good")
    primary: bool = False


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
    """Which suppression rules apply: the strictest of the inputs."""

    profile: Literal["public_police_uk", "police_local", "nhs_hes_ecds", "tre"] = "police_local"


class ArtificialEffect(Section):
    """A declared exercise: real events in treated units are thinned after the start, so the truth is known."""

    keep_share: float = Field(gt=0, lt=1, description="0.75 keeps each event with probability 0.75")


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
    disclaimer: str = Field("", description="First line of every output, e.g. that no intervention took place")
    audience: Literal["vru_only", "network", "public"] = "network"
    licence: str = "OGL-UK-3.0"
    roles: Roles
    definition_of_violence: Text
    intervention: Intervention
    theory_of_change: TheoryOfChange
    question: Question
    units: Units
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
    deviations: list[Deviation] = Field(default_factory=list)

    @model_validator(mode="after")
    def _declared(self) -> "Protocol":
        if self.artificial_effect is not None and not self.disclaimer:
            raise ValueError("artificial_effect needs a disclaimer that says so in the first line of every output")
        return self

    def outcome(self, outcome_id: str) -> Outcome:
        """The outcome of that id. Raises KeyError if there is none."""
        for o in self.outcomes:
            if o.id == outcome_id:
                return o
        raise KeyError(outcome_id)
