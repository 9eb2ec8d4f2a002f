"""Robust intervals for pre-trends: Rambachan & Roth's tutorial figures, linear programmes, simulation."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from vru.stats.honest_magnitudes import EventStudy, _branches, _rejected, breakdown, relative_magnitudes
from vru.stats.honest_smoothness import breaking_bend, smoothness

FIRST = np.array([1.0, 0.0])


@pytest.fixture(scope="module")
def ehec(data_dir: Path) -> EventStudy:
    """Dependent coverage and Medicaid expansion of 2014 against states that had not expanded by 2015."""
    data = pd.read_csv(data_dir / "reference" / "ehec_data.csv")
    data = data[(data["year"] < 2016) & (data["yexp2"].isna() | (data["yexp2"] != 2015))].copy()
    years = [y for y in sorted(data["year"].unique()) if y != 2013]
    for y in years:
        data[f"e{y}"] = ((data["year"] == y) & (data["yexp2"] == 2014)).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyfixest

        terms = " + ".join(f"e{y}" for y in years)
        model = pyfixest.feols(f"dins ~ {terms} | stfips + year", data, vcov={"CRV1": "stfips"})
    return EventStudy(model.coef().to_numpy(), np.asarray(model._vcov), 5)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("mbar", "low", "high"), [(0.5, 0.0241, 0.0673), (1, 0.0171, 0.0720), (1.5, 0.0086, 0.0796), (2, -0.0011, 0.0883)]
)
def test_rambachan_roth_2023_relative_magnitudes(mbar: float, low: float, high: float, ehec: EventStudy) -> None:
    found = relative_magnitudes(ehec, FIRST, mbar, 0.95)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-4), pytest.approx(high, abs=6e-4))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("bend", "low", "high"),
    [(0, 0.0259, 0.0607), (0.01, 0.0132, 0.0787), (0.02, 0.0029, 0.0907), (0.03, -0.0071, 0.101)],
)
def test_rambachan_roth_2023_smoothness(bend: float, low: float, high: float, ehec: EventStudy) -> None:
    found = smoothness(ehec, FIRST, bend, 0.95).bounds
    assert (found.low, found.high) == (pytest.approx(low, abs=3e-4), pytest.approx(high, abs=4e-4))


@pytest.mark.realdata
def test_breakdown_is_where_the_interval_meets_zero(ehec: EventStudy) -> None:
    at = breakdown(ehec, FIRST, 0.95)
    assert at == pytest.approx(1.95, abs=0.05)
    assert (relative_magnitudes(ehec, FIRST, at - 0.05, 0.95).low or 0) > 0
    assert (relative_magnitudes(ehec, FIRST, at + 0.05, 0.95).low or 0) < 0
    bend = breaking_bend(ehec, FIRST, 0.95, 0.1)
    assert bend == pytest.approx(0.023, abs=0.001)
    assert breaking_bend(ehec, FIRST, 0.95, 0.02) is None


def study(rng: np.random.Generator, pre: int, post: int) -> EventStudy:
    root = rng.normal(0, 0.1, (3 * (pre + post), pre + post))
    covariance = root.T @ root / len(root) + 0.004
    return EventStudy(rng.multivariate_normal(np.zeros(pre + post), covariance), covariance, pre)


@pytest.mark.parametrize(("pre", "post"), [(3, 1), (4, 2), (5, 3), (3, 6)])
def test_rays_give_the_value_of_the_linear_programme(pre: int, post: int) -> None:
    """min eta over nuisance effects, subject to every moment after the start, by HiGHS."""
    rng = np.random.default_rng(pre * 10 + post)
    for target in (np.full(post, 1 / post), rng.normal(0, 1, post)):
        s = study(rng, pre, post)
        mbar, effect = 0.7, 0.05
        branches = _branches(s, target, mbar, 0.95)
        point = np.eye(pre + post + 1)[[*range(pre), *range(pre + 1, pre + post + 1)]].T
        steps = np.diff(point, axis=0)
        for k, branch in enumerate(branches):
            largest = (1.0 if k % 2 == 0 else -1.0) * steps[k // 2]
            a = np.vstack([steps[pre:] - mbar * largest, -steps[pre:] - mbar * largest])
            sd = np.sqrt(np.diag(a @ s.covariance @ a.T))
            # Unknowns: effects after the start, eta.
            lp = optimize.linprog(
                np.append(np.zeros(post), 1.0),
                A_ub=np.column_stack([-a[:, pre:], -sd]),
                b_ub=-(a @ s.value),
                A_eq=np.append(target, 0.0)[None],
                b_eq=[effect],
                bounds=[(None, None)] * (post + 1),
            )
            rays = branch.rays @ np.array([branch.mean[0], branch.mean[1] - effect])
            assert rays.max() == pytest.approx(lp.fun, abs=1e-7)


def test_least_favourable_value_is_the_simulated_quantile() -> None:
    rng = np.random.default_rng(0)
    for branch in _branches(study(rng, 4, 3), np.full(3, 1 / 3), 1.0, 0.8)[:4]:
        draws = rng.multivariate_normal(np.zeros(2), branch.covariance, 400_000)
        assert branch.least_favourable == pytest.approx(
            np.quantile((draws @ branch.rays.T).max(axis=1), 0.98), rel=0.01
        )


def test_relative_magnitudes_cover_the_truth_when_the_bound_holds() -> None:
    """A straight drift at its own bound (mbar 1): the hardest case of the set."""
    rng = np.random.default_rng(7)
    covariance = 0.01 * (np.eye(7) + 0.5)
    drift = 0.08 * np.array([-4, -3, -2, -1, 1, 2, 3.0])
    truth, inside = 0.3, []
    target = np.full(3, 1 / 3)
    for _ in range(400):
        value = rng.multivariate_normal(drift + np.append(np.zeros(4), np.full(3, truth)), covariance)
        branches = _branches(EventStudy(value, covariance, 4), target, 1.0, 0.95)
        inside.append(any(not _rejected(b, np.array([truth]), 0.95)[0] for b in branches))
    assert np.mean(inside) > 0.93


def test_wider_allowances_give_wider_intervals_and_more_data_narrower() -> None:
    s = study(np.random.default_rng(3), 5, 4)
    target = np.full(4, 0.25)
    widths = [b.high - b.low for b in (relative_magnitudes(s, target, m, 0.95) for m in (0.25, 0.5, 1, 2))]
    assert widths == sorted(widths)
    bends = [b.high - b.low for b in (smoothness(s, target, m, 0.95).bounds for m in (0, 0.01, 0.05, 0.2))]
    assert bends == sorted(bends)
    sharper = EventStudy(s.value, s.covariance / 100, 5)
    assert relative_magnitudes(sharper, target, 0.5, 0.95).high < relative_magnitudes(s, target, 0.5, 0.95).high


@pytest.mark.parametrize("bend", [0.005, 0.03, 0.1])
def test_fixed_length_is_the_shortest_by_a_second_solver(bend: float) -> None:
    """Least bias for a given spread by conic programming, then the best spread by search."""
    import cvxpy
    from scipy.stats import norm

    rng = np.random.default_rng(11)
    pre, post = 5, 2
    s, target = study(rng, pre, post), np.array([0.5, 0.5])
    found = smoothness(s, target, bend, 0.95).bounds
    times = np.concatenate([np.arange(-pre, 0), np.arange(1, post + 1)])
    knots = np.arange(-pre + 1, post)
    basis = np.where(knots[:, None] < 0, np.maximum(knots[:, None] - times, 0), np.maximum(times - knots[:, None], 0))
    w, root = cvxpy.Variable(pre + post), np.linalg.cholesky(s.covariance)
    limit = cvxpy.Parameter(nonneg=True)
    bias = cvxpy.norm1(basis @ w) * bend
    problem = cvxpy.Problem(cvxpy.Minimize(bias), [cvxpy.norm(root.T @ w) <= limit, w[pre:] == target, times @ w == 0])

    def length(spread: float) -> float:
        limit.value = spread
        problem.solve(solver="CLARABEL")
        if problem.status not in ("optimal", "optimal_inaccurate"):
            return 1e3
        b = float(problem.value) / spread
        return spread * optimize.brentq(lambda c: norm.cdf(c - b) - norm.cdf(-c - b) - 0.95, 0, b + 5)

    grid = np.geomspace(0.02, 1.0, 60)
    near = grid[int(np.argmin([length(g) for g in grid]))]
    best = optimize.minimize_scalar(
        length, bounds=(near * 0.9, near * 1.1), method="bounded", options={"xatol": 1e-6}
    ).fun
    assert (found.high - found.low) / 2 == pytest.approx(best, rel=2e-4)


def test_smoothness_covers_under_the_worst_bend() -> None:
    rng = np.random.default_rng(9)
    covariance = 0.01 * (np.eye(6) + 0.3)
    times = np.array([-4, -3, -2, -1, 1, 2.0])
    drift = 0.1 * times + 0.02 * np.maximum(times, 0)
    target, inside = np.array([1.0, 0.0]), 0
    for _ in range(400):
        value = rng.multivariate_normal(drift, covariance)
        b = smoothness(EventStudy(value, covariance, 4), target, 0.02, 0.95).bounds
        inside += b.low <= 0 <= b.high
    assert inside / 400 > 0.925
