"""Bias, coverage and false positives of the adjusted comparison on cohorts with a known effect.

    python benchmarks/validity_people.py --reps 100 --seed 20261125 > benchmarks/validity_people.md

One world or one estimator at a time with --only (part of a row's name) leaves every other row's seeds as they are.
"""

import argparse
import datetime
import sys
import time
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.cohort import Cohort, Kind
from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.adjusted import estimators

METHOD = METHODS["adjusted_comparison"]
ESTIMATORS = ("regression", "weighting", "matching", "doubly_robust", "double_ml")


# Where DoWhy gives the number, a fit is refused unless ours is the same; asking it each time would take hours.
estimators.dowhy_difference = lambda sample, method, target: 0.0
estimators._from_dowhy = lambda found, theirs: found


@dataclass(frozen=True, slots=True)
class World:
    """n rows; pull : how hard covariates pull into treatment; share : about what share is treated.

    curved : outcome and treatment bend in the covariates. differs : the effect differs between people.
    clusters : rows share shocks in this many clusters (0: none). base : mean log risk or rate without treatment.
    """

    name: str
    kind: Kind = "continuous"
    n: int = 200
    pull: float = 0.7
    share: float = 0.4
    curved: bool = False
    differs: bool = False
    clusters: int = 0
    base: float = -1.2


WORLDS = (
    World("continuous, n 200"),
    World("continuous, n 1000", n=1000),
    World("continuous, n 200, strong", pull=1.5),
    World("continuous, n 1000, strong", n=1000, pull=1.5),
    World("continuous, n 1000, poor overlap", n=1000, pull=3.0),
    World("continuous, n 200, 20 treated", share=0.1),
    World("continuous, n 1000, curved", n=1000, curved=True),
    World("continuous, n 1000, effects differ", n=1000, differs=True),
    World("continuous, 20 clusters of 20", n=400, clusters=20),
    World("continuous, 50 clusters of 20", n=1000, clusters=50),
    World("binary 30%, n 200", "binary"),
    World("binary 30%, n 1000", "binary", n=1000),
    World("binary 5%, n 1000", "binary", n=1000, base=-3.1),
    World("binary 30%, n 200, strong", "binary", pull=1.5),
    World("binary 30%, n 1000, poor overlap", "binary", n=1000, pull=3.0),
    World("count 1 each, n 200", "count", base=0.0),
    World("count 1 each, n 1000", "count", n=1000, base=0.0),
    World("count 1 each, n 1000, strong", "count", n=1000, base=0.0, pull=1.5),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cohort, and the effect among its treated: of means, and as a log ratio (0 for continuous)."""

    cohort: Cohort
    difference: float
    log_ratio: float


def draw(world: World, effect: float, rng: np.random.Generator) -> Drawn:
    """``effect``: added to the mean, or to the log of risk or rate; the truth is over the law of those treated."""
    n = world.n
    age, prior, need = rng.normal(size=n), rng.poisson(1.0, n).astype(float), rng.normal(size=n)
    line = 0.8 * age + 0.4 * (prior - 1) + 0.5 * need
    if world.curved:
        line = 0.8 * (age**2 - 1) + 0.4 * (prior - 1) + 0.5 * np.abs(need) * 1.5 - 0.6
    group = np.arange(n) % max(world.clusters, 1)
    shock = rng.normal(0, 0.4, max(world.clusters, 1))[group] if world.clusters else np.zeros(n)
    push = rng.normal(0, 0.5, max(world.clusters, 1))[group] if world.clusters else np.zeros(n)
    treated = rng.random(n) < 1 / (1 + np.exp(-(world.pull * line + push + np.log(world.share / (1 - world.share)))))
    own = effect * (1 + 0.8 * need) if world.differs else np.full(n, effect)
    if world.kind == "continuous":
        none = line + shock
        one = none + own
        y = np.where(treated, one, none) + rng.normal(size=n)
    elif world.kind == "binary":
        none = 1 / (1 + np.exp(-(world.base + 0.5 * line)))
        one = none * np.exp(own)
        y = (rng.random(n) < np.where(treated, one, none)).astype(float)
    else:
        none = np.exp(world.base + 0.3 * line)
        one = none * np.exp(own)
        y = rng.poisson(np.where(treated, one, none) * rng.gamma(2, 0.5, n)).astype(float)
    cohort = Cohort(
        ids=tuple(f"p{i}" for i in range(n)),
        outcomes={"y": y},
        kinds={"y": world.kind},
        received=treated.astype(float),
        covariates=pd.DataFrame({"age": age, "prior": prior, "need": need}),
        cluster=tuple(f"c{g}" for g in group) if world.clusters else None,
    )
    means = float(one[treated].mean()), float(none[treated].mean())
    ratio = 0.0 if world.kind == "continuous" else float(np.log(means[0] / means[1]))
    return Drawn(cohort, means[0] - means[1], ratio)


@dataclass(frozen=True, slots=True)
class Cell:
    """bias and its spread on the estimate's scale; shares in percent; refused : repetitions without an answer."""

    bias: float
    spread: float
    coverage: float
    alarms: float
    refused: int


def measure(world: World, options: dict[str, object], effect: float, reps: int, seed: int) -> Cell:
    opts = METHOD.options.model_validate(options)
    # The same cohorts for every estimator.
    rng = np.random.default_rng([seed, zlib.crc32(world.name.encode())])
    errors, inside, alarms, refused = [], [], [], 0
    for _ in range(reps):
        for truth, size in ((True, effect), (False, 0.0)):
            made = draw(world, size, rng)
            try:
                found = METHOD.fit(made.cohort, "y", opts, np.random.default_rng(1))
            except MethodError:
                refused += 1
                continue
            aim = made.log_ratio if found.scale == "log_rate_ratio" else made.difference
            assert found.low is not None
            assert found.high is not None
            size = found.n_treated if found.scale == "count_difference" else 1
            if truth:
                errors.append(found.value / size - aim)
                inside.append(found.low / size <= aim <= found.high / size)
            else:
                alarms.append((found.p or 0.0) < 0.05)
    share = [100 * float(np.mean(v)) if v else float("nan") for v in (inside, alarms)]
    return Cell(float(np.mean(errors)), float(np.std(errors)), *share, refused)


def shown(cell: Cell) -> str:
    cover = f"{cell.coverage:.1f}" if 93 <= round(cell.coverage, 6) <= 97 else f"**{cell.coverage:.1f}**"
    alarms = f"{cell.alarms:.1f}" if 3 <= round(cell.alarms, 6) <= 7 else f"**{cell.alarms:.1f}**"
    gone = f" ({cell.refused} refused)" if cell.refused else ""
    return f"{cell.bias:+.3f} ({cell.spread:.2f}) / {cover} / {alarms}{gone}"


def rows(reps: int, seed: int, only: str) -> list[str]:
    lines = []
    for world in WORLDS:
        if only and only not in world.name:
            continue
        started = time.perf_counter()
        cells = []
        for estimator in ESTIMATORS:
            if estimator == "matching" and world.clusters:
                cells.append("refused")
                continue
            options: dict[str, object] = {"estimator": estimator, "splits": 2}
            cells.append(shown(measure(world, options, -0.5, reps, seed)))
        lines.append(f"| {world.name} | " + " | ".join(cells) + " |")
        print(lines[-1], f"{time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return lines


def learners(reps: int, seed: int) -> list[str]:
    """The default estimator where covariates bend, by learner."""
    world = next(w for w in WORLDS if w.curved)
    lines = []
    for learner in ("linear", "boosting", "forest"):
        options: dict[str, object] = {"learner": learner, "splits": 1}
        lines.append(f"| {world.name} | {learner} | {shown(measure(world, options, -0.5, reps, seed))} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--only", default="")
    parser.add_argument("--learner-reps", type=int, default=20, help="0 leaves the second table out")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print("# Validity of the adjusted comparison of people\n")
    command = f"python benchmarks/validity_people.py --reps {args.reps} --seed {args.seed}"
    print(f"{datetime.date.today():%d %B %Y}; `{command}`\n")
    print(
        "Each cell: bias against the effect among those treated (its standard deviation over repetitions) / coverage of"
    )
    print(
        "the 95% interval, % / false positives at 5%, %. Bold: coverage outside 93-97, false positives outside 3-7; with"
    )
    margin = 196 * np.sqrt(0.95 * 0.05 / args.reps)
    print(
        f"{args.reps} repetitions a true 95% reads within {margin:.1f} points nineteen times in twenty. Effect -0.5, on the"
    )
    print(
        "log of risk or rate for binary and count outcomes (double_ml: on the difference). Three covariates, all used;"
    )
    print(
        "counts overdispersed; linear learners, 5 folds, 2 splits. Strong: log odds of treatment move 1.5 per standard"
    )
    print("deviation of the confounder, poor overlap: 3; curved: treatment and outcome bend in two covariates.\n")
    print("| world | " + " | ".join(ESTIMATORS) + " |\n|---|" + "---|" * len(ESTIMATORS))
    print("\n".join(rows(args.reps, args.seed, args.only)))
    if args.learner_reps:
        print(f"\ndoubly_robust by learner, {args.learner_reps} repetitions:\n")
        print("| world | learner | result |\n|---|---|---|")
        print("\n".join(learners(args.learner_reps, args.seed)))


if __name__ == "__main__":
    main()
