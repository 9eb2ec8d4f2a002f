"""Do the intervals of the patrol-day methods cover? Trials simulated with a known effect, drawn by a known scheme.

    python benchmarks/validity_days.py --reps 250 > benchmarks/validity_days.md

Each world is simulated ``reps`` times with a true rate ratio of 0.75 (bias, coverage of the 95% interval, power) and
``reps`` times with none (false positives at 5%). "Covered" is "the test does not reject the truth": the interval is
made of just these values, so this needs one test instead of a whole interval. Each repetition deals its schedules
from a pool of 2,000 drawn for its world.
"""

import argparse
import datetime
import math
import sys
import time
from dataclasses import dataclass, field, replace

import numpy as np

from vru.errors import MethodError
from vru.stats.crossed import cluster_covariance, fit_crossed
from vru.stats.dose_bend import DoseTable, bend_test
from vru.stats.intervals import quantile
from vru.stats.patrol_draws import redraw_both
from vru.stats.patrol_test import Contrast, Trial, balance, followers, p_of_values

RATIO = 0.75
DRAWS, POOL = 200, 2000


@dataclass(frozen=True, slots=True)
class World:
    """One process; ``mean`` is offences per area-day without patrol.

    spread : standard deviation of log levels between areas. dispersion : gamma variance of each area-day. stray,
    persistence : log deviation of an area from day to day, a first-order autoregression. day_shock : log deviation
    shared by all areas. varying : standard deviation of the log effect between areas. carry : log rate ratio on other
    days after a patrol day. model : "plain", or "adjust" for carry-over. drawn : how it was drawn, if not as analysed.
    """

    name: str
    areas: int = 20
    days: int = 90
    mean: float = 0.5
    share: float = 0.4
    scheme: str = "within_day"
    time: str = "day"
    model: str = "plain"
    spread: float = 0.5
    dispersion: float = 0.0
    stray: float = 0.0
    persistence: float = 0.0
    day_shock: float = 0.2
    varying: float = 0.0
    carry: float = 0.0
    drawn: str = ""


def worlds() -> list[World]:
    counts = (0.02, 0.1, 0.5)
    return [
        *(World("Southend: 20 x 90, 8 a day", mean=m) for m in counts),
        *(World("Southend, weekday effects", mean=m, time="weekday") for m in counts),
        *(World("Bedfordshire: 21 x 90, 7 a day", mean=m, areas=21, share=1 / 3) for m in counts),
        World("6 areas x 28 days", areas=6, days=28, share=0.5),
        World("6 areas x 28 days", areas=6, days=28, share=0.5, mean=3.0),
        World("gamma dispersion 1", dispersion=1.0),
        World("autocorrelated 0.8, 50%", stray=0.5, persistence=0.8),
        World("day shocks 60%", day_shock=0.6),
        World("day shocks 60%, weekday effects", day_shock=0.6, time="weekday"),
        World("areas of very different level", spread=1.2),
        World("effect varies by area, sd 0.4", varying=0.4),
        World("within area, 36 of 90", scheme="within_area"),
        World("within area, by week", scheme="within_area_block", share=3 / 7, days=91),
        World("areas and days kept", scheme="within_both"),
        World("independent, 0.4", scheme="independent"),
        World("carry-over 0.8, reported only", carry=math.log(0.8)),
        World("carry-over 0.8, adjusted", carry=math.log(0.8), model="adjust"),
        World("no carry-over, adjusted", model="adjust"),
        World("autocorrelated 0.8, runs of 3 days analysed as within day", drawn="runs", stray=0.5, persistence=0.8),
    ]


def schedule(world: World, rng: np.random.Generator) -> np.ndarray:
    shape, k = (world.areas, world.days), round(world.share * world.areas)
    if world.drawn == "runs":
        return np.repeat(schedule(World("", world.areas, world.days // 3, share=world.share), rng), 3, axis=1)
    if world.scheme == "independent":
        return np.asarray(rng.random(shape) < world.share)
    if world.scheme in ("within_area", "within_area_block"):
        wide = world.days if world.scheme == "within_area" else 7
        parts = [rng.random((world.areas, wide)).argsort(axis=1) for _ in range(world.days // wide)]
        return np.concatenate(parts, axis=1) < round(world.share * wide)
    if world.scheme == "within_both":
        on = (np.arange(world.areas)[:, None] - k * np.arange(world.days)[None, :]) % world.areas < k
        return on[rng.permutation(world.areas)][:, rng.permutation(world.days)]
    return np.asarray(rng.random(shape).argsort(axis=0).argsort(axis=0) < k)


def course(world: World, rng: np.random.Generator) -> np.ndarray:
    steps, r = rng.standard_normal((world.areas, world.days)), world.persistence
    for j in range(1, world.days):
        steps[:, j] = r * steps[:, j - 1] + math.sqrt(1 - r * r) * steps[:, j]
    return world.stray * steps


def events(world: World, on: np.ndarray, ratio: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Counts, and the true log rate ratio of all patrol days together."""
    level = np.log(world.mean) + world.spread * rng.standard_normal((world.areas, 1)) - world.spread**2 / 2
    line = level + world.day_shock * rng.standard_normal((1, world.days)) + course(world, rng)
    effect = math.log(ratio) + (world.varying * rng.standard_normal((world.areas, 1)) if world.varying else 0.0)
    rate = np.exp(line + effect * on + world.carry * followers(on, 1))
    if world.dispersion:
        rate = rate * rng.gamma(1 / world.dispersion, world.dispersion, rate.shape)
    # Where areas differ, the truth is the ratio of all patrol days in the areas simulated.
    truth = math.log(float(np.exp(level + effect).sum() / np.exp(level).sum())) if world.varying else math.log(ratio)
    return rng.poisson(rate).astype(float), truth


def pool(world: World, rng: np.random.Generator) -> np.ndarray:
    """Schedules drawn by the scheme that the analysis takes, bool ``(POOL, areas, days)``."""
    plain = replace(world, drawn="")
    if world.scheme == "within_both":
        first = schedule(plain, rng)
        return redraw_both(first, np.ones_like(first), POOL, rng).assigned[1:]
    return np.array([schedule(plain, rng) for _ in range(POOL)])


def deal(world: World, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """DRAWS schedules, the first of which happens."""
    start = int(rng.integers(len(drawn) - DRAWS))
    dealt = drawn[start : start + DRAWS].copy()
    if world.drawn:
        dealt[0] = schedule(world, rng)
    return dealt


@dataclass(frozen=True, slots=True)
class Tally:
    """Per repetition, of one way of inference."""

    error: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    power: list[bool] = field(default_factory=list)
    alarm: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)

    def add(self, ratio: float, error: float, covered: bool, found: bool) -> None:
        if ratio == 1.0:
            self.alarm.append(found)
        else:
            self.error.append(error)
            self.covered.append(covered)
            self.power.append(found)

    def cell(self) -> str:
        """``bias / coverage % / false positives % / power %``, ``*`` where outside 93-97 or 3-7."""
        cover, alarm = 100 * float(np.mean(self.covered)), 100 * float(np.mean(self.alarm))
        mark, loud = "" if 93 <= cover <= 97 else "*", "" if 3 <= alarm <= 7 else "*"
        less = f" ({np.mean(self.asked):.0%})" if np.mean(self.asked) < 0.995 else ""
        power = 100 * float(np.mean(self.power))
        return f"{np.mean(self.error):+.3f} / {cover:.1f}{mark} / {alarm:.1f}{loud} / {power:.0f}{less}"


def trial_once(
    world: World, drawn: np.ndarray, ratio: float, rng: np.random.Generator, by_lot: Tally, by_area: Tally
) -> None:
    dealt = deal(world, drawn, rng)
    on = dealt[0]
    counts, truth = events(world, on, ratio, rng)
    weight = np.ones(on.shape)
    code = np.arange(world.days) if world.time == "day" else np.arange(world.days) % 7
    late, plain = followers(on, 1), world.model == "plain"
    terms = on[None].astype(float) if plain else np.stack([on, late]).astype(float)
    try:
        model = fit_crossed(counts, weight, code, terms)
    except MethodError:
        by_lot.asked.append(False)
        by_area.asked.append(False)
        return
    i = model.information
    contrast = Contrast() if plain else Contrast(1.0, -float(i[0, 1] / i[1, 1]), 1)
    other = np.zeros(on.shape) if plain else model.value[1] * late
    p = p_of_values(Trial(counts, weight, code, dealt), on.astype(float), other, contrast)
    at_truth, at_none = p(np.array([truth, 0.0]))
    value = float(model.value[0])
    by_lot.asked.append(True)
    by_lot.add(ratio, value - truth, bool(at_truth > 0.05), bool((at_truth if ratio == 1.0 else at_none) <= 0.05))
    v = cluster_covariance(model, counts, weight, code)
    groups = int((counts.sum(axis=1) > 0).sum())
    by_area.asked.append(v is not None and groups >= 5)
    if v is None or groups < 5:
        return
    half = quantile(0.95, groups - 1) * math.sqrt(float(v[0, 0]))
    by_area.add(ratio, value - truth, abs(value - truth) <= half, abs(value - (truth if ratio == 1.0 else 0)) > half)


@dataclass(frozen=True, slots=True)
class DoseWorld:
    """A trial (20 x 90, 8 a day) in which officers choose minutes.

    effect : log rate ratio per 10 minutes. hidden : log deviation of an area-day that draws both offences and minutes.
    kept : share of patrols kept. plateau : minutes beyond which nothing more is gained.
    """

    name: str
    effect: float = -0.2
    hidden: float = 0.0
    kept: float = 0.95
    plateau: float | None = None
    mean: float = 0.5


def dose_worlds() -> list[DoseWorld]:
    return [
        DoseWorld("no effect", 0.0),
        DoseWorld("straight line"),
        DoseWorld("straight line, mean 0.1", mean=0.1),
        DoseWorld("straight line, hidden 0.3", hidden=0.3),
        DoseWorld("straight line, half of patrols kept", kept=0.5, hidden=0.3),
        DoseWorld("plateau at 15 minutes", -0.4, plateau=15.0),
        DoseWorld("plateau at 15 minutes, mean 3", -0.4, plateau=15.0, mean=3.0),
    ]


def dose_row(world: DoseWorld, reps: int, rng: np.random.Generator) -> str:
    """Bias and coverage of the instrumented effect and of the effect as delivered; how often a bend is found."""
    lot, chosen, bends = [], [], []
    drawn = pool(World(""), rng)
    for _ in range(reps):
        dealt = deal(World(""), drawn, rng)
        on = dealt[0]
        seen = world.hidden * rng.standard_normal(on.shape)
        minutes = np.round(15 * np.exp(0.4 * rng.standard_normal(on.shape) + seen))
        dose = np.where(on & (rng.random(on.shape) < world.kept), minutes, 0.0) / 10
        felt = dose if world.plateau is None else np.minimum(dose, world.plateau / 10)
        line = np.log(world.mean) + 0.5 * rng.standard_normal((20, 1)) + 0.2 * rng.standard_normal((1, 90)) + seen
        counts = rng.poisson(np.exp(line + world.effect * felt)).astype(float)
        weight, code = np.ones(on.shape), np.arange(90)
        trial = Trial(counts, weight, code, dealt)
        at = balance(trial, dose, np.full(on.shape, 0.4))
        grid = np.linspace(-1.5, 1.0, 26)
        signs = np.sign([at(float(g)) for g in grid])
        cross = int(np.flatnonzero(np.diff(signs))[0])
        fine = np.linspace(grid[cross + 1], grid[cross], 6)
        value = float(np.interp(0, [at(float(g)) for g in fine], fine))
        p = p_of_values(trial, dose, np.zeros(on.shape), Contrast())(np.array([world.effect]))
        lot.append((value - world.effect, bool(p[0] > 0.05)))
        naive = fit_crossed(counts, weight, code, dose[None])
        v = cluster_covariance(naive, counts, weight, code)
        half = quantile(0.95, 19) * math.sqrt(float(v[0, 0])) if v is not None else math.inf
        error = float(naive.value[0]) - world.effect
        chosen.append((error, abs(error) <= half))
        found = bend_test(DoseTable(counts, weight, code, dose), DRAWS, rng)
        bends.append(found is not None and found.p <= 0.05)
    cells = [f"{np.mean([e for e, _ in x]):+.3f} / {100 * np.mean([c for _, c in x]):.1f}" for x in (lot, chosen)]
    if world.plateau is not None:
        cells = ["-", "-"]
    return f"| {world.name} | {cells[0]} | {cells[1]} | {100 * np.mean(bends):.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=250)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--only", default="", help="only worlds whose name contains this")
    args = parser.parse_args()
    started, rows, doses = time.time(), [], []
    chosen = [w for w in worlds() if args.only in w.name]
    dosed = [w for w in dose_worlds() if args.only in w.name]
    # Each world has its own stream, so that one run alone gives the figures of the whole run.
    seeds = iter(np.random.default_rng(args.seed).spawn(len(worlds()) + len(dose_worlds())))
    for world, rng in zip(worlds(), seeds, strict=False):
        if world not in chosen:
            continue
        by_lot, by_area, drawn = Tally(), Tally(), pool(world, rng)
        for ratio in (RATIO, 1.0):
            for _ in range(args.reps):
                trial_once(world, drawn, ratio, rng, by_lot, by_area)
        rows.append(f"| {world.name} | {world.mean:g} | {by_lot.cell()} | {by_area.cell()} |")
        print(f"{time.time() - started:6.0f} s  {rows[-1]}", file=sys.stderr, flush=True)
    for world_of_dose, rng in zip(dose_worlds(), seeds, strict=True):
        if world_of_dose not in dosed:
            continue
        doses.append(dose_row(world_of_dose, args.reps, rng))
        print(f"{time.time() - started:6.0f} s  {doses[-1]}", file=sys.stderr, flush=True)
    print(_page(args.reps, args.seed, started, rows, doses))


def _page(reps: int, seed: int, started: float, rows: list[str], doses: list[str]) -> str:
    error = 100 * (0.05 * 0.95 / reps) ** 0.5
    return "\n".join(
        [
            "# Validity of the methods on patrol days\n",
            f"{datetime.date.today():%d %B %Y}; `python benchmarks/validity_days.py --reps {reps} --seed {seed}`;",
            f"{time.process_time():.0f} seconds of one core ({time.time() - started:.0f} elapsed, machine shared).\n",
            "Each cell: bias (log rate ratio) / coverage of the 95% interval, % / false positives at 5%, % / power, %.",
            "`*` marks coverage outside 93-97 or false positives outside 3-7; a share in brackets is how often there was",
            "an answer. True rate ratio 0.75 for bias, coverage and power, 1 for false positives; "
            f"{reps} repetitions each",
            f"(Monte Carlo error of a 95% figure {error:.1f} points); {DRAWS} schedules drawn. Unless said: 20 areas x 90 days,",
            "8 a day, mean 0.5 offences per area-day, log levels of areas 0.5 apart, shared day shocks of 20%, an effect",
            "for each day. Where the effect varies by area, the truth is the ratio of all patrol days in the areas simulated.\n",
            "| world | mean | by redrawn schedules (default) | cluster-robust by area |",
            "|---|---|---|---|",
            *rows,
            "\n## Dose\n",
            "Officers choose minutes (about 15, log deviation 0.4). Effect per 10 minutes: bias / coverage of the 95%",
            "interval, %; how often a bend is found at 5% (false positives where the line is straight, power where not).\n",
            "| world | schedule as instrument | as delivered | bend found, % |",
            "|---|---|---|---|",
            *doses,
        ]
    )


if __name__ == "__main__":
    main()
