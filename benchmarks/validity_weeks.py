"""Do intervals cover by week, and do analyses keep quiet? Weekly series made as unsteady as real months are.

    python benchmarks/validity_weeks.py --data DATA --reps 400 > benchmarks/validity_weeks.md

The level of areas, their extra variation about area and month effects, and the yearly wave are measured on the 40 LSOAs of
Merseyside with most violence in 2018, by month from 2019. They are carried down to weeks by one rule: the logarithm of an
area's rate has a course of its own whose weeks resemble each other with a correlation of 0, 0.7 or 0.9, as wide as makes the
variance of a month's mean what was measured. 104 weeks before the start and 52 from it, 20 areas against 20.

Areas are split by lot; or the treated are the 20 with most offences in the year before the window (rank), or in the last
quarter of a year inside it (peak), where no interval can hold.
"""

import argparse
import datetime
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vru.errors import MethodError
from vru.methods import METHODS
from vru.panel import Panel, SelectionHistory
from vru.periods import Calendar
from vru.run.study import Settings, build, load_study

WEEKS = Calendar("week", "2021-01-04")
YEAR, PRE, POST = 52, 104, 52
AREAS, RATIO = 40, 0.75
A_MONTH = 52.18 / 12
LINKS = (0.0, 0.7, 0.9)
NAMES = ("level_adjusted_did", "poisson_did", "weighted_displacement", "relative_rate_ratio", "before_after")
CHOICES = ("lot", "rank", "peak")


@dataclass(frozen=True, slots=True)
class Measured:
    """Of real months: mean count of each area, variance of the log rate beyond Poisson, height of the yearly wave."""

    means: np.ndarray
    extra: float
    wave: float


def measured(data: Path) -> Measured:
    """From the real panel of the worked evaluation, its artificial effect taken out by using months before it only."""
    study = load_study(Path("evaluations/merseyside-known-effect"), Settings(), data)
    panel = build(study, lambda what, done, total: None).data
    assert isinstance(panel, Panel)
    (counts,) = list(panel.counts.values())[:1]
    rows = panel.is_role("treated", "comparison")
    y = counts[rows][:, ~panel.post() & ~panel.missing[rows].any(axis=0)]
    mean = y.sum(axis=1, keepdims=True) * y.sum(axis=0) / y.sum()
    extra = float((((y - mean) ** 2 - mean).sum()) / (mean**2).sum())
    by_month = y.mean(axis=0)
    return Measured(y.mean(axis=1), max(extra, 0.0), float(by_month.std() / by_month.mean() * np.sqrt(2)))


def of_month(link: float) -> float:
    """Variance of a month's mean of weeks with this correlation from one to the next, over that of one week."""
    n = 4
    lags = np.arange(1, n)
    return float((n + 2 * ((n - lags) * link**lags).sum()) / n**2)


def draw(world: Measured, link: float, choice: str, ratio: float, rng: np.random.Generator) -> Panel:
    """One panel of 20 against 20; ``rank`` and ``peak`` choose among twice as many areas."""
    pool = AREAS if choice == "lot" else 2 * AREAS
    n = YEAR + PRE + POST
    s = np.sqrt(np.log1p(world.extra / of_month(link)))
    noise = rng.normal(0, s, (pool, n))
    for j in range(1, n):
        noise[:, j] = link * noise[:, j - 1] + np.sqrt(1 - link**2) * noise[:, j]
    level = rng.choice(world.means, pool) / A_MONTH
    wave = 1 + world.wave * np.sin(2 * np.pi * np.arange(n) / 52.18)
    counts = rng.poisson(level[:, None] * wave * np.exp(noise - s**2 / 2))
    chosen_on = {"rank": slice(0, YEAR), "peak": slice(YEAR + PRE - 13, YEAR + PRE)}.get(choice, slice(0, YEAR))
    order = rng.permutation(pool) if choice == "lot" else np.argsort(-counts[:, chosen_on].sum(axis=1), kind="stable")
    counts = counts[order[:AREAS]].astype(float)
    half = AREAS // 2
    later = counts[:half, YEAR + PRE :]
    counts[:half, YEAR + PRE :] = rng.binomial(later.astype(int), ratio)
    labels = tuple(WEEKS.label(k) for k in range(-YEAR, PRE + POST))
    units = tuple(f"a{i:02d}" for i in range(AREAS))
    history = SelectionHistory("violence", labels[:YEAR], units, counts[:, :YEAR], np.ones(AREAS, dtype=bool))
    kept = counts[:, YEAR:]
    return Panel(
        units=units,
        periods=labels[YEAR:],
        counts={"violence": kept},
        role=("treated",) * half + ("comparison",) * half,
        starts=(labels[YEAR + PRE],) * half + (None,) * half,
        missing=np.zeros_like(kept, dtype=bool),
        selection=history,
        calendar=WEEKS,
    )


def tried(
    world: Measured, link: float, choice: str, reps: int, rng: np.random.Generator
) -> Mapping[str, tuple[float, float]]:
    """Method -> share of false alarms at 5%, and share of intervals that hold a fall of a quarter."""
    alarms, held = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    for _ in range(reps):
        for ratio, count in ((1.0, alarms), (RATIO, held)):
            panel = draw(world, link, choice, ratio, rng)
            for name in NAMES:
                method = METHODS[name]
                try:
                    e = method.fit(panel, "violence", method.options(), rng)
                except MethodError:
                    continue
                if e.scale == "log_rate_ratio" and e.low is not None and e.high is not None:
                    inside = e.low <= np.log(ratio) <= e.high
                    count[name] += int(inside) if ratio < 1 else int(not inside)
                elif e.low is not None and e.high is not None:
                    # A difference of counts has no truth of its own here but none at all.
                    inside = e.low <= 0 <= e.high
                    count[name] += int(not inside)
    return {name: (alarms[name] / reps, held[name] / reps) for name in NAMES}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--reps", type=int, default=400)
    asked.add_argument("--seed", type=int, default=19)
    args = asked.parse_args()
    warnings.simplefilter("ignore")
    begun, world = time.process_time(), measured(args.data)
    print("# Validity by week\n")
    print(f"`python benchmarks/validity_weeks.py --reps {args.reps} --seed {args.seed}`, {datetime.date.today()}.\n")
    print(
        f"Measured by month: {world.means.mean():.1f} offences an area, variance of the log rate beyond Poisson "
        f"{world.extra:.3f}, "
        f"yearly wave {world.wave:.1%}. False alarms at 5% with nothing done, and share of 95% intervals that hold a fall "
        "of 25% (of weighted_displacement, a difference, the share that find it).\n"
    )
    head = "| chosen by | weeks alike | " + " | ".join(f"{n}, alarms | held" for n in NAMES) + " |"
    print(head + "\n|" + "---|" * (2 + 2 * len(NAMES)))
    rng = np.random.default_rng(args.seed)
    for choice in CHOICES:
        for link in LINKS:
            found = tried(world, link, choice, args.reps, rng)
            cells = " | ".join(f"{100 * a:.1f}% | {100 * h:.1f}%" for a, h in (found[n] for n in NAMES))
            print(f"| {choice} | {link:g} | {cells} |", flush=True)
            print(f"{choice} {link} {time.process_time() - begun:.0f} s", file=sys.stderr)
    print(f"\n{time.process_time() - begun:.0f} s of one core.")


if __name__ == "__main__":
    main()
