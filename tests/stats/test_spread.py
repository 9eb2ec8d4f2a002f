"""Spread of counts about unit and period effects, against a Poisson regression with both sets of dummies."""

import numpy as np
import pytest

from vru.stats.spread import group_dispersion, pearson_dispersion


def test_matches_poisson_regression() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    counts = rng.negative_binomial(2, 0.3, (6, 10)).astype(float)
    unit, time = np.repeat(np.arange(6), 10), np.tile(np.arange(10), 6)
    design = np.hstack([np.eye(6)[unit], np.eye(10)[time][:, 1:]])
    fit = sm.GLM(counts.ravel(), design, family=sm.families.Poisson()).fit()
    found = pearson_dispersion(counts)
    assert found.df == fit.df_resid == 45
    assert found.phi == pytest.approx(fit.pearson_chi2 / fit.df_resid, rel=1e-6)


def test_is_one_for_chance_and_the_factor_for_clustering() -> None:
    rng = np.random.default_rng(2)
    level = rng.gamma(5, 4, (100, 1)) * (1 + 0.3 * np.sin(np.arange(24)))
    assert pearson_dispersion(rng.poisson(level).astype(float)).phi == pytest.approx(1, abs=0.06)
    shape = level / 2  # variance = mean * (1 + 2)
    assert pearson_dispersion(rng.poisson(rng.gamma(shape, 2.0)).astype(float)).phi == pytest.approx(3, rel=0.1)


def test_empty_rows_and_single_rows_say_nothing() -> None:
    assert pearson_dispersion(np.array([[3.0, 4, 5], [0, 0, 0]])).df == 0
    table = np.array([[3.0, 4, 5], [1, 2, 3]])
    assert pearson_dispersion(np.vstack([table, np.zeros(3)])) == pearson_dispersion(table)


def test_group_dispersion_sees_areas_that_drift_for_their_own_reasons() -> None:
    rng = np.random.default_rng(3)
    before = rng.poisson(200, 50).astype(float)
    steady = rng.poisson(100, 50).astype(float)
    drifting = rng.poisson(100 * np.exp(rng.normal(0, 0.3, 50))).astype(float)
    assert group_dispersion(before, steady).phi < 1.6
    assert group_dispersion(before, drifting).phi > 4
