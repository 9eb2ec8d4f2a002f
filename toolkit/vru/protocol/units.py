"""The units of a protocol: what is compared with what, how it was chosen, and what lies round it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vru.protocol.section import Moment, Name, Section

Shape = Literal["areas", "days", "people"]
AREAS = ("lsoa11", "lsoa21", "polygon", "area")
PEOPLE = {"person": "people", "case": "cases", "family": "families", "class": "classes", "school": "schools"}
"""Kinds of unit that are rows of a cohort, and what many of them are called."""


class Selection(Section):
    """How hot spots were chosen, so that regression to the mean can be measured.

    ``rule: top`` chooses the ``top`` units with most offences of ``outcome`` in ``window`` and
    splits them by ``assign``; ``rule: listed`` says that the lists under units were chosen on
    that window by people.
    """

    rule: Literal["top", "listed"]
    outcome: Name
    first: Moment
    last: Moment
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
    exclude_within_m: Annotated[float, Field(ge=0, le=20_000)] | None = Field(
        None,
        description="Comparison areas so near to a treated one are left out; 0: those that touch it. Needs boundaries",
    )


class Described(Section):
    """A table of what is known of the areas: one row per area, or per area and year.

    residents : who lives there, the base of rates; covariates : name -> column of numbers known before the start.
    """

    data: Name
    area: str
    year: str | None = None
    residents: str | None = None
    covariates: dict[Name, str] = Field(default_factory=dict, max_length=30)

    @model_validator(mode="after")
    def _something(self) -> "Described":
        if self.residents is None and not self.covariates:
            raise ValueError("name residents, covariates or both")
        return self


class Delivered(Section):
    """A table of what was done in each area and period, as ``vru patrols --out`` writes it, and of what was planned.

    Each of minutes, visits, planned_minutes and planned_visits is a column of numbers; one of the first two is needed.
    """

    data: Name
    area: str = "area"
    period: str = "period"
    minutes: str | None = None
    visits: str | None = None
    planned_minutes: str | None = None
    planned_visits: str | None = None

    @model_validator(mode="after")
    def _something(self) -> "Delivered":
        if self.minutes is None and self.visits is None:
            raise ValueError("name the column of minutes, of visits or of both")
        return self

    @property
    def amounts(self) -> dict[str, str]:
        """What is counted -> its column."""
        named = {k: getattr(self, k) for k in ("minutes", "visits", "planned_minutes", "planned_visits")}
        return {k: c for k, c in named.items() if c is not None}


class Units(Section):
    """What is compared with what: lists, a selection rule, patrolled sites, or people.

    ``area`` is any area by the name or code that the data give it: ward, district, beat, hospital, force. Sites and people
    are named in their extracts, so their lists stay empty.
    """

    kind: Literal["lsoa11", "lsoa21", "polygon", "area", "site", "person", "case", "family", "class", "school"]
    treated: list[str] = Field(default_factory=list)
    comparison: list[str] = Field(default_factory=list)
    starts: dict[str, Moment] = Field(default_factory=dict, description="Unit: its own first treated period")
    selection: Selection | None = None
    boundaries: str | None = Field(
        None, description="GeoJSON, GeoPackage or CSV of points (with radius_m), relative to the evaluation folder"
    )
    layer: str | None = Field(None, description="Which layer of a GeoPackage that holds several")
    id_field: str = "id"
    radius_m: Annotated[float, Field(gt=0, le=5000)] | None = Field(
        None, description="boundaries is a CSV of points, and each area is a circle of this radius in metres"
    )
    lookup: str | None = Field(
        None, description="Official look-up of LSOAs 2011 to 2021, CSV, where one archive has codes of both censuses"
    )
    empty_units: list[str] = Field(
        default_factory=list, description="Areas in which nothing is known to have happened: not refused as misplaced"
    )
    buffers: Buffers = Buffers()
    described_by: Described | None = None
    delivered: Delivered | None = None

    @model_validator(mode="after")
    def _named(self) -> "Units":
        if self.shape != "areas":
            return self._of_extract()
        chosen = self.selection is not None and self.selection.rule == "top"
        if chosen and (self.treated or self.comparison):
            raise ValueError("give either treated and comparison lists, or selection with rule: top, not both")
        if not chosen and not self.treated:
            raise ValueError("treated is empty: list the units that get the intervention, or use selection: rule: top")
        if both := sorted(set(self.treated) & set(self.comparison)):
            raise ValueError(f"both treated and comparison: {', '.join(both[:5])}")
        self._drawn()
        own = {*self.treated, *self.comparison, *self.buffers.treated, *self.buffers.comparison}
        if not chosen and (lost := sorted(set(self.empty_units) - own)):
            raise ValueError(f"empty_units names units that are in no list: {', '.join(lost[:5])}")
        if lost := sorted(set(self.starts) - set(self.treated)):
            raise ValueError(f"starts names units that are not treated: {', '.join(lost[:5])}")
        return self

    def _drawn(self) -> None:
        """What belongs to areas that are drawn on a map, and what to areas that have a code."""
        drawn = self.kind == "polygon"
        if drawn and not self.boundaries:
            raise ValueError("kind: polygon needs boundaries, a GeoJSON or GeoPackage file")
        if self.radius_m is not None and not drawn:
            raise ValueError("radius_m needs kind: polygon, and boundaries: a CSV file of points")
        if self.buffers.distances_m and not drawn:
            raise ValueError("buffers.distances_m needs kind: polygon; for LSOAs list buffers.treated and .comparison")
        if self.buffers.exclude_within_m is not None and not self.boundaries:
            raise ValueError("buffers.exclude_within_m needs boundaries, a map of the areas")
        if self.lookup and drawn:
            raise ValueError("lookup is for LSOA codes, and kind: polygon has none")

    def _of_extract(self) -> "Units":
        given = [
            k
            for k in (
                "treated",
                "comparison",
                "starts",
                "selection",
                "boundaries",
                "lookup",
                "empty_units",
                "described_by",
                "delivered",
            )
            if getattr(self, k)
        ]
        if given or self.buffers != Buffers():
            named = ", ".join(given) or "buffers"
            raise ValueError(f"kind: {self.kind} takes its rows from an extract, so leave out {named}")
        return self

    @property
    def shape(self) -> Shape:
        """Whether the plan follows areas over months, areas over days, or people."""
        if self.kind in AREAS:
            return "areas"
        return "days" if self.kind == "site" else "people"

    @property
    def noun(self) -> str:
        """What many of the units are called: areas, people, cases, schools."""
        return PEOPLE.get(self.kind, "areas")
