"""Every number that a method hands on by name is registered with what it is, so that none is judged by a guess."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vru.disclosure import PROFILES, review
from vru.disclosure.kinds import KINDS, kind_of
from vru.results import Arm

METHODS = Path(__file__).resolve().parents[2] / "toolkit" / "vru" / "methods"


def names(tree: ast.AST) -> Iterator[str]:
    """Keys of dictionaries that are given as ``counts``, assigned to it, or made in a function of that name."""
    for node in ast.walk(tree):
        parts: list[ast.AST] = []
        if isinstance(node, ast.keyword) and node.arg == "counts":
            parts = [node.value]
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if node.value and any(isinstance(t, ast.Name) and t.id == "counts" for t in targets):
                parts = [node.value]
        elif isinstance(node, ast.FunctionDef) and node.name == "_counts":
            parts = [node]
        for part in parts:
            for inner in ast.walk(part):
                if isinstance(inner, ast.Dict):
                    yield from (k.value for k in inner.keys if isinstance(k, ast.Constant) and isinstance(k.value, str))


def test_every_name_is_registered():
    found = {n for path in METHODS.rglob("*.py") for n in names(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(found) > 40
    assert found <= set(KINDS)
    assert kind_of("something_new") == "count"


def verdict(plan, outcome, profile, arms=(), **counts):
    first = replace(outcome.estimates[0], counts=counts, arms=arms, path=(), estimand="risk ratio")
    changed = plan.model_copy(update={"disclosure": plan.disclosure.model_copy(update={"profile": profile})})
    return review(changed, replace(outcome, estimates=(first,), series=()), {})[0]


@pytest.mark.parametrize("profile", [p for p in PROFILES if p != "public_police_uk"])
def test_statistics_and_shares_are_no_counts_and_counts_are(plan, outcome, profile):
    assert (
        verdict(plan, outcome, profile, attrition_p=1.0, time_weight=0.0, share_compliers=1.0, strata=3.0).verdict
        == "pass"
    )
    assert verdict(plan, outcome, profile, events_treated=3.0).verdict == "fail"
    assert verdict(plan, outcome, profile, something_new=3.0).verdict == "fail"


def test_a_share_of_an_arm_is_judged_by_the_people_it_stands_for(plan, outcome):
    arms = (Arm("offered", 120, 120, 0.5), Arm("not offered", 100, 100, 0.5))
    assert verdict(plan, outcome, "police_local", arms, uptake_offered=0.5, uptake_not_offered=0.1).verdict == "pass"
    few = verdict(plan, outcome, "police_local", arms, uptake_offered=0.5, uptake_not_offered=0.02)
    assert "uptake_not_offered" in few.text
    nearly_all = verdict(plan, outcome, "police_local", arms, uptake_offered=117 / 120, uptake_not_offered=0.1)
    assert "uptake_offered: the others" in nearly_all.text
