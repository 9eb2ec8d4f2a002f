"""Where events come from. A new source is one file and its name in ``SOURCES``."""

from vru.sources import extract, police_uk, simulated, simulated_patrols, simulated_programme, tallied
from vru.sources.source import Progress, Request, Source, SourceOptions

_ALL = (
    police_uk.SOURCE,
    tallied.EVENTS,
    tallied.COUNTS,
    extract.SOURCE,
    simulated.SOURCE,
    simulated_patrols.SOURCE,
    simulated_programme.SOURCE,
)
SOURCES: dict[str, Source] = {s.name: s for s in _ALL}

__all__ = ["SOURCES", "Progress", "Request", "Source", "SourceOptions"]
