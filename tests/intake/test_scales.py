"""Scores of questionnaires: by hand, with items missing, and what is refused. The questionnaire is made up."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.errors import DataError
from vru.events import Marks, Table
from vru.intake.scales import add_scores
from vru.protocol.rows import CohortPlan

# A made-up questionnaire of two subscales with three items each, answered 0 to 2; c3 counts the other way round.
DEFINITION = {
    "item": ["w1", "w2", "w3", "c1", "c2", "c3"],
    "subscale": ["worry"] * 3 + ["calm"] * 3,
    "reverse": ["no"] * 5 + ["yes"],
    "low": ["0"] * 6,
    "high": ["2"] * 6,
}
ANSWERS = {
    "ref": ["a", "b", "c", "d"],
    "arm": ["1", "0", "1", "0"],
    "t2_w1": ["0", "2", "", ""],
    "t2_w2": ["1", "2", "1", ""],
    "t2_w3": ["2", "2", "2", "1"],
    "t2_c1": ["0", "0", "0", "0"],
    "t2_c2": ["0", "1", "1", "1"],
    "t2_c3": ["2", "0", "1", "1"],
}
SCALE = {"definition": "made_up", "columns": "t2_{item}", "subscales": ["worry", "calm"], "needed": 2}


def table(columns: dict[str, list[str]], marks: Marks | None = None) -> Table:
    return Table(
        "t.csv", pd.DataFrame(columns).replace("", None).astype("str"), "sha256:" + "1" * 64, marks=marks or Marks()
    )


def scores(
    answers: dict[str, list[str]] | None = None, definition: dict[str, Any] | None = None, **scale: Any
) -> list[float]:
    plan = CohortPlan.model_validate({"id": "ref", "received": {"column": "arm"}, "scales": {"after": SCALE | scale}})
    made, _ = add_scores(
        plan, {"people": table(ANSWERS | (answers or {})), "made_up": table(DEFINITION | (definition or {}))}
    )
    return pd.to_numeric(made.frame["after"], errors="coerce").tolist()


def test_items_are_added_up_the_other_way_round_where_they_say_so_and_filled_by_the_rule() -> None:
    # a: worry 3, calm 0; b: 6, 1 + 2; c: (1 + 2) / 2 * 3 = 4.5, 1 + 1; d: one item of three is too few.
    np.testing.assert_array_equal(scores(), [3, 9, 6.5, np.nan])
    np.testing.assert_array_equal(scores(whole=True), [3, 9, 7, np.nan])
    np.testing.assert_array_equal(scores(needed=1), [3, 9, 6.5, 5])
    np.testing.assert_array_equal(scores(subscales=["Calm"]), [0, 3, 2, 2])
    np.testing.assert_array_equal(scores(needed=3), [3, 9, np.nan, np.nan])


def test_other_units_of_answer_move_the_score_alike() -> None:
    ones = {k: [str(int(v) + 1) if v else "" for v in vs] if k.startswith("t2") else vs for k, vs in ANSWERS.items()}
    moved = scores(ones, {"low": ["1"] * 6, "high": ["3"] * 6})
    np.testing.assert_array_equal(np.array(moved) - 6, scores())


def test_what_the_log_says_and_that_the_table_itself_is_not_changed() -> None:
    plan = CohortPlan.model_validate({"id": "ref", "received": {"column": "arm"}, "scales": {"after": SCALE}})
    people = table(ANSWERS)
    _, notes = add_scores(plan, {"people": people, "made_up": table(DEFINITION)})
    assert "after" not in people.frame
    assert [n.count for n in notes] == [None, 1]
    assert "111111111111" in notes[0].text


@pytest.mark.parametrize(
    ("answers", "definition", "scale", "said"),
    [
        ({"t2_w1": ["0", "7", "1", "1"]}, {}, {}, "1 answers are outside 0 to 2"),
        ({"t2_w1": ["often", "1", "1", "1"]}, {}, {}, "1 rows are not numbers"),
        ({}, {}, {"columns": "t3_{item}"}, "there is no column 't3_w1'"),
        ({}, {}, {"subscales": ["anger"]}, "there is no subscale anger"),
        ({}, {"item": ["w1"] * 6}, {}, "each item needs one row"),
        ({}, {"reverse": ["maybe"] * 6}, {}, "6 rows are neither"),
        ({}, {"high": ["0"] * 6}, {}, "low is not below high"),
        ({"after": ["1"] * 4}, {}, {}, "there is already a column 'after'"),
    ],
)
def test_refusals(answers: dict[str, list[str]], definition: dict[str, Any], scale: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        scores(answers, definition, **scale)
