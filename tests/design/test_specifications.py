"""Specification curve: the registered point is the registered analysis; the joint test keeps its level and sees an effect."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vru.binding import Plan, resolve
from vru.curve import SpecificationCurve
from vru.design.specifications import DRAWS_IN_BLOCK, Curved, answer, as_log_ratio, curve, median_of_draws, specs_of
from vru.errors import ProtocolError
from vru.evaluation import fit
from vru.panel import Panel
from vru.protocol import Protocol, load
from vru.protocol.choices import ComparisonChoice, MethodChoice, Specifications, WindowChoice
from vru.words.specifications import headline, joint_words, listed

ROOT = Path(__file__).resolve().parents[2]
MakePanel = Callable[..., Panel]


def wanted(**choices: object) -> Specifications:
    return Specifications.model_validate({"why": "either is usual in the field", **choices})


def plan(specifications: Specifications, neighbours: bool = False) -> Plan:
    protocol = load(ROOT / "evaluations" / "merseyside-placebo")
    quick = protocol.analyses[0].model_copy(update={"options": {"inference": "cluster"}})
    window = protocol.window.model_copy(update={"first": "2019-01", "last": "2021-12"})
    intervention = protocol.intervention.model_copy(update={"start": "2021-01", "end": None})
    around = protocol.units.buffers.model_copy(update={"treated": ["E99999999"]} if neighbours else {})
    changes = {
        "units": protocol.units.model_copy(update={"buffers": around}),
        "specifications": specifications,
        "analyses": [quick, *protocol.analyses[1:]],
        "window": window,
        "intervention": intervention,
    }
    return resolve(protocol.model_copy(update=changes))


def run(panel: Panel, specifications: Specifications) -> SpecificationCurve:
    data = Curved(plan(specifications, bool(specifications.buffers)), {None: panel, 0.0: panel})
    specs = specs_of(data.plan)
    draws = specifications.draws
    blocks = range(math.ceil(draws / DRAWS_IN_BLOCK))
    medians = [m for b in blocks for m in median_of_draws(data, specs, b, draws)]
    return curve(data, specs, [answer(data, s) for s in specs], medians)


CHOICES = {
    "windows": [WindowChoice(first="2019-07", last="2021-12")],
    "methods": [MethodChoice(method="weighted_displacement", options={"variance": "as_published"})],
}


def test_the_first_point_is_the_registered_analysis(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.7)
    made = run(panel, wanted(**CHOICES, draws=0))
    registered = fit(plan(wanted(**CHOICES)).protocol, plan(wanted(**CHOICES)).analyses[0], panel)
    assert (made.points[0].value, made.points[0].low, made.points[0].p) == (
        registered.value,
        registered.low,
        registered.p,
    )
    assert len(made.points) == 4
    assert made.varied == ("method", "window")
    assert made.joint is None


def test_a_difference_of_counts_stands_on_the_curve_as_a_ratio(make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.7, mean=30)
    data = plan(wanted(**CHOICES))
    wdd = next(a for a in data.analyses if a.plan.method == "weighted_displacement")
    found = fit(data.protocol, wdd, panel)
    log = as_log_ratio(found)
    assert log is not None
    assert found.events_prevented is not None
    recorded = found.counts["T1"]
    assert math.exp(log[0]) == pytest.approx(recorded / (recorded + found.events_prevented.value))
    assert log[1] is not None
    assert log[1] < log[0] < (log[2] or 0)


def test_what_cannot_be_answered_is_kept_with_its_reason(make_panel: MakePanel) -> None:
    made = run(make_panel(), wanted(together=[13], methods=[MethodChoice(method="synthetic_did")], draws=0))
    refused = [p for p in made.points if p.refused]
    assert {p.choices["periods"] for p in refused} == {"13 as one"}
    assert "cannot be answered" in headline(made)
    assert sum("no answer" in line for line in listed(made)) == len(refused)


def test_the_order_of_rows_changes_nothing(make_panel: MakePanel) -> None:
    panel, choices = (
        make_panel(ratio=0.8, buffers=2),
        wanted(comparison=[ComparisonChoice(closest=6)], buffers=[0], draws=0),
    )
    order = np.random.default_rng(3).permutation(len(panel.units))
    shuffled = replace(
        panel,
        units=tuple(panel.units[i] for i in order),
        role=tuple(panel.role[i] for i in order),
        starts=tuple(panel.starts[i] for i in order),
        counts={k: v[order] for k, v in panel.counts.items()},
        missing=panel.missing[order],
        recording=None,
    )
    data = plan(choices, neighbours=True)
    one, other = ([answer(Curved(data, {None: p, 0.0: p}), s).value for s in specs_of(data)] for p in (panel, shuffled))
    assert one == pytest.approx(other)


def test_joined_buffers_take_no_part_in_the_joint_test(make_panel: MakePanel) -> None:
    made = run(make_panel(buffers=2), wanted(buffers=[0], draws=20))
    assert made.joint is not None
    assert (made.joint.tried, made.joint.draws) == (1, 20)


def test_the_joint_test_keeps_its_level_and_sees_an_effect(make_panel: MakePanel) -> None:
    choices = wanted(
        windows=[WindowChoice(first="2019-07", last="2021-12")],
        comparison=[ComparisonChoice(closest=8)],
        draws=39,
    )
    p = []
    for seed in range(60):
        joint = run(make_panel(seed=seed, dispersion=0.1), choices).joint
        assert joint is not None
        assert joint.p is not None
        p.append(joint.p)
    assert np.mean(np.array(p) <= 0.05) <= 0.15  # 60 draws: 5% and two and a half standard errors
    assert 0.35 < np.mean(p) < 0.65
    seen = run(make_panel(ratio=0.6, mean=30), choices)
    assert seen.joint is not None
    assert seen.joint.p == 1 / 40
    assert "has p = 0.025" in joint_words(seen)


def test_too_few_areas_have_no_joint_p(make_panel: MakePanel) -> None:
    made = run(
        make_panel(treated=1, comparison=4), wanted(windows=[WindowChoice(first="2019-07", last="2021-12")], draws=40)
    )
    assert made.joint is not None
    assert made.joint.p is None
    assert "no joint test" in joint_words(made)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"methods": [{"method": "poison_did"}]}, "does not exist"),
        ({"methods": [{"method": "poisson_did", "options": {"inferense": "wild"}}]}, "is not an option"),
        ({"methods": [{"method": "parallel_trial"}]}, "not for areas over time"),
        ({"outcomes": ["robbery"]}, "not an outcome of the plan"),
        ({"windows": [{"first": "2018-01", "last": "2021-12"}]}, "not inside the plan's window"),
        ({"windows": [{"first": "2019-01", "last": "2020-12"}]}, "not inside the plan's window"),
        ({"buffers": [150]}, "needs kind: polygon"),
        ({"buffers": [0]}, "which is empty"),
    ],
)
def test_choices_that_do_not_fit_are_refused_before_any_data_are_read(choices: dict[str, object], words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        plan(wanted(**choices))


def test_a_plan_without_choices_keeps_its_fingerprint() -> None:
    from vru.protocol import digest

    protocol: Protocol = load(ROOT / "evaluations" / "merseyside-placebo")
    assert protocol.specifications is None
    assert digest(protocol) == digest(protocol.model_copy(update={"specifications": None}))
    assert digest(protocol) != digest(protocol.model_copy(update={"specifications": wanted(together=[3])}))
