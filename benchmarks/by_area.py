"""Intervals by area of the field's two standard methods and the quotient, in the worlds of ``validity.py`` and two with buffers.

    python benchmarks/by_area.py --reps 600

writes ``benchmarks/by_area.md``.
"""

import argparse
import datetime
import sys
import time
import warnings
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import validity
from validity import Tally, World, cell, draw, worlds

COLUMNS: dict[str, tuple[str, dict[str, object]]] = {
    "weighted_displacement": ("weighted_displacement", {}),
    "relative_rate_ratio": ("relative_rate_ratio", {"draws": 999}),
    "weighted_displacement_quotient": ("weighted_displacement_quotient", {}),
}
BUFFERED = [
    World("10 v 10, 10 buffers, areas change differently", mean=20, spread_of_change=0.2, buffers=10),
    World("40 v 40, 40 buffers, areas change differently", 40, 40, mean=20, spread_of_change=0.2, buffers=40),
    World("3 v 12, 3 buffers, areas change differently", 3, 12, mean=20, spread_of_change=0.2, buffers=3),
]


def measure(world: World, reps: int, rng: np.random.Generator) -> dict[str, Tally]:
    """Both with a fall of a quarter and without one."""
    found: dict[str, Tally] = defaultdict(lambda: Tally([], [], [], []))
    validity.COLUMNS = COLUMNS
    for ratio in (validity.RATIO, 1.0):
        for _ in range(reps):
            drawn = draw(world, ratio, rng)
            whole = drawn.count_difference
            for column in COLUMNS:
                spilled = drawn.spilled if world.buffers else 0.0
                asked = replace(drawn, count_difference=whole + spilled)
                validity._one(found[column], column, asked, ratio, rng)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=20261127)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.time()
    chosen = [w for w in worlds() if not w.staggered] + BUFFERED
    lines = [
        "| world | mean per month | extra dispersion | " + " | ".join(COLUMNS) + " |",
        "|---|---|---|" + "---|" * len(COLUMNS),
    ]
    for world, rng in zip(chosen, np.random.default_rng(args.seed).spawn(len(chosen)), strict=True):
        found = measure(world, args.reps, rng)
        row = " | ".join(cell(found[c]) for c in COLUMNS)
        lines.append(f"| {world.name} | {world.mean:g} | {world.dispersion:g} | {row} |")
        print(f"{time.time() - started:6.0f} s  {lines[-1]}", file=sys.stderr, flush=True)
    error = 100 * (0.05 * 0.95 / args.reps) ** 0.5
    text = f"""# Intervals by area

{datetime.date.today():%d %B %Y}; `python benchmarks/by_area.py --reps {args.reps} --seed {args.seed}`. Default options
(`variance: auto`, which is by area here), relative_rate_ratio with 999 draws. Each cell: bias (of the log ratio; as a share of
the true number for differences) / coverage of the 95% interval / p below .05 where nothing was done, in per cent; a star where
outside 93-97 or 3-7. {args.reps} repetitions, Monte Carlo error about {error:.1f} points. The same worlds with the published
variances are in `benchmarks/validity.md`.

"""
    Path(__file__).with_suffix(".md").write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
