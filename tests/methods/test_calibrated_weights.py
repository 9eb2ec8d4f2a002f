"""Calibrated weights through the panel: many small areas, covariates, and what cannot be balanced."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods.calibrated_weights import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_many_small_areas_are_balanced_block_by_block(make_panel: MakePanel) -> None:
    panel = make_panel(treated=15, comparison=300, mean=1.5, ratio=0.7)
    found = fit(panel, draws=199)
    before = [p for p in found.path if p.period < "2021-01"]
    for start in range(0, 24, 3):
        block = before[start : start + 3]
        assert sum(p.expected for p in block) == pytest.approx(sum(p.observed for p in block), rel=1e-3)
    assert found.counts["imbalance"] < 1e-3
    assert found.counts["effective_units"] > 100
    assert found.low is not None
    assert found.high is not None
    assert found.low < np.log(0.7) < found.high
    assert found.p is not None
    assert found.p < 0.05


def test_covariate_totals_are_balanced(make_panel: MakePanel) -> None:
    panel = make_panel(treated=10, comparison=100, mean=5)
    people = np.random.default_rng(2).uniform(500, 1500, 110)
    known = replace(panel, covariates=pd.DataFrame({"people": people}, index=list(panel.units)))
    found = fit(known, predictors=("people",), draws=199)
    at = {u: i for i, u in enumerate(panel.units)}
    total = sum(w * people[at[u]] for u, w in found.weights.items())
    assert total == pytest.approx(people[:10].sum(), rel=1e-3)
    numbered = fit(known, match_number=True, draws=199)
    assert sum(numbered.weights.values()) == pytest.approx(10, rel=1e-3)
    with pytest.raises(MethodError, match="allowed: people"):
        fit(known, predictors=("age",))


def test_what_cannot_be_balanced_is_said(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=3, mean=2)
    assert any("No weights balance everything" in n for n in fit(panel, months_per_block=1).notes)


def test_one_treated_unit_and_few_donors_have_no_interval(make_panel: MakePanel) -> None:
    found = fit(make_panel(treated=1, comparison=10))
    assert (found.low, found.high) == (None, None)
    assert found.p is not None


def sparse(seed: int, rate: float, busier: float) -> Panel:
    """40 treated areas against 1,000, nothing done: ``rate`` offences a month, ``busier`` times as many in treated areas."""
    rng = np.random.default_rng(seed)
    treated = np.arange(1_040) < 40
    level = rate * np.where(treated, busier, 1.0) * rng.gamma(2.0, 0.5, 1_040)
    counts = rng.poisson(level[:, None], (1_040, 36)).astype(float)
    periods = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(36))
    return Panel(
        units=tuple(f"u{i:04d}" for i in range(1_040)),
        periods=periods,
        counts={"violence": counts},
        role=tuple("treated" if t else "comparison" for t in treated),
        starts=tuple(periods[24] if t else None for t in treated),
        missing=np.zeros(counts.shape, dtype=bool),
    )


@pytest.mark.parametrize("seed", range(5))
def test_weights_that_follow_chance_are_refused(seed: int) -> None:
    """Nothing was done, and the ratio would be 1.8 on average: areas match busy ones by having been busy by chance."""
    with pytest.raises(MethodError, match="they follow chance and not the areas' level"):
        fit(sparse(seed, 0.02, 4.0), draws=199)


def test_areas_with_a_level_of_their_own_are_not_refused() -> None:
    found = [fit(sparse(seed, 0.5, 4.0), draws=199) for seed in range(3)]
    assert np.mean([e.value for e in found]) == pytest.approx(0.0, abs=0.12)
    assert all(any("miss the months between by" in n for n in e.notes) for e in found)
