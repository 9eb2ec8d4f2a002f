"""The shared library as a folder of pages: records in, ``{relative path: content}`` out."""

from vru.site.build import build_site
from vru.site.entries import Audience, Notice, SiteRecord, VersionLine
from vru.site.stored_report import active_content, seal_report

__all__ = ["build_site", "Audience", "SiteRecord", "VersionLine", "Notice", "active_content", "seal_report"]
