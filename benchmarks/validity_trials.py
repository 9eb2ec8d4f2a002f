"""Trials with a known effect: bias, coverage, false alarms and power, for persons, clusters and stepped wedges.

    python benchmarks/validity_trials.py --reps 500 > benchmarks/validity_trials.md

Each world is simulated ``reps`` times with its effect (bias, coverage, power) and ``reps`` times without (false
positives at 5%). Effects multiply risks and rates by 0.6 and move means by half a standard deviation.
"""

import argparse
import datetime
import re
import sys
import time
import zlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from vru.cohort import Cohort, Kind
from vru.errors import MethodError
from vru.methods import METHODS

RATIO, SHIFT, PERIODS = 0.6, -0.5, 5
Column = tuple[str, dict[str, object]]
PERSONS: dict[str, Column] = {
    "default": ("parallel_trial", {"draws": 499}),
    "default, adjusted": ("parallel_trial", {"draws": 499, "covariates": ["risk", "noise"]}),
    "robust": ("parallel_trial", {"inference": "robust"}),
    "robust, adjusted": ("parallel_trial", {"inference": "robust", "covariates": ["risk", "noise"]}),
}
CLUSTERS: dict[str, Column] = {
    "default": ("cluster_trial", {"draws": 499}),
    "default, adjusted": ("cluster_trial", {"draws": 299, "covariates": ["risk"]}),
    "cluster_t": ("cluster_trial", {"inference": "cluster_t"}),
    "cluster_t, every cluster the same": ("cluster_trial", {"inference": "cluster_t", "summary": "clusters"}),
    "cr2": ("cluster_trial", {"inference": "cr2"}),
    "rows as if independent": ("parallel_trial", {"inference": "robust"}),
}
WEDGES: dict[str, Column] = {
    "default": ("cluster_trial", {"draws": 499}),
    "cr2": ("cluster_trial", {"inference": "cr2"}),
}


@dataclass(frozen=True, slots=True)
class World:
    """One way to draw a cohort. base : risk (binary) or events per row (count); icc : of the linear predictor's noise."""

    name: str
    kind: Kind
    base: float = 0.0
    per_arm: int = 50
    clusters: tuple[int, int] = (0, 0)
    icc: float = 0.0
    even: bool = False
    strata: bool = False
    wedge: int = 0
    drift: float = 0.0
    gamma: float = 0.0

    @property
    def columns(self) -> dict[str, Column]:
        return WEDGES if self.wedge else CLUSTERS if self.clusters[0] else PERSONS

    def same(self, column: str) -> bool:
        """Whether the column is what another does by default here, or too slow to be asked everywhere."""
        if column.startswith("robust"):
            return self.per_arm >= 20
        if column == "cr2":
            return sum(self.clusters) >= 30 or self.wedge >= 30
        slow = column == "default, adjusted" and self.kind == "count" and self.base < 1 and not self.clusters[0]
        apart = ("default, adjusted", "cluster_t, every cluster the same", "rows as if independent")
        return slow or (column in apart and bool(self.clusters[0]) and self.icc != 0.1)

    @property
    def truth(self) -> float:
        return SHIFT if self.kind == "continuous" else float(np.log(RATIO))


@dataclass(frozen=True, slots=True)
class Tally:
    error: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    power: list[bool] = field(default_factory=list)
    alarm: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)


def worlds() -> list[World]:
    found = [World(f"{n} v {n}", "binary", risk, n) for risk in (0.02, 0.1, 0.4) for n in (10, 50, 200)]
    found += [World(f"{n} v {n}", "count", 1.0, n, gamma=1.0) for n in (10, 50, 200)]
    found += [World(f"{n} v {n}, rare", "count", 0.1, n, gamma=1.0) for n in (10, 50, 200)]
    found += [World(f"{n} v {n}, skewed", "continuous", per_arm=n) for n in (10, 50, 200)]
    found += [World("50 v 50 in five strata, 2:1 in some", k, b, 50, strata=True) for k, b in STRATA]
    for k in (2, 3, 5, 10, 40):
        found += [World(f"{k} v {k}", "binary", 0.2, clusters=(k, k), icc=icc) for icc in (0.0, 0.02, 0.1)]
    for k in (5, 10):
        found += [World(f"{k} v {k}", "continuous", clusters=(k, k), icc=icc) for icc in (0.0, 0.02, 0.1)]
    found += [World("40 v 40", "continuous", clusters=(40, 40), icc=0.1)]
    found += [World(f"{k} v {k}", "count", 0.5, clusters=(k, k), icc=0.1) for k in (5, 10, 40)]
    found += [World("10 v 10, equal sizes", "binary", 0.2, clusters=(10, 10), icc=0.1, even=True)]
    found += [World("1 v 20", "continuous", clusters=(1, 20), icc=0.1)]
    found += [World("5 v 25", "binary", 0.2, clusters=(5, 25), icc=0.1)]
    found += [World("10 v 30", "binary", 0.2, clusters=(10, 30), icc=0.1)]
    for k in (6, 12):
        found += [World(f"wedge of {k}", "continuous", wedge=k, icc=icc) for icc in (0.02, 0.1)]
        found += [World(f"wedge of {k}", "count", 0.5, wedge=k, icc=icc) for icc in (0.02, 0.1)]
        found += [World(f"wedge of {k}, clusters drift apart", "continuous", wedge=k, icc=0.1, drift=0.2)]
    found += [World("wedge of 36, clusters drift apart", "continuous", wedge=36, icc=0.1, drift=0.2)]
    return found


STRATA: tuple[tuple[Kind, float], ...] = (("binary", 0.2), ("count", 1.0), ("continuous", 0.0))


def layout(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Arm of each row, its cluster, and its period or stratum."""
    if world.wedge:
        cells = np.repeat(np.arange(world.wedge * PERIODS), rng.poisson(8, world.wedge * PERIODS) + 2)
        cluster, period = cells // PERIODS, cells % PERIODS
        start = rng.permutation(np.arange(world.wedge) % (PERIODS - 1) + 1)
        return period >= start[cluster], cluster, period
    if world.clusters[0]:
        k = sum(world.clusters)
        size = np.full(k, 25) if world.even else np.maximum(rng.gamma(2.5, 10, k).astype(int), 3)
        arm = rng.permutation(np.arange(k) < world.clusters[0])
        cluster = np.repeat(np.arange(k), size)
        return arm[cluster], cluster, None
    n = 2 * world.per_arm
    if not world.strata:
        return rng.permutation(np.arange(n) < world.per_arm), None, None
    stratum = np.arange(n) * 5 // n
    treated = np.zeros(n, dtype=bool)
    for s in range(5):
        at = np.flatnonzero(stratum == s)
        treated[rng.permutation(at)[: len(at) * (2 if s < 2 else 1) // (3 if s < 2 else 2)]] = True
    return treated, None, stratum


def draw(world: World, effect: bool, rng: np.random.Generator) -> Cohort:
    treated, cluster, third = layout(world, rng)
    n = len(treated)
    risk, noise = rng.normal(0, 1, n), rng.normal(0, 1, n)
    line = 0.5 * risk + (0.3 * third if world.strata and third is not None else 0.0)
    if cluster is not None and world.icc:
        k = int(cluster.max()) + 1
        # Continuous: shares of the variance. Risks and rates: spread of the cluster's own rate, b(1 - b) icc or b icc.
        b = world.base
        wide = 1.0 if world.kind == "continuous" else np.sqrt((1 - b) / b if world.kind == "binary" else 1 / b)
        line = line + rng.normal(0, wide * np.sqrt(world.icc / (1 - world.icc)), k)[cluster]
        if world.drift and third is not None:
            line = line + rng.normal(0, world.drift, (k, PERIODS))[cluster, third]
    if world.wedge and third is not None:
        line = line + 0.1 * third
    if world.kind == "continuous":
        shock = np.exp(rng.normal(0, 0.75, n))
        y = line + (shock - shock.mean()) / 0.9 + (SHIFT * treated if effect else 0.0)
    else:
        mean = world.base * np.exp(line - 0.125) * np.where(treated & effect, RATIO, 1.0)
        if world.kind == "binary":
            y = (rng.random(n) < np.minimum(mean, 1.0)).astype(float)
        else:
            y = rng.poisson(mean * (rng.gamma(1 / world.gamma, world.gamma, n) if world.gamma else 1)).astype(float)
    return Cohort(
        ids=tuple(map(str, range(n))),
        outcomes={"y": y},
        kinds={"y": world.kind},
        assigned=treated.astype(float),
        covariates=pd.DataFrame({"risk": risk, "noise": noise}),
        cluster=None if cluster is None else tuple(map(str, cluster)),
        period=tuple(map(str, third)) if world.wedge and third is not None else None,
        stratum=tuple(map(str, third)) if world.strata and third is not None else None,
    )


def run(world: World, column: str, cohort: Cohort, tally: Tally, effect: bool, seed: int) -> None:
    name, options = world.columns[column]
    if not effect:
        # Only the p-value is asked for: at this level no interval is sought among so few draws.
        options = options | {"level": 0.999}
    if name == "parallel_trial" and cohort.cluster is not None:
        cohort = Cohort(cohort.ids, cohort.outcomes, cohort.kinds, cohort.assigned, covariates=cohort.covariates)
    method = METHODS[name]
    try:
        found = method.fit(cohort, "y", method.options.model_validate(options), np.random.default_rng(seed))
    except MethodError:
        tally.asked.append(False)
        return
    if not effect:
        # A refusal counted apart; an answer without a p-value raises no alarm.
        tally.alarm.append(found.p is not None and found.p <= 0.05)
        return
    tally.asked.append(found.low is not None or found.high is not None)
    tally.error.append(found.value - world.truth)
    tally.power.append(found.p is not None and found.p <= 0.05)
    if found.low is not None or found.high is not None:
        low, high = (-np.inf if found.low is None else found.low), (np.inf if found.high is None else found.high)
        tally.covered.append(bool(low <= world.truth <= high))


def cell(tally: Tally, limits: tuple[float, float]) -> str:
    if not tally.error:
        return "refused"
    flag = lambda v, low, high: f"{v:.1f}{'' if low <= v <= high else '*'}"  # noqa: E731
    cover = "no interval" if not tally.covered else flag(100 * float(np.mean(tally.covered)), *limits)
    alarm = flag(100 * float(np.mean(tally.alarm)), 100 - limits[1], 100 - limits[0]) if tally.alarm else "none"
    share = float(np.mean(tally.asked))
    asked = "" if share > 0.995 or not tally.covered else f" ({share:.0%})"
    return f"{np.mean(tally.error):+.3f} / {cover} / {alarm} / {100 * np.mean(tally.power):.0f}{asked}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--only", default="", help="worlds whose kind, name and icc match this expression")
    args = parser.parse_args()
    began = time.process_time()
    rows: dict[tuple[str, ...], list[str]] = {}
    for world in worlds():
        if not re.search(args.only, f"{world.kind} {world.name} icc {world.icc:g}"):
            continue
        columns = world.columns
        tallies = {c: Tally() for c in columns}
        seed = zlib.crc32(repr(world).encode()) + args.seed
        for effect in (True, False):
            rng = np.random.default_rng([seed, int(effect)])
            for rep in range(args.reps):
                cohort = draw(world, effect, rng)
                for c in (c for c in columns if not world.same(c)):
                    run(world, c, cohort, tallies[c], effect, rep)
        label = [world.name, world.kind, f"{world.base:g}", f"{world.icc:g}"]
        rows.setdefault(tuple(columns), []).append(
            " | ".join(
                ["", *label, *("" if world.same(c) else cell(tallies[c], (93, 97)) for c in columns), ""]
            ).strip()
        )
        line = rows[tuple(columns)][-1]
        print(f"{time.process_time() - began:6.0f} s  {line}", file=sys.stderr, flush=True)
    print(HEAD.format(date=datetime.date.today(), reps=args.reps, seed=args.seed))
    error = 100 * (0.05 * 0.95 / args.reps) ** 0.5
    print(f"{time.process_time() - began:.0f} seconds of one core.\n\n{KEY.format(error=error)}")
    for columns, lines in rows.items():
        names = ["world", "kind", "risk or rate", "icc", *columns]
        print("\n| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|\n" + "\n".join(lines))


HEAD = """# Validity of the trials

{date}; `python benchmarks/validity_trials.py --reps {reps} --seed {seed}`;"""
KEY = """Each cell: bias / coverage of the 95% interval, % / false positives at 5%, % / power, %. `*` marks coverage outside
93-97 or false positives outside 3-7; the Monte Carlo error of a 95% figure is {error:.1f} points. A share in brackets is how
often there was an answer with an interval; empty where another column is the same, or where it was not asked. Bias is in log
ratio, or in standard deviations of the noise. True ratio 0.6; means half a standard deviation lower. "t v c" is treated against
comparison, persons or clusters (of 3 to about 60 rows, 25 on average); a wedge has five periods and crosses over in four
steps. Counts of persons have extra dispersion 1; measures are log-normal. Defaults but for 299 or 499 draws."""

if __name__ == "__main__":
    main()
