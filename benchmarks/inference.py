"""10,000 reassignments as matrix work against a loop over model fits; and which test keeps its promise.

    python benchmarks/inference.py > benchmarks/inference.md

The loop is timed on a few fits and extrapolated, which the table says. The second table is why
poisson_did studentises its statistic and when it leaves the cluster-robust error.
"""

import argparse
import datetime
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from vru.stats.blocks import cluster_se
from vru.stats.intervals import two_sided_p
from vru.stats.permutation import draw_assignments, p_of_ratio, randomisation_test
from vru.stats.schedules import Schedule, p_by_sign

AREAS, WEEKS, START = 40, 156, 104


def counts(rng: np.random.Generator) -> np.ndarray:
    level = 4 * np.exp(rng.normal(0, 0.4, AREAS))
    return rng.poisson(np.repeat(level[:, None], WEEKS, axis=1)).astype(float)


def frame(y: np.ndarray, treated: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": y.ravel(),
            "d": (treated[:, None] & (np.arange(WEEKS) >= START)[None, :]).astype(float).ravel(),
            "unit": np.repeat(np.arange(AREAS), WEEKS),
            "week": np.tile(np.arange(WEEKS), AREAS),
        }
    )


def with_pyfixest(data: pd.DataFrame) -> float:
    import pyfixest

    return float(pyfixest.fepois("y ~ d | unit + week", data=data).coef()["d"])


def with_statsmodels(data: pd.DataFrame) -> float:
    import statsmodels.api as sm

    dummies = pd.get_dummies(data[["unit", "week"]].astype(str), drop_first=True, dtype=float)
    design = np.column_stack([np.ones(len(data)), data["d"], dummies])
    return float(sm.GLM(data["y"].to_numpy(), design, family=sm.families.Poisson()).fit().params[1])


def with_pandas(data: pd.DataFrame) -> float:
    arm = data.groupby("unit")["d"].transform("max")
    sums = data.assign(arm=arm, post=data["week"] >= START).groupby(["arm", "post"])["y"].sum()
    return float(np.log(sums[1.0, True] / sums[1.0, False]) - np.log(sums[0.0, True] / sums[0.0, False]))


def per_fit(fit: Callable[[pd.DataFrame], float], y: np.ndarray, n: int, rng: np.random.Generator) -> float:
    order = rng.permutation(AREAS) < AREAS // 2
    fit(frame(y, order))
    started = time.perf_counter()
    for _ in range(n):
        fit(frame(y, rng.permutation(AREAS) < AREAS // 2))
    return (time.perf_counter() - started) / n


def simulate(t: int, c: int, hotter: float, rng: np.random.Generator) -> np.ndarray:
    """No effect; areas change differently (20%), treated areas ``hotter`` times as busy; 24 + 12 months."""
    level = 5 * np.exp(rng.normal(0, 0.4, t + c))
    level[:t] *= hotter
    rate = np.repeat(level[:, None], 36, axis=1)
    rate[:, 24:] *= np.exp(rng.normal(0, 0.2, t + c))[:, None]
    return rng.poisson(rate).astype(float)


def p_values(y: np.ndarray, t: int, rng: np.random.Generator) -> list[float]:
    """By log ratio and by share difference reassigned, by cluster-robust error and by sign changes."""
    treated = np.arange(len(y)) < t
    b, a = y[:, :24].sum(axis=1), y[:, 24:].sum(axis=1)
    ways = draw_assignments(treated, 999, rng)
    log = _log_ratio(ways.chosen @ b, ways.chosen @ a, b.sum(), a.sum())
    plain = float((np.abs(log) >= abs(log[0]) - 1e-12).mean())
    studentised = p_of_ratio(b, a, treated, ways)(0.0)
    if t < 2:
        return [plain, studentised, float("nan"), float("nan")]
    cluster = two_sided_p(log[0], cluster_se(b, a, treated, 36), len(y) - 1)
    on = treated[:, None] & (np.arange(36) >= 24)[None, :]
    wild = p_by_sign(Schedule(y, np.ones_like(on), on, np.ones(y.shape)), 999, rng)(0.0)
    return [plain, studentised, cluster, wild]


def _log_ratio(t0: np.ndarray, t1: np.ndarray, b: float, a: float) -> np.ndarray:
    return np.log((t1 + 0.5) / (t0 + 0.5)) - np.log((a - t1 + 0.5) / (b - t0 + 0.5))


def compare_tests(reps: int, rng: np.random.Generator) -> None:
    print(f"\nFalse positives at 5%, {reps} repetitions, areas change differently (20%):\n")
    print("| arms | treated hotter | log ratio reassigned | share difference, studentised | cluster CRV1 | signs |")
    print("|---|---|---|---|---|---|")
    for t, c in ((1, 20), (3, 12), (3, 40), (5, 5), (10, 10), (10, 40), (20, 20)):
        for hotter in (1.0, 4.0):
            p = np.array([p_values(simulate(t, c, hotter, rng), t, rng) for _ in range(reps)])
            rates = ["-" if np.isnan(x).any() else f"{100 * np.mean(x <= 0.05):.1f}" for x in p.T]
            print(f"| {t} v {c} | {hotter:g}x | {' | '.join(rates)} |", flush=True)


def _own_seconds(y: np.ndarray, treated: np.ndarray, draws: int, rng: np.random.Generator) -> float:
    started = time.perf_counter()
    before, after = y[:, :START].sum(axis=1), y[:, START:].sum(axis=1)
    randomisation_test(before, after, treated, 0.95, draws, rng)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--reps", type=int, default=500)
    args = parser.parse_args()
    draws = args.draws
    rng = np.random.default_rng(1)
    y, treated = counts(rng), np.arange(AREAS) < AREAS // 2
    own = float(np.median([_own_seconds(y, treated, draws, rng) for _ in range(5)]))
    print(f"# Inference\n\n{datetime.date.today():%d %B %Y}; `python benchmarks/inference.py --reps {args.reps}`\n")
    print(f"{draws:,} reassignments, {AREAS} areas x {WEEKS} weeks. Ours: draws, p-value and interval.\n")
    print("| way | seconds | ratio | |\n|---|---|---|---|")
    print(f"| vru.stats.permutation, with interval | {own:.2f} | 1 | measured |")
    for name, fit, n in (
        ("pandas group-by per assignment, p only", with_pandas, 20),
        ("pyfixest.fepois per assignment, p only", with_pyfixest, 10),
        ("statsmodels GLM with dummies per assignment, p only", with_statsmodels, 2),
    ):
        total = per_fit(fit, y, n, rng) * draws
        print(f"| {name} | {total:,.0f} | {total / own:,.0f} | extrapolated from {n} fits |")
    compare_tests(args.reps, rng)


if __name__ == "__main__":
    main()
