"""Plans for people and for patrol days: what must go together, and what is said where it does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vru.errors import ProtocolError
from vru.protocol import load

MakePlan = Callable[..., Path]
TEMPLATES = ("patrol_days", "programme", "randomised_programme")


def refusal(make_plan: MakePlan, template: str, *changes: tuple[str, str]) -> str:
    with pytest.raises(ProtocolError) as caught:
        load(make_plan(template, *changes))
    return str(caught.value)


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_are_sound_once_named(template: str, make_plan: MakePlan) -> None:
    assert load(make_plan(template)).template == template


@pytest.mark.parametrize(("template", "shape"), zip(TEMPLATES, ("days", "people", "people"), strict=True))
def test_the_kind_of_unit_says_the_shape(template: str, shape: str, make_plan: MakePlan) -> None:
    assert load(make_plan(template)).units.shape == shape


@pytest.mark.parametrize(
    ("template", "old", "new", "said"),
    [
        ("programme", "units: {kind: person}", "units: {kind: site}", "needs section days"),
        ("programme", "units: {kind: person}", "units: {kind: person, treated: [a]}", "takes its rows from an extract"),
        ("programme", "column: reoffended, kind: binary", "column: reoffended", "column and kind go together"),
        ("programme", "column: reoffended, kind: binary", "filter: {}", "needs column and kind"),
        ("programme", "period: month", "period: day", "must be written YYYY-MM-DD"),
        ("programme", 'comparison: ["no"]', 'comparison: ["YES"]', "both treated and comparison: yes"),
        ("programme", "  data: people\n", "  data: poeple\n", "'poeple' is not the id of any entry of data"),
        ("programme", "start: 2021-01 ", "start: 2021-01-15 ", "2021-01-15 is a full date"),
        ("programme", "start: 2021-01 ", "start: 2025-01 ", "is not inside 2021-01 to 2022-12"),
        ("patrol_days", "period: day", "period: month", "must be written YYYY-MM"),
        ("patrol_days", "start: 2021-06-01 ", "start: 2021-06 ", "2021-06 is a month"),
        ("patrol_days", "start: 2021-06-01 ", "start: 2021-06-31 ", "holds a date that does not exist"),
        ("patrol_days", 'day_starts: "06:00"', 'day_starts: "6am"', "day_starts"),
        ("patrol_days", "    data: schedule\n", "    data: rota\n", "'rota' is not the id"),
    ],
)
def test_what_does_not_go_together_is_said(template: str, old: str, new: str, said: str, make_plan: MakePlan) -> None:
    assert said in refusal(make_plan, template, (old, new))


def test_a_cohort_compares_somebody(make_plan: MakePlan) -> None:
    arm = '  received: {column: attended, treated: ["yes"], comparison: ["no"]}\n'
    assert "nobody is compared" in refusal(make_plan, "programme", (arm, ""))
