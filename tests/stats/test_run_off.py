"""Closed-form Poisson counts without treatment: against saturated fits, an independent run, numerical derivatives."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.group_time import Cohorts, find_cohorts
from vru.stats.permutation import exchange
from vru.stats.run_off import fit_run_off, group_totals, log_ratios, p_of_log_ratio
from vru.stats.schedules import fit_two_way

GOLDEN = Path(__file__).parents[1] / "golden" / "staggered"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "panel.csv")


@pytest.fixture(scope="module")
def panel(table: pd.DataFrame) -> tuple[np.ndarray, Cohorts]:
    counts = table.pivot(index="unit", columns="t", values="y").to_numpy(float)
    first = table.groupby("unit")["first"].first().to_numpy()
    return counts, find_cohorts(np.where(first > 0, first - 1, counts.shape[1]), counts.shape[1])


def test_equals_wooldridge_by_an_independent_run(panel: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = panel
    totals = group_totals(y, cohorts)
    effect = ((totals - fit_run_off(totals, cohorts, "not_yet").expected) * cohorts.after).sum()
    golden = json.loads((GOLDEN / "values.json").read_text())["poisson_etwfe_overall"]
    assert effect / (cohorts.size[:, None] * cohorts.after).sum() == pytest.approx(golden, abs=1e-9)


def test_equals_a_saturated_fixed_effects_poisson(table: pd.DataFrame, panel: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = panel
    data = table.copy()
    on = (data["first"] > 0) & (data["t"] >= data["first"])
    data["cell"] = np.where(on, data["first"].astype(str) + "_" + data["t"].astype(str), "none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyfixest

        model = pyfixest.fepois("y ~ C(cell, contr.treatment(base='none')) | unit + t", data, iwls_tol=1e-12)
    effect = {name.split("[T.")[1].rstrip("]"): v for name, v in model.coef().items()}
    treated = data[on].groupby("cell")["y"].sum()
    due = sum(n * np.exp(-effect[cell]) for cell, n in treated.items())
    found = log_ratios(y, cohorts, "not_yet", cohorts.after[None])
    assert found.value[0] == pytest.approx(np.log(treated.sum() / due), abs=1e-7)


@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_equals_iterative_fit_of_untreated_cells(control: str, panel: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = panel
    totals = group_totals(y, cohorts)
    found = fit_run_off(totals, cohorts, control).expected
    if control == "not_yet":
        weight = (~cohorts.after).astype(float)
        assert found == pytest.approx(fit_two_way(totals * weight, weight).mean(np.ones_like(weight)), rel=1e-7)
        return
    for g, start in enumerate(cohorts.starts):
        due = totals[g, :start].sum() / totals[-1, :start].sum() * totals[-1, start:]
        assert found[g, start:] == pytest.approx(due)


def test_one_start_is_the_ratio_of_ratios() -> None:
    y = np.random.default_rng(1).poisson(8, (20, 10)).astype(float)
    cohorts = find_cohorts(np.array([6] * 8 + [10] * 12), 10)
    t0, t1 = y[:8, :6].sum(), y[:8, 6:].sum()
    c0, c1 = y[8:, :6].sum(), y[8:, 6:].sum()
    for control in ("never", "not_yet"):
        found = log_ratios(y, cohorts, control, cohorts.after[None])
        assert found.value[0] == pytest.approx(np.log(t1 / t0 / (c1 / c0)))


def test_one_start_has_the_cluster_robust_error_of_poisson_did() -> None:
    from vru.stats.blocks import arm_variance

    y = np.random.default_rng(1).poisson(8, (20, 10)).astype(float)
    cohorts = find_cohorts(np.array([6] * 8 + [10] * 12), 10)
    found = log_ratios(y, cohorts, "not_yet", cohorts.after[None])
    b, a = y[:, :6].sum(axis=1), y[:, 6:].sum(axis=1)
    expected = 8 / 7 * arm_variance(b[:8], a[:8]) + 12 / 11 * arm_variance(b[8:], a[8:])
    assert (found.influence**2).sum() == pytest.approx(expected)


@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_influence_is_the_derivative_by_a_units_weight(control: str, panel: tuple[np.ndarray, Cohorts]) -> None:
    y, cohorts = panel
    since = np.arange(12)[None, :] - np.append(cohorts.starts, 1000)[:, None]
    cells = np.stack([cohorts.after, since == 1, since == -2])
    found = log_ratios(y, cohorts, control, cells)
    slope = np.empty_like(found.influence)
    for i in range(len(y)):
        up, down = y.copy(), y.copy()
        up[i] *= 1 + 1e-6
        down[i] *= 1 - 1e-6
        slope[i] = (
            log_ratios(up, cohorts, control, cells).value - log_ratios(down, cohorts, control, cells).value
        ) / 2e-6
    for c in np.unique(cohorts.group):
        rows = cohorts.group == c
        n, share = rows.sum(), y[rows].sum(axis=1) / y[rows].sum()
        centred = slope[rows] - share[:, None] * slope[rows].sum(axis=0)
        assert found.influence[rows] == pytest.approx(centred * np.sqrt(n / (n - 1)), abs=1e-7)


def test_error_agrees_with_a_cluster_robust_glm(table: pd.DataFrame, panel: tuple[np.ndarray, Cohorts]) -> None:
    """statsmodels with cohort, month and cell dummies; delta method on log of the two totals."""
    import statsmodels.api as sm

    y, cohorts = panel
    on = ((table["first"] > 0) & (table["t"] >= table["first"])).to_numpy()
    cell = np.where(on, table["first"].astype(str) + "_" + table["t"].astype(str), "0")
    design = pd.get_dummies(
        pd.DataFrame({"g": table["first"].astype(str), "t": table["t"].astype(str), "c": cell}),
        drop_first=True,
        dtype=float,
    )
    x = np.column_stack([np.ones(len(design)), design])
    clusters = {"groups": table["unit"], "use_correction": False}
    fit = sm.GLM(table["y"], x, family=sm.families.Poisson()).fit(cov_type="cluster", cov_kwds=clusters, tol=1e-12)
    without = x.copy()
    without[:, 1 + np.flatnonzero(design.columns.str.startswith("c_"))] = 0
    beta = fit.params.to_numpy()
    m1, m0 = np.exp(x @ beta)[on], np.exp(without @ beta)[on]
    gradient = m1 @ x[on] / m1.sum() - m0 @ without[on] / m0.sum()
    theirs = np.sqrt(gradient @ fit.cov_params().to_numpy() @ gradient)
    found = log_ratios(y, cohorts, "not_yet", cohorts.after[None])
    factor = np.sqrt((cohorts.size / (cohorts.size - 1))[cohorts.group])
    ours = np.sqrt(((found.influence[:, 0] / factor) ** 2).sum())
    # The GLM counts the units' different sizes as drawn where effects differ by cohort; ours takes them as given.
    assert ours == pytest.approx(theirs, rel=0.1)
    assert found.value[0] == pytest.approx(np.log(m1.sum() / m0.sum()), abs=1e-8)


def test_error_matches_the_spread_over_repetitions() -> None:
    rng = np.random.default_rng(4)
    cohorts = find_cohorts(np.array([8] * 10 + [12] * 10 + [16] * 10 + [20] * 30), 20)
    level = 6 * np.exp(rng.normal(0, 0.5, 60))
    values, claimed = [], []
    for _ in range(300):
        rate = level[:, None] * rng.gamma(10, 0.1, (60, 20)) * np.where(cohorts.after[cohorts.group], 0.7, 1.0)
        found = log_ratios(rng.poisson(rate).astype(float), cohorts, "not_yet", cohorts.after[None])
        values.append(found.value[0])
        claimed.append((found.influence**2).sum())
    assert np.mean(values) == pytest.approx(np.log(0.7), abs=4 * np.std(values) / np.sqrt(300))
    assert np.sqrt(np.mean(claimed)) == pytest.approx(np.std(values), rel=0.12)


def test_randomisation_p_equals_plain_re_estimation() -> None:
    """Each re-assignment estimated anew on single months, with influence by numerical derivative."""
    rng = np.random.default_rng(6)
    cohorts = find_cohorts(np.array([3, 3, 5, 5, *[9] * 6]), 9)
    y = rng.poisson(400 * np.exp(rng.normal(0, 0.3, (10, 1))) * np.exp(rng.normal(0, 0.1, (10, 9)))).astype(float)
    trial = 0.05
    p = p_of_log_ratio(y, cohorts, "not_yet", 120, np.random.default_rng(9))(trial)
    labels = exchange(cohorts.group, 120, np.random.default_rng(9))
    clean = np.where(cohorts.after[cohorts.group], y * np.exp(-trial), y)
    statistics = np.array([_studentised(clean, Cohorts(cohorts.starts, row, 9)) for row in labels])
    assert p == pytest.approx(np.mean(statistics >= statistics[0] - 1e-4), abs=1 / 120 + 1e-9)


def _studentised(y: np.ndarray, cohorts: Cohorts) -> float:
    cells = cohorts.after[None]
    value = log_ratios(y, cohorts, "not_yet", cells).value[0]
    slope = np.empty(len(y))
    for i in range(len(y)):
        up = y.copy()
        up[i] *= 1 + 1e-6
        slope[i] = (log_ratios(up, cohorts, "not_yet", cells).value[0] - value) / 1e-6
    variance = 0.0
    for rows in (cohorts.group < 2, cohorts.group == 2):
        n, share = rows.sum(), y[rows].sum(axis=1) / y[rows].sum()
        variance += n / (n - 1) * ((slope[rows] - share * slope[rows].sum()) ** 2).sum()
    return abs(value) / np.sqrt(variance)
