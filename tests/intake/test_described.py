"""What is known of areas: residents as the base of rates, covariates of before the start, and options that need them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vru.errors import DataError
from vru.events import Table
from vru.intake import describe
from vru.panel import Panel
from vru.protocol.units import Described

PERIODS = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(30))
UNITS = ("A1", "B2", "C3")
ROWS = pd.DataFrame(
    {
        "code": ["a1 ", "A1", "B2", "B2", "C3", "C3", "D4"],
        "year": ["2019", "2020", "2019", "2020", "2019", "2020", "2020"],
        "people": ["1,000", "1,100", "2000", "2000", "500", "450", "9"],
        "deprived": ["1", "2", "3", "4", "5", "6", "7"],
    }
)
PLAN = Described(data="pop", area="code", year="year", residents="people", covariates={"imd": "deprived"})


@pytest.fixture
def panel():
    counts = np.arange(90.0).reshape(3, 30)
    gone = np.zeros((3, 30), dtype=bool)
    roles = ("treated", "comparison", "comparison")
    return Panel(UNITS, PERIODS, {"violence": counts}, roles, (PERIODS[20], None, None), gone)


def table(rows=ROWS):
    return Table("pop.csv", rows, "sha256:" + "0" * 64)


def test_residents_are_of_the_period_s_year_or_the_nearest(panel):
    found, notes = describe(panel, PLAN, table())
    assert found.exposure[0].tolist() == [1000.0] * 12 + [1100.0] * 18
    assert found.exposure[2].tolist() == [500.0] * 12 + [450.0] * 18
    assert [(n.text.split(":")[0], n.count) for n in notes if "nearest year" in n.text] == [("people", 18)]


def test_covariates_are_of_the_last_year_before_the_start(panel):
    found, _ = describe(panel, PLAN, table())
    assert found.covariates["imd"].tolist() == [1.0, 3.0, 5.0]
    late = replace(panel, starts=(PERIODS[26], None, None))
    assert describe(late, PLAN, table())[0].covariates["imd"].tolist() == [2.0, 4.0, 6.0]


def test_one_row_an_area_serves_all_years_and_the_order_of_rows_is_nothing(panel):
    plan = PLAN.model_copy(update={"year": None})
    once = ROWS[ROWS["year"] == "2020"]
    one = describe(panel, plan, table(once))[0]
    other = describe(panel, plan, table(once.iloc[::-1].reset_index(drop=True)))[0]
    assert np.array_equal(one.exposure, other.exposure)
    assert one.covariates.equals(other.covariates)


def changed(column, row, value):
    rows = ROWS.copy()
    rows.loc[row, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "plan", "expected"),
    [
        (ROWS[ROWS["code"] != "C3"], {}, "1 areas of the plan have no row: C3"),
        (ROWS, {"year": None}, "3 areas have several rows: A1"),
        (changed("year", 1, "2019"), {}, "1 areas have several rows for a year: A1"),
        (changed("people", 0, "0"), {}, "have no residents: A1"),
        (changed("people", 0, "many"), {}, "1 rows are not numbers"),
        (changed("year", 0, "19"), {}, "hold no year"),
        (changed("deprived", 0, ""), {}, "1 areas have no value: A1"),
        (ROWS[ROWS["year"] == "2020"], {}, "have no row of a year before the start"),
        (ROWS, {"area": "kode"}, "did you mean 'code'?"),
    ],
)
def test_what_cannot_be_told_is_refused(panel, rows, plan, expected):
    with pytest.raises(DataError) as refused:
        describe(panel, PLAN.model_copy(update=plan), table(rows.reset_index(drop=True)))
    assert expected in str(refused.value)
