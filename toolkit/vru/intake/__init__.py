"""From extracts to a cohort, to a panel of patrol days, or to events of areas."""

from vru.intake.cohort import build_cohort
from vru.intake.days import build_days
from vru.intake.delivered import add_delivered
from vru.intake.described import describe
from vru.intake.made import Made
from vru.intake.offences import read_offences
from vru.intake.tallies import read_tallies

__all__ = ["Made", "add_delivered", "build_cohort", "build_days", "describe", "read_offences", "read_tallies"]
