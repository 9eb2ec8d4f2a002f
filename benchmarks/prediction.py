"""How often an interval for the mean, and for the effect in one more area, holds what it is meant to hold.

    python benchmarks/prediction.py --reps 2000 > benchmarks/prediction.md

Synthetic libraries with known truth: k evaluations, standard errors of 0.04 to 0.24 on the log rate ratio.
"""

import argparse
import datetime
import math

import numpy as np

from vru.stats.pool import pool
from vru.stats.prediction import below, predictive


def coverage(k: int, tau2: float, reps: int) -> list[float]:
    """Percent covered: mean (Knapp-Hartung not narrower, normal DL), new effect (t(k-2), our law)."""
    rng, held = np.random.default_rng(1000 * k + round(tau2 * 1e4)), np.zeros(4)
    for _ in range(reps):
        v = rng.uniform(0.002, 0.06, k)
        y = -0.15 + rng.normal(0, math.sqrt(tau2), k) + rng.normal(0, np.sqrt(v))
        new = -0.15 + rng.normal(0, math.sqrt(tau2))
        ours, plain = pool(y, v, knapp_hartung="not_narrower"), pool(y, v, method="dl", knapp_hartung="no")
        assert ours.higgins is not None
        held += [
            ours.low <= -0.15 <= ours.high,
            plain.low <= -0.15 <= plain.high,
            ours.higgins.low <= new <= ours.higgins.high,
            0.025 <= below(predictive(y, v), new) <= 0.975,
        ]
    return list(100 * held / reps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=2000)
    reps = parser.parse_args().reps
    print(f"# Prediction\n\n{datetime.date.today():%d %B %Y}; `python benchmarks/prediction.py --reps {reps}`\n")
    print("Percent of synthetic libraries in which a 95% interval holds the truth.\n")
    print(
        "| evaluations | tau2 | mean: REML, Knapp-Hartung not narrower | mean: DL, normal | new area: t(k-2) | ours |"
    )
    print("|---|---|---|---|---|---|")
    for k in (3, 5, 8, 15, 30):
        for tau2 in (0.0, 0.005, 0.02, 0.08):
            cells = " | ".join(f"{c:.1f}" for c in coverage(k, tau2, reps))
            print(f"| {k} | {tau2} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
