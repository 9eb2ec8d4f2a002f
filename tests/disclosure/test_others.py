"""Two records of the same data: what one less the other leaves must not be a small count."""

from dataclasses import replace

import pytest

from vru.disclosure import Other, subtracted
from vru.results import Arm, Band, Series

PERIODS = tuple(f"2020-{m:02d}" for m in range(1, 13)) + tuple(f"2021-{m:02d}" for m in range(1, 13))
AREAS = tuple(f"E0100000{i}" for i in range(1, 8))


@pytest.fixture
def local(make_plan):
    base = make_plan()

    def make(treated=AREAS[:5], comparison=(), profile="police_local", **changes):
        units = {"kind": "lsoa11", "treated": list(treated), "comparison": list(comparison)}
        return make_plan(
            disclosure={"profile": profile, **changes.pop("disclosure", {})},
            units=units,
            intervention={**base.intervention.model_dump(mode="json"), "start": "2020-07", "end": None},
            **changes,
        )

    return make


def shown(outcome, values, role="treated", n=5, bands=()):
    series = Series("violence", role, n, PERIODS[: len(values)], tuple(values), tuple(bands))
    return replace(outcome, series=(series,), estimates=(replace(outcome.primary, path=(), arms=()),))


def verdict(plan, result, *others):
    return subtracted(plan, result, [Other("force/another@1.0", p, r) for p, r in others])


def test_one_area_fewer_is_one_areas_count(local, outcome):
    first, second = shown(outcome, [30.0] * 24), shown(outcome, [28.0] * 24, n=4)
    finding = verdict(local(AREAS[:4]), second, (local(AREAS[:5]), first))
    assert finding.verdict == "fail"
    assert "force/another@1.0: violence, treated areas" in finding.text
    assert "28" not in finding.text
    assert verdict(local(AREAS[:5]), first, (local(AREAS[:4]), second)).verdict == "fail"


def test_areas_that_differ_by_enough_or_are_others_pass(local, outcome):
    first, second = shown(outcome, [30.0] * 24), shown(outcome, [12.0] * 24, n=4)
    assert verdict(local(AREAS[:4]), second, (local(AREAS[:5]), first)).verdict == "pass"
    near = shown(outcome, [29.0] * 24)
    assert verdict(local(AREAS[2:7]), near, (local(AREAS[:5]), first)).verdict == "pass"


def test_the_treated_and_comparison_areas_of_one_record_together_less_those_of_another(local, outcome):
    base = shown(outcome, [20.0] * 24)
    other = Series("violence", "comparison", 1, PERIODS, (8.0,) * 24)
    both = replace(base, series=(*base.series, other))
    whole = shown(outcome, [30.0] * 24, n=7)
    plans = local(AREAS[:5], AREAS[5:6]), local(AREAS)
    assert verdict(plans[0], both, (plans[1], whole)).verdict == "fail"
    assert verdict(plans[1], whole, (plans[0], both)).verdict == "fail"


def test_the_same_areas_with_a_month_more_in_the_window(local, outcome):
    # This record shows the last two months together, the other ends a month earlier and shows the first of them alone.
    band = Band("2021-11", "2021-12", 2, 11.0)
    longer = shown(outcome, [9.0] * 22 + [None, None], bands=[band])
    shorter = shown(outcome, [9.0] * 23)
    assert verdict(local(), longer, (local(), shorter)).verdict == "fail"
    assert verdict(local(), shown(outcome, [9.0] * 24), (local(), shorter)).verdict == "pass"
    assert verdict(
        local(profile="tre"), shown(outcome, [19.0] * 24), (local(), shown(outcome, [19.0] * 23))
    ).verdict == ("pass")


def test_a_narrower_outcome_elsewhere_leaves_the_rest(local, outcome):
    plan = local()
    kinds = {"crime_type": ["Robbery", "Violence"]}
    wide = plan.model_copy(update={"outcomes": [plan.outcomes[0].model_copy(update={"filter": kinds})]})
    narrow = wide.outcomes[0].model_copy(update={"filter": {"crime_type": ["Violence"]}})
    small = wide.model_copy(update={"outcomes": [narrow]})
    result, other = shown(outcome, [30.0] * 24), shown(outcome, [27.0] * 24)
    assert verdict(wide, result, (small, other)).verdict == "fail"
    apart = wide.outcomes[0].model_copy(update={"filter": {"crime_type": ["Burglary"]}})
    elsewhere = wide.model_copy(update={"outcomes": [apart]})
    assert verdict(wide, result, (elsewhere, other)).verdict == "pass"


def test_areas_chosen_by_a_rule_are_taken_to_lie_inside_where_they_never_have_more(local, outcome):
    chosen = {
        "kind": "lsoa11",
        "selection": {
            "rule": "top",
            "outcome": "violence",
            "first": "2019-01",
            "last": "2019-06",
            "top": 6,
            "assign": "random_pairs",
        },
    }
    plan = local()
    ruled = plan.model_copy(update={"units": type(plan.units).model_validate(chosen)})
    less = shown(outcome, [28.0] * 24, n=4)
    assert verdict(ruled, less, (plan, shown(outcome, [30.0] * 24))).verdict == "fail"
    mixed = shown(outcome, [28.0, 33.0] * 12, n=4)
    assert verdict(ruled, mixed, (plan, shown(outcome, [30.0] * 24))).verdict == "pass"
    accepted = ruled.disclosure.model_copy(update={"accepted": {"force/another": "another town"}})
    told = ruled.model_copy(update={"disclosure": accepted})
    assert verdict(told, less, (plan, shown(outcome, [30.0] * 24))).verdict == "pass"


def test_two_records_of_the_same_people_that_differ_by_few(local, outcome):
    def people(n, events):
        arms = (Arm("treated", n, n, events / n), Arm("comparison", 100, 100, 0.3))
        return replace(outcome, series=(), estimates=(replace(outcome.primary, path=(), arms=arms),))

    plan = local()
    plan = plan.model_copy(update={"units": plan.units.model_copy(update={"kind": "person"})})
    assert verdict(plan, people(120, 30), (plan, people(118, 29))).verdict == "fail"
    assert verdict(plan, people(120, 30), (plan, people(120, 30))).verdict == "pass"
    assert verdict(plan, people(120, 40), (plan, people(100, 30))).verdict == "pass"
    away = replace(people(118, 29), provenance=replace(outcome.provenance, data={"x": "sha256:" + "9" * 64}))
    far = plan.model_copy(update={"organisation": "another-force"})
    assert verdict(plan, people(120, 30), (far, away)).verdict == "pass"


def test_open_data_are_not_looked_at(local, outcome):
    pair = shown(outcome, [30.0] * 24), shown(outcome, [28.0] * 24, n=4)
    plans = local(profile="public_police_uk"), local(AREAS[:4], profile="public_police_uk")
    assert verdict(plans[0], pair[0], (plans[1], pair[1])).verdict == "pass"


def test_spans_that_end_in_other_months_are_solved_for(local, outcome):
    """Four areas show 37 to March and 47 to June; three of them 23 to April: both their April and its rest are bounded."""
    whole = shown(outcome, [None] * 6, bands=[Band("2020-01", "2020-03", 3, 20.0), Band("2020-04", "2020-06", 3, 20.0)])
    part = shown(outcome, [None] * 6, bands=[Band("2020-01", "2020-04", 4, 22.0), Band("2020-05", "2020-06", 2, 18.0)])
    # The part had at most 20 to March, so at least 2 in April; and at most 20 from April, of which 18 came later.
    finding = verdict(local(AREAS[:5]), whole, (local(AREAS[:4]), part))
    assert finding.verdict == "fail"
    assert "areas in 2020-04" in finding.text
    apart = shown(outcome, [None] * 6, bands=[Band("2020-01", "2020-04", 4, 18.0), Band("2020-05", "2020-06", 2, 8.0)])
    assert verdict(local(AREAS[:5]), whole, (local(AREAS[:4]), apart)).verdict == "pass"
