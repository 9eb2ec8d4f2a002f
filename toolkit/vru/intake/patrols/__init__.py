"""From pings, check-ins or timesheets to visits and minutes by area and period."""

from vru.intake.patrols.delivered import Delivery, Rules, deliver
from vru.intake.patrols.placed import Placed, place
from vru.intake.patrols.signed import read_signed

__all__ = ["Delivery", "Placed", "Rules", "deliver", "place", "read_signed"]
