"""Where events come from. A new source is one file and its name in ``SOURCES``."""

from vru.sources import police_uk, simulated
from vru.sources.source import Progress, Request, Source, SourceOptions

SOURCES: dict[str, Source] = {s.name: s for s in (police_uk.SOURCE, simulated.SOURCE)}

__all__ = ["SOURCES", "Progress", "Request", "Source", "SourceOptions"]
