"""Cells are what the plan declares: numbers, categories, yes and no, dates, marks for missing; and what is not is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort
from vru.errors import DataError
from vru.events import Table
from vru.intake import Made, build_cohort
from vru.protocol import Protocol
from vru.protocol.fields import Outcome
from vru.protocol.rows import CohortPlan
from vru.protocol.units import Units
from vru.sources.extract import ExtractOptions

N = 40
RNG = np.random.default_rng(1)
RISK = [f"{v:.1f}" for v in RNG.uniform(10, 90, N)]


def make(column: list[Any], kind: Any = None, **marks: Any) -> Made:
    """A cohort with this column as its covariate, in the short form or declared; marks as the source's options."""
    frame = pd.DataFrame(
        {
            "ref": [f"p{i}" for i in range(N)],
            "group": ["yes", "no"] * (N // 2),
            "again": ["1", "0"] * (N // 2),
            "risk": column,
        }
    ).astype("str")
    declared = "risk" if kind is None else {"column": "risk"} | kind
    cohort = {"id": "ref", "received": {"column": "group", "treated": ["yes"], "comparison": ["no"]}}
    protocol = Protocol.model_construct(
        cohort=CohortPlan.model_validate(cohort | {"covariates": {"risk": declared}}),
        outcomes=[Outcome(id="again", measure="again", column="again", kind="binary")],
        units=Units(kind="person"),
    )
    written = ExtractOptions.model_validate(marks).marks
    return build_cohort(protocol, {"people": Table("people.csv", frame, "sha256:" + "0" * 64, marks=written)})


def risk(column: list[Any], kind: Any = None, **marks: Any) -> pd.Series:
    data = make(column, kind, **marks).data
    assert isinstance(data, Cohort)
    return data.covariates["risk"]


def with_cells(*odd: str) -> list[str]:
    return [*odd, *RISK[len(odd) :]]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("NULL",), 'missing: ["NULL"]'),
        (("NA", "NA"), 'missing: ["NA"]'),
        (("<5",) * 3, 'missing: ["<5"]'),
        (("Not known",) * 2, 'missing: ["Not known"]'),
        (("53,7",) * 4, 'decimal: ","'),
        (("1,23,456",), "commas may only part groups of three"),
        (("49.6%",), "unit: percent"),
        (("£49",), "unit: pounds"),
        (("Jo Bloggs",), "other words (1)"),
    ],
)
def test_one_odd_cell_in_numbers_is_refused_with_what_to_declare(cells: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError) as caught:
        make(with_cells(*cells))
    assert said in str(caught.value)
    assert "Jo Bloggs" not in str(caught.value)


@pytest.mark.parametrize("mark", ["NULL", "null", " NULL\u00a0"])
def test_a_declared_mark_is_missing_however_it_is_spelt(mark: str) -> None:
    found = risk(with_cells(mark), missing=["NULL"])
    assert found.isna().tolist() == [True] + [False] * (N - 1)
    np.testing.assert_allclose(found[1:].astype(float), [float(v) for v in RISK[1:]])


def test_a_suppressed_number_is_neither_zero_nor_text() -> None:
    made = make(with_cells("<5", "*"), suppressed={"<5": [0, 4], "*": [1, 7]})
    assert isinstance(made.data, Cohort)
    assert made.data.covariates["risk"].isna().sum() == 2
    assert any("suppressed, between 0 and 7" in n.text and n.count == 2 for n in made.log)
    with pytest.raises(ValueError, match="runs backwards"):
        make(RISK, suppressed={"*": [7, 1]})


@pytest.mark.parametrize(
    ("cell", "kind", "plan", "value"),
    [
        ("4,980", None, {}, 4980),
        ("1,234,567.5", None, {}, 1234567.5),
        ("-3", None, {}, -3),
        ("\u22123", None, {}, -3),
        ("1e3", None, {}, 1000),
        ("49.6%", {"kind": "number", "unit": "percent"}, {}, 49.6),
        ("£1,200.50", {"kind": "number", "unit": "pounds"}, {}, 1200.5),
        ("53,7", None, {"decimal": ","}, 53.7),
        ("1.234,5", None, {"decimal": ","}, 1234.5),
    ],
)
def test_numbers_in_their_declared_form(cell: str, kind: Any, plan: dict[str, Any], value: float) -> None:
    column = [cell] * N
    assert risk(column, kind, **plan).tolist() == [value] * N


def test_a_number_in_the_other_form_is_no_number() -> None:
    for cell, plan in (("53.75", {"decimal": ","}), ("53,7", {}), ("1.23.456", {}), ("12,34", {})):
        with pytest.raises(DataError):
            risk([cell] * N, {"kind": "number"}, **plan)


@pytest.mark.parametrize(
    ("code", "asked"),
    [("999", True), ("-1", True), ("-9", True), ("9999", True), ("99", False), ("89", False), ("-0.5", False)],
)
def test_a_value_that_looks_like_a_code_is_asked_about(code: str, asked: bool) -> None:
    made = make(with_cells(*[code] * 3))
    assert [q.id for q in made.questions] == (["code_risk"] if asked else [])
    if asked:
        assert f'missing: ["{code}"]' in made.questions[0].hint


def test_codes_do_not_hide_behind_each_other_or_among_values_below_zero() -> None:
    (asked,) = make(with_cells("999", "999", "9999", "888")).questions
    assert "888" in asked.what
    assert "999 (2 rows)" in asked.what
    assert "9999" in asked.what
    below = [f"{float(v) - 50:.1f}" for v in RISK]
    (asked,) = make(["-999", *below[1:]]).questions
    assert "-999" in asked.what


def test_the_last_day_of_the_calendar_is_asked_about() -> None:
    days = ["9999-12-31"] + [f"2021-03-{1 + i % 28:02d}" for i in range(N - 1)]
    far = ["2200-01-01", *days[1:]]
    (asked,) = make(far, {"kind": "date"}).questions
    assert asked.id == "code_risk"
    assert "2200-01-01 (1 rows)" in asked.what


def test_a_group_of_three_begins_with_no_zero() -> None:
    with pytest.raises(DataError):
        risk(["0,123"] * N, {"kind": "number"})
    assert risk(["0,123"] * N, {"kind": "number"}, decimal=",").tolist() == [0.123] * N


def test_categories_that_differ_in_case_and_spaces_are_one_and_it_is_logged() -> None:
    made = make(["High"] * 20 + ["HIGH", "high ", "Hi\u00adgh"] + ["Low"] * 17)
    assert isinstance(made.data, Cohort)
    assert made.data.covariates["risk"].value_counts().to_dict() == {"High": 23, "Low": 17}
    assert any("spellings taken as one category" in n.text and n.count == 23 for n in made.log)


def test_near_twins_are_asked_about_with_both_counts() -> None:
    (asked,) = make(["St Marys"] * 30 + ["St Mary's"] * 10).questions
    assert asked.id == "twins_risk"
    assert "(30)" in asked.what
    assert "(10)" in asked.what


@pytest.mark.parametrize("word", ["nan", "NULL", "n/a", "#N/A"])
def test_what_programs_write_for_missing_is_no_category(word: str) -> None:
    with pytest.raises(DataError, match="what programs write for a missing value"):
        make(["North"] * 20 + [word] * 20)
    assert risk(["North"] * 20 + [word] * 20, missing=[word]).isna().sum() == 20
    assert set(risk(["North"] * 20 + ["None"] * 20)) == {"North", "None"}


def test_free_text_is_no_covariate() -> None:
    with pytest.raises(DataError, match="no set of categories"):
        make([f"word{'x' * i}" for i in range(N)])


def test_dates_are_declared_and_become_days() -> None:
    days = [f"2021-03-{1 + i % 28:02d}" for i in range(N)]
    with pytest.raises(DataError, match="kind: date"):
        make(days)
    assert risk(days, {"kind": "date"}).tolist() == [float(i % 28) for i in range(N)]
    british = [f"{1 + i % 28:02d}/03/2021" for i in range(N)]
    with pytest.raises(DataError, match="declare dates"):
        make(british, {"kind": "date"})
    assert risk(british, {"kind": "date"}, dates="%d/%m/%Y").tolist() == [float(i % 28) for i in range(N)]


def test_yes_and_no_are_read_when_declared() -> None:
    assert risk(["Y", "no"] * (N // 2), {"kind": "yes_no"}).tolist() == [1.0, 0.0] * (N // 2)
    with pytest.raises(DataError, match="neither"):
        make(["Y", "perhaps"] * (N // 2), {"kind": "yes_no"})


def test_ids_written_in_two_ways_are_refused_and_letters_keep_their_case() -> None:
    frame = pd.DataFrame({"ref": ["1000", "1000.0", "a1", "A1"], "group": ["yes", "no"] * 2, "again": ["1", "0"] * 2})
    plan = CohortPlan.model_validate(
        {"id": "ref", "received": {"column": "group", "treated": ["yes"], "comparison": ["no"]}}
    )
    protocol = Protocol.model_construct(
        cohort=plan,
        outcomes=[Outcome(id="again", measure="again", column="again", kind="binary")],
        units=Units(kind="person"),
    )
    with pytest.raises(DataError, match="1 ids are written in two ways"):
        build_cohort(protocol, {"people": Table("p.csv", frame.astype("str"), "sha256:" + "0" * 64)})
    fine = build_cohort(protocol, {"people": Table("p.csv", frame[2:].astype("str"), "sha256:" + "0" * 64)})
    assert isinstance(fine.data, Cohort)
    assert fine.data.ids == ("a1", "A1")


def test_ids_that_differ_in_leading_zeros_are_asked_about_once() -> None:
    frame = pd.DataFrame({"ref": ["01", "1", "2", "003"], "group": ["yes", "no"] * 2, "again": ["1", "0"] * 2}).astype(
        "str"
    )
    plan = {"id": "ref", "received": {"column": "group", "treated": ["yes"], "comparison": ["no"]}}
    protocol = Protocol.model_construct(
        cohort=CohortPlan.model_validate(plan),
        outcomes=[Outcome(id="again", measure="again", column="again", kind="binary")],
        units=Units(kind="person"),
    )
    made = build_cohort(protocol, {"people": Table("people.csv", frame, "sha256:" + "0" * 64)})
    assert [(q.id, "1 ids" in q.what) for q in made.questions] == [("ids_zeros", True)]


def test_one_school_in_two_spellings_is_one_cluster() -> None:
    school = ["Oak Hill"] * 10 + ["OAK HILL", "Oak\u00a0Hill"] * 5 + ["Elm"] * 20
    frame = pd.DataFrame(
        {"ref": [f"p{i}" for i in range(N)], "group": ["yes", "no"] * 20, "again": ["1", "0"] * 20, "school": school}
    )
    plan = CohortPlan.model_validate(
        {"id": "ref", "received": {"column": "group", "treated": ["yes"], "comparison": ["no"]}, "cluster": "school"}
    )
    protocol = Protocol.model_construct(
        cohort=plan,
        outcomes=[Outcome(id="again", measure="again", column="again", kind="binary")],
        units=Units(kind="person"),
    )
    made = build_cohort(protocol, {"people": Table("p.csv", frame.astype("str"), "sha256:" + "0" * 64)}).data
    assert isinstance(made, Cohort)
    assert made.cluster is not None
    assert sorted(set(made.cluster)) == ["Elm", "Oak Hill"]


def test_what_was_understood_is_told_to_the_analyst_and_to_nobody_else() -> None:
    made = make(with_cells("NULL"), missing=["NULL"])
    (line,) = [a for a in made.account if a.startswith("risk:")]
    assert line.startswith("risk: number, 39 values")
    assert '1 missing ("NULL" (1) among them)' in line
    assert not any(" values " in n.text for n in made.log)


@pytest.mark.parametrize("plan", ["risk", {"column": "risk", "kind": "date"}])
def test_a_score_that_is_a_date_is_read_in_days(plan: Any) -> None:
    frame = pd.DataFrame(
        {"ref": ["a", "b", "c"], "risk": ["1970-01-01", "2003-09-01", "1969-12-31"], "y": ["1", "2", "3"]}
    )
    protocol = Protocol.model_construct(
        cohort=CohortPlan.model_validate({"id": "ref", "running": plan}),
        outcomes=[Outcome(id="y", measure="wellbeing", column="y", kind="continuous")],
        units=Units(kind="person"),
    )
    data = build_cohort(protocol, {"people": Table("people.csv", frame.astype("str"), "sha256:" + "0" * 64)}).data
    assert isinstance(data, Cohort)
    assert data.dated
    assert data.running is not None
    assert data.running.tolist() == [0.0, 12_296.0, -1.0]
    assert data.score_words(12_296.0) == "2003-09-01"


def test_a_score_with_one_cell_that_is_no_date_is_refused() -> None:
    frame = pd.DataFrame({"ref": ["a", "b"], "risk": ["2003-09-01", "soon"], "y": ["1", "2"]}).astype("str")
    protocol = Protocol.model_construct(
        cohort=CohortPlan.model_validate({"id": "ref", "running": "risk"}),
        outcomes=[Outcome(id="y", measure="wellbeing", column="y", kind="continuous")],
        units=Units(kind="person"),
    )
    with pytest.raises(DataError, match="2 rows are not numbers"):
        build_cohort(protocol, {"people": Table("people.csv", frame, "sha256:" + "0" * 64)})
