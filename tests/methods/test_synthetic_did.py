"""Synthetic difference-in-differences through the panel."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.errors import MethodError
from vru.methods.synthetic_did import METHOD
from vru.panel import Panel
from vru.results import Estimate

MakePanel = Callable[..., Panel]


def fit(panel: Panel, **options: object) -> Estimate:
    return METHOD.fit(panel, "violence", METHOD.options.model_validate(options), np.random.default_rng(1))


def test_synthetic_did_of_proposition_99(data_dir: Path) -> None:
    wide = pd.read_csv(data_dir / "reference" / "california_prop99.csv").set_index("Year")
    panel = Panel(
        units=tuple(wide.columns),
        periods=tuple(f"{year}-01" for year in wide.index),
        counts={"violence": wide.to_numpy().T.astype(float)},
        role=tuple("treated" if u == "California" else "comparison" for u in wide.columns),
        starts=tuple("1989-01" if u == "California" else None for u in wide.columns),
        missing=np.zeros(wide.T.shape, dtype=bool),
    )
    found = fit(panel)
    assert found.counts["effect_per_unit_month"] == pytest.approx(-15.6038, abs=5e-5)
    assert 9.2 < found.counts["placebo_se_per_unit_month"] < 9.8
    after = [p for p in found.path if p.period >= "1989"]
    assert np.mean([p.observed - p.expected for p in after]) == pytest.approx(-15.6038, abs=5e-5)
    assert "all 38" in found.inference
    assert any("1988-01" in n for n in found.notes)


def test_a_free_level_makes_hotter_areas_comparable(make_panel: MakePanel) -> None:
    errors = []
    for seed in range(8):
        panel = make_panel(treated=1, comparison=20, mean=20, ratio=0.75, seed=seed)
        counts = panel.counts["violence"].copy()
        counts[0] *= 5
        found = fit(replace(panel, counts={"violence": counts}), matching="index")
        errors.append(found.value - np.log(0.75))
    assert abs(np.mean(errors)) < 0.12


def test_jackknife_and_placebo_agree_roughly(make_panel: MakePanel) -> None:
    panel = make_panel(treated=10, comparison=25, mean=20, ratio=0.75)
    placebo, jackknife = fit(panel), fit(panel, inference="jackknife")
    assert placebo.value == jackknife.value
    assert (placebo.se or 0) == pytest.approx(2 * (jackknife.se or 1), rel=0.6)
    everyone = fit(panel, inference="reassignment")
    assert "either arm" in everyone.inference
    assert (everyone.se or 0) == pytest.approx(placebo.se or 1, rel=0.6)


def test_impossible_inference_is_refused(make_panel: MakePanel) -> None:
    with pytest.raises(MethodError, match="there is only one"):
        fit(make_panel(treated=1, comparison=20), inference="jackknife")
    with pytest.raises(MethodError, match="at least two more comparison units"):
        fit(make_panel(treated=10, comparison=10), inference="placebo")
    with pytest.raises(MethodError, match="at least two comparison units"):
        fit(make_panel(treated=1, comparison=1))
    with pytest.raises(MethodError, match="needs at least two"):
        fit(make_panel(treated=1, comparison=20, pre=1))


def test_few_donors_are_said_to_be_few(make_panel: MakePanel) -> None:
    assert any("too few to see" in n for n in fit(make_panel(treated=1, comparison=8)).notes)
    assert not any("too few to see" in n for n in fit(make_panel(treated=1, comparison=30)).notes)


def test_nothing_after_has_no_interval(make_panel: MakePanel) -> None:
    panel = make_panel(treated=1, comparison=20)
    cells = panel.is_role("treated")[:, None] & panel.post()[None, :]
    found = fit(replace(panel, counts={"violence": np.where(cells, 0.0, panel.counts["violence"])}))
    assert (found.low, found.high) == (None, None)
    assert any("Nothing was recorded" in n for n in found.notes)


def test_rare_outcomes_are_refused(make_panel: MakePanel) -> None:
    with pytest.raises(MethodError, match="falls that are none"):
        fit(make_panel(mean=0.3, treated=10, comparison=40))


def test_index_does_not_take_the_noise_of_small_areas_for_a_fall() -> None:
    """Areas from 0.2 to 20 a month, nothing done: the plain mean of their ratios rises by the noise of the small ones."""
    values = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rate = np.geomspace(0.2, 20, 60)[rng.permutation(60)][:, None]
        counts = rng.poisson(np.repeat(rate, 36, axis=1)).astype(float)
        periods = tuple(f"{2019 + j // 12}-{j % 12 + 1:02d}" for j in range(36))
        panel = Panel(
            units=tuple(f"U{i:02d}" for i in range(60)),
            periods=periods,
            counts={"violence": counts},
            role=("treated",) * 15 + ("comparison",) * 45,
            starts=(periods[24],) * 15 + (None,) * 45,
            missing=np.zeros((60, 36), dtype=bool),
        )
        values.append(fit(panel, matching="index", draws=50).value)
    assert abs(np.mean(values)) < 0.02
