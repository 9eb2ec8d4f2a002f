"""Sensitivity to hidden causes, against published values."""

import numpy as np
import pytest

from vru.stats.sensitivity import (
    Benchmark,
    as_strong_as,
    benchmark,
    bias,
    e_value,
    e_value_of_limit,
    robustness_value,
    robustness_value_of_interval,
)


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


def test_darfur_as_printed() -> None:
    """Cinelli & Hazlett (2020), Darfur: effect 0.0973, error 0.0233, 783 df; gender 1x leaves 0.0752; RV at 5% 7.6%; 2.2%."""
    effect, se, df = 0.09731566, 0.02325654, 783
    female = Benchmark(0.00908, 0.1090)
    hidden = as_strong_as(female)
    assert hidden is not None
    assert hidden.with_treatment == pytest.approx(0.0092, abs=5e-5)
    assert hidden.with_outcome == pytest.approx(0.1246, abs=5e-4)
    assert effect - bias(hidden, se, df) == pytest.approx(0.0752, abs=5e-5)
    assert robustness_value_of_interval(effect / se, df) == pytest.approx(0.0763, abs=5e-5)
    t = effect / se
    assert t**2 / (t**2 + df) == pytest.approx(0.0219, abs=5e-5)


@pytest.mark.parametrize("k", [0.5, 1.0])
def test_the_bound_covers_what_a_twin_of_the_known_cause_takes(k: float) -> None:
    rng = np.random.default_rng(0)
    n = 20_000
    x, z = rng.normal(size=(2, n))
    t = (k * x + k * z + rng.normal(size=n) > 0).astype(float)
    y = 1.2 * t + x + z + rng.normal(size=n)

    def slope(*columns: np.ndarray) -> tuple[float, float]:
        design = np.column_stack([np.ones(n), t, *columns])
        coef = np.linalg.lstsq(design, y, rcond=None)[0]
        left = y - design @ coef
        return float(coef[1]), float(np.sqrt(left @ left / (n - 3) * np.linalg.inv(design.T @ design)[1, 1]))

    (short, se), (long, _) = slope(x), slope(x, z)
    known = benchmark(y, t, x, np.empty((n, 0)))
    hidden = as_strong_as(known)
    assert hidden is not None
    naive = bias(known, se, n - 3)
    assert naive < short - long < bias(hidden, se, n - 3) * 1.15


def test_nothing_can_be_as_strong_as_what_explains_half_of_the_treatment() -> None:
    assert as_strong_as(Benchmark(0.5, 0.1)) is None


def test_an_interval_that_includes_no_effect_needs_nothing() -> None:
    assert robustness_value_of_interval(1.5, 100) == 0.0
