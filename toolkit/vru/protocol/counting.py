"""What is counted, and by which periods: the window of a plan and its outcomes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vru.periods import WEEKDAYS, Calendar, Kind, first_weekday
from vru.protocol.linked import OutcomeKind, time_fault
from vru.protocol.rows import Column
from vru.protocol.section import Moment, Name, Section, Text

CountedFrom = Literal["first", "start", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Hour = Annotated[int, Field(ge=0, le=24)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Window(Section):
    """The time analysed, first and last included, in whole periods. The selection window must lie outside.

    Months, quarters and years are written YYYY-MM; days, weeks and four weeks by their days, YYYY-MM-DD. What makes no
    whole period at either end is left out, and the data log says so.
    """

    first: Moment
    last: Moment
    period: Kind = "month"
    counted_from: CountedFrom = Field(
        "first",
        description="Where periods longer than a month or day begin: with first, with the intervention's start, or (weeks) "
        "on this weekday",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Window":
        for name, value in (("first", self.first), ("last", self.last)):
            if len(value) != len(self.form):
                raise ValueError(f"{name} ({value}) must be written {self.form}, as period is {self.period}")
        if self.first >= self.last:
            raise ValueError(f"first ({self.first}) must come before last ({self.last})")
        if self.counted_from in WEEKDAYS and self.period not in ("week", "four_weeks"):
            raise ValueError(
                f"counted_from: {self.counted_from} is for weeks and four_weeks, and period is {self.period}"
            )
        return self

    @property
    def form(self) -> str:
        """How moments are written."""
        return "YYYY-MM-DD" if Calendar(self.period).by_days else "YYYY-MM"

    def calendar(self, start: str) -> Calendar:
        """The periods, for an intervention that starts then."""
        if self.period in ("month", "day"):
            return Calendar(self.period, "2000-01" if self.period == "month" else "2000-01-01")
        if self.counted_from in WEEKDAYS:
            return Calendar(self.period, first_weekday(self.first, self.counted_from))
        return Calendar(self.period, start if self.counted_from == "start" else self.first)


class Outcome(Section):
    """One outcome: events counted by ``filter``, or for people a ``column`` and its ``kind``; which direction is good."""

    id: Name
    measure: Text
    data: Name = "crimes"
    filter: dict[str, list[str]] = Field(default_factory=dict, description="Column of the events: allowed values")
    hours: tuple[Hour, Hour] | None = Field(
        None, description="Only events from this hour to before that: [15, 22], [22, 4]"
    )
    weekdays: list[Weekday] = Field(
        default_factory=list, max_length=7, description="Only events on these days: [wed, sat]"
    )
    outside: bool = Field(
        False, description="Instead the events that hours and weekdays leave out, as a placebo outcome"
    )
    noun: str | tuple[str, str] = Field(
        "offences", description="What is counted, several or [one, several]: admissions"
    )
    column: Column | None = Field(None, description="For people: the column that holds the outcome")
    kind: OutcomeKind | None = Field(None, description="For people: what the column holds, or is made of linked events")
    time: Column | None = Field(None, description="For kind: time with a column: the column of days followed up")
    days: int | None = Field(None, ge=1, le=36_525, description="Of linked events: follow-up of this outcome alone")
    direction: Literal["decrease", "increase"] = Field("decrease", description="Which change is good")
    primary: bool = False

    @model_validator(mode="after")
    def _whole(self) -> "Outcome":
        if self.column is not None and self.kind is None:
            raise ValueError("column and kind go together: name the column and say what it holds")
        if wrong := time_fault(self.kind, self.column, self.time, self.days):
            raise ValueError(wrong)
        if self.outside and self.hours is None and not self.weekdays:
            raise ValueError("outside needs hours or weekdays: it counts what they leave out")
        if self.hours is not None and (self.hours[0] == self.hours[1] or self.hours[0] == 24):
            raise ValueError(f"hours {list(self.hours)} hold no hour: [15, 22] is from 15:00 to before 22:00")
        if self.column is not None and self.filter:
            raise ValueError("filter counts events, column reads a value per row: give one of them")
        return self

    @property
    def times(self) -> dict[str, list[str]]:
        """Columns ``hour`` and ``weekday`` of the events, and the values that hours and weekdays name."""
        found: dict[str, list[str]] = {}
        if self.hours is not None:
            first, end = self.hours
            found["hour"] = [f"{h % 24:02d}" for h in range(first, end if end > first else end + 24)]
        if self.weekdays:
            found["weekday"] = list(self.weekdays)
        return found
