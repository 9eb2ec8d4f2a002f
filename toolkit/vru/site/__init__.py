"""The shared library as a folder of pages: records in, ``{relative path: content}`` out."""

from vru.site.areas import Boundaries, read_boundaries
from vru.site.build import build_site, site_files
from vru.site.entries import Audience, Notice, SiteRecord, VersionLine, select
from vru.site.results import is_exercise
from vru.site.stored_report import active_content, seal_report
from vru.site.syntheses import InterventionView, OutcomeView, Pooled

__all__ = [
    "build_site",
    "site_files",
    "select",
    "is_exercise",
    "Audience",
    "SiteRecord",
    "VersionLine",
    "Notice",
    "InterventionView",
    "OutcomeView",
    "Pooled",
    "Boundaries",
    "read_boundaries",
    "active_content",
    "seal_report",
]
