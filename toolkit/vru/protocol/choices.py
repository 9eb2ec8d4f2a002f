"""Choices that could as well have been registered: what else a careful analyst might have done with the same data."""

from typing import Annotated

from pydantic import Field, model_validator

from vru.protocol.section import Moment, Name, Options, Section, Text


class MethodChoice(Section):
    """Another method, or the same one with other options."""

    method: Name
    options: Options = Field(default_factory=dict)


class WindowChoice(Section):
    """A shorter window: first and last period, inside the plan's own."""

    first: Moment
    last: Moment

    @model_validator(mode="after")
    def _ordered(self) -> "WindowChoice":
        if self.first >= self.last:
            raise ValueError(f"first ({self.first}) must come before last ({self.last})")
        return self


class ComparisonChoice(Section):
    """Another comparison: the ``closest`` so many areas by their mean before the start, or all ``without`` those named."""

    closest: int | None = Field(None, ge=2, le=5000)
    without: list[str] = Field(default_factory=list, max_length=500)

    @model_validator(mode="after")
    def _one(self) -> "ComparisonChoice":
        if (self.closest is None) == (not self.without):
            raise ValueError("give closest (how many areas) or without (areas to leave out), one of them")
        return self


class Specifications(Section):
    """Defensible choices beside those registered, crossed with one another by ``vru specifications``.

    why : what makes them defensible. outcomes : ids of other outcomes. together : so many periods counted as one.
    buffers : areas within so many metres (kind: polygon), or 0 for the areas listed under units.buffers, counted with the arm
    that they lie round. draws : reassignments for the joint test.
    """

    why: Text
    methods: list[MethodChoice] = Field(default_factory=list, max_length=12)
    outcomes: list[Name] = Field(default_factory=list, max_length=12)
    windows: list[WindowChoice] = Field(default_factory=list, max_length=12)
    comparison: list[ComparisonChoice] = Field(default_factory=list, max_length=12)
    together: list[Annotated[int, Field(ge=2, le=13)]] = Field(default_factory=list, max_length=4)
    buffers: list[Annotated[float, Field(ge=0, le=5000)]] = Field(default_factory=list, max_length=6)
    draws: int = Field(199, ge=0, le=9999)

    @model_validator(mode="after")
    def _some(self) -> "Specifications":
        if self.size == 1:
            raise ValueError("names no choice: give methods, outcomes, windows, comparison, together or buffers")
        if self.size > 500:
            raise ValueError(f"makes {self.size} specifications, and 500 is the most: name fewer choices")
        return self

    @property
    def size(self) -> int:
        """How many specifications the choices make, the registered one among them."""
        n = 1
        for choices in (self.methods, self.outcomes, self.windows, self.comparison, self.together, self.buffers):
            n *= 1 + len(choices)
        return n
