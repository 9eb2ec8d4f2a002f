"""Error rates of the before-and-after family with buffers, spill, uneven effects, and sums weighted by harm.

    python benchmarks/validity_counts.py --reps 300 > benchmarks/validity_counts.md

Worlds, draws and rules as in ``validity.py``; here every world has buffers and every cell adds power.
"""

import argparse
import datetime
import sys
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
from validity import RATIO, Draw, World, draw

from vru.errors import MethodError
from vru.methods import METHODS
from vru.panel import Panel

WEIGHTS = {"minor": 1.0, "violence": 10.0, "grave": 500.0}
MEANS = {"minor": 20.0, "violence": 3.0, "grave": 0.05}
HARM: dict[str, object] = {"harm_weights": WEIGHTS, "harm_source": "made up for this benchmark"}
LARGEST_E_TEST = 8000.0
"""Offences in the panel beyond which the E-test is left out, because its double sum takes too long here."""
Columns = dict[str, tuple[str, dict[str, object]]]
COLUMNS: Columns = {
    "before_after": ("before_after", {}),
    "before_after, negative_binomial": ("before_after", {"variance": "negative_binomial"}),
    "before_after, exact": ("before_after", {"interval": "exact"}),
    "before_after, e_test": ("before_after", {"interval": "exact", "test": "e_test"}),
    "weighted_displacement": ("weighted_displacement", {"variance": "as_published"}),
    "weighted_displacement, overdispersed": ("weighted_displacement", {"variance": "overdispersed"}),
    "relative_rate_ratio": ("relative_rate_ratio", {"variance": "as_published"}),
    "weighted_displacement_quotient": ("weighted_displacement_quotient", {"variance": "as_published"}),
}
HARM_COLUMNS: Columns = {
    "poisson": ("weighted_displacement", {**HARM, "variance": "as_published"}),
    "overdispersed": ("weighted_displacement", {**HARM, "variance": "overdispersed"}),
}


@dataclass(slots=True)
class Tally:
    """What happened to one column in one world; quotient: whether Fieller's interval held the true quotient."""

    error: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    alarm: list[bool] = field(default_factory=list)
    power: list[bool] = field(default_factory=list)
    quotient: list[bool] = field(default_factory=list)
    asked: int = 0


def worlds() -> list[World]:
    arms = ((1, 20), (3, 12), (10, 10), (40, 40))
    grid = [
        World(f"{t} v {c}", t, c, mean, dispersion, buffers=t)
        for t, c in arms
        for mean in (0.5, 3.0, 20.0)
        for dispersion in (0.0, 0.3)
    ]
    ten = World("10 v 10", mean=20, buffers=10)
    return [
        *grid,
        replace(ten, name="15% more in the buffers", spill=1.15),
        replace(ten, name="15% fewer in the buffers", spill=0.85),
        World("3 v 12, 15% more in the buffers", 3, 12, 20, buffers=3, spill=1.15),
        replace(ten, name="comparison areas gain half of the effect", leak=0.5),
        replace(ten, name="effect differs between areas (sd 0.3)", spread_of_effect=0.3),
        World("3 v 12, effect differs between areas (sd 0.3)", 3, 12, 20, buffers=3, spread_of_effect=0.3),
        replace(ten, name="effect grows from nothing to twice its mean", grows=True),
        replace(ten, name="areas change differently", spread_of_change=0.2),
        World("1 v 20, areas change differently", 1, 20, 20, buffers=1, spread_of_change=0.2),
        replace(ten, name="autocorrelated within area", autocorrelated=0.3),
        World("1 v 20, autocorrelated within area", 1, 20, 20, buffers=1, autocorrelated=0.3),
        replace(ten, name="shocks shared by all areas", shared_shock=0.15),
        replace(ten, name="all areas fall 15%", common_change=0.85),
        World("10 v 40, treated 2x hotter, all areas fall 15%", 10, 40, 20, hotter=2, common_change=0.85, buffers=10),
        replace(ten, name="6 months after (season)", pre=12, post=6),
        replace(ten, name="3 months missing everywhere", missing=(5, 17, 30)),
    ]


def harm_worlds() -> list[World]:
    return [
        World(f"{t} v {c}", t, c, 1.0, dispersion)
        for t, c in ((1, 20), (3, 12), (10, 10), (40, 40))
        for dispersion in (0.0, 0.3)
    ]


def with_harm(world: World, ratio: float, rng: np.random.Generator) -> Draw:
    """Three independent kinds of offence of unlike frequency in the same areas; the true change is in harm."""
    drawn = {o: draw(replace(world, mean=MEANS[o]), ratio, rng) for o in WEIGHTS}
    first = drawn["violence"]
    counts = {o: d.panel.counts["violence"] for o, d in drawn.items()}
    panel: Panel = replace(first.panel, counts=counts)
    return Draw(panel, first.log_ratio, sum(WEIGHTS[o] * d.count_difference for o, d in drawn.items()))


def run(world: World, reps: int, rng: np.random.Generator, columns: Columns) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(Tally)
    make = with_harm if columns is HARM_COLUMNS else draw
    for ratio in (RATIO, 1.0):
        for _ in range(reps):
            drawn = make(world, ratio, rng)
            for name, (method, options) in columns.items():
                _one(found[name], method, options, drawn, ratio, rng)
    return found


def _one(
    tally: Tally, name: str, options: dict[str, object], drawn: Draw, ratio: float, rng: np.random.Generator
) -> None:
    method = METHODS[name]
    if options.get("test") == "e_test" and drawn.panel.counts["violence"].sum() > LARGEST_E_TEST:
        return
    tally.asked += 1
    try:
        e = method.fit(drawn.panel, "violence", method.options.model_validate(options), rng)
    except MethodError:
        return
    significant = e.p is not None and e.p <= 0.05
    if ratio == 1.0:
        tally.alarm.append(significant)
        return
    tally.power.append(significant)
    count = e.scale == "count_difference"
    truth = drawn.count_difference + drawn.spilled if count else drawn.log_ratio
    low, high = (-np.inf if e.low is None else e.low), (np.inf if e.high is None else e.high)
    tally.error.append((e.value - truth) / (abs(truth) if count else 1.0))
    tally.covered.append(bool(low <= truth <= high))
    if "quotient_low" in e.counts:
        true = drawn.spilled / drawn.count_difference
        tally.quotient.append(e.counts["quotient_low"] <= true <= e.counts["quotient_high"])


def cell(tally: Tally) -> str:
    """``bias / coverage / false positives / power``; ``*`` outside 93-97 or 3-7; share answered when not all."""
    if not tally.asked:
        return "not run"
    if not tally.covered:
        return "refused"
    cover, alarm, power = (100 * float(np.mean(v)) for v in (tally.covered, tally.alarm, tally.power))
    answered = (len(tally.covered) + len(tally.alarm)) / tally.asked
    less = f" ({answered:.0%})" if answered < 0.995 else ""
    marks = "" if 93 <= cover <= 97 else "*", "" if 3 <= alarm <= 7 else "*"
    return f"{np.mean(tally.error):+.3f} / {cover:.1f}{marks[0]} / {alarm:.1f}{marks[1]} / {power:.0f}{less}"


def quotient_cell(tally: Tally) -> str:
    """How often the quotient had an interval, and how often that held the truth."""
    given = len(tally.quotient) / max(len(tally.covered), 1)
    if len(tally.quotient) < 20:
        return f"{given:.0%} given"
    return f"{100 * float(np.mean(tally.quotient)):.1f} ({given:.0%} given)"


def table(chosen: list[World], columns: Columns, reps: int, rng: np.random.Generator) -> list[str]:
    quotient = "weighted_displacement_quotient" in columns
    names = [*columns, *(["quotient: coverage of its interval"] if quotient else [])]
    lines = ["| world | mean | extra dispersion | " + " | ".join(names) + " |", "|---|---|---|" + "---|" * len(names)]
    for world, own in zip(chosen, rng.spawn(len(chosen)), strict=True):
        found = run(world, reps, own, columns)
        cells = [cell(found[c]) for c in columns]
        cells += [quotient_cell(found["weighted_displacement_quotient"])] if quotient else []
        mean = f"{world.mean:g}" if quotient else "20; 3; 0.05"
        lines.append(f"| {world.name} | {mean} | {world.dispersion:g} | " + " | ".join(cells) + " |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261125)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started, clock = time.time(), time.process_time()
    rng = np.random.default_rng(args.seed)
    main_table = table(worlds(), COLUMNS, args.reps, rng)
    harm_table = table(harm_worlds(), HARM_COLUMNS, args.reps, rng)
    error = 100 * (0.05 * 0.95 / args.reps) ** 0.5
    print(f"""# Validity of the before-and-after family, with buffers

{datetime.date.today():%d %B %Y}; `python benchmarks/validity_counts.py --reps {args.reps} --seed {args.seed}`;
{time.process_time() - clock:.0f} seconds of processor time on one core ({time.time() - started:.0f} elapsed).

Each cell: bias / coverage of the 95% interval, % / false positives at 5%, % / power, %. `*` marks coverage outside
93-97 or false positives outside 3-7. True rate ratio 0.75 for bias, coverage and power, 1 for false positives (and then
nothing spills either); {args.reps} repetitions each: Monte Carlo error of a 95% figure {error:.1f} points, of a power
near 50% {50 / args.reps**0.5:.0f}. Bias is in log rate ratio; for the displacement columns a share of the true change in
offences, the buffers' included. 10 v 10 areas with 20 offences an area-month unless said, as many buffers of each kind as
treated areas, 24 months before and 12 after, season 15%. A share in brackets is how often there was an answer. "Not
run": the E-test sums over all pairs of counts, which takes long where they are large. Last column: how often the
quotient's interval held the true quotient, and how often there was one (true ratio 0.75).
""")
    print("\n".join(main_table))
    print("""
## Sums weighted by harm

Three independent kinds of offence with weights 1, 10 and 500; all fall alike. Bias is a share of the true change in harm.
""")
    print("\n".join(harm_table))


if __name__ == "__main__":
    main()
