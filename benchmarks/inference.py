"""Speed and memory beside the fastest library, side by side; and which test keeps its promise.

    python benchmarks/inference.py --data DIR --peer PYTHON

DIR holds reference/; PYTHON has diff-diff and CausalPy (without it their rows are left out). The first table is made by
speed.py. The second is why poisson_did studentises its statistic and when it leaves the cluster-robust error.
"""

import argparse
import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from vru.stats.blocks import cluster_se
from vru.stats.intervals import two_sided_p
from vru.stats.permutation import draw_assignments, p_of_ratio
from vru.stats.schedules import Schedule, p_by_sign

AREAS, WEEKS, START = 40, 156, 104


HOW_MEASURED = """Each way runs in a process of its own on one core of a shared machine: CPU seconds, the children's too, and the
peak of memory above what imports and data took (of the part run). The fastest of several runs where one is under a second or
two; ratio to ours in the row or rows above. Loops and nested fits are extrapolated from the part that the last column names.
diff-diff 3.13.0, CausalPy 0.9.0 (PyMC 5.28), each beside the numpy it was installed with."""
NOT_AHEAD = """Where we are not ahead: memory, of which ours takes some 25 megabytes more save beside statsmodels, CausalPy and
in staggered starts, part of it libraries loaded on first use; the loss of our nested fit by default, which keeps every
predictor in play (synthetic.md says why; `corners=True` is lower than diff-diff's); staggered starts, where twice as fast
is as far as the same matrix work goes. CausalPy's regression is no state-space model and its interval is of the mean, so
it is narrower; its own StateSpaceTimeSeries, with 2 chains of 100 draws, had not finished after a quarter of an hour of
a busy core, nor with 4 of 1,000 after 500 seconds."""


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with reference/: print the speed table")
    parser.add_argument("--peer", help="a Python that has diff-diff and CausalPy")
    parser.add_argument("--reps", type=int, default=500, help="repetitions of the second table; 0 leaves it out")
    args = parser.parse_args()
    print(f"# Inference: speed, memory, and which test keeps its promise\n\n{datetime.date.today():%d %B %Y}")
    if args.data:
        from speed import table

        print(f"\n{HOW_MEASURED}\n\n{table(args.data, args.peer)}\n\n{NOT_AHEAD}")
    if args.reps:
        compare_tests(args.reps, np.random.default_rng(1))


if __name__ == "__main__":
    main()
