"""What a source hands over: tidy events as one Parquet file, or an extract as a table; and what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vru.errors import Question
from vru.periods import MONTHS, Calendar

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["info", "question", "fault"]


@dataclass(frozen=True, slots=True)
class DataNote:
    """One line of the data log: what was read, kept, dropped or decided, and how many rows.

    severity : "info" needs nobody; a "question" wants an answer of whoever knows the data, and ``vru check`` ends
        with exit 1 for it; a "fault" changes what the numbers mean.
    """

    source: str
    text: str
    count: int | None = None
    severity: Severity = "info"


@dataclass(frozen=True, slots=True)
class Events:
    """Recorded events in a Parquet file, one row per event.

    path : Parquet with at least the text columns ``month`` (YYYY-MM), ``force`` (the force slug in
        the archive's file name), ``crime_type``, ``lsoa_code``, ``lsoa_name`` and the float columns
        ``longitude``, ``latitude`` (null where absent); other columns may be used in outcome filters. Where a
        source knows repeats: ``shared_id`` (the same number in rows of one crime that differ in type, else null),
        ``has_id`` and ``repeats`` (how many rows of the same crime and type were dropped for this one).
    present : force -> periods for which that force has a file in the archive. A period that is not
        here is missing, not one without crime.
    sha256 : of the source as read (a file's bytes, or the ordered digests of a folder's files), "sha256:..." form.
    dropped : force -> period -> reason -> rows of that file which are not among the events.
    truth : for simulated data or declared artificial changes: name -> known true value.
    questions : what somebody who knows the data has to answer.
    calendar : what ``present`` counts in; where that is no month, a column ``period`` holds each event's label.
    added_up : month -> the label of the longer period that it is added up to.

    A table that was already tallied has a float column ``n``: how many events a row stands for. bounds : of one with
    suppressed cells, the same file with each of them at the least and at the most of its range.
    """

    path: Path
    present: Mapping[str, tuple[str, ...]]
    sha256: str
    log: tuple[DataNote, ...] = ()
    truth: Mapping[str, float] = field(default_factory=dict)
    dropped: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    bounds: tuple[Path, Path] | None = None
    calendar: Calendar = MONTHS
    added_up: Mapping[str, str] = field(default_factory=dict)

    @property
    def column(self) -> str:
        """The column that says when: ``month`` or ``period``."""
        return "month" if self.calendar.kind == "month" else "period"


@dataclass(frozen=True, slots=True)
class Marks:
    """How an extract writes what is not a plain value. Nothing is taken for missing that is not declared or empty.

    missing : what stands for not known. suppressed : what stands for a hidden number -> its range. decimal : "." or ",".
    dates : how dates are written (as ``strptime`` takes it), None for ISO form.
    """

    missing: tuple[str, ...] = ()
    suppressed: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    decimal: str = "."
    dates: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An extract as it was handed over: one row per person, event, or area and day. Held in memory, never cached.

    frame : every column as text, missing where the cell was empty; column names as in the file.
    name : what the extract is called in messages. sha256 : of the file's bytes, "sha256:..." form. marks : as its plan
        declares them.
    """

    name: str
    frame: "pd.DataFrame"
    sha256: str
    log: tuple[DataNote, ...] = ()
    truth: Mapping[str, float] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
