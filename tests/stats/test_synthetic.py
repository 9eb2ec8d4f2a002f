"""Weighted comparisons against published numbers, an independent quadratic programme, and known truth."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.stats.calibration import calibrate
from vru.stats.reassigned import p_of_log_ratio, reassign
from vru.stats.simplex import simplex_weights
from vru.stats.synthetic import fit_synthetic, from_weights, in_space, in_time, leave_one_out
from vru.stats.synthetic_conformal import conformal_p
from vru.stats.synthetic_did import jackknife, jackknife_se, placebo_effects, synthetic_did
from vru.stats.synthetic_nested import nested_weights
from vru.stats.synthetic_ridge import choose_penalty, ridge_weights

GOLDEN = Path(__file__).parents[1] / "golden" / "synthetic"
N_PRE = 19


@pytest.fixture(scope="module")
def r() -> dict[str, float]:
    with (GOLDEN / "values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def panel() -> np.ndarray:
    return pd.read_csv(GOLDEN / "panel.csv").drop(columns="unit").to_numpy(float)


@pytest.fixture(scope="module")
def smoking(data_dir: Path) -> np.ndarray:
    """Cigarette sales per head, California first, ``(39, 31)``."""
    wide = pd.read_csv(data_dir / "reference" / "california_prop99.csv").set_index("Year")
    return np.vstack([wide["California"].to_numpy(), wide.drop(columns="California").to_numpy().T])


def named(values: dict[str, float], start: str) -> np.ndarray:
    return np.array([values[f"{start}{i}"] for i in range(1, 11)])


def test_simplex_weights_equal_a_quadratic_programme(panel: np.ndarray, r: dict[str, float]) -> None:
    found = simplex_weights(panel[1:, :20].T, panel[0, :20])
    np.testing.assert_allclose(found, named(r, "simplex"), atol=1e-7)


def test_simplex_weights_are_optimal_whatever_the_scale() -> None:
    rng = np.random.default_rng(1)
    for scale in (1e-4, 1.0, 1e6):
        a, b = scale * rng.normal(size=(12, 30)), scale * rng.normal(size=12)
        w = simplex_weights(a, b)
        assert w.min() >= 0
        assert w.sum() == pytest.approx(1)
        slope = a.T @ (a @ w - b)
        assert slope[w > 1e-9].max() - slope.min() < 1e-7 * scale**2 * 30


def test_simplex_weights_of_identical_donors_and_of_one() -> None:
    assert simplex_weights(np.ones((5, 1)), np.zeros(5)).tolist() == [1]
    same = simplex_weights(np.repeat(np.arange(4.0)[:, None], 6, axis=1), np.array([1.0, 1, 2, 3]))
    assert same.sum() == pytest.approx(1)
    assert simplex_weights(np.zeros((3, 4)), np.zeros(3)).sum() == pytest.approx(1)


def test_proposition_99_outcomes_alone(smoking: np.ndarray) -> None:
    found = in_space(smoking, 0, N_PRE)
    assert found.fits[0].effect == pytest.approx(-19.5136, abs=1e-3)
    assert found.fits[0].rmspe_before ** 2 == pytest.approx(2.7437, abs=1e-3)
    assert found.p == pytest.approx(3 / 39)
    did = (smoking[0, N_PRE:].mean() - smoking[0, :N_PRE].mean()) - (
        smoking[1:, N_PRE:].mean() - smoking[1:, :N_PRE].mean()
    )
    assert did == pytest.approx(-27.349, abs=1e-3)


def test_proposition_99_synthetic_did(smoking: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    found = synthetic_did(smoking[1:], smoking[0], N_PRE, 1)
    assert found.effect == pytest.approx(-15.6038, abs=5e-5)
    assert (smoking[0] - found.expected)[N_PRE:].mean() == pytest.approx(found.effect)
    exact = synthetic_did(smoking[1:], smoking[0], N_PRE, 1, "exact")
    assert exact.effect == pytest.approx(found.effect, abs=0.003)
    spread = placebo_effects(smoking[1:], N_PRE, 1, 1000, rng, "exact")
    assert spread.exact
    assert len(spread.effects) == 38
    assert 9.2 < spread.se < 9.8


def test_proposition_99_nested(data_dir: Path) -> None:
    data = pd.read_csv(data_dir / "reference" / "prop99_abadie.csv")
    wide = {c: data.pivot(index="state", columns="year", values=c) for c in data.columns[2:]}
    states = ["California", *[s for s in wide["cigsale"].index if s != "California"]]
    late, beer = list(range(1980, 1989)), list(range(1984, 1989))
    columns = [wide[c].loc[states, y].mean(axis=1) for c, y in (("lnincome", late), ("beer", beer))]
    columns += [wide[c].loc[states, late].mean(axis=1) for c in ("age15to24", "retprice")]
    columns += [wide["cigsale"].loc[states, y] for y in (1975, 1980, 1988)]
    x, y = np.column_stack(columns), wide["cigsale"].loc[states].to_numpy()
    for seed in (0, 1, 2):
        found = nested_weights(x[1:], x[0], y[1:, :N_PRE], y[0, :N_PRE], np.random.default_rng(seed))
        assert found.loss < 3.078
        weight = dict(zip(states[1:], found.weights, strict=True))
        published = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}
        for state, w in published.items():
            assert weight[state] == pytest.approx(w, abs=0.006)
        fitted = from_weights(found.weights, y[1:], y[0], N_PRE)
        assert fitted.gap[-1] == pytest.approx(-25.73, abs=0.05)
        assert found.starts[0] == found.loss
        assert found.starts[-1] > found.loss + 0.05
    low = nested_weights(x[1:], x[0], y[1:, :N_PRE], y[0, :N_PRE], np.random.default_rng(0), corners=True)
    assert 2.7436 < low.loss < 2.7702


def test_nested_loss_is_what_the_weights_give_and_its_slope_is_right() -> None:
    from vru.stats.synthetic_nested import _point, _problem

    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(15, 4)), rng.normal(size=(15, 10))
    problem = _problem(x[1:] - x[0], y[1:] - y[0])
    at = rng.normal(size=4)
    here = _point(problem, at, None)
    for j in range(4):
        step = 1e-6 * np.eye(4)[j]
        up, down = _point(problem, at + step, None).loss, _point(problem, at - step, None).loss
        assert (up - down) / 2e-6 == pytest.approx(here.slope[j], abs=1e-5)
    warm = _point(problem, at, _point(problem, at + 0.3, None))
    assert warm.loss == pytest.approx(here.loss, rel=1e-9)
    found = nested_weights(x[1:], x[0], y[1:], y[0], rng, starts=2)
    assert ((found.weights @ y[1:] - y[0]) ** 2).mean() == pytest.approx(found.loss)


def test_starts_grow_with_the_number_of_predictors() -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(size=(12, 10))
    for k, asked, starts in ((4, None, 12), (14, None, 28), (14, 2, 2)):
        x = rng.normal(size=(12, k))
        found = nested_weights(x[1:], x[0], y[1:], y[0], np.random.default_rng(0), asked)
        assert len(found.starts) == starts + max(1, starts // 2)


def test_kansas_plain_and_ridge_augmented(data_dir: Path) -> None:
    data = pd.read_csv(data_dir / "reference" / "augsynth_kansas.csv")
    wide = data.pivot(index="abb", columns="year_qtr", values="lngdpcapita")
    donors, treated = wide.drop("KS").to_numpy(), wide.loc["KS"].to_numpy()
    n_pre = int((wide.columns < 2012.25).sum())
    plain = fit_synthetic(donors, treated, n_pre)
    assert (round(plain.effect, 4), round(plain.imbalance, 3)) == (-0.0294, 0.083)
    ridge = ridge_weights(donors[:, :n_pre], treated[:n_pre])
    found = from_weights(ridge.weights, donors, treated, n_pre)
    assert (round(found.effect, 4), round(found.imbalance, 3)) == (-0.0401, 0.062)
    assert ridge.weights.sum() == pytest.approx(1)
    assert ridge.weights.min() < 0


def test_ridge_with_a_huge_penalty_is_the_plain_control(panel: np.ndarray) -> None:
    found = ridge_weights(panel[1:, :20], panel[0, :20], 1e14)
    np.testing.assert_allclose(found.weights, found.simplex, atol=1e-9)
    assert choose_penalty(panel[1:, :20], panel[0, :20]) > 0


def test_synthetic_did_equals_a_quadratic_programme(panel: np.ndarray, r: dict[str, float]) -> None:
    found = synthetic_did(panel[1:], panel[0], 20, 1, "exact")
    np.testing.assert_allclose(found.unit_weights, named(r, "unit"), atol=1e-7)
    assert found.effect == pytest.approx(r["sdid"], abs=1e-5)


def test_synthetic_did_ignores_levels_and_recovers_an_effect() -> None:
    rng = np.random.default_rng(4)
    month = rng.normal(0, 2, 30)
    y = rng.normal(50, 20, 12)[:, None] + month[None, :] + rng.normal(0, 0.1, (12, 30))
    y[:3, 20:] -= 4
    found = synthetic_did(y[3:], y[:3].mean(axis=0), 20, 3)
    assert found.effect == pytest.approx(-4, abs=0.15)
    spread = jackknife(y[3:], y[:3], 20, found)
    assert 0 < jackknife_se(spread.effects) < 0.2
    shifted = synthetic_did(y[3:] + 1000 * np.arange(9)[:, None], y[:3].mean(axis=0), 20, 3)
    assert shifted.effect == pytest.approx(found.effect, abs=1e-6)


def test_calibrated_weights_equal_a_quadratic_programme(panel: np.ndarray, r: dict[str, float]) -> None:
    blocks = panel[:, :20].reshape(11, 2, 10).sum(axis=2)
    found = calibrate(blocks[1:], blocks[0], 1, match_number=True)
    np.testing.assert_allclose(found.weights, named(r, "calibrated"), atol=2e-3)
    assert found.imbalance < 1e-3


def test_calibration_balances_many_areas_and_admits_when_it_cannot() -> None:
    rng = np.random.default_rng(5)
    y = rng.poisson(5 * np.exp(rng.normal(0, 0.4, 1000))[:, None], (1000, 8)).astype(float)
    found = calibrate(y[20:], y[:20].sum(axis=0), 20)
    np.testing.assert_allclose(found.weights @ y[20:], y[:20].sum(axis=0), rtol=2e-3)
    assert found.weights.min() >= 0
    assert found.effective > 100
    impossible = calibrate(np.eye(4) + np.array([1.0, 0, 0, 0]), np.array([0.0, 5, 0, 0]), 1)
    assert impossible.imbalance > 0.05


def test_in_time_and_leave_one_out_are_plain_refits(panel: np.ndarray) -> None:
    donors, treated = panel[1:], panel[0]
    early = fit_synthetic(donors[:, :20], treated[:20], 12).effect
    assert in_time(donors, treated, 20, 12) == early
    each = leave_one_out(donors, treated, 20)
    full = fit_synthetic(donors, treated, 20)
    for j in range(10):
        assert each[j] == pytest.approx(fit_synthetic(np.delete(donors, j, 0), treated, 20).effect, abs=1e-6)
    assert each[full.weights < 1e-12].tolist() == [full.effect] * int((full.weights < 1e-12).sum())


def test_placebo_p_equals_a_plain_loop_at_any_ratio(panel: np.ndarray) -> None:
    def weigh(chosen: np.ndarray) -> np.ndarray:
        out = np.zeros(11)
        out[~chosen] = simplex_weights(panel[~chosen, :20].T, panel[chosen, :20].sum(axis=0))
        return out

    data = reassign(np.eye(11), weigh)
    for log_ratio in (0.0, -0.3, 0.2):
        undone = panel.copy()
        undone[0, 20:] *= np.exp(-log_ratio)
        assert p_of_log_ratio(data, panel, 20, "rmspe")(log_ratio) == in_space(undone, 0, 20).p
        size, spread = [], []
        for i in range(11):
            fit = fit_synthetic(np.delete(undone, i, 0), undone[i], 20)
            total = undone[i, 20:].sum()
            size.append(abs(np.log((total + 0.5) / (total - fit.gap[20:].sum() + 0.5))))
            spread.append(fit.rmspe_before / undone[i, :20].mean())
        plain, fitted = np.array(size), np.array(size) / np.array(spread)
        expected = max(np.mean(plain >= plain[0] - 1e-12), np.mean(fitted >= fitted[0] - 1e-12))
        assert p_of_log_ratio(data, panel, 20, "ratio")(log_ratio) == expected


def test_conformal_p_is_uniform_enough_and_sees_an_effect() -> None:
    rng = np.random.default_rng(6)
    seen, quiet = [], []
    for _ in range(60):
        donors = 50 + rng.normal(0, 3, (8, 40))
        treated = donors[:3].mean(axis=0) + rng.normal(0, 1, 40)
        quiet.append(conformal_p(donors, treated, 30, lambda d, x: simplex_weights(d.T, x))(0.0))
        treated[30:] *= 0.7
        seen.append(conformal_p(donors, treated, 30, lambda d, x: simplex_weights(d.T, x))(0.0))
    assert np.mean(np.array(quiet) <= 0.1) < 0.25
    assert np.mean(np.array(seen) <= 0.05) > 0.9
    assert min(seen) >= 1 / 40
