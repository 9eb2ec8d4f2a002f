"""Do the intervals from an offer cover? Simulated offers with a known effect on compliers, and people who choose for themselves.

    python benchmarks/validity_instrument.py --reps 300 > benchmarks/validity_instrument.md

Each world is simulated ``reps`` times with an effect (bias, coverage of the 95% interval, power) and ``reps`` times
without one (false positives at 5%).
"""

import argparse
import datetime
import sys
import time
from dataclasses import dataclass

import numpy as np

from vru.cohort import Cohort, Kind
from vru.errors import MethodError
from vru.methods import METHODS

COLUMNS: dict[str, dict[str, object]] = {"Anderson-Rubin (default)": {}, "Wald": {"interval": "wald"}}
ROBUST = {"inference": "robust"}


@dataclass(frozen=True, slots=True)
class World:
    """``uptake``: share who take part because of the offer. ``kind``: outcome; ``base``: share or mean count of untreated
    compliers. ``clusters``: offers go to whole clusters that share a shock. ``one_sided``: nobody takes part without it.
    ``offered``: share offered.
    """

    name: str
    n: int = 1000
    uptake: float = 0.5
    kind: Kind = "continuous"
    base: float = 0.3
    clusters: int = 0
    one_sided: bool = False
    offered: float = 0.5


def worlds() -> list[World]:
    return [
        *(World("continuous", n, u) for u in (0.7, 0.4, 0.15, 0.05) for n in (300, 1000, 5000)),
        *(World("continuous, nobody without an offer", n, 0.4, one_sided=True) for n in (300, 1000)),
        World("continuous, 10% offered", 1000, 0.4, offered=0.1),
        *(World(f"binary, {b:.0%}", n, 0.4, "binary", b) for b in (0.3, 0.05, 0.02) for n in (300, 1000, 5000)),
        *(World("count, 0.5 each", n, 0.4, "count", 0.5) for n in (300, 1000, 5000)),
        *(World(f"{g} clusters", 600, 0.4, clusters=g) for g in (6, 10, 20, 40, 80)),
    ]


def effect_of(world: World) -> float:
    return -0.4 if world.kind == "continuous" else -world.base / 2


def draw(world: World, effect: float, rng: np.random.Generator) -> Cohort:
    n = world.n
    cluster = np.arange(n) % world.clusters if world.clusters else None
    if cluster is not None:
        chosen = rng.permutation(np.arange(world.clusters) < world.offered * world.clusters)
        offered = chosen[cluster]
    else:
        offered = rng.permutation(np.arange(n) < round(world.offered * n))
    u = rng.random(n)
    low = 0.0 if world.one_sided else (1 - world.uptake) / 2
    received = u < np.where(offered, low + world.uptake, low)
    # Those keenest to take part would end worse anyway, so comparing by receipt would mislead.
    hidden = 1 - 2 * u
    if world.kind == "continuous":
        shock = rng.normal(0, 0.3, world.clusters)[cluster] if cluster is not None else 0.0
        y = 0.8 * hidden + effect * received + shock + rng.normal(0, 1, n)
    elif world.kind == "binary":
        y = (rng.random(n) < world.base * (1 + 0.4 * hidden) + effect * received).astype(float)
    else:
        y = rng.poisson(world.base * (1 + 0.4 * hidden) + effect * received).astype(float)
    return Cohort(
        ids=tuple(map(str, range(n))),
        outcomes={"y": y},
        kinds={"y": world.kind},
        assigned=offered.astype(float),
        received=received.astype(float),
        cluster=None if cluster is None else tuple(map(str, cluster)),
    )


@dataclass(frozen=True, slots=True)
class Tally:
    error: list[float]
    covered: list[bool]
    width: list[float]
    found: list[bool]
    alarm: list[bool]
    asked: list[bool]
    strength: list[float]


def run(world: World, reps: int, rng: np.random.Generator) -> dict[str, Tally]:
    columns = COLUMNS | ({"clustered errors": ROBUST} if world.clusters else {})
    made = {name: Tally([], [], [], [], [], [], []) for name in columns}
    for effect in (effect_of(world), 0.0):
        for _ in range(reps):
            cohort = draw(world, effect, rng)
            for name, options in columns.items():
                _one(made[name], cohort, effect, options, rng)
    return made


def _one(tally: Tally, cohort: Cohort, effect: float, options: dict[str, object], rng: np.random.Generator) -> None:
    method = METHODS["instrumented"]
    try:
        e = method.fit(cohort, "y", method.options.model_validate(options), rng)
    except MethodError:
        tally.asked.append(False)
        return
    tally.asked.append(e.low is not None)
    tally.strength.append(e.counts.get("first_stage_F", np.inf))
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


def cell(t: Tally | None) -> str:
    if t is None or len(t.covered) < 20:
        return "-"
    covered, alarm, power = (100 * float(np.mean(v)) for v in (t.covered, t.alarm, t.found))
    marks = ["*" if not lo <= v <= hi else "" for v, lo, hi in ((covered, 93, 97), (alarm, 3, 7))]
    text = f"{np.median(t.error):+.3f} / {covered:.1f}{marks[0]} / {alarm:.1f}{marks[1]} / {power:.0f}"
    text += f" / {np.median(t.width):.2f}" if t.width else " / -"
    answered = float(np.mean(t.asked))
    return text if answered > 0.995 else f"{text} ({answered:.0%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261125)
    args = parser.parse_args()
    start, spent = time.perf_counter(), time.process_time()
    names = [*COLUMNS, "clustered errors"]
    lines = [f"| world | n | uptake | median F | effect | {' | '.join(names)} |", "|---" * (5 + len(names)) + "|"]
    for i, world in enumerate(worlds()):
        found = run(world, args.reps, np.random.default_rng([args.seed, i]))
        f = np.median(next(iter(found.values())).strength)
        head = f"{world.name} | {world.n} | {world.uptake:.0%} | {f:.1f} | {effect_of(world):+.3g}"
        lines.append(f"| {head} | {' | '.join(cell(found.get(name)) for name in names)} |")
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


HEAD = """# Validity of instrumented

{date}; `python benchmarks/validity_instrument.py --reps {reps} --seed {seed}`;
{elapsed:.0f} seconds elapsed on a machine shared with other work, {spent:.0f} of them of processor time on one core.

Each cell: median error / coverage of the 95% interval, % / false positives at 5%, % / power, % / median width. `*` marks
coverage outside 93-97 or false positives outside 3-7; a share in brackets is how often there was a bounded interval
(an unbounded one counts as holding the truth). {reps} repetitions each (Monte Carlo error of a 95% figure {error:.1f} points).

"Uptake" is the share who take part because of the offer; those keenest to take part would end worse anyway. Noise has
a standard deviation of 1 (continuous); clusters share a shock of 0.3. Below 30 clusters the default redraws the offer.
"""


if __name__ == "__main__":
    main()
