"""The sources ``events`` and ``counts``: a force's own extract of offences, or a table that somebody has already tallied.

The file is read as any extract is; ``vru.intake`` makes events of areas and months out of its columns.
"""

from typing import ClassVar

from vru.protocol.tabled import CountColumns, EventColumns
from vru.sources import extract
from vru.sources.extract import ExtractOptions
from vru.sources.source import Source


class EventsOptions(ExtractOptions, EventColumns):
    """How the file is written, and which column says when, where and what."""


class CountsOptions(ExtractOptions, CountColumns):
    """How the file is written, and which columns say where, when and how many. ``dates`` may name months: "%b %Y"."""

    by_day: ClassVar[bool] = False


EVENTS = Source(
    name="events",
    label="An extract of offences or calls, one row each, with a date and an area or coordinates",
    needs_path=True,
    options=EventsOptions,
    read=extract.read,
    profile="police_local",
)
COUNTS = Source(
    name="counts",
    label="A table of counts by area and month, as a publication, dashboard or hospital gives it",
    needs_path=True,
    options=CountsOptions,
    read=extract.read,
    profile="police_local",
)
