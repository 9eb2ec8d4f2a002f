"""What a check is: it looks at one estimate in its case and returns a finding; it never raises."""

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict

from vru.graph import Identification
from vru.panel import Panel
from vru.protocol import Protocol
from vru.results import Estimate, Finding


class CheckOptions(BaseModel):
    """Options of a check as typed in a protocol; closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Case:
    """What a check may look at.

    refit : runs the registered analysis again, unchanged but for the panel given:
        ``refit(panel) -> Estimate``. This is how a check reaches a method without importing it.
    """

    protocol: Protocol
    panel: Panel
    estimate: Estimate
    identification: Identification | None
    refit: Callable[[Panel], Estimate]


@dataclass(frozen=True, slots=True)
class Check:
    """A check. ``run(case, options, rng) -> Finding``; what cannot run is ``not_run`` and says why."""

    name: str
    label: str
    question: str
    source: str
    options: type[CheckOptions]
    run: Callable[[Case, CheckOptions, Generator], Finding]
