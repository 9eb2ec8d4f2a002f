"""What every page shares: the templates' environment, the stylesheet and the layout."""

from vru.pages.environment import SELF_CONTAINED_CSP, environment, stylesheet

__all__ = ["SELF_CONTAINED_CSP", "environment", "stylesheet"]
