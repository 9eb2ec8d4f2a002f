"""What a specification curve says: one answer per set of defensible choices, and how often chance does as much."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Specification:
    """One set of choices and its answer.

    choices : what was chosen (method, outcome, window, comparison, periods, buffers), in words. value, low, high : log of
    offences recorded over expected; None where there is no such number. refused : why the method does not answer. small : whether
    it rests on counts that the plan's profile hides.
    """

    choices: Mapping[str, str]
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    refused: str = ""
    small: bool = False


@dataclass(frozen=True, slots=True)
class Joint:
    """The median over specifications against the same with areas called treated by lot.

    tried : specifications in it. draws : reassignments. p : None where too few arrangements exist for one.
    exchangeable : whether the plan drew lots, so that areas could as well have been called so.
    """

    median: float
    tried: int
    draws: int
    p: float | None
    exchangeable: bool


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """points : the registered specification first. left_out : points not shown, because they rest on small counts."""

    level: float
    why: str
    points: tuple[Specification, ...]
    joint: Joint | None = None
    left_out: int = 0
    varied: tuple[str, ...] = field(default=())

    @property
    def answered(self) -> tuple[Specification, ...]:
        """Points with a value."""
        return tuple(p for p in self.points if p.value is not None)
