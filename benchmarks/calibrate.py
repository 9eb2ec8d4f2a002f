"""How long a calibration takes beside a loop over the method, and whether power foretold is power had.

    python benchmarks/calibrate.py --data DIR > benchmarks/calibrate.md

DIR (or $VRU_DATA) holds police_uk/ and context/. Speed: 500 replays of 40 areas by 150 weeks on two processors. Power: what
``vru design`` foretells from the months before, what ``vru calibrate`` finds afterwards, and how often the evaluation itself
finds the effect that was put in; on simulated worlds and on real areas whose offences were thinned.
"""

import argparse
import datetime
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from placebo_real import read_force

from vru.binding import BoundAnalysis
from vru.design.calibrating import independent
from vru.design.designing import Leaks, prospect, rehearsal
from vru.design.placebos import scene_of
from vru.design.power import power_curve
from vru.design.replaying import Task, claims, relative_error, replay_all
from vru.methods import METHODS
from vru.panel import Panel
from vru.protocol.fields import Analysis
from vru.replay import with_effect

EFFECTS = (0.9, 0.85, 0.8)
REPLAYS = 60
METHOD_OPTIONS: dict[str, dict[str, object]] = {"weighted_displacement": {}, "poisson_did": {"draws": 199}}


@dataclass(frozen=True, slots=True)
class World:
    """A panel in which nothing was done, with its lot drawn."""

    panel: Panel


def analysis(method: str) -> BoundAnalysis:
    options = METHOD_OPTIONS[method]
    plan = Analysis(id="main", role="primary", method=method, outcome="violence", options=options)
    return BoundAnalysis(plan, METHODS[method], METHODS[method].options.model_validate(options))


def panel_of(counts: np.ndarray, n_pre: int, rng: np.random.Generator) -> Panel:
    n, t = counts.shape
    treated = set(rng.permutation(n)[: n // 2].tolist())
    periods = tuple(f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(t))
    return Panel(
        units=tuple(f"a{i:03d}" for i in range(n)),
        periods=periods,
        counts={"violence": counts},
        role=tuple("treated" if i in treated else "comparison" for i in range(n)),
        starts=tuple(periods[n_pre] if i in treated else None for i in range(n)),
        missing=np.zeros((n, t), dtype=bool),
    )


def simulated(worlds: int, rng: np.random.Generator) -> Iterator[World]:
    """Areas of unlike level and size, overdispersed, with a season and levels that drift and come back."""
    for _ in range(worlds):
        n, n_pre, n_post = int(rng.choice([20, 40])), int(rng.choice([18, 30])), int(rng.choice([6, 12]))
        t = n_pre + n_post
        level = rng.gamma(6, rng.choice([1.0, 3.0]), n)[:, None] * (1 + 0.15 * np.sin(2 * np.pi * np.arange(t) / 12))
        drift = np.zeros((n, t))
        for j in range(1, t):
            drift[:, j] = 0.7 * drift[:, j - 1] + 0.05 * rng.normal(size=n)
        mean, phi = level * np.exp(drift), 1.6
        yield World(panel_of(rng.poisson(rng.gamma(mean / (phi - 1), phi - 1)).astype(float), n_pre, rng))


def real(worlds: int, counts: np.ndarray, rng: np.random.Generator) -> Iterator[World]:
    """40 of the 300 busiest areas of a force by its first year, over months drawn from those after, arms by lot."""
    hot = np.argsort(-counts[:, :12].sum(axis=1), kind="stable")[:300]
    later = counts[:, 12:]
    for _ in range(worlds):
        n_pre, n_post = int(rng.choice([16, 20])), int(rng.choice([6, 12]))
        at = int(rng.integers(0, later.shape[1] - n_pre - n_post + 1))
        rows = rng.permutation(hot)[:40]
        yield World(panel_of(later[rows, at : at + n_pre + n_post], n_pre, rng))


def compare(world: World, method: str, rng: np.random.Generator) -> np.ndarray:
    """``(3 effects, foretold | found by calibration | had)``."""
    one, panel = analysis(method), world.panel
    n_post, seed = int(panel.post().sum()), int(rng.integers(0, 2**31))
    before = replace(panel, starts=(None,) * len(panel.units)).between(~panel.post())
    made = rehearsal(before, "violence", ("random_half", ()), n_post, Leaks())
    runs = list(replay_all(Task(seed, one, made.scene, 1), range(REPLAYS), 1))
    out = np.full((len(EFFECTS), 3), np.nan)
    for i, ratio in enumerate(EFFECTS):
        told = prospect(one, made, runs, ratio, REPLAYS).power
        out[i, 0] = np.nan if told is None else told.share
        changed = with_effect(panel, ratio, rng)
        own = one.method.fit(changed, "violence", one.options, rng)
        out[i, 2] = bool(claims(own)) and own.value < 0
        if i == 0:
            task = Task(seed, one, scene_of(changed, "violence", "random_half"), 1)
            after = [r for r in replay_all(task, range(REPLAYS), 1) if not r.refused]
            worth = independent(task, after)[0]
        size = {}
        for frame in {r.frame for r in after}:
            size[frame] = (relative_error(own) or np.nan) / np.median(
                [r.error for r in after if r.frame == frame and r.error]
            )
        curve = {s.ratio: s.share for s in power_curve(after, size, worth).seen}
        out[i, 1] = curve[ratio]
    return out


def table(title: str, found: dict[str, list[np.ndarray]]) -> None:
    print(f"## {title}\n")
    print("| method | effect | foretold by design | found by calibrate | had | design less had | calibrate less had |")
    print("|---|---|---|---|---|---|---|")
    for method, worlds in found.items():
        every = np.array(worlds)
        for i, ratio in enumerate(EFFECTS):
            design, calibrated, had = np.nanmean(every[:, i, :], axis=0) * 100
            error = 100 * np.sqrt(had / 100 * (1 - had / 100) / len(every))
            allowed = 5 + 2 * error
            marks = ["" if abs(x - had) <= allowed else "*" for x in (design, calibrated)]
            print(
                f"| {method} | {ratio} | {design:.0f}% | {calibrated:.0f}% | {had:.0f}% | {design - had:+.0f}{marks[0]} | "
                f"{calibrated - had:+.0f}{marks[1]} |"
            )
    print(f"\n`*`: further than 5 points and two standard errors of what was had ({len(every)} worlds).\n")


def speed() -> None:
    rng = np.random.default_rng(1)
    one = BoundAnalysis(
        Analysis(id="main", role="primary", method="poisson_did", outcome="violence"),
        METHODS["poisson_did"],
        METHODS["poisson_did"].options(),
    )
    panel = panel_of(rng.poisson(3.0, (40, 150)).astype(float), 100, rng)
    scene = scene_of(panel, "violence", "random_half")
    list(replay_all(Task(1, one, scene, 10**9), range(32), 2))
    since = time.perf_counter()
    list(replay_all(Task(1, one, scene, 10**9), range(500), 2))
    taken = time.perf_counter() - since
    since = time.perf_counter()
    list(replay_all(Task(1, one, scene, 5), range(500), 2))
    curve = time.perf_counter() - since
    since = time.perf_counter()
    for _ in range(25):
        one.method.fit(panel, "violence", one.options, rng)
    loop = (time.perf_counter() - since) * 20
    print("## Speed\n")
    print("500 replays of `poisson_did` on 40 areas by 150 periods, two processors:\n")
    print("| what | seconds | of a loop over the method |")
    print("|---|---|---|")
    print(f"| a loop of 500 fits of the whole panel | {loop:.0f} | 1.00 |")
    print(f"| 500 replays | {taken:.0f} | {taken / loop:.2f} |")
    print(f"| 500 replays, into 100 of which 13 known effects are put | {curve:.0f} | {curve / loop:.2f} |\n")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VRU_DATA", "../shared/data")))
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261128)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    today = datetime.datetime.now(datetime.UTC)
    print(f"# Calibration: speed, and power foretold against power had\n\n{today.day} {today:%B %Y}; ", end="")
    print(f"`python benchmarks/calibrate.py --worlds {arguments.worlds} --seed {arguments.seed}`.\n", flush=True)
    speed()
    with tempfile.TemporaryDirectory() as cache:
        whole = read_force("merseyside", arguments.data, Path(cache))
    counts = whole.counts["violence"][:, ~whole.missing.any(axis=0)]
    for title, make in (
        ("Simulated worlds", lambda: simulated(arguments.worlds, rng)),
        ("Real areas of Merseyside, thinned", lambda: real(arguments.worlds, counts, rng)),
    ):
        found: dict[str, list[np.ndarray]] = {m: [] for m in METHOD_OPTIONS}
        for n, world in enumerate(make()):
            for method in METHOD_OPTIONS:
                found[method].append(compare(world, method, rng))
            if n % 20 == 0:
                print(f"{title}: {n}", file=sys.stderr, flush=True)
        table(title, found)


if __name__ == "__main__":
    main()
