"""From an extract to a cohort: what is read, and that every wrong column is named with how many rows, never a row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import DataError
from vru.events import Table
from vru.intake import build_cohort
from vru.protocol import Protocol
from vru.protocol.fields import Outcome
from vru.protocol.rows import CohortPlan
from vru.protocol.units import Units

PLAN: dict[str, Any] = {
    "id": "ref",
    "received": {"column": "attended", "treated": ["yes"], "comparison": ["no"]},
    "covariates": {"age": "age", "school": "school"},
}
ROWS: dict[str, list[str | None]] = {
    "ref": ["a", "b", "c", "d"],
    "attended": ["yes", "No", "YES", "no"],
    "age": ["14", None, "16", "17"],
    "school": ["Oak", "Elm", None, "Oak"],
    "again": ["1", "no", None, "true"],
    "arrests": ["2", "0", None, "1"],
    "score": ["1.5", "2", "", "1,200"],
}
OUTCOMES = (("again", "binary"), ("arrests", "count"), ("score", "continuous"))


def build(rows: dict[str, list[str | None]] | None = None, **plan: Any) -> Cohort:
    outcomes = [Outcome.model_validate({"id": o, "measure": "what it is", "column": o, "kind": k}) for o, k in OUTCOMES]
    protocol = Protocol.model_construct(
        cohort=CohortPlan.model_validate(PLAN | plan), outcomes=outcomes, units=Units(kind="person")
    )
    frame = pd.DataFrame(ROWS | (rows or {})).astype("str")
    made = build_cohort(protocol, {"people": Table("people.csv", frame, "sha256:" + "0" * 64)}).data
    assert isinstance(made, Cohort)
    return made


def refusal(rows: dict[str, list[str | None]] | None = None, **plan: Any) -> str:
    with pytest.raises(DataError) as caught:
        build(rows, **plan)
    return str(caught.value)


def test_columns_become_what_the_plan_says() -> None:
    made = build()
    assert made.received is not None
    assert made.received.tolist() == [1, 0, 1, 0]
    np.testing.assert_array_equal(made.outcomes["again"], [1, 0, np.nan, 1])
    np.testing.assert_array_equal(made.outcomes["arrests"], [2, 0, np.nan, 1])
    np.testing.assert_array_equal(made.outcomes["score"], [1.5, 2, np.nan, 1200])
    assert made.covariates["age"].tolist()[0] == 14
    assert made.covariates["school"].isna().tolist() == [False, False, True, False]


def test_every_wrong_column_is_named_at_once_and_no_row_is_shown() -> None:
    said = refusal(
        {
            "ref": ["a", "a", "c", ""],
            "attended": ["yes", "no", "Jo Bloggs", "maybe"],
            "again": ["1", "0", "sometimes", "0"],
            "arrests": ["2", "-1", "1.5", "0"],
            "score": ["high", "1", "2", "3"],
        }
    )
    assert "people.csv: attended: 2 rows (Jo Bloggs, maybe) are neither" in said
    assert "people.csv: again: 1 rows are neither" in said
    assert "people.csv: arrests: 2 rows are no whole number" in said
    assert "people.csv: score: 1 rows are not numbers" in said
    assert "people.csv: ref: 1 rows repeat an id" in said
    assert "1 rows have no id" in said
    assert "sometimes" not in said


def test_many_different_values_of_an_arm_are_not_repeated() -> None:
    n = 9
    rows: dict[str, list[str | None]] = {k: [v[0] or "1"] * n for k, v in ROWS.items()}
    rows |= {"ref": [str(i) for i in range(n)], "attended": ["yes", "no", *(f"told me {i}" for i in range(n - 2))]}
    assert "told me" not in refusal(rows)


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    said = refusal(exposure="aeg")
    assert "there is no column 'aeg'" in said
    assert "did you mean 'age'?" in said


def test_exposure_running_and_groups_may_have_no_gaps() -> None:
    said = refusal(exposure="age", running="score", cluster="school")
    assert "people.csv: age: 1 rows are empty" in said
    assert "people.csv: score: 1 rows are empty" in said
    assert "people.csv: school: 1 rows have no cluster" in said


def test_in_a_stepped_wedge_an_id_repeats_by_period() -> None:
    rows: dict[str, list[str | None]] = {"ref": ["a", "a", "b", "b"], "term": ["1", "2", "1", "2"]}
    made = build(rows, period="term")
    assert made.ids == ("a, 1", "a, 2", "b, 1", "b, 2")
    assert made.period == ("1", "2", "1", "2")
