"""Geography: events become counts by unit and month. ``build_panel`` is the way in."""

from vru.geography.build import Built, build_panel
from vru.geography.spelling import respelt_plan

__all__ = ["Built", "build_panel", "respelt_plan"]
