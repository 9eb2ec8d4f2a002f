"""Where events come from. A new source is one file and its name in ``SOURCES``."""

from vru.sources import extract, police_uk, simulated, simulated_patrols, simulated_programme
from vru.sources.source import Progress, Request, Source, SourceOptions

SOURCES: dict[str, Source] = {
    m.SOURCE.name: m.SOURCE for m in (police_uk, extract, simulated, simulated_patrols, simulated_programme)
}

__all__ = ["SOURCES", "Progress", "Request", "Source", "SourceOptions"]
