"""Do the intervals at a threshold cover? Simulated scores with a known jump and a bend in the regression.

    python benchmarks/validity_threshold.py --reps 150 > benchmarks/validity_threshold.md

Each world is simulated ``reps`` times with a jump (bias, coverage of the 95% interval, power) and ``reps`` times
without one (false positives at 5%).
"""

import argparse
import datetime
import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from vru.cohort import Cohort, Kind
from vru.errors import MethodError
from vru.methods import METHODS
from vru.results import Estimate

DEFAULT, PLAIN = "default", "no bias correction"
COLUMNS = (DEFAULT, PLAIN)


@dataclass(frozen=True, slots=True)
class World:
    """``bend``: "gentle" (quadratic) or "sharp" (the Lee 2008 polynomial, after Calonico et al. 2014) or "steep" (Ludwig
    and Miller 2007). ``kind``: outcome; ``base``: share (binary) or mean count at the cutoff. ``steps``: distinct scores
    in all, 0 for a continuous score. ``uptake``: jump in receipt. ``clusters``: people share a shock in groups.
    """

    name: str
    n: int = 1000
    bend: str = "sharp"
    kind: Kind = "continuous"
    base: float = 0.2
    steps: int = 0
    uptake: float = 1.0
    clusters: int = 0
    normal_score: bool = False


def worlds() -> list[World]:
    bends = [World(f"{bend} bend", n, bend) for bend in ("gentle", "sharp", "steep") for n in (300, 1000)]
    rare = ((0.3, 300), (0.3, 1000), (0.05, 300), (0.05, 1000), (0.05, 5000), (0.02, 5000))
    lumps = ((12, "gentle"), (12, "sharp"), (20, "sharp"), (40, "sharp"))
    jumps = ((0.6, 1000), (0.3, 1000), (0.1, 1000), (0.3, 5000))
    return [
        *bends,
        World("sharp bend", 5000),
        *(World(f"binary, {base:.0%} at the cutoff", n, "gentle", "binary", base) for base, n in rare),
        World("count, 0.5 each", 1000, "gentle", "count", 0.5),
        *(World(f"{steps} distinct scores, {bend} bend", 1000, bend, steps=steps) for steps, bend in lumps),
        *(World(f"receipt jumps by {uptake:.0%}", n, "gentle", uptake=uptake) for uptake, n in jumps),
        *(World(f"{g} clusters", 1000, "gentle", clusters=g) for g in (12, 30, 60)),
        World("score bunched round the cutoff", normal_score=True),
    ]


def course(bend: str, x: np.ndarray) -> np.ndarray:
    """The regression without treatment, about 0 at the cutoff."""
    if bend == "gentle":
        return 0.5 * x + 0.3 * x**2
    below = x < 0
    if bend == "sharp":
        low = 1.27 * x + 7.18 * x**2 + 20.21 * x**3 + 21.54 * x**4 + 7.33 * x**5
        high = 0.84 * x - 3.00 * x**2 + 7.99 * x**3 - 9.01 * x**4 + 3.56 * x**5
    else:
        low = 2.30 * x + 3.28 * x**2 + 1.45 * x**3 + 0.23 * x**4 + 0.03 * x**5
        high = 18.49 * x - 54.81 * x**2 + 74.30 * x**3 - 45.02 * x**4 + 9.83 * x**5
    return np.where(below, low, high)


def draw(world: World, effect: float, rng: np.random.Generator) -> Cohort:
    n = world.n
    x = np.clip(rng.normal(0, 0.35, n), -1, 1) if world.normal_score else rng.uniform(-1, 1, n)
    if world.steps:
        half = world.steps // 2
        x = np.clip(np.floor(x * half) / half, -1, 1 - 1 / half)
    over, hidden = x >= 0, rng.normal(0, 1, n)
    if world.uptake < 1:
        low = (1 - world.uptake) / 2
        share = np.where(over, low + world.uptake, low)
        received = (np.argsort(np.argsort(hidden)) / n < share).astype(float)
    else:
        received = over.astype(float)
    line = course(world.bend, x) + 0.3 * hidden * (world.uptake < 1)
    cluster = rng.integers(0, world.clusters, n) if world.clusters else None
    if cluster is not None:
        line = line + rng.normal(0, 0.2, world.clusters)[cluster]
    if world.kind == "continuous":
        y = line + effect * received + rng.normal(0, 0.3, n)
    elif world.kind == "binary":
        y = (rng.random(n) < world.base * np.clip(1 + line, 0, None) + effect * received).astype(float)
    else:
        y = rng.poisson(world.base * np.clip(1 + line, 0, None) + effect * received).astype(float)
    return Cohort(
        ids=tuple(map(str, range(n))),
        outcomes={"y": y},
        kinds={"y": world.kind},
        received=received,
        running=x,
        cluster=None if cluster is None else tuple(map(str, cluster)),
    )


def effect_of(world: World) -> float:
    return -0.2 if world.kind == "continuous" else -world.base / 2


@dataclass(frozen=True, slots=True)
class Tally:
    error: list[float]
    covered: list[bool]
    width: list[float]
    found: list[bool]
    alarm: list[bool]
    asked: list[bool]


def run(world: World, reps: int, rng: np.random.Generator) -> dict[str, Tally]:
    made = {name: Tally([], [], [], [], [], []) for name in COLUMNS}
    for effect in (effect_of(world), 0.0):
        for _ in range(reps):
            cohort = draw(world, effect, rng)
            found = fit(cohort, rng)
            _one(made[DEFAULT], found, effect)
            if found is None or "first_stage_F" not in found.counts:
                _one(made[PLAIN], found and _uncorrected(found), effect)
    return made


def fit(cohort: Cohort, rng: np.random.Generator) -> Estimate | None:
    method = METHODS["regression_discontinuity"]
    try:
        return method.fit(cohort, "y", method.options(), rng)
    except MethodError:
        return None


def _uncorrected(e: Estimate) -> Estimate:
    plain = e.components["uncorrected_jump"]
    outside = plain.low is not None and plain.high is not None and not plain.low <= 0 <= plain.high
    return replace(e, value=plain.value, low=plain.low, high=plain.high, p=0.0 if outside else 1.0)


def _one(tally: Tally, e: Estimate | None, effect: float) -> None:
    tally.asked.append(e is not None and e.low is not None)
    if e is None:
        return
    alarm = e.p is not None and e.p < 0.05
    if not effect:
        tally.alarm.append(alarm)
        return
    tally.error.append(e.value - effect)
    tally.found.append(alarm)
    # A set without an end is taken to hold the truth.
    tally.covered.append(e.low is None or e.high is None or e.low <= effect <= e.high)
    if e.low is not None and e.high is not None:
        tally.width.append(e.high - e.low)


def cell(t: Tally) -> str:
    if len(t.covered) < 20:
        return "-"
    covered, alarm, power = (100 * float(np.mean(v)) for v in (t.covered, t.alarm, t.found))
    marks = ["*" if not lo <= v <= hi else "" for v, lo, hi in ((covered, 93, 97), (alarm, 3, 7))]
    # The median: where receipt hardly jumps the ratio has no mean.
    text = f"{np.median(t.error):+.3f} / {covered:.1f}{marks[0]} / {alarm:.1f}{marks[1]} / {power:.0f}"
    text += f" / {np.median(t.width):.2f}" if t.width else " / -"
    answered = float(np.mean(t.asked))
    return text if answered > 0.995 else f"{text} ({answered:.0%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=150)
    parser.add_argument("--seed", type=int, default=20261125)
    args = parser.parse_args()
    start, spent = time.perf_counter(), time.process_time()
    lines = [f"| world | n | effect | {' | '.join(COLUMNS)} |", "|---" * (3 + len(COLUMNS)) + "|"]
    for i, world in enumerate(worlds()):
        found = run(world, args.reps, np.random.default_rng([args.seed, i]))
        cells = [cell(found[name]) for name in COLUMNS]
        lines.append(f"| {world.name} | {world.n} | {effect_of(world):+.3g} | {' | '.join(cells)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    print(
        HEAD.format(
            date=datetime.date.today().strftime("%-d %B %Y"),
            reps=args.reps,
            seed=args.seed,
            elapsed=time.perf_counter() - start,
            spent=time.process_time() - spent,
            error=100 * (0.95 * 0.05 / args.reps) ** 0.5,
        )
    )
    print("\n".join(lines))


HEAD = """# Validity of regression discontinuity

{date}; `python benchmarks/validity_threshold.py --reps {reps} --seed {seed}`;
{elapsed:.0f} seconds elapsed on a machine shared with other work, {spent:.0f} of them of processor time on one core.

Each cell: median error / coverage of the 95% interval, % / false positives at 5%, % / power, % / median width. `*` marks
coverage outside 93-97 or false positives outside 3-7; a share in brackets is how often there was a bounded interval
(an unbounded one counts as holding the truth). {reps} repetitions each (Monte Carlo error of a 95% figure {error:.1f} points).

Scores run from -1 to 1, the cutoff is 0; noise has a standard deviation of 0.3. "Gentle" is quadratic with the
same bend on both sides, "sharp" the fifth-order polynomial of Lee (2008), "steep" that of Ludwig and Miller (2007),
both as Calonico, Cattaneo and Titiunik (2014) use them. Where receipt jumps by less than all, the value is the ratio
and its interval Anderson and Rubin's. Scores in steps count down to the step, so a step begins at the cutoff.
"No bias correction" is the usual interval at the same bandwidth.
"""


if __name__ == "__main__":
    main()
