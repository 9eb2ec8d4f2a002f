"""What a check is: it looks at one estimate in its case and returns a finding; it never raises."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.graph import Identification
from vru.panel import Panel
from vru.protocol import Protocol
from vru.results import Estimate, Finding

Bearing = Literal["design", "course", "level", "ranks", "hidden_causes"]


class CheckOptions(BaseModel):
    """Options of a check as typed in a protocol; closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Case:
    """What a check may look at.

    data : the panel, or the cohort, that the estimate is of.
    refit : runs the registered analysis again, unchanged but for the data given:
        ``refit(data) -> Estimate``. This is how a check reaches a method without importing it.
    """

    protocol: Protocol
    data: Panel | Cohort
    estimate: Estimate
    identification: Identification | None
    refit: Callable[[Panel | Cohort], Estimate]

    @property
    def panel(self) -> Panel:
        """The data as a panel. Raises MethodError if they are people."""
        if isinstance(self.data, Panel):
            return self.data
        raise MethodError("this check looks at areas over time, and the data are one row per person.")

    @property
    def cohort(self) -> Cohort:
        """The data as a cohort. Raises MethodError if they are areas over time."""
        if isinstance(self.data, Cohort):
            return self.data
        raise MethodError("this check looks at people, and the data are areas over time.")


@dataclass(frozen=True, slots=True)
class Check:
    """A check. ``run(case, options, rng) -> Finding``; what cannot run is ``not_run`` and says why.

    takes : the shapes of data it can look at.
    bears_on : what its verdict decides. "design": a failure lowers the rating. "course", "level", "ranks" (did the arms
        move alike, were they of like level, do areas of other ranks differ as much) and "hidden_causes" decide
        whether a causal word is licensed without a lot.
    """

    name: str
    label: str
    question: str
    source: str
    options: type[CheckOptions]
    run: Callable[[Case, CheckOptions, Generator], Finding]
    takes: tuple[Literal["areas", "days", "people"], ...] = ("areas",)
    bears_on: tuple[Bearing, ...] = ()
