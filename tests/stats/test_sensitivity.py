"""Sensitivity to hidden causes, against published values."""

import numpy as np
import pytest

from vru.stats.sensitivity import benchmark, e_value, e_value_of_limit, robustness_value


def test_e_value_of_the_published_example() -> None:
    # VanderWeele & Ding (2017): risk ratio 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0.
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_limit(1.8, 8.7) == pytest.approx(3.0, abs=0.005)


def test_e_value_of_a_protective_ratio_and_of_none() -> None:
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value_of_limit(1 / 8.7, 1 / 1.8) == pytest.approx(3.0, abs=0.005)
    assert e_value(1.0) == 1.0
    assert e_value_of_limit(0.8, 1.1) == 1.0


def test_robustness_value_of_the_published_example() -> None:
    # Cinelli & Hazlett (2020), table 1 (Darfur): t = 4.18 on 783 df, robustness value 13.9%.
    assert robustness_value(4.18, 783) == pytest.approx(0.139, abs=0.0005)
    assert robustness_value(0.0, 10) == 0.0


def test_benchmark_gives_the_bias_of_leaving_a_variable_out_exactly() -> None:
    # Cinelli & Hazlett (2020) equation 8 is an identity: it must return the change in the coefficient.
    rng = np.random.default_rng(3)
    z, x = rng.normal(size=(2, 60))
    d = (z + x + rng.normal(size=60) > 0).astype(float)
    y = 0.5 * d + 0.7 * z + 0.3 * x + rng.normal(size=60)

    def fit(*columns: np.ndarray) -> tuple[float, float, int]:
        design = np.column_stack([np.ones(60), *columns])
        beta, rss = np.linalg.lstsq(design, y, rcond=None)[:2]
        df = 60 - design.shape[1]
        return beta[1], float(np.sqrt(rss[0] / df * np.linalg.inv(design.T @ design)[1, 1])), df

    short, se, df = fit(d, x)
    full = fit(d, x, z)[0]
    known = benchmark(y, d, z, x[:, None])
    bias = se * np.sqrt(df * known.with_outcome * known.with_treatment / (1 - known.with_treatment))
    assert bias == pytest.approx(abs(short - full), rel=1e-9)


def test_benchmark_of_something_already_adjusted_for_is_nothing() -> None:
    rng = np.random.default_rng(4)
    y, d, x = rng.normal(size=(3, 30))
    known = benchmark(y, d, 2 * x + 5, x[:, None])
    assert known.with_treatment == 0
    assert known.with_outcome == 0
