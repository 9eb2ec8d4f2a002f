"""How long ATT(g, t), its averages and 999 bootstrap draws take, against diff-diff in the same run.

    python benchmarks/staggered_speed.py > benchmarks/staggered_speed.md

diff-diff (3.13.0, MIT) is a development cross-check and no dependency of the toolkit.
"""

import argparse
import datetime
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.stats.group_time import contrast_weights, contributions, event_cells, find_cohorts, total_cells, unit_influence
from vru.stats.run_off import fit_run_off, group_totals, log_ratios
from vru.stats.start_dates import multiplier_band

STARTS = (20, 27, 34, 41, 48)


@dataclass(frozen=True, slots=True)
class Timed:
    """Median seconds and what was found: the overall effect per unit-period."""

    seconds: float
    effect: float


def simulate(units: int, periods: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Counts ``(units, periods)`` and start columns; half never treated, effects growing."""
    first = np.where(np.arange(units) % 2 == 0, periods, np.array(STARTS)[(np.arange(units) // 2) % len(STARTS)])
    since = np.arange(periods)[None, :] - first[:, None]
    rate = 8 * np.exp(rng.normal(0, 0.4, units))[:, None] * np.exp(np.where(since >= 0, -0.01 * (since + 1), 0))
    return rng.poisson(rate).astype(float), first


def ours(counts: np.ndarray, first: np.ndarray, draws: int, rng: np.random.Generator) -> float:
    cohorts = find_cohorts(first, counts.shape[1])
    every = np.eye(len(cohorts.starts) * counts.shape[1]).reshape(-1, len(cohorts.starts), counts.shape[1])
    cells = np.concatenate([total_cells(cohorts).sum(axis=0, keepdims=True), event_cells(cohorts).cells, every])
    weights = contrast_weights(cohorts, cells, "never", "last")
    value = contributions(counts, cohorts, weights).sum(axis=0)
    multiplier_band(value, unit_influence(counts, cohorts, weights), 0.95, draws, rng)
    return float(value[0] / (cohorts.size[:, None] * cohorts.after).sum())


def theirs(data: pd.DataFrame, draws: int) -> float:
    from diff_diff import CallawaySantAnna

    model = CallawaySantAnna(control_group="never_treated", n_bootstrap=draws, seed=1, base_period="universal")
    found = model.fit(data, outcome="y", unit="unit", time="t", first_treat="first", aggregate="all")
    return float(found.overall_att)


def ours_poisson(counts: np.ndarray, first: np.ndarray) -> float:
    cohorts = find_cohorts(first, counts.shape[1])
    totals = group_totals(counts, cohorts)
    log_ratios(counts, cohorts, "not_yet", cohorts.after[None])
    effect = (totals - fit_run_off(totals, cohorts, "not_yet").expected) * cohorts.after
    return float(effect.sum() / (cohorts.size[:, None] * cohorts.after).sum())


def theirs_poisson(data: pd.DataFrame) -> float:
    from diff_diff import WooldridgeDiD

    found = WooldridgeDiD(method="poisson").fit(data, outcome="y", unit="unit", time="t", cohort="first")
    return float(found.overall_att)


def timed(work: Callable[[], float], times: int) -> Timed:
    seconds, effect = [], 0.0
    for _ in range(times):
        started = time.perf_counter()
        effect = work()
        seconds.append(time.perf_counter() - started)
    return Timed(float(np.median(seconds)), effect)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--periods", type=int, default=60)
    parser.add_argument("--draws", type=int, default=999)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    counts, first = simulate(args.units, args.periods, rng)
    data = pd.DataFrame(
        {
            "y": counts.ravel(),
            "unit": np.repeat(np.arange(args.units), args.periods),
            "t": np.tile(np.arange(1, args.periods + 1), args.units),
            "first": np.repeat(np.where(first < args.periods, first + 1, 0), args.periods),
        }
    )
    rows = [
        ("ATT(g, t), averages, bootstrap: vru.stats", timed(lambda: ours(counts, first, args.draws, rng), 5)),
        ("the same: diff-diff CallawaySantAnna", timed(lambda: theirs(data, args.draws), 3)),
        ("Poisson extended two-way, with errors: vru.stats", timed(lambda: ours_poisson(counts, first), 5)),
        ("the same: diff-diff WooldridgeDiD", timed(lambda: theirs_poisson(data), 1)),
    ]
    print(
        f"# Speed of staggered estimates\n\n{datetime.date.today():%d %B %Y}; `python benchmarks/staggered_speed.py`\n"
    )
    print(f"{args.units:,} units x {args.periods} periods, {len(STARTS)} cohorts, {args.draws} draws; one core, shared")
    print("machine: read the ratios. Ours is 1 in each pair.\n")
    print("| work | seconds | ratio | effect per unit-period |\n|---|---|---|---|")
    for i, (name, found) in enumerate(rows):
        base = rows[i - i % 2][1].seconds
        print(f"| {name} | {found.seconds:.3f} | {found.seconds / base:.1f} | {found.effect:.8f} |")


if __name__ == "__main__":
    main()
