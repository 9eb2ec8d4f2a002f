"""ATT(g, t) and its averages: the published mpdta figures, an independent run, and plain loops."""

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vru.stats.group_time import (
    Cohorts,
    contrast_weights,
    contributions,
    event_cells,
    find_cohorts,
    period_cells,
    total_cells,
    unit_influence,
)
from vru.stats.start_dates import multiplier_band, p_of_effect

GOLDEN = Path(__file__).parents[1] / "golden" / "staggered"


def one_cell(cohorts: Cohorts, g: int, t: int) -> np.ndarray:
    cells = np.zeros((1, len(cohorts.starts), cohorts.n_periods))
    cells[0, g, t] = 1
    return cells


def sums(values: np.ndarray, cohorts: Cohorts, cells: np.ndarray, control: str, base: str) -> np.ndarray:
    return contributions(values, cohorts, contrast_weights(cohorts, cells, control, base)).sum(axis=0)


@pytest.fixture(scope="module")
def mpdta(data_dir: Path) -> tuple[np.ndarray, Cohorts]:
    data = pd.read_csv(data_dir / "reference" / "mpdta.csv")
    wide = data.pivot(index="countyreal", columns="year", values="lemp")
    start = data.groupby("countyreal")["first.treat"].first().loc[wide.index]
    years = list(wide.columns)
    return wide.to_numpy(), find_cohorts(np.array([years.index(s) if s else len(years) for s in start]), len(years))


@pytest.mark.realdata
def test_callaway_santanna_2021_cells(mpdta: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = mpdta
    published = {
        (0, 1): -0.0105,
        (0, 2): -0.0704,
        (0, 3): -0.1373,
        (0, 4): -0.1008,
        (1, 3): -0.0046,
        (1, 4): -0.0412,
        (2, 4): -0.0261,
    }
    for (g, t), value in published.items():
        assert sums(y, cohorts, one_cell(cohorts, g, t), "never", "last")[0] == pytest.approx(value, abs=6e-5)


@pytest.mark.realdata
def test_callaway_santanna_2021_averages(mpdta: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = mpdta
    per = (cohorts.size[:, None] * cohorts.after).sum(axis=1)[:-1]
    events = event_cells(cohorts)
    late = events.cells[events.times >= 0]
    cells = np.concatenate([total_cells(cohorts).sum(axis=0)[None] / per.sum(), late.mean(axis=0)[None], late])
    weights = contrast_weights(cohorts, cells, "never", "last")
    value = contributions(y, cohorts, weights).sum(axis=0)
    assert value == pytest.approx([-0.0400, -0.0772, -0.0199, -0.0510, -0.1373, -0.1008], abs=6e-5)
    groups = sums(y, cohorts, total_cells(cohorts), "never", "last") / per
    assert groups == pytest.approx([-0.0797, -0.0229, -0.0261], abs=6e-5)
    influence = unit_influence(y, cohorts, weights, correct=False)
    assert np.sqrt((influence[:, 1] ** 2).sum()) == pytest.approx(0.0200, abs=1e-4)
    # Published errors also count the cohorts' sizes as drawn; with that term the simple average's is 0.0120.
    drawn = influence[:, 0] + _drawn_sizes(y, cohorts, per.sum())
    assert np.sqrt((drawn**2).sum()) == pytest.approx(0.01203, abs=1e-5)


def _drawn_sizes(y: np.ndarray, cohorts: Cohorts, cells: float) -> np.ndarray:
    total, out = sums(y, cohorts, total_cells(cohorts), "never", "last"), np.zeros(len(y))
    mean = total.sum() / cells
    length = cohorts.n_periods - cohorts.starts
    each = (total / cohorts.size[:-1] - mean * length) / cells
    treated = cohorts.group < len(cohorts.starts)
    out[treated] = each[cohorts.group[treated]]
    return out - (each * cohorts.size[:-1]).sum() / len(y)


@pytest.mark.realdata
def test_callaway_santanna_2021_pretest(mpdta: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = mpdta
    pre = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]
    weights = contrast_weights(cohorts, np.concatenate([one_cell(cohorts, g, t) for g, t in pre]), "never", "varying")
    value = contributions(y, cohorts, weights).sum(axis=0)
    influence = unit_influence(y, cohorts, weights, correct=False)
    wald = value @ np.linalg.solve(influence.T @ influence, value)
    assert stats.chi2.sf(wald, len(pre)) == pytest.approx(0.168, abs=5e-4)


@pytest.fixture(scope="module")
def simulated() -> tuple[np.ndarray, Cohorts]:
    data = pd.read_csv(GOLDEN / "panel.csv")
    counts = data.pivot(index="unit", columns="t", values="y").to_numpy(float)
    first = data.groupby("unit")["first"].first().to_numpy()
    return counts, find_cohorts(np.where(first > 0, first - 1, counts.shape[1]), counts.shape[1])


@pytest.mark.parametrize(("control", "theirs"), [("never", "never_treated"), ("not_yet", "not_yet_treated")])
def test_equals_an_independent_run(control: str, theirs: str, simulated: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = simulated
    golden = json.loads((GOLDEN / "values.json").read_text())[theirs]
    cells = (cohorts.size[:, None] * cohorts.after).sum()
    total = sums(y, cohorts, total_cells(cohorts).sum(axis=0)[None], control, "last")[0]
    assert total / cells == pytest.approx(golden["overall"], abs=1e-10)
    for g, t in itertools.product(range(3), range(12)):
        start = int(cohorts.starts[g])
        key = f"{start + 1},{t + 1}"
        if key in golden["cells"] and t != start - 1:
            weights = contrast_weights(cohorts, one_cell(cohorts, g, t), control, "last")
            assert contributions(y, cohorts, weights).sum() == pytest.approx(golden["cells"][key], abs=1e-10), key
            # With not-yet-treated units theirs centres all comparison units on one mean, ours each cohort on its own.
            if control == "never":
                influence = unit_influence(y, cohorts, weights, correct=False)
                assert np.sqrt((influence**2).sum()) == pytest.approx(golden["cell_se"][key], rel=1e-6), key
    events = event_cells(cohorts)
    for e, value in zip(events.times, sums(y, cohorts, events.cells, control, "last"), strict=True):
        if e >= 0:
            assert value == pytest.approx(golden["event"][str(e)], abs=1e-10)


def test_all_months_before_as_reference_by_plain_loops(simulated: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = simulated
    first = np.append(cohorts.starts, 12)[cohorts.group]
    for g, start in enumerate(cohorts.starts):
        for t in range(12):
            own = y[first == start]
            for control in ("never", "not_yet"):
                free = (first > max(t, start - 1)) & (first != start) if control == "not_yet" else first == 12
                step = (own[:, t] - own[:, :start].mean(axis=1)).mean()
                other = (y[free][:, t] - y[free][:, :start].mean(axis=1)).mean()
                found = sums(y, cohorts, one_cell(cohorts, g, t), control, "all")[0]
                assert found == pytest.approx(step - other, abs=1e-10)


def test_one_start_is_plain_difference_in_differences() -> None:
    y = np.random.default_rng(0).poisson(5, (12, 9)).astype(float)
    cohorts = find_cohorts(np.array([6] * 5 + [9] * 7), 9)
    change = y[:, 6:].mean(axis=1) - y[:, :6].mean(axis=1)
    for control in ("never", "not_yet"):
        found = sums(y, cohorts, total_cells(cohorts).sum(axis=0)[None], control, "all")[0]
        assert found == pytest.approx(15 * (change[:5].mean() - change[5:].mean()))
    weights = contrast_weights(cohorts, total_cells(cohorts), "never", "all")
    influence = unit_influence(y, cohorts, weights)[:, 0]
    welch = 15 * np.sqrt(change[:5].var(ddof=1) / 5 + change[5:].var(ddof=1) / 7)
    assert np.sqrt((influence**2).sum()) == pytest.approx(welch)


def test_levels_of_units_and_months_cancel(simulated: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = simulated
    moved = y + np.arange(30)[:, None] * 10.0 + np.sin(np.arange(12))[None, :] * 50
    for control, base in itertools.product(("never", "not_yet"), ("all", "last", "varying")):
        cells = np.concatenate([total_cells(cohorts), event_cells(cohorts).cells, period_cells(cohorts)])
        before, after = (sums(v, cohorts, cells, control, base) for v in (y, moved))
        assert after == pytest.approx(before, abs=1e-8)


def test_a_cohort_of_one_unit_has_a_spread() -> None:
    rng = np.random.default_rng(5)
    cohorts = find_cohorts(np.array([4, 6, 8, *[12] * 10]), 12)
    errors, claimed = [], []
    for _ in range(400):
        y = rng.normal(0, 1, (13, 12)) + rng.normal(0, 3, (13, 1))
        weights = contrast_weights(cohorts, total_cells(cohorts).sum(axis=0)[None], "never", "all")
        errors.append(contributions(y, cohorts, weights).sum())
        claimed.append((unit_influence(y, cohorts, weights) ** 2).sum())
    assert np.mean(claimed) == pytest.approx(np.var(errors), rel=0.25)


def test_randomisation_p_equals_plain_re_estimation() -> None:
    rng = np.random.default_rng(2)
    cohorts = find_cohorts(np.array([3, 3, 5, 8, 8, 8]), 8)
    y = rng.poisson(6, (6, 8)).astype(float)
    weights = contrast_weights(cohorts, total_cells(cohorts).sum(axis=0)[None], "not_yet", "all")
    effect = -1.5
    p = p_of_effect(y, cohorts, weights, 4000, np.random.default_rng(1))(effect)
    clean = y - effect * cohorts.after[cohorts.group]
    ways = set(itertools.permutations(cohorts.group))
    statistics = {w: abs(_studentised(clean, np.array(w), cohorts, weights)) for w in ways}
    actual = statistics[tuple(cohorts.group)]
    assert p == pytest.approx(np.mean([s >= actual - 1e-9 for s in statistics.values()]), abs=0.03)


def _studentised(clean: np.ndarray, group: np.ndarray, cohorts: Cohorts, weights: np.ndarray) -> float:
    centred = clean - clean.mean(axis=0)
    parts = np.array([centred[i] @ weights[0, c] for i, c in enumerate(group)])
    one = np.array([cohorts.after[c] @ weights[0, c] for c in group])
    treated = group < len(cohorts.starts)
    slope = parts[treated].sum() / one[treated].sum()
    inner = parts[treated] - slope * one[treated]
    outer = parts[~treated] - parts[~treated].mean()
    variance = sum(len(x) / (len(x) - 1) * (x**2).sum() for x in (inner, outer))
    return float(parts.sum() / np.sqrt(variance))


def test_the_band_of_one_effect_is_near_the_normal_quantile_and_widens_with_more() -> None:
    rng = np.random.default_rng(3)
    influence = rng.normal(0, 1, (200, 20))
    one = multiplier_band(np.zeros(1), influence[:, :1], 0.95, 20_000, rng)
    many = multiplier_band(np.zeros(20), influence, 0.95, 5000, rng)
    assert one.critical == pytest.approx(1.96, abs=0.06)
    assert many.critical == pytest.approx(stats.norm.ppf(0.5 + 0.95 ** (1 / 20) / 2), abs=0.12)
    assert one.p_first == 1.0
