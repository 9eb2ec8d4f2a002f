"""Do the intervals cover and the tests keep quiet? Simulated areas with a known effect.

    python benchmarks/validity.py --reps 600 > benchmarks/validity.md

Each world is simulated ``reps`` times with a true rate ratio of 0.75 (bias, coverage of the 95%
interval) and ``reps`` times with no effect (false positives at 5%), with the methods' defaults.
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
    "before_after": ("before_after", {}),
    "weighted_displacement": ("weighted_displacement", {"variance": "as_published"}),
    "weighted_displacement, overdispersed": ("weighted_displacement", {"variance": "overdispersed"}),
    "relative_rate_ratio": ("relative_rate_ratio", {"variance": "as_published"}),
    "poisson_did": ("poisson_did", {"draws": 999}),
}


@dataclass(frozen=True, slots=True)
class World:
    """One data-generating process; rates are offences per area-month.

    ``buffers`` of each kind; after a real effect those of treated areas record ``spill`` times what they would, and
    comparison areas gain ``leak`` of the log effect. ``spread_of_effect``: standard deviation of the log effect between
    treated areas; ``grows``: the log effect rises from nothing to twice its mean over the months after.
    """

    name: str
    treated: int = 10
    comparison: int = 10
    mean: float = 3.0
    dispersion: float = 0.0
    pre: int = 24
    post: int = 12
    hotter: float = 1.0
    autocorrelated: float = 0.0
    spread_of_change: float = 0.0
    shared_shock: float = 0.0
    common_change: float = 1.0
    staggered: bool = False
    missing: tuple[int, ...] = ()
    chosen_on_peak: bool = False
    buffers: int = 0
    spill: float = 1.0
    leak: float = 0.0
    spread_of_effect: float = 0.0
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """A simulated panel and its true effect on both scales; spilled: change in the buffers, in offences."""

    panel: Panel
    log_ratio: float
    count_difference: float
    spilled: float = 0.0


def worlds() -> list[World]:
    arms = ((1, 20), (3, 12), (10, 10), (40, 40))
    grid = [
        World(f"{t} v {c}", t, c, mean, dispersion)
        for t, c in arms
        for mean in (0.5, 3.0, 20.0)
        for dispersion in (0.0, 0.3)
    ]
    return [
        *grid,
        World("1 v 20, areas change differently", 1, 20, spread_of_change=0.2),
        World("1 v 20, treated 4x hotter, areas change differently", 1, 20, hotter=4, spread_of_change=0.2),
        World("1 v 8 (no 95% by re-assignment)", 1, 8),
        World("3 v 12, areas change differently", 3, 12, mean=20, spread_of_change=0.2),
        World("3 v 40, treated 4x hotter, areas change differently", 3, 40, hotter=4, spread_of_change=0.1),
        World("10 v 10, areas change differently", mean=20, spread_of_change=0.2),
        World("40 v 40, areas change differently", 40, 40, mean=20, spread_of_change=0.2),
        World("10 v 10, autocorrelated within area", mean=20, autocorrelated=0.3),
        World("10 v 10, shocks shared by all areas", mean=20, shared_shock=0.15),
        World("10 v 10, 6 months after (season)", mean=20, pre=12, post=6),
        World("10 v 10, all areas fall 15%", mean=20, common_change=0.85),
        World("10 v 40, treated 2x hotter, all areas fall 15%", 10, 40, mean=20, hotter=2, common_change=0.85),
        World("10 v 10, 3 months missing everywhere", missing=(5, 17, 30)),
        World("10 v 10, staggered starts", staggered=True),
        World("10 of 60 chosen on the peak year before", 10, 50, dispersion=0.3, chosen_on_peak=True),
    ]


def rates(world: World, rng: np.random.Generator) -> np.ndarray:
    """Rates without treatment, ``(n_units, n_periods)``, months coming after being the post period."""
    n, t = world.treated + world.comparison + 2 * world.buffers, world.pre + world.post
    level = world.mean * np.exp(rng.normal(0, 0.4, n) - 0.08)
    if not world.chosen_on_peak:
        level[: world.treated] *= world.hotter
    month = np.arange(t)
    rate = level[:, None] * (1 + 0.15 * np.sin(2 * np.pi * month / 12))[None, :]
    s = world.spread_of_change
    rate[:, world.pre :] *= world.common_change * np.exp(rng.normal(0, s, n) - s**2 / 2)[:, None]
    if world.shared_shock:
        rate *= np.exp(rng.normal(0, world.shared_shock, t))[None, :]
    if world.autocorrelated:
        noise = rng.normal(0, world.autocorrelated, (n, t))
        for j in range(1, t):
            noise[:, j] = 0.7 * noise[:, j - 1] + np.sqrt(1 - 0.49) * noise[:, j]
        rate *= np.exp(noise - world.autocorrelated**2 / 2)
    return rate


def draw(world: World, ratio: float, rng: np.random.Generator) -> Draw:
    """One panel. With ``chosen_on_peak`` the treated are the areas with most offences in the year before."""
    n, t = world.treated + world.comparison + 2 * world.buffers, world.pre + world.post
    rate = rates(world, rng)
    noise = rng.gamma(1 / world.dispersion, world.dispersion, (n, t)) if world.dispersion else np.ones((n, t))
    before = rng.poisson(rate * noise).astype(float)
    if world.chosen_on_peak:
        order = np.argsort(-before[:, world.pre - 12 : world.pre].sum(axis=1), kind="stable")
        before, rate, noise = before[order], rate[order], noise[order]
    first = np.full(n, t)
    first[: world.treated] = world.pre
    if world.staggered:
        first[: world.treated : 2] += world.post // 3
    on = np.arange(t)[None, :] >= first[:, None]
    times = lift(world, ratio, n, rng)
    around = _around(world, ratio, n)
    counts = np.where(on | around, rng.poisson(rate * noise * times), before)
    gone = np.zeros((n, t), dtype=bool)
    gone[:, list(world.missing)] = True
    seen = rate * ~gone
    truth = float((seen * on * (times - 1)).sum())
    near = np.arange(n) >= world.treated + world.comparison
    spilled = float((seen * around * (times - 1))[near].sum())
    log_ratio = float(np.log((seen * on * times).sum() / (seen * on).sum()))
    return Draw(_panel(world, np.where(gone, np.nan, counts), gone, first), log_ratio, truth, spilled)


def lift(world: World, ratio: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """What each area-month's rate is multiplied by where it is touched at all, ``(n_units, n_periods)``."""
    log = np.full((n, world.pre + world.post), np.log(ratio))
    s = world.spread_of_effect if ratio != 1 else 0.0
    if s:
        log[: world.treated] += rng.normal(0, s, world.treated)[:, None] - s**2 / 2
    if world.grows:
        log[:, world.pre :] *= np.linspace(0, 2, world.post)[None, :]
    others = slice(world.treated, world.treated + world.comparison)
    if world.leak:
        log[others] *= world.leak
    log[world.treated + world.comparison :] = np.log(world.spill)
    return np.exp(log)


def _around(world: World, ratio: float, n: int) -> np.ndarray:
    """Bool ``(n_units, n_periods)``: comparison areas and treated areas' buffers that a real effect reaches."""
    touched = np.zeros((n, world.pre + world.post), dtype=bool)
    first = world.treated + world.comparison
    if ratio != 1:
        touched[world.treated : first, world.pre :] = world.leak != 0
        touched[first : first + world.buffers, world.pre :] = world.spill != 1
    return touched


def _panel(world: World, counts: np.ndarray, gone: np.ndarray, first: np.ndarray) -> Panel:
    n, t = counts.shape
    periods = tuple(f"{2019 + j // 12}-{j % 12 + 1:02d}" for j in range(t))
    return Panel(
        units=tuple(f"A{i:04d}" for i in range(n)),
        periods=periods,
        counts={"violence": counts},
        role=("treated",) * world.treated
        + ("comparison",) * world.comparison
        + ("buffer",) * world.buffers
        + ("buffer_comparison",) * world.buffers,
        starts=tuple(periods[f] if f < t else None for f in first),
        missing=gone,
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened to one method in one world: per repetition error, covered, p; and how often there was no answer."""

    error: list[float]
    covered: list[bool]
    false_alarm: list[bool]
    asked: list[bool]


def run(world: World, reps: int, rng: np.random.Generator) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(lambda: Tally([], [], [], []))
    for ratio in (RATIO, 1.0):
        for _ in range(reps):
            drawn = draw(world, ratio, rng)
            for column in COLUMNS:
                _one(found[column], column, drawn, ratio, rng)
    return found


def _one(tally: Tally, column: str, drawn: Draw, ratio: float, rng: np.random.Generator) -> None:
    name, options = COLUMNS[column]
    method = METHODS[name]
    try:
        e = method.fit(drawn.panel, "violence", method.options.model_validate(options), rng)
    except MethodError:
        tally.asked.append(False)
        return
    tally.asked.append(e.low is not None or e.high is not None)
    if not tally.asked[-1]:
        return
    truth = drawn.count_difference if e.scale == "count_difference" else drawn.log_ratio
    low, high = (-np.inf if e.low is None else e.low), (np.inf if e.high is None else e.high)
    if ratio == 1.0:
        tally.false_alarm.append(e.p is not None and e.p <= 0.05)
        return
    scale = abs(truth) if e.scale == "count_difference" else 1.0
    tally.error.append((e.value - truth) / scale)
    tally.covered.append(bool(low <= truth <= high))


def cell(tally: Tally) -> str:
    """``bias / coverage % / false positives %``, ``*`` where outside 93-97 or 3-7; share answered when not all."""
    answered = float(np.mean(tally.asked))
    if not tally.covered or answered < 0.05:
        return "no interval"
    cover, alarm = 100 * float(np.mean(tally.covered)), 100 * float(np.mean(tally.false_alarm))
    mark = "*" if not 93 <= cover <= 97 else ""
    loud = "*" if not 3 <= alarm <= 7 else ""
    less = f" ({answered:.0%})" if answered < 0.995 else ""
    return f"{np.mean(tally.error):+.3f} / {cover:.1f}{mark} / {alarm:.1f}{loud}{less}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--only", default="", help="only worlds whose name contains this")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.time()
    chosen = [w for w in worlds() if args.only in w.name]
    lines = [
        "| world | mean per month | extra dispersion | " + " | ".join(COLUMNS) + " |",
        "|---|---|---|" + "---|" * len(COLUMNS),
    ]
    for world, rng in zip(chosen, np.random.default_rng(args.seed).spawn(len(chosen)), strict=True):
        found = run(world, args.reps, rng)
        row = " | ".join(cell(found[column]) for column in COLUMNS)
        lines.append(f"| {world.name} | {world.mean:g} | {world.dispersion:g} | {row} |")
        print(f"{time.time() - started:6.0f} s  {lines[-1]}", file=sys.stderr, flush=True)
    error = 100 * (0.05 * 0.95 / args.reps) ** 0.5
    print(f"""# Validity of the intervals and tests

{datetime.date.today():%d %B %Y}; `python benchmarks/validity.py --reps {args.reps} --seed {args.seed}`;
{time.time() - started:.0f} seconds on one core.

Each cell: bias / coverage of the 95% interval, % / false positives at 5%, %. `*` marks coverage outside 93-97 or
false positives outside 3-7. A share in brackets is how often there was an answer with an interval; "no interval"
means never, or that the method refuses such data. Bias is in log
rate ratio; for weighted_displacement it is a share of the true number of offences prevented. True rate ratio 0.75
for bias and coverage, 1 for false positives; {args.reps} repetitions each (Monte Carlo error of a 95% figure
{error:.1f} points). "t v c" is treated against comparison areas; 24 months before and 12 after with a season of
15% unless said; extra dispersion is the variance of a gamma factor on each area-month. Methods run with their
defaults (poisson_did with 999 draws): before_after overdispersed, weighted_displacement Poisson as published and
once with its overdispersed variance.
""")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
