"""Weighted displacement difference: published examples through the panel, variance, refusals."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from vru.errors import MethodError
from vru.methods.inference import TOO_NARROW
from vru.methods.weighted_displacement import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
Totals = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_wheeler_ratcliffe_through_the_panel(totals: Totals) -> None:
    found = fit(totals(T=(207, 110), C=(308, 318), D=(178, 157), E=(150, 140)))
    assert found.value == -118
    assert found.se == pytest.approx(np.sqrt(1568))
    assert (round(found.low or 0), round(found.high or 0)) == (-196, -40)
    assert {k: v.value for k, v in found.components.items()} == {"local": -107, "displacement": -11, "total": -118}
    assert found.events_prevented is not None
    assert found.events_prevented.value == 107
    assert dict(found.counts) | {"E1": 140.0} == dict(found.counts)


def test_time_weights_through_the_panel(totals: Totals) -> None:
    found = fit(totals(T=(30, 50, 20), C=(60, 40, 50)))
    assert found.value == -20
    assert found.se == pytest.approx(np.sqrt(115))
    assert any("2 months before and 1 after" in n for n in found.notes)


def test_area_weights_through_the_panel(totals: Totals) -> None:
    panel = totals(T=(207, 110), C=(308, 318), D=(178, 157), E=(150, 140))
    weights = {"treated": 1.2, "comparison": 0.9, "buffer": 1.5, "buffer_comparison": 1.6}
    found = fit(panel, area_weights=weights)
    assert round(found.value / 1.2, 3) == -99.694
    assert round((found.se or 0) / 1.2, 3) == 35.428
    assert any(
        "Per unit of area, as published, the value would be -99.69 with standard error 35.43" in n for n in found.notes
    )
    assert found.unit == "offences"
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(-found.components["local"].value)
    in_metres = fit(panel, area_weights={k: v * 1e6 for k, v in weights.items()})
    assert in_metres.value == pytest.approx(found.value)
    with pytest.raises(ValidationError):
        fit(panel, area_weights={"treated": 0})


def test_overdispersed_variance_is_an_option_and_a_note(make_panel: MakePanel) -> None:
    panel = make_panel(dispersion=0.3)
    plain, wide = fit(panel, variance="as_published"), fit(panel, variance="overdispersed")
    assert fit(panel, variance="poisson").se == plain.se
    assert (wide.se or 0) / (plain.se or 1) == pytest.approx(plain.counts["phi"] ** 0.5)
    assert any(f"{wide.low:.1f} to {wide.high:.1f}" in n for n in plain.notes)


def test_buffers_without_their_own_comparison_are_said_so(make_panel: MakePanel) -> None:
    panel = make_panel(buffers=2)
    found = fit(panel.subset(~panel.is_role("buffer_comparison")))
    assert any("no comparison of their own" in n for n in found.notes)


def test_staggered_starts_are_refused(make_panel: MakePanel) -> None:
    panel = make_panel()
    with pytest.raises(MethodError, match="use poisson_did"):
        fit(replace(panel, starts=(panel.periods[30], *panel.starts[1:])))


def test_months_that_some_units_lack_are_left_out_for_all(make_panel: MakePanel) -> None:
    panel = make_panel()
    gone = panel.missing.copy()
    gone[:10, 5] = True
    uneven = replace(panel, missing=gone, counts={"violence": np.where(gone, np.nan, panel.counts["violence"])})
    found = fit(uneven)
    even = fit(make_panel(missing=(5,)))
    assert found.value == pytest.approx(even.value)
    assert any("left out for all" in n for n in found.notes)


WEIGHTS = {"motor": 3.0, "theft": 2.0, "burglary": 5.0, "robbery": 7.0, "assault": 10.0}
KINDS = {
    "motor": {"T": (130, 74), "C": (133, 91)},
    "theft": {"T": (327, 202), "C": (388, 305)},
    "burglary": {"T": (398, 190), "C": (148, 97)},
    "robbery": {"T": (144, 92), "C": (86, 64)},
    "assault": {"T": (183, 96), "C": (94, 67)},
}


@pytest.fixture
def kinds(totals: Totals) -> Panel:
    """The published example: five kinds of offence in a treated and a comparison area."""
    made = {k: totals(**cells) for k, cells in KINDS.items()}
    return replace(made["robbery"], counts={k: p.counts["violence"] for k, p in made.items()})


def by_harm(panel: Panel, outcome: str = "robbery", **options: object) -> Estimate:
    asked = {"harm_weights": WEIGHTS, "harm_source": "ptools test file"} | options
    return METHOD.fit(panel, outcome, METHOD.options.model_validate(asked), np.random.default_rng(1))


def test_ptools_harm_weighted_through_the_panel(kinds: Panel) -> None:
    found = by_harm(kinds, harm_unit="points")
    assert found.value == -1721
    assert found.se == pytest.approx(304.10360, abs=5e-6)
    assert found.value / (found.se or 1) == pytest.approx(-5.65926, abs=5e-6)
    assert (round(found.low or 0, 2), round(found.high or 0, 2)) == (-2317.03, -1124.97)
    assert found.p is not None
    assert found.p < 1e-7
    assert (found.scale, found.unit) == ("count_difference", "points")
    assert "points, summed over 5 kinds of offence" in found.estimand


def test_harm_stands_beside_the_counts_of_its_own_outcome(kinds: Panel) -> None:
    """Offences prevented, counts and path stay robberies; the parts add up to the sum."""
    found = by_harm(kinds)
    plain = METHOD.fit(kinds, "robbery", METHOD.options(), np.random.default_rng(1))
    assert found.events_prevented == plain.events_prevented
    assert (found.path, found.counts) == (plain.path, plain.counts)
    assert plain.unit == "offences"
    parts = {k.split(",")[0]: v.value for k, v in found.components.items()}
    assert parts["robbery"] == 7 * plain.value
    assert sum(parts[k] for k in WEIGHTS) == parts["total"] == parts["local"] == found.value
    notes = " ".join(found.notes)
    assert "Source of the weights: ptools test file." in notes
    share = (10 * np.sqrt(183 + 96 + 94 + 67) / 304.10360) ** 2
    assert f"assault carries {share:.0%} of the variance" in notes
    assert f"without it the sum is {-1721 + 10 * 60:,.0f}" in notes


def test_harm_works_at_any_level_with_area_weights_and_extra_variation(make_panel: MakePanel) -> None:
    panel = make_panel(dispersion=0.5, buffers=3)
    other = make_panel(mean=2, buffers=3, seed=9)
    both = replace(panel, counts={"violence": panel.counts["violence"], "rare": other.counts["violence"]})
    weights = {"violence": 1.0, "rare": 50.0}
    plain = by_harm(both, "violence", harm_weights=weights, variance="as_published")
    wide = by_harm(both, "violence", harm_weights=weights, variance="overdispersed")
    parts = [fit(p, variance="overdispersed").se or 0 for p in (panel, other)]
    assert wide.se == pytest.approx(np.hypot(parts[0], 50 * parts[1]))
    assert any(f"{wide.low:,.1f} to {wide.high:,.1f}" in n for n in plain.notes)
    assert set(plain.components) >= {"local", "displacement", "total"}
    assert (by_harm(both, "violence", harm_weights=weights, level=0.8).low or 0) > (plain.low or 0)
    twice = by_harm(both, "violence", harm_weights=weights, area_weights=dict.fromkeys(("treated", "comparison"), 2.0))
    assert twice.components["local"].value == pytest.approx(plain.components["local"].value)


def test_a_kind_of_which_nothing_was_recorded_adds_nothing(kinds: Panel) -> None:
    silent = replace(kinds, counts=dict(kinds.counts) | {"homicide": np.zeros(kinds.shape)})
    found = by_harm(silent, harm_weights=WEIGHTS | {"homicide": 5000.0})
    assert found.value == -1721
    assert any("Nothing was recorded of homicide" in n for n in found.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"harm_weights": {"robbery": 7}}, "need harm_source"),
        ({"harm_source": "a book"}, "harm_weights is not"),
        ({"harm_weights": {"robbery": 0}, "harm_source": "a book"}, "greater than 0"),
        ({"harm_weights": {"robbery": "much"}, "harm_source": "a book"}, "valid number"),
        ({"harm_weight": {"robbery": 7}}, "not permitted"),
    ],
)
def test_harm_options_that_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        METHOD.options.model_validate(options)


def test_harm_of_an_outcome_that_is_not_there(kinds: Panel) -> None:
    with pytest.raises(MethodError, match=r"no outcome homicide[\s\S]*allowed: assault"):
        by_harm(kinds, harm_weights=WEIGHTS | {"homicide": 5000.0})
    with pytest.raises(MethodError, match="registered for robbery, which has no weight"):
        by_harm(kinds, harm_weights={"theft": 2.0})


@pytest.mark.parametrize("name", ["harm", "areas"])
def test_weights_against_r(name: str, kinds: Panel, totals: Totals) -> None:
    """Poisson regression with an identity link and a linear contrast: tests/golden/displacement/displacement.R."""
    with (Path(__file__).parents[1] / "golden" / "displacement" / "displacement_values.csv").open() as f:
        r = {row["name"]: float(row["value"]) for row in csv.DictReader(f)}
    weights = {"treated": 1.2, "comparison": 0.9, "buffer": 1.5, "buffer_comparison": 1.6}
    example = totals(T=(207, 110), C=(308, 318), D=(178, 157), E=(150, 140))
    found = by_harm(kinds) if name == "harm" else fit(example, area_weights=weights)
    size = 1.0 if name == "harm" else 1.2  # R's answer is per unit of area, ours in offences of the treated areas
    assert found.value / size == pytest.approx(r[name], rel=1e-9)
    assert (found.se or 0) / size == pytest.approx(r[f"{name}_se"], rel=1e-6)


def test_a_rare_kind_of_great_weight_is_said(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20)
    rare = make_panel(treated=1, comparison=20, mean=0.05, seed=4)
    both = replace(panel, counts={"violence": panel.counts["violence"], "grave": rare.counts["violence"]})
    found = by_harm(both, "violence", harm_weights={"violence": 1.0, "grave": 500.0})
    seen = rare.counts["violence"][0].sum()
    assert any(f"Treated units recorded {seen:.0f} of grave in all" in n for n in found.notes)
    assert not any(
        "recorded" in n and "in all" in n for n in by_harm(both, "violence", harm_weights={"violence": 1.0}).notes
    )


def test_the_error_is_that_of_the_areas_where_counts_by_area_are_known(make_panel: MakePanel) -> None:
    panel = make_panel(dispersion=0.3)
    found = fit(panel)
    y, post = panel.counts["violence"], panel.post()
    change = y[:, post].sum(axis=1) - y[:, ~post].sum(axis=1) * post.sum() / (~post).sum()
    groups = [change[panel.is_role(r)] for r in ("treated", "comparison")]
    parts = [len(g) * g.var(ddof=1) for g in groups]
    assert found.value == pytest.approx(groups[0].sum() - groups[1].sum())
    assert found.se == pytest.approx(np.sqrt(sum(parts)))
    assert found.low is not None
    assert found.se is not None
    df = sum(parts) ** 2 / sum(v**2 / (len(g) - 1) for v, g in zip(parts, groups, strict=True))
    assert found.low == pytest.approx(found.value - stats.t.ppf(0.975, df) * found.se)
    assert TOO_NARROW not in found.notes
    assert TOO_NARROW in fit(panel, variance="as_published").notes


def test_by_area_keeps_its_promise_where_areas_change_differently(totals: Totals) -> None:
    rng = np.random.default_rng(3)
    alarms = {"auto": 0, "as_published": 0}
    for _ in range(300):
        panel = uneven(rng)
        for variance in alarms:
            alarms[variance] += (fit(panel, variance=variance).p or 0) < 0.05
    assert alarms["auto"] <= 27
    assert alarms["as_published"] > 60


def uneven(rng: np.random.Generator) -> Panel:
    """Twenty areas, half of them treated by lot and in vain, each with a course of its own: standard deviation 30%."""
    periods = tuple(f"20{21 + i // 12}-{i % 12 + 1:02d}" for i in range(24))
    mean = rng.gamma(4, 2, (20, 1)) * np.exp(rng.normal(0, 0.3, (20, 1)) * (np.arange(24) >= 12))
    return Panel(
        units=tuple(f"u{i:02d}" for i in range(20)),
        periods=periods,
        counts={"violence": rng.poisson(mean).astype(float)},
        role=("treated",) * 10 + ("comparison",) * 10,
        starts=(periods[12],) * 10 + (None,) * 10,
        missing=np.zeros((20, 24), dtype=bool),
    )


def test_kinds_of_harm_are_taken_together_by_area(make_panel: MakePanel) -> None:
    """The same kind twice is one kind of twice the weight, which independent kinds would not be."""
    panel = make_panel(dispersion=0.3)
    twice = replace(panel, counts={"violence": panel.counts["violence"], "again": panel.counts["violence"]})
    found = by_harm(twice, "violence", harm_weights={"violence": 1.0, "again": 1.0})
    assert found.se == pytest.approx(2 * (fit(panel).se or 0))
    assert "kinds of offence together" in found.inference


def test_one_treated_unit_is_said_to_borrow_its_spread(make_panel: MakePanel) -> None:
    assert any(n.startswith("One treated unit") for n in fit(make_panel(treated=1)).notes)
    assert not any(n.startswith("One treated unit") for n in fit(make_panel(treated=2)).notes)


def test_by_area_needs_two_areas_in_a_group(totals: Totals) -> None:
    with pytest.raises(MethodError, match="no group has two areas"):
        fit(totals(T=(50, 30), C=(60, 55)), variance="by_area")


def test_nothing_prevented_has_no_sign(totals: Totals) -> None:
    found = fit(totals(T=(50, 50), C=(60, 60)))
    assert found.events_prevented is not None
    assert str(found.events_prevented.value) == "0.0"
