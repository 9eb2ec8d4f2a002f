"""Sensitivity to hidden causes, against published values."""

import numpy as np
import pytest
from scipy.stats import t as student

from vru.stats.sensitivity import (
    Benchmark,
    as_strong_as,
    benchmark,
    bias,
    e_value,
    e_value_of_limit,
    error_with,
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


DARFUR = (
    # times, R2 with treatment, with outcome, effect, error, t, low, high: the table that sensemakr prints.
    (1, 0.0092, 0.1246, 0.0752, 0.0219, 3.4389, 0.0323, 0.1182),
    (2, 0.0183, 0.2493, 0.0529, 0.0204, 2.6002, 0.0130, 0.0929),
    (3, 0.0275, 0.3741, 0.0304, 0.0187, 1.6281, -0.0063, 0.0670),
)


@pytest.mark.parametrize(("times", "r2_d", "r2_y", "effect", "error", "t", "low", "high"), DARFUR)
def test_every_line_of_the_darfur_table(
    times: int, r2_d: float, r2_y: float, effect: float, error: float, t: float, low: float, high: float
) -> None:
    hidden = as_strong_as(Benchmark(0.0090810652, 0.1090339154), times)
    assert hidden is not None
    left = 0.09731566 - bias(hidden, 0.02325654, 783)
    se = error_with(hidden, 0.02325654, 783)
    half = float(student.ppf(0.975, 782)) * se
    assert (round(hidden.with_treatment, 4), round(hidden.with_outcome, 4)) == (r2_d, r2_y)
    assert [round(x, 4) for x in (left, se, left - half, left + half)] == [effect, error, low, high]
    assert left / se == pytest.approx(t, abs=1e-3)


def test_verdicts_against_the_truth_of_500_worlds() -> None:
    """A twin of the known cause is there: where it takes 60% of the effect or more the bound says half; seen shares miss it."""
    missed = {"bound": 0, "seen": 0}
    overturned = 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        n, k, effect = 2000, rng.uniform(0.1, 0.7), rng.uniform(0.2, 1.2)
        x, z = rng.normal(size=(2, n))
        t = (k * x + k * z + rng.normal(size=n) > 0).astype(float)
        y = effect * t + x + z + rng.normal(size=n)
        design = np.column_stack([np.ones(n), t, x])
        coef = np.linalg.lstsq(design, y, rcond=None)[0]
        left = y - design @ coef
        se = float(np.sqrt(left @ left / (n - 3) * np.linalg.inv(design.T @ design)[1, 1]))
        truly = (coef[1] - np.linalg.lstsq(np.column_stack([design, z]), y, rcond=None)[0][1]) / coef[1]
        if truly < 0.6:
            continue
        overturned += 1
        known = benchmark(y, t, x, np.empty((n, 0)))
        hidden = as_strong_as(known)
        missed["bound"] += hidden is not None and bias(hidden, se, n - 3) / abs(coef[1]) < 0.5
        missed["seen"] += bias(known, se, n - 3) / abs(coef[1]) < 0.5
    assert overturned > 70
    assert missed["bound"] <= 1
    assert missed["seen"] / overturned > 0.5


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
