"""Lots: who gets the intervention, and when, by a draw that anybody can repeat from its seed."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from vru.errors import Problem, ProtocolError

Scheme = Literal["blocked", "paired", "restricted", "stepped", "crossover"]
SCHEMES: Mapping[Scheme, str] = {
    "blocked": "areas of like level in blocks, half of each block treated",
    "paired": "neighbours in level are pairs, one of each treated",
    "restricted": "half of all, drawn among the halves whose levels before the start agree best",
    "stepped": "every area begins, in steps whose order is drawn",
    "crossover": "every area on some days: in each block of days half of them, drawn area by area",
}
CANDIDATES, ACCEPTED = 10_000, 1_000


@dataclass(frozen=True, slots=True)
class Lots:
    """A draw. Exactly one of the last three is filled, by scheme.

    blocks : the units of each block in the order in which they were laid out. arms : unit -> treated or comparison.
    starts : unit -> its first treated period. days : unit -> the days on which it is treated.
    imbalance : restricted only: difference of the arms' mean levels over their spread, as drawn.
    """

    scheme: Scheme
    seed: int
    blocks: tuple[tuple[str, ...], ...]
    arms: Mapping[str, str]
    starts: Mapping[str, str]
    days: Mapping[str, tuple[str, ...]]
    imbalance: float | None = None


def lot_stream(seed: int) -> Generator:
    """The random stream of a lot: its own, so that no analysis shares it."""
    return np.random.default_rng([seed, zlib.crc32(b"lots")])


def blocks_by_level(level: Mapping[str, float], size: int) -> tuple[tuple[str, ...], ...]:
    """Units from highest to lowest level, ties by name, in blocks of ``size``; what is left over joins the last block."""
    order = sorted(level, key=lambda u: (-level[u], u))
    whole = max(1, len(order) // size)
    cut = [order[i * size : (i + 1) * size] for i in range(whole)]
    cut[-1] = order[(whole - 1) * size :]
    return tuple(tuple(b) for b in cut)


def draw_blocks(scheme: Scheme, seed: int, blocks: Sequence[Sequence[str]]) -> Lots:
    """Half of each block is treated; of an odd block the smaller half, or by a coin the larger."""
    rng = lot_stream(seed)
    arms: dict[str, str] = {}
    for block in blocks:
        n = len(block) // 2 + (int(rng.integers(0, 2)) if len(block) % 2 else 0)
        chosen = set(rng.permutation(len(block))[:n].tolist())
        arms |= {u: "treated" if i in chosen else "comparison" for i, u in enumerate(block)}
    return Lots(scheme, seed, tuple(tuple(b) for b in blocks), dict(sorted(arms.items())), {}, {})


def draw_restricted(seed: int, units: Sequence[str], levels: np.ndarray) -> Lots:
    """One of the best-balanced tenth of many halves, by lot.

    levels : ``(n_units, n_measures)``, what the arms should agree on (level and course before the start). Balance is the
    sum of squared standardised mean differences (Morgan & Rubin 2012, Annals of Statistics 40:1263, with equal weights).
    An analysis by reassignment must draw from the same halves.
    """
    rng, n = lot_stream(seed), len(units)
    spread = levels.std(axis=0, ddof=1)
    z = (levels - levels.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    halves = np.array([rng.permutation(np.arange(n) < n // 2) for _ in range(CANDIDATES)])
    gaps = (halves @ z) / (n // 2) - (~halves @ z) / (n - n // 2)
    score = (gaps**2).sum(axis=1)
    best = np.argsort(score, kind="stable")[:ACCEPTED]
    one = int(best[rng.integers(0, ACCEPTED)])
    arms = {u: "treated" if halves[one, i] else "comparison" for i, u in enumerate(units)}
    return Lots(
        "restricted", seed, (tuple(units),), dict(sorted(arms.items())), {}, {}, round(float(score[one]) ** 0.5, 4)
    )


def draw_steps(seed: int, units: Sequence[str], periods: Sequence[str], steps: int, every: int) -> Lots:
    """Units in ``steps`` groups as equal as can be; the first begins in ``periods[0]``, each next ``every`` periods later.

    Raises ProtocolError where the last step would begin after the last period.
    """
    if steps < 2 or steps > len(units):
        raise ProtocolError(Problem(f"{steps} steps for {len(units)} areas", "--steps", f"2 to {len(units)}"))
    if (steps - 1) * every >= len(periods):
        allowed = f"at most {(len(periods) - 1) // every + 1} steps {every} periods apart"
        raise ProtocolError(Problem("the last step would begin after the window", "--steps", allowed))
    order = [sorted(units)[i] for i in lot_stream(seed).permutation(len(units)).tolist()]
    groups = tuple(tuple(sorted(order[k::steps])) for k in range(steps))
    starts = {u: periods[k * every] for k, group in enumerate(groups) for u in group}
    return Lots("stepped", seed, groups, {}, dict(sorted(starts.items())), {})


def draw_days(seed: int, units: Sequence[str], days: Sequence[str], block: int) -> Lots:
    """In every block of days half are treated, drawn for each area by itself; a short last block likewise.

    Raises ProtocolError for a block under two days.
    """
    if block < 2 or block > len(days):
        raise ProtocolError(Problem(f"{block} days are no block", "--block", f"2 to {len(days)}"))
    rng, drawn = lot_stream(seed), {}
    for unit in sorted(units):
        mine: list[str] = []
        for at in range(0, len(days), block):
            part = days[at : at + block]
            n = len(part) // 2 + (int(rng.integers(0, 2)) if len(part) % 2 else 0)
            mine += [part[i] for i in sorted(rng.permutation(len(part))[:n].tolist())]
        drawn[unit] = tuple(mine)
    return Lots("crossover", seed, (tuple(sorted(units)),), {}, {}, drawn)
