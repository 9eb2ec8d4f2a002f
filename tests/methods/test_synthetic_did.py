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
