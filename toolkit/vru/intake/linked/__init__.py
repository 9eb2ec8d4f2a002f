"""People linked with other extracts: outcomes, what was known before, and time at risk, from events by date."""

from vru.intake.linked.follow import Follow, follow
from vru.intake.linked.link import Linked, link

__all__ = ["Follow", "Linked", "follow", "link"]
