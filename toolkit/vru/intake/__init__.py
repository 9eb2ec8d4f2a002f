"""From extracts to a cohort, or to a panel of patrol days."""

from vru.intake.cohort import build_cohort
from vru.intake.days import build_days
from vru.intake.made import Made

__all__ = ["Made", "build_cohort", "build_days"]
