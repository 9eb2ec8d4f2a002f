"""Do the intervals of the series methods cover? One treated area over many months, simulated with a known effect.

    python benchmarks/validity_series.py --reps 250 > benchmarks/validity_series.md

Each world is simulated ``reps`` times with a true rate ratio of 0.75 (bias, coverage of the 95%
interval) and ``reps`` times with no effect (false positives at 5%).
"""

import argparse
import datetime
import sys
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError
from vru.methods import METHODS
from vru.panel import Panel

RATIO = 0.75
COLUMNS: dict[str, tuple[str, dict[str, object]]] = {
    "interrupted, default": ("interrupted_series", {}),
    "interrupted, errors: model": ("interrupted_series", {"errors": "model"}),
    "interrupted, errors: hac": ("interrupted_series", {"errors": "hac"}),
    "controlled": ("controlled_interrupted_series", {}),
    "structural": ("structural_series", {"draws": 999}),
    "structural, controls: each": ("structural_series", {"draws": 999, "controls": "each"}),
    "structural, controls: none": ("structural_series", {"draws": 999, "controls": "none"}),
}


@dataclass(frozen=True, slots=True)
class World:
    """One data-generating process; ``mean`` is the treated area's offences per month.

    The log rate of each arm strays by ``spread`` (standard deviation), half of its variance shared
    by both arms, each part a first-order autoregression with ``persistence``. ``dispersion``: gamma
    variance on each area-month. ``drift``: standard deviation of a monthly random walk of the
    treated area's own. ``trend``: growth per year of both arms; ``own_trend``: of the treated alone.
    """

    name: str
    pre: int = 36
    mean: float = 20.0
    persistence: float = 0.0
    post: int = 12
    spread: float = 0.2
    dispersion: float = 0.0
    season: float = 0.15
    trend: float = 0.0
    own_trend: float = 0.0
    drift: float = 0.0
    other_cause: float = 1.0
    areas: int = 5
    missing: tuple[int, ...] = ()


def worlds() -> list[World]:
    grid = [
        World("basic", pre, mean, persistence)
        for pre in (24, 36, 60)
        for mean in (3.0, 20.0, 100.0)
        for persistence in (0.0, 0.3, 0.6)
    ]
    return [
        *grid,
        World("Poisson, steady", spread=0.0),
        World("gamma dispersion 0.1", spread=0.0, dispersion=0.1),
        World("persistence 0.9", 60, 100.0, 0.9),
        World("level drifts 3% a month", drift=0.03, spread=0.0),
        World("season 40%", season=0.4),
        World("both arms grow 10% a year", trend=0.1),
        World("treated alone grows 10% a year", own_trend=0.1),
        World("both arms fall 15% at the start", other_cause=0.85),
        World("one comparison area", areas=1),
        World("3 months after", post=3),
        World("24 months after", post=24),
        World("12 months before", 12),
        World("4 months missing", missing=(5, 17, 18, 40)),
    ]


def course(world: World, rng: np.random.Generator) -> np.ndarray:
    """A stationary autoregression of unit variance, ``(n_periods,)``."""
    t, r = world.pre + world.post, world.persistence
    steps = rng.standard_normal(t)
    out = np.empty(t)
    out[0] = steps[0]
    for j in range(1, t):
        out[j] = r * out[j - 1] + np.sqrt(1 - r * r) * steps[j]
    return out


def draw(world: World, ratio: float, rng: np.random.Generator) -> Panel:
    """The treated area and its comparison areas, which are as busy each."""
    t = world.pre + world.post
    month, half = np.arange(t), world.spread * np.sqrt(0.5)
    shared = half * course(world, rng) + np.log1p(world.season * np.sin(2 * np.pi * month / 12))
    shared += np.log1p(world.trend) * month / 12 + np.where(month >= world.pre, np.log(world.other_cause), 0)
    own = half * course(world, rng) + np.log1p(world.own_trend) * month / 12
    own += np.cumsum(rng.normal(0, world.drift, t)) if world.drift else 0
    other = half * course(world, rng)
    rate = world.mean * np.exp(shared[None, :] + np.vstack([own, *[other] * world.areas]))
    if world.dispersion:
        rate = rate * rng.gamma(1 / world.dispersion, world.dispersion, rate.shape)
    rate[0, world.pre :] *= ratio
    counts = rng.poisson(rate).astype(float)
    gone = np.zeros(counts.shape, dtype=bool)
    gone[:, list(world.missing)] = True
    counts[gone] = np.nan
    periods = tuple(f"{2015 + j // 12}-{j % 12 + 1:02d}" for j in range(t))
    return Panel(
        units=tuple(f"A{i}" for i in range(len(rate))),
        periods=periods,
        counts={"violence": counts},
        role=("treated",) + ("comparison",) * world.areas,
        starts=(periods[world.pre],) + (None,) * world.areas,
        missing=gone,
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Per repetition: error, covered, width; false alarm; whether there was an answer."""

    error: list[float]
    covered: list[bool]
    width: list[float]
    false_alarm: list[bool]
    asked: list[bool]


def run(world: World, reps: int, rng: np.random.Generator, chosen: list[str]) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(lambda: Tally([], [], [], [], []))
    for ratio in (RATIO, 1.0):
        for _ in range(reps):
            panel = draw(world, ratio, rng)
            for column in chosen:
                _one(found[column], column, panel, ratio, rng)
    return found


def _one(tally: Tally, column: str, panel: Panel, ratio: float, rng: np.random.Generator) -> None:
    name, options = COLUMNS[column]
    method = METHODS[name]
    try:
        e = method.fit(panel, "violence", method.options.model_validate(options), rng)
    except MethodError:
        tally.asked.append(False)
        return
    tally.asked.append(e.low is not None and e.high is not None)
    if e.low is None or e.high is None:
        return
    if ratio == 1.0:
        tally.false_alarm.append(e.p is not None and e.p <= 0.05)
        return
    truth = float(np.log(ratio))
    tally.error.append(e.value - truth)
    tally.covered.append(bool(e.low <= truth <= e.high))
    tally.width.append(e.high - e.low)


def cell(tally: Tally) -> str:
    """``bias / coverage % / false positives % / mean width``, ``*`` where outside 93-97 or 3-7."""
    answered = float(np.mean(tally.asked))
    if not tally.covered or answered < 0.05:
        return "no answer"
    cover, alarm = 100 * float(np.mean(tally.covered)), 100 * float(np.mean(tally.false_alarm))
    mark = "*" if not 93 <= cover <= 97 else ""
    loud = "*" if not 3 <= alarm <= 7 else ""
    less = f" ({answered:.0%})" if answered < 0.995 else ""
    return f"{np.mean(tally.error):+.3f} / {cover:.1f}{mark} / {alarm:.1f}{loud} / {np.mean(tally.width):.2f}{less}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=250)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--only", default="", help="only worlds whose name contains this")
    parser.add_argument("--columns", default="", help="only columns whose name contains this")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.time()
    chosen = [w for w in worlds() if args.only in w.name]
    columns = [c for c in COLUMNS if args.columns in c]
    lines = [
        "| world | months before | mean | persistence | " + " | ".join(columns) + " |",
        "|---|---|---|---|" + "---|" * len(columns),
    ]
    for world, rng in zip(chosen, np.random.default_rng(args.seed).spawn(len(chosen)), strict=True):
        found = run(world, args.reps, rng, columns)
        row = " | ".join(cell(found[column]) for column in columns)
        lines.append(f"| {world.name} | {world.pre} | {world.mean:g} | {world.persistence:g} | {row} |")
        print(f"{time.time() - started:6.0f} s  {lines[-1]}", file=sys.stderr, flush=True)
    error = 100 * (0.05 * 0.95 / args.reps) ** 0.5
    print(f"""# Validity of the series methods

{datetime.date.today():%d %B %Y}; `python benchmarks/validity_series.py --reps {args.reps} --seed {args.seed}`;
{time.process_time():.0f} seconds of one core ({time.time() - started:.0f} elapsed).

Each cell: bias (log rate ratio) / coverage of the 95% interval, % / false positives at 5%, % / mean width of the
interval (log rate ratio). `*` marks coverage outside 93-97 or false positives outside 3-7; a share in brackets is
how often there was an answer with an interval. True rate ratio 0.75 for bias, coverage and width, 1 for false
positives; {args.reps} repetitions each (Monte Carlo error of a 95% figure {error:.1f} points).

One treated area and, unless said, 5 comparison areas as busy; 12 months after the start; season 15%. The log
rate strays by 20% (standard deviation), half of the variance shared by both arms, with the persistence given (first-order
autoregression). "Structural" draws 999 paths; the rest are defaults.
""")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
