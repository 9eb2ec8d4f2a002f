"""How often the interval of offences prevented holds the true number where few offences are recorded, and how wide it is.

    python benchmarks/few_prevented.py --reps 4000 > benchmarks/few_prevented.md

Truth is the expected count without treatment less the expected count with it. "as the ratio" turns both ends of the
ratio's interval into offences, which is what was given before; "given" is ``stats.few_prevented``. Worlds: an arm's count is
Poisson, or negative binomial with variance ``phi`` times its mean (``phi`` is then taken as known). Draws in which the method
gives no interval at all count as not answered.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from vru.stats.counts import exact_ratio
from vru.stats.few_prevented import Expected, behind, prevented_interval
from vru.stats.intervals import Bounds, prevented_bounds, wald
from vru.stats.ratios import relative_rate_ratio

LEVEL = 0.95
Answer = tuple[float, Expected, Bounds]


@dataclass(frozen=True, slots=True)
class Cell:
    before: float
    ratio: float
    comparison: float | None
    phi: float


def draw(mean: float, phi: float, rng: np.random.Generator) -> float:
    if phi == 1 or mean == 0:
        return float(rng.poisson(mean))
    return float(rng.negative_binomial(mean / (phi - 1), 1 / phi))


def before_after(cell: Cell, rng: np.random.Generator) -> Answer | None:
    """The exact interval, with Poisson counts and no comparison."""
    before, after = draw(cell.before, cell.phi, rng), draw(cell.before * cell.ratio, cell.phi, rng)
    if before == 0:
        return None
    found = exact_ratio(np.array([before]), np.array([after]), np.ones(1), LEVEL)
    ends = Bounds(*(None if v is None or v <= 0 else math.log(v) for v in (found.low, found.high)))
    return after, Expected(before, behind(before)), ends


def four_totals(cell: Cell, rng: np.random.Generator) -> Answer | None:
    """Wilson's interval of four totals."""
    assert cell.comparison is not None
    t0, t1 = draw(cell.before, cell.phi, rng), draw(cell.before * cell.ratio, cell.phi, rng)
    c0, c1 = draw(cell.comparison, cell.phi, rng), draw(cell.comparison, cell.phi, rng)
    if min(t0, c0, c1) == 0:
        return None
    found = relative_rate_ratio(t0, t1, c0, c1, cell.phi)
    due = (t0 + found.added) * (c1 + found.added) / (c0 + found.added)
    return t1, Expected(due, behind(t0, c0, c1), cell.phi), wald(found.log_ratio, found.se, LEVEL)


def measured(cell: Cell, ask: Callable[[Cell, np.random.Generator], Answer | None], reps: int) -> str:
    rng = np.random.default_rng(20261128)
    truth = cell.before * (1 - cell.ratio)
    held = {"ratio": 0, "given": 0}
    widths: dict[str, list[float]] = {"ratio": [], "given": []}
    answered = 0
    for _ in range(reps):
        answer = ask(cell, rng)
        if answer is None:
            continue
        observed, expected, ends = answer
        answered += 1
        known = max(observed, 0.5) if ends.low is not None else observed
        for name, got in (
            ("ratio", prevented_bounds(known, ends)),
            ("given", prevented_interval(observed, expected, ends, LEVEL)),
        ):
            low, high = (-math.inf if got.low is None else got.low), (math.inf if got.high is None else got.high)
            held[name] += low - 1e-9 <= truth <= high + 1e-9
            widths[name].append(high)
    shares = [f"{100 * held[k] / answered:.1f}" for k in ("ratio", "given")]
    upper = [np.quantile(widths[k], 0.9, method="higher") for k in ("ratio", "given")]
    ends_ = [f"{v:,.0f}" if math.isfinite(v) else "none" for v in upper]
    against = "none" if cell.comparison is None else f"{cell.comparison:g}"
    return (
        f"| {cell.before:g} | {against} | {cell.ratio:g} | {cell.phi:g} | {truth:.0f} | {shares[0]} | {shares[1]} "
        f"| {ends_[0]} | {ends_[1]} | {100 * answered / reps:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reps", type=int, default=4000)
    reps = parser.parse_args().reps
    print("# Offences prevented at small counts\n")
    print(f"{reps:,} draws a line, 95% intervals. Coverage in 100; upper end: the one that 9 in 10 draws stay under.\n")
    print(
        "| expected before | comparison | true ratio | phi | truly prevented | held, as the ratio | held, given", end=""
    )
    print(" | upper end, as the ratio | upper end, given | answered in 100 |\n|" + "---|" * 10)
    ratios = (1.0, 0.7, 0.3, 0.1, 1.5)
    for before, ratio in product((5.0, 10.0, 20.0, 60.0), ratios):
        print(measured(Cell(before, ratio, None, 1.0), before_after, reps))
    for before, comparison, phi, ratio in product((10.0, 20.0, 60.0), (20.0, 400.0), (1.0, 2.0), ratios):
        print(measured(Cell(before, ratio, comparison, phi), four_totals, reps))


if __name__ == "__main__":
    main()
