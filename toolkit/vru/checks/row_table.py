"""The rows that DoWhy gets: one an area, or one a person."""

from vru.checks.area_table import area_table
from vru.checks.check import Case
from vru.checks.dowhy_model import RowTable
from vru.checks.person_table import person_table
from vru.panel import Panel


def row_table(case: Case) -> RowTable:
    """The case's rows. Raises MethodError with the reason where it has none that DoWhy can use."""
    return area_table(case) if isinstance(case.data, Panel) else person_table(case)
