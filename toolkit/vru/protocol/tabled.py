"""Which column of an extract says where, when and what, where areas are followed over months."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vru.periods import Calendar
from vru.protocol.rows import Column, Value
from vru.protocol.section import Moment, Section

MAX_COLUMNS = 20
DAYS = Calendar("day", "2000-01-01")


class Covers(Section):
    """The months, or days, that an extract covers, first and last included: one without rows in it is one without events.

    A period that is not covered whole is missing.
    """

    first: Moment
    last: Moment
    missing: list[Moment] = Field(default_factory=list, description="Months or days within that were not supplied")

    @model_validator(mode="after")
    def _ordered(self) -> "Covers":
        if not DAYS.between(self.first, self.last):
            raise ValueError(f"first ({self.first}) comes after last ({self.last})")
        days = set(DAYS.between(self.first, self.last))
        if lost := [m for m in self.missing if not days.issuperset(DAYS.between(m, m))]:
            raise ValueError(f"missing names months outside {self.first} to {self.last}: {', '.join(lost)}")
        return self

    def present(self, calendar: Calendar) -> tuple[str, ...]:
        """Labels of the periods that are covered whole and not missing, in order."""
        gone = {calendar.holding(day) for m in self.missing for day in DAYS.between(m, m)}
        return tuple(p for p in calendar.between(self.first, self.last) if p not in gone)


class EventColumns(Section):
    """One row per offence, call or attendance.

    when : date or time it happened, or began where ``until`` is named too. at : of a range, the end that it is counted at.
    area : a code or name of an area; or easting and northing (metres), or longitude and latitude (degrees).
    kind : what it was; outcomes filter it as ``crime_type``. id : rows with the same id and kind count once.
    keep : further columns that outcomes filter. Every event also has ``weekday`` (mon to sun) and ``hour`` (00 to 23).
    """

    covers: Covers
    when: Column
    until: Column | None = None
    at: Literal["start", "middle", "end"] = "start"
    area: Column | None = None
    easting: Column | None = None
    northing: Column | None = None
    longitude: Column | None = None
    latitude: Column | None = None
    kind: Column | None = None
    id: Column | None = None
    keep: list[Column] = Field(default_factory=list, max_length=MAX_COLUMNS)

    @model_validator(mode="after")
    def _placed(self) -> "EventColumns":
        for one, other in (("easting", "northing"), ("longitude", "latitude")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} go together")
        ways = [self.area, self.easting, self.longitude]
        if not any(ways):
            raise ValueError("say where: area, or easting and northing, or longitude and latitude")
        if self.easting and self.longitude:
            raise ValueError("give easting and northing or longitude and latitude, not both")
        if self.until is None and self.at != "start":
            raise ValueError(f"at: {self.at} needs until, the column in which a range ends")
        return self

    def columns(self) -> list[str]:
        """Every column of the file that is named, once."""
        named = [self.when, self.until, self.area, self.easting, self.northing, self.longitude, self.latitude]
        return list(dict.fromkeys(c for c in [*named, self.kind, self.id, *self.keep] if c is not None))


class CountColumns(Section):
    """A table already tallied: one row per area and month (``period``), or one column per month (``months_in: columns``).

    counts : what is counted -> its column; outcomes filter it as ``crime_type``. Of a table with a column per month:
        one name for all, and ``kind`` may name the column that says what a row counts.
    hidden : which number stands for a suppressed cell: the lowest, middle or highest of its declared range.
    total_rows : values of the area column that are sums of other rows and are left out ("Total", "England").
    """

    area: Column
    period: Column | None = None
    months_in: Literal["rows", "columns"] = "rows"
    counts: dict[Value, Column] = Field(default_factory=dict, max_length=MAX_COLUMNS)
    kind: Column | None = None
    hidden: Literal["low", "middle", "high"] | None = None
    total_rows: Annotated[list[Value], Field(default_factory=list)]

    @model_validator(mode="after")
    def _whole(self) -> "CountColumns":
        if self.months_in == "rows" and (self.period is None or not self.counts):
            raise ValueError("a table with one row per area and month needs period, and counts: {name: column}")
        if self.months_in == "columns" and (self.period or self.counts):
            raise ValueError(
                "a table with one column per month takes neither period nor counts: its columns are months"
            )
        return self

    def columns(self) -> list[str]:
        """Every column of the file that is named, once."""
        named = [self.area, self.period, self.kind, *self.counts.values()]
        return list(dict.fromkeys(c for c in named if c is not None))
