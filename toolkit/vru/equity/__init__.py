"""Disproportionality by ethnic group for a force as a whole: what is missing first, then rates, ratios, bounds and trend."""

from vru.equity.asked import Asked, Stage, asked_problems, read_stage
from vru.equity.figured import Study, figure_out
from vru.equity.handed import INTERNAL, NUMBERS, numbers
from vru.equity.people import read_benchmark, read_population
from vru.equity.reading import read_rows

__all__ = [
    "INTERNAL",
    "NUMBERS",
    "Asked",
    "Stage",
    "Study",
    "asked_problems",
    "figure_out",
    "numbers",
    "read_benchmark",
    "read_population",
    "read_rows",
    "read_stage",
]
