"""A sheet of one row a week, some weeks merged, is a series; days on which things happened are not."""

from datetime import date, timedelta

import pytest

from vru.disclosure.content import Table
from vru.disclosure.row_level import row_level_reason

WEEKS = [(date(2021, 6, 2) + timedelta(days=7 * k)).isoformat() for k in range(90)]
DAYS = [(date(2021, 6, 2) + timedelta(days=k)).isoformat() for k in range(90)]
HEAD = ["Observed and expected", "This worksheet contains one table.", "Week"]


def table(values: list[str]) -> Table:
    rows = [["Contents", ""], *([h, "" if h != "Week" else "Observed"] for h in HEAD), *([v, "12"] for v in values)]
    return Table("tables.xlsx sheet10.xml", tuple(tuple(r) for r in rows))


@pytest.mark.parametrize(
    ("values", "looks"),
    [
        (WEEKS, False),
        ([f"{WEEKS[0]} to {WEEKS[2]}", *WEEKS[3:40], f"{WEEKS[40]} to {WEEKS[41]}", *WEEKS[45:]], False),
        ([*DAYS[:20], f"{DAYS[20]} to {DAYS[24]}", *DAYS[25:]], False),
        ([d for i, d in enumerate(DAYS) if i % 5], True),
        ([f"{d} 14:05" for d in DAYS], True),
    ],
)
def test_a_series_by_week_or_day_is_no_table_of_offences(values: list[str], looks: bool) -> None:
    assert bool(row_level_reason(table(values))) is looks
