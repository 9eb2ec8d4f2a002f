"""How often each area method finds a fall of a quarter; and the series methods' error rates on few and small counts.

    python benchmarks/power.py --reps 40 > benchmarks/power.md

Worlds as in ``validity.py``. The before-and-after family's power stands in ``validity_counts.md``.
"""

import argparse
import datetime
import sys
import time
import warnings

import numpy as np
from validity import RATIO, World, draw
from validity_counts import Columns, cell, run

from vru.errors import MethodError
from vru.methods import METHODS

SERIES: Columns = {
    "interrupted_series": ("interrupted_series", {}),
    "controlled_interrupted_series": ("controlled_interrupted_series", {}),
    "structural_series": ("structural_series", {"draws": 999}),
}
OTHERS: Columns = {
    "poisson_did": ("poisson_did", {"draws": 499}),
    "staggered_did": ("staggered_did", {"draws": 299}),
    "synthetic_control": ("synthetic_control", {"draws": 199}),
    "synthetic_did": ("synthetic_did", {"draws": 50}),
    "calibrated_weights": ("calibrated_weights", {"draws": 199}),
}


def worlds() -> list[World]:
    arms = ((1, 20), (3, 12), (10, 10), (40, 40))
    return [World(f"{t} v {c}", t, c, mean) for t, c in arms for mean in (0.5, 3.0, 20.0)]


def power(world: World, reps: int, rng: np.random.Generator) -> list[str]:
    """Share of p at or under 0.05, ``(n_methods,)``, of all draws; in brackets where some were not answered."""
    found: dict[str, list[float | None]] = {name: [] for name in OTHERS}
    for _ in range(reps):
        panel = draw(world, RATIO, rng).panel
        for name, (method, options) in OTHERS.items():
            m = METHODS[method]
            try:
                found[name].append(m.fit(panel, "violence", m.options.model_validate(options), rng).p)
            except MethodError:
                found[name].append(None)
    return [_share(found[name]) for name in OTHERS]


def _share(p: list[float | None]) -> str:
    answered = [v for v in p if v is not None]
    text = f"{100 * float(np.mean([v is not None and v <= 0.05 for v in p])):.0f}"
    return text if len(answered) == len(p) else f"{text} ({len(answered) / len(p):.0%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=40, help="for power of the panel methods")
    parser.add_argument("--series-reps", type=int, default=100)
    parser.add_argument("--largest", type=int, default=10, help="treated areas up to which the panel methods are run")
    parser.add_argument("--seed", type=int, default=20261125)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started, clock = time.time(), time.process_time()
    rng = np.random.default_rng(args.seed)
    first = ["| world | mean | " + " | ".join(SERIES) + " |", "|---|---|" + "---|" * len(SERIES)]
    second = ["| world | mean | " + " | ".join(OTHERS) + " |", "|---|---|" + "---|" * len(OTHERS)]
    for world, own in zip(worlds(), rng.spawn(len(worlds())), strict=True):
        found = run(world, args.series_reps, own, SERIES)
        first.append(f"| {world.name} | {world.mean:g} | " + " | ".join(cell(found[c]) for c in SERIES) + " |")
        print(first[-1], file=sys.stderr, flush=True)
    for world, own in zip(worlds(), rng.spawn(len(worlds())), strict=True):
        if world.treated <= args.largest:
            second.append(f"| {world.name} | {world.mean:g} | " + " | ".join(power(world, args.reps, own)) + " |")
            print(second[-1], file=sys.stderr, flush=True)
    print(f"""# Power, and series of small counts

{datetime.date.today():%d %B %Y}; `python benchmarks/power.py --reps {args.reps} --series-reps {args.series_reps}
--seed {args.seed}`;
{time.process_time() - clock:.0f} seconds of processor time on one core ({time.time() - started:.0f} elapsed).

"t v c" is treated against comparison areas; Poisson counts, 24 months before and 12 after, season 15%, true rate
ratio 0.75. The power of the before-and-after family is in `validity_counts.md`.

## Series methods

Each cell: bias / coverage of the 95% interval, % / false positives at 5%, % / power, %; `*` outside 93-97 or 3-7; in
brackets how often there was an answer; {args.series_reps} repetitions, so a 95% figure has a Monte Carlo error of
{100 * (0.0475 / args.series_reps) ** 0.5:.1f} points.
""")
    print("\n".join(first))
    print(f"""
## Power of the panel methods

Percent of {args.reps} repetitions with p at or under 0.05 (Monte Carlo error near 50%: {50 / args.reps**0.5:.0f} points); in
brackets how often there was an answer. Up to {args.largest} treated areas.
""")
    print("\n".join(second))


if __name__ == "__main__":
    main()
