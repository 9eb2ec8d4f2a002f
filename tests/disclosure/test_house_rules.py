"""A workspace's own rules hold every plan under their profile to them, and never loosen one."""

import pytest

from vru.disclosure import house_problems

RULE = 'police_local: {hide_to: 9, source: "Sharing agreement with Simshire Police", since: 2026-03-01}\n'


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "evaluations" / "one"
    made.mkdir(parents=True)
    return made


def written(folder, text, name="disclosure.yaml"):
    (folder.parent.parent / name).write_text(text, encoding="utf-8")


def test_without_a_file_nothing_is_asked(folder, make_plan):
    assert house_problems(folder, make_plan(disclosure={"profile": "police_local"})) == []


def test_a_plan_that_hides_less_is_refused_with_the_line_to_paste(folder, make_plan):
    written(folder, RULE)
    (problem,) = house_problems(folder, make_plan(disclosure={"profile": "police_local"}))
    assert "asks for 9 (Sharing agreement with Simshire Police, since 2026-03-01)" in problem.what
    assert problem.hint.startswith("disclosure: {profile: police_local, hide_to: 9, agreement:")
    less = {"profile": "police_local", "hide_to": 6, "agreement": "Another one"}
    assert len(house_problems(folder, make_plan(disclosure=less))) == 1


def test_a_plan_that_says_so_or_more_and_other_profiles_pass(folder, make_plan):
    written(folder, RULE)
    for held in (
        {"profile": "police_local", "hide_to": 9, "agreement": "Sharing agreement"},
        {"profile": "police_local", "hide_to": 12, "agreement": "Sharing agreement"},
        {"profile": "tre"},
        {"profile": "public_police_uk"},
    ):
        assert house_problems(folder, make_plan(disclosure=held)) == []


def test_a_rule_milder_than_the_profile_changes_nothing(folder, make_plan):
    written(folder, RULE.replace("police_local", "tre").replace("9", "2"))
    assert house_problems(folder, make_plan(disclosure={"profile": "tre"})) == []


@pytest.mark.parametrize(
    "text", ["- a\n", "police_local: 9\n", "nobody: {}\n", RULE.replace("since", "from"), "{", "a: &a [*a]"]
)
def test_a_file_that_is_wrong_is_named(folder, make_plan, text):
    written(folder, text)
    assert len(house_problems(folder, make_plan(disclosure={"profile": "police_local"}))) == 1


def test_a_profile_that_does_not_exist_is_named(folder, make_plan):
    written(folder, RULE.replace("police_local", "police"))
    (problem,) = house_problems(folder, make_plan(disclosure={"profile": "police_local"}))
    assert "'police' is no profile" in problem.what
