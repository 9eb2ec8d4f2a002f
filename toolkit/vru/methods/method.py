"""What a method is: a name, what it assumes, its options, and one function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, Field

from vru.results import Estimate

Shape = Literal["areas", "days", "people"]
Design = Literal[
    "before_after", "controlled_before_after", "panel", "randomised", "adjusted", "instrument", "threshold"
]


class MethodOptions(BaseModel):
    """Options of a method as typed in a protocol; closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: float = Field(0.95, ge=0.5, le=0.999)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcome ids of the plan that the options name, beside the analysis's own."""
        return ()

    @property
    def unit(self) -> str:
        """What the answer counts."""
        return "offences"


@dataclass(frozen=True, slots=True)
class Method:
    """An estimator on the common scale.

    design : the strongest design it can carry: "before_after" (no comparison used),
        "controlled_before_after" (one comparison, totals), "panel" (comparison and trend), "randomised" (drawn by
        lot), "adjusted" (people compared after adjustment), "instrument" (encouragement), "threshold" (eligibility score).
    fit : ``fit(data, outcome, options, rng) -> Estimate`` with ``analysis`` left "" and
        ``role`` "exploratory"; the caller fills both in. Raises MethodError with a hint
        where the data cannot answer.
    timed : it takes outcomes of kind time, and no others.
    lean : the same answer for less, without its path by period or its event study; None where ``fit`` is all there is.
    needs_selection : the plan must say how areas were chosen (``units.selection``).
    adjusts_for : what of a unit or a period cannot bias the answer; "level" where arms of unlike level may be compared.
    takes : what ``data`` is: a Panel of areas by month, a Panel of areas by day with a schedule,
        or a Cohort with one row per person (or class, school, case).
    """

    name: str
    family: Literal["before_after", "causal"]
    design: Design
    label: str
    source: str
    options: type[MethodOptions]
    fit: Callable[[Any, str, MethodOptions, Generator], Estimate]
    adjusts_for: tuple[str, ...] = ()
    takes: Shape = "areas"
    needs_selection: bool = False
    timed: bool = False
    lean: Callable[[Any, str, MethodOptions, Generator], Estimate] | None = None
