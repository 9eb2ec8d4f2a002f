"""Poisson extended two-way estimate: against an independent run, plain cases, options, growing effects."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.staggered_poisson import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]
GOLDEN = Path(__file__).parents[1] / "golden" / "staggered"
MONTHS = tuple(f"{2019 + j // 12}-{j % 12 + 1:02d}" for j in range(36))


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options(**options), np.random.default_rng(1))


def as_panel(counts: np.ndarray, first: np.ndarray) -> Panel:
    n, t = counts.shape
    return Panel(
        units=tuple(f"U{i:02d}" for i in range(n)),
        periods=MONTHS[:t],
        counts={"violence": counts.astype(float)},
        role=tuple("treated" if f < t else "comparison" for f in first),
        starts=tuple(MONTHS[f] if f < t else None for f in first),
        missing=np.zeros(counts.shape, dtype=bool),
    )


def growing(seed: int, treated: int = 12, comparison: int = 20) -> tuple[Panel, float]:
    """Starts in months 13, 19 and 25 of 36; treated four times as busy; the true log ratio of totals."""
    rng = np.random.default_rng(seed)
    n, first = treated + comparison, np.append(np.array([12, 18, 24])[np.arange(treated) % 3], np.full(comparison, 36))
    rate = 5 * np.exp(rng.normal(0, 0.3, (n, 1))) * (1 + 0.3 * np.sin(np.arange(36) / 2)) * np.exp(-np.arange(36) / 60)
    rate[:treated] *= 4
    since = np.arange(36)[None, :] - first[:, None]
    with_it = rate * np.exp(np.where(since >= 0, -0.04 * (since + 1), 0.0))
    on = since >= 0
    return as_panel(rng.poisson(with_it), first), float(np.log(with_it[on].sum() / rate[on].sum()))


def test_equals_wooldridges_estimator_by_an_independent_run() -> None:
    data = pd.read_csv(GOLDEN / "panel.csv")
    counts = data.pivot(index="unit", columns="t", values="y").to_numpy(float)
    first = data.groupby("unit")["first"].first().to_numpy()
    found = fit(as_panel(counts, np.where(first > 0, first - 1, 12)))
    golden = json.loads((GOLDEN / "values.json").read_text())["poisson_etwfe_overall"]
    effect = found.counts["T1"] - found.counts["expected"]
    assert effect / found.counts["treated_unit_months"] == pytest.approx(golden, abs=1e-9)
    assert found.value == pytest.approx(np.log(found.counts["T1"] / found.counts["expected"]))
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(-effect)


@pytest.mark.parametrize("inference", ["cluster", "randomisation"])
def test_one_start_equals_poisson_did(inference: str, make_panel: MakePanel) -> None:
    panel = make_panel(ratio=0.7, treated=25, comparison=25, dispersion=0.2)
    did = METHODS["poisson_did"]
    other = did.fit(panel, "violence", did.options(inference=inference), np.random.default_rng(1))
    found = fit(panel, inference=inference)
    assert found.value == pytest.approx(other.value, abs=1e-10)
    assert found.se == pytest.approx(other.se, rel=0.05)
    assert found.low == pytest.approx(other.low, abs=0.01)
    assert found.high == pytest.approx(other.high, abs=0.01)
    assert [p.expected for p in found.path] == pytest.approx([p.expected for p in other.path])


def test_parts_path_weights_and_counts_add_up() -> None:
    panel, _ = growing(1)
    for control in ("never", "not_yet"):
        found = fit(panel, control=control, draws=199)
        assert sum(found.weights.values()) == pytest.approx(1)
        assert (len(found.weights) > 20) == (control == "not_yet")
        assert list(found.components) == ["start 2020-01", "start 2020-07", "start 2021-01"]
        assert min(c.value for c in found.components.values()) < found.value
        assert found.value < max(c.value for c in found.components.values())
        late = [p for p in found.event_study if p.event_time >= 0]
        assert late[0].value == pytest.approx(-0.04, abs=0.12)
        assert late[-1].low < -0.96 < late[-1].high


def test_growing_effects_are_found_without_bias_and_covered() -> None:
    errors, inside, two_way = [], [], []
    did = METHODS["poisson_did"]
    for seed in range(30):
        panel, truth = growing(seed)
        found = fit(panel, draws=199)
        errors.append(found.value - truth)
        inside.append(found.low <= truth <= found.high)
        if seed < 8:
            other = did.fit(panel, "violence", did.options(inference="cluster"), np.random.default_rng(1))
            two_way.append(other.value - truth)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(30)
    assert np.mean(inside) > 0.82
    assert np.mean(two_way) > 0.03


def test_few_units_each_with_its_own_start() -> None:
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(40):
        first = np.array([12, 18, 24, *[36] * 12])
        alarms.append(fit(as_panel(rng.poisson(8, (15, 36)), first), draws=199).p <= 0.05)
    assert np.mean(alarms) < 0.15


def test_nothing_recorded_after_has_a_p_value_but_no_interval(make_panel: MakePanel) -> None:
    panel = make_panel(treated=5, comparison=15)
    silent = panel.counts["violence"].copy()
    silent[np.ix_(panel.is_role("treated"), panel.post())] = 0
    found = fit(replace(panel, counts={"violence": silent}))
    assert (found.low, found.high) == (None, None)
    assert found.p is not None
    assert found.p < 0.01
    assert found.events_prevented is not None
    assert found.events_prevented.value == pytest.approx(found.counts["expected"])


def test_empty_cells_are_refused_by_name(make_panel: MakePanel) -> None:
    panel = make_panel()
    silent = panel.counts["violence"].copy()
    silent[np.ix_(panel.is_role("comparison"), ~panel.post())] = 0
    with pytest.raises(MethodError, match="comparison units before the first start"):
        fit(replace(panel, counts={"violence": silent}))


def test_moving_exposure_is_named(make_panel: MakePanel) -> None:
    panel = make_panel()
    grown = np.ones(panel.shape)
    assert not any("exposure" in n for n in fit(replace(panel, exposure=grown)).notes)
    grown[0, 20:] = 2.0
    assert any("exposure changes over time" in n for n in fit(replace(panel, exposure=grown)).notes)


def test_a_month_missing_in_one_unit_is_left_out_for_all() -> None:
    panel, _ = growing(4)
    gone = panel.missing.copy()
    gone[0, 20] = True
    counts = np.where(gone, np.nan, panel.counts["violence"])
    found = fit(replace(panel, counts={"violence": counts}, missing=gone), inference="cluster")
    without = fit(panel.between(np.arange(36) != 20), inference="cluster")
    assert found.value == pytest.approx(without.value)
    assert any("left out for all" in n for n in found.notes)
