"""Where a plan finds its people, or its patrol days, in extracts: which column is what."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from vru.protocol.linked import FollowUp, Scale
from vru.protocol.section import Column, Name, Section, Value

__all__ = ["ArmColumn", "CohortPlan", "Column", "CovariateColumn", "DayEvents", "Days", "ScheduleTable", "Value"]


class ArmColumn(Section):
    """The column that says who is treated: its values for treated rows and for comparison rows."""

    column: Column
    treated: list[Value] = Field(default=["1"], min_length=1)
    comparison: list[Value] = Field(default=["0"], min_length=1)

    @model_validator(mode="after")
    def _apart(self) -> "ArmColumn":
        if both := sorted({v.casefold() for v in self.treated} & {v.casefold() for v in self.comparison}):
            raise ValueError(f"both treated and comparison: {', '.join(both)}")
        return self


class CovariateColumn(Section):
    """A covariate's column and what its cells are."""

    column: Column
    kind: Literal["number", "category", "yes_no", "date"]
    unit: Literal["percent", "pounds"] | None = None

    @model_validator(mode="after")
    def _measured(self) -> "CovariateColumn":
        if self.unit is not None and self.kind != "number":
            raise ValueError("unit belongs to kind: number")
        return self


class CohortPlan(Section):
    """One row per person, case, class or school: which column is what.

    ``covariates`` names what was known before the start; these names are the nodes of the graph. The short form
    ``age: age`` stands where every cell is a number, or every cell one of a few categories.
    """

    data: Name = "people"
    id: Column
    assigned: ArmColumn | None = Field(None, description="What each was allocated to, invited to or encouraged into")
    received: ArmColumn | None = Field(None, description="What each took")
    covariates: dict[Name, Column | CovariateColumn] = Field(default_factory=dict)
    cluster: Column | None = Field(None, description="What was allocated together, or shares its shocks: school, area")
    stratum: Column | None = Field(None, description="What allocation was done within")
    period: Column | None = Field(None, description="For a stepped wedge: the period of the row")
    exposure: Column | None = Field(None, description="Follow-up time at risk, in any unit, positive")
    running: Column | CovariateColumn | None = Field(
        None, description="The score that eligibility depends on: a number, or a date"
    )

    scales: dict[Name, Scale] = Field(
        default_factory=dict, max_length=20, description="Column to be made -> the questionnaire's score in it"
    )
    follow_up: FollowUp | None = Field(None, description="Outcomes and covariates that lie in other extracts, by date")

    @property
    def known_before(self) -> tuple[str, ...]:
        """Every covariate by name: columns of the list, and what is counted from events before the start."""
        return (*self.covariates, *(self.follow_up.earlier if self.follow_up else ()))

    @model_validator(mode="after")
    def _compared(self) -> "CohortPlan":
        if self.follow_up and (both := sorted(set(self.covariates) & set(self.follow_up.earlier))):
            raise ValueError(f"both under covariates and under follow_up.earlier: {', '.join(both)}")
        if self.assigned is None and self.received is None and self.running is None:
            raise ValueError("nobody is compared: give assigned, received or running")
        if isinstance(self.running, CovariateColumn) and self.running.kind not in ("number", "date"):
            raise ValueError("running is a number or a date")
        return self


class DayEvents(Section):
    """Events of the patrolled areas: the columns that hold the area and when it happened."""

    data: Name = "crimes"
    unit: Column
    when: Column
    day_starts: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        "00:00", description="A patrol day may run from 06:00 to 05:59: then events before it belong to the day before"
    )
    count: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(rows|distinct \S.*)$")] = Field(
        "rows", description="What is counted: rows, or distinct COLUMN where a crime has a row per victim"
    )
    left_over: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Largest share of the window's events that may lie in no area of the schedule"
    )

    @property
    def counted_by(self) -> str | None:
        """The column whose distinct values are counted, or None where rows are."""
        return None if self.count == "rows" else self.count.removeprefix("distinct ").strip()


class ScheduleTable(Section):
    """The schedule, one row per area and day: what was drawn, and what was delivered."""

    data: Name = "schedule"
    unit: Column
    date: Column
    assigned: ArmColumn
    delivered: dict[Literal["minutes", "visits"], Column] = Field(default_factory=dict)
    empty_units: list[Value] = Field(
        default_factory=list, description="Areas in which nothing is known to have happened"
    )


class Days(Section):
    """A trial in which the same areas are patrolled on some days and not on others."""

    events: DayEvents
    schedule: ScheduleTable
