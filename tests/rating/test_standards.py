"""Sixty combinations of result and design, written down before the rules, and what each standard's definition gives."""

import csv
import math
from pathlib import Path

import pytest

from vru.rating.standards import EMMIE, impact, nesta, standards
from vru.results import Estimate

with (Path(__file__).parent / "standards_cases.csv").open(encoding="utf-8") as handle:
    CASES = list(csv.DictReader(handle))


def estimate(ratio: str, low: str, high: str) -> Estimate:
    def log(text: str) -> float | None:
        return math.log(float(text)) if text else None

    return Estimate(
        "main", "primary", "poisson_did", "violence", "att",
        "log_rate_ratio" if ratio else "count_difference",
        math.log(float(ratio)) if ratio else -10.0, 0.1, log(low), log(high), 0.95, 0.01, "t", None, 10, 20, 24, 12,
    )  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(CASES) == 60
    assert {c["design"] for c in CASES} >= {
        "before_after",
        "controlled_before_after",
        "panel",
        "randomised",
        "adjusted",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: "-".join(c.values()))
def test_each_standard_gives_what_its_definition_gives(case: dict[str, str]) -> None:
    e = estimate(case["ratio"], case["low"], case["high"])
    rule = {"impact": impact, "nesta": nesta}[case["standard"]]
    answer = rule(e, int(case["maryland"]), case["direction"] == "increase")
    assert answer.value == case["expected"]
    assert answer.why
    assert answer.raise_it or answer.value in ("high", "harmful", "not in a band")


def test_a_single_evaluation_is_not_rated_by_emmie() -> None:
    answers = standards(estimate("0.7", "0.6", "0.8"), 4, False)
    assert next(a for a in answers if a.edition is EMMIE).value == "not rated"


@pytest.mark.parametrize("maryland", [1, 2, 3, 4, 5])
def test_a_stronger_design_never_lowers_an_answer(maryland: int) -> None:
    order = {"no clear evidence": 0, "low": 1, "moderate": 2, "high": 3}
    e = estimate("0.8", "0.7", "0.9")
    assert order[impact(e, maryland, False).value] <= order[impact(e, min(5, maryland + 1), False).value]
    assert nesta(e, maryland, False).value <= nesta(e, min(5, maryland + 1), False).value
