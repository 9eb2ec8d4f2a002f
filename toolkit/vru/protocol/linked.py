"""Where a plan finds what happened to its people before and after their start: other extracts, linked by a reference."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from vru.protocol.section import Column, Name, Section, Value

Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
OutcomeKind = Literal["binary", "count", "continuous", "time"]


class CoversPeople(Section):
    """Which days an extract of events covers, and of whom.

    people : ``everybody``: whoever is not in it had no event; ``those_in_it``: of whoever is not in it nothing is known.
    """

    first: Day
    last: Day
    people: Literal["everybody", "those_in_it"]

    @model_validator(mode="after")
    def _ordered(self) -> "CoversPeople":
        if self.first >= self.last:
            raise ValueError(f"first ({self.first}) must come before last ({self.last})")
        return self


class LinkedEvents(Section):
    """One extract of events, one row each: whose, and when.

    count : rows, or distinct COLUMN where an event has several rows. found : a column of the list of people that says
    whether the holder of the events found the person at all; of those not found nothing is known.
    """

    id: Column
    when: Column
    covers: CoversPeople
    count: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(rows|distinct \S.*)$")] = "rows"
    found: Column | None = None

    @property
    def counted_by(self) -> str | None:
        """The column whose distinct values are counted, or None where rows are."""
        return None if self.count == "rows" else self.count.removeprefix("distinct ").strip()


class Custody(Section):
    """Spells in custody, one row each; the day of release is at risk again. An empty ``until`` is a spell that lasts."""

    data: Name
    id: Column
    since: Column
    until: Column


class Earlier(Section):
    """A covariate counted from events before the start: how many, or whether any, in so many days."""

    data: Name
    days: int = Field(ge=1, le=36_525)
    filter: dict[str, list[Value]] = Field(default_factory=dict)
    kind: Literal["count", "any"] = "count"


class FollowUp(Section):
    """From each one's own start, for the same number of days in both arms.

    start : column of the list of people; comparison_start : where those compared have their index date in another column.
    days : of follow-up, of which ``from_day`` is the first (1 is the day after the start). left : the day on which somebody
    died or moved away. linked : id of its data -> an extract of events. earlier : name of a covariate -> what is counted.
    """

    start: Column
    comparison_start: Column | None = None
    days: int = Field(ge=1, le=36_525)
    from_day: int = Field(1, ge=0, le=3660)
    left: Column | None = None
    linked: dict[Name, LinkedEvents] = Field(min_length=1, max_length=20)
    earlier: dict[Name, Earlier] = Field(default_factory=dict, max_length=30)
    custody: Custody | None = None

    @model_validator(mode="after")
    def _known(self) -> "FollowUp":
        if lost := sorted({e.data for e in self.earlier.values()} - set(self.linked)):
            raise ValueError(f"earlier counts events of {', '.join(lost)}, which is not among linked")
        return self


class Scale(Section):
    """A score of a questionnaire, which becomes a column of the list of people under this name.

    definition : id of a table with one row per item: item, subscale, reverse (yes or no), low, high. columns : what an
    item's column is called, as "after_{item}". subscales : whose scores are added up. needed : items of a subscale that must be
    answered; those missing count as the mean of those given. whole : subscale scores are rounded to whole numbers.
    """

    definition: Name
    columns: Annotated[str, StringConstraints(pattern=r"^[^{}]*\{item\}[^{}]*$", max_length=120)]
    subscales: list[Value] = Field(min_length=1, max_length=30)
    needed: int = Field(ge=1, le=200)
    whole: bool = False


def row_faults(people: bool, column: str | None, kind: str | None, data: str, linked: list[str]) -> list[str]:
    """What of an outcome does not fit rows that are people, or are not."""
    if not people:
        return [f"{'column' if column else 'kind'} belongs to people"] if column or kind else []
    if kind is None:
        return ["needs column and kind"]
    if column is not None:
        return []
    if data not in linked:
        listed = f"one of {', '.join(linked)}" if linked else "an extract under cohort.follow_up.linked"
        return [f"needs column, or data: {listed}"]
    return ["events make no continuous outcome: choose binary, count or time"] if kind == "continuous" else []


def time_fault(kind: str | None, column: str | None, time: str | None, days: int | None) -> str | None:
    """What is wrong with an outcome's columns of time, or None."""
    if (time is not None) != (kind == "time" and column is not None):
        return "time goes with column and kind: time: the column is 1 where it happened, time when"
    if days is not None and (kind is None or column is not None):
        return "days belongs to outcomes counted from linked events"
    return None
