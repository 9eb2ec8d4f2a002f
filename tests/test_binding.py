"""Where a plan's analyses, checks and covariates do not fit its data or its graph, said before data are read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vru.binding import resolve
from vru.errors import ProtocolError
from vru.protocol import load
from vru.protocol.fields import Analysis, DataSource, Disclosure
from vru.protocol.units import Described

MakePlan = Callable[..., Path]
WORKED = Path(__file__).resolve().parents[1] / "evaluations" / "merseyside-known-effect"


@pytest.mark.parametrize("template", ["patrol_days", "programme", "randomised_programme"])
def test_templates_bind(template: str, make_plan: MakePlan) -> None:
    assert resolve(load(make_plan(template))).analyses


@pytest.mark.parametrize(
    ("template", "old", "new", "said"),
    [
        (
            "programme",
            "method: adjusted_comparison, outcome: reoffended, options: {estimator: doubly_robust}",
            "method: poisson_did, outcome: reoffended, options: {}",
            "poisson_did is for areas over months",
        ),
        (
            "patrol_days",
            "method: dose_response, outcome: violence, options: {scheme: within_day}",
            "method: parallel_trial, outcome: violence, options: {}",
            "parallel_trial is for one row per person",
        ),
        ("patrol_days", "name: schedule_kept", "name: placebo_date", "placebo_date is for areas over months"),
        ("programme", "source: extract", "source: police_uk", "does not give what units.kind: person needs"),
        (
            "programme",
            "adjustment: [age, ",
            "adjustment: [",
            "age would be adjusted for and the graph does not say so",
        ),
        ("programme", "covariates: {age: age, ", "covariates: {", "the graph adjusts for age, which it would not use"),
        ("programme", "covariates: {age: age", "covariates: {sessions: sessions, age: age", "sessions is a mediator"),
        ("programme", "{estimator: doubly_robust}", "{covariates: [aeg]}", "did you mean 'age'?"),
    ],
)
def test_a_misfit_is_named_with_what_would_fit(
    template: str, old: str, new: str, said: str, make_plan: MakePlan
) -> None:
    changes = [(old, new)]
    if "adjustment: [" in new and "age" in old:
        # The graph itself must stay sound, so age no longer leads to the programme.
        changes.append(("    - age -> programme\n", ""))
    with pytest.raises(ProtocolError) as caught:
        resolve(load(make_plan(template, *changes)))
    assert said in str(caught.value)


def test_a_method_that_needs_to_know_how_areas_were_chosen_is_refused_before_data_are_read(tmp_path: Path) -> None:
    demo = Path(__file__).parents[1] / "evaluations" / "op-grip-demo" / "protocol.yaml"
    head, rest = demo.read_text(encoding="utf-8").split("  selection:\n", 1)
    (tmp_path / "protocol.yaml").write_text(head + "  buffers:" + rest.split("  buffers:", 1)[1], encoding="utf-8")
    with pytest.raises(ProtocolError, match="level_adjusted_did needs to know how areas were chosen"):
        resolve(load(tmp_path))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"predictors": ["imd"]}, "no data of the plan hold imd"),
        ({"matching": "rates"}, "needs residents, and no data of the plan hold them"),
    ],
)
def test_an_option_whose_data_the_plan_cannot_supply_is_refused(options: dict[str, object], expected: str) -> None:
    plan = load(WORKED)
    analyses = [Analysis(id="main", role="primary", method="synthetic_control", outcome="violence", options=options)]
    without = plan.model_copy(update={"analyses": analyses})
    with pytest.raises(ProtocolError) as refused:
        resolve(without)
    assert expected in str(refused.value)
    described = Described(data="pop", area="code", residents="people", covariates={"imd": "deprived"})
    data = [*plan.data, DataSource(id="pop", source="extract", path="pop.csv")]
    units = plan.units.model_copy(update={"described_by": described})
    profile = Disclosure(profile="police_local")
    resolve(without.model_copy(update={"units": units, "data": data, "disclosure": profile}))
    with pytest.raises(ProtocolError, match="there are no data 'pop'"):
        resolve(without.model_copy(update={"units": units}))
