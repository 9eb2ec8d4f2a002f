"""What intake makes of extracts: the data to analyse, how they came about, and true values where they are known."""

from collections.abc import Mapping
from dataclasses import dataclass

from vru.cohort import Cohort
from vru.errors import Question
from vru.events import DataNote
from vru.panel import Panel


@dataclass(frozen=True, slots=True)
class Made:
    """The cohort or panel, the data log, and name -> true value for simulated data.

    account : what was understood of each column, for the analyst alone: it holds smallest and largest values.
    questions : what the data make a reader ask.
    """

    data: Panel | Cohort
    log: tuple[DataNote, ...]
    truth: Mapping[str, float]
    account: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
