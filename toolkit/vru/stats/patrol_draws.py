"""Patrol schedules that might have been drawn instead of the one that was, by the way it was drawn."""

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Scheme = Literal["within_day", "within_area", "within_area_block", "within_both", "independent"]
SWEEPS = 10


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Schedules; row 0 is the one that happened.

    assigned : bool ``(n_schedules, n_areas, n_days)``. expected : ``(n_areas, n_days)``, how often each cell is drawn.
    exact : every possible schedule is listed once.
    possible : natural logarithm of how many there are, None where that is not counted.
    """

    assigned: np.ndarray
    expected: np.ndarray
    exact: bool
    possible: float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A line (a day, an area, or an area's block) with another number of patrol days than the scheme draws."""

    line: int
    found: int
    wanted: int


def lines(scheme: Scheme, shape: tuple[int, int], block: np.ndarray) -> np.ndarray:
    """What each cell is drawn within, int ``(n_areas, n_days)``; block : int ``(n_days,)`` from 0."""
    area, day = np.indices(shape)
    if scheme == "within_day":
        return np.asarray(day)
    if scheme == "within_area":
        return np.asarray(area)
    return np.asarray(area * (int(block.max()) + 1) + block[None, :])


def faults(assigned: np.ndarray, observed: np.ndarray, line: np.ndarray) -> list[Fault]:
    """Lines that do not have the usual number of patrol days.

    The usual number is the commonest among lines of the commonest length that miss no cell. A line that misses
    cells may have fewer by as many; a line of another length (the last week) is not judged.
    """
    ids = np.unique(line)
    length = np.array([int((line == i).sum()) for i in ids])
    gone = np.array([int((~observed[line == i]).sum()) for i in ids])
    found = np.array([int((assigned & observed)[line == i].sum()) for i in ids])
    usual = length == _commonest(length)
    whole = usual & (gone == 0)
    wanted = _commonest(found[whole] if whole.any() else found[usual])
    wrong = usual & ((found > wanted) | (found + gone < wanted))
    return [Fault(int(ids[i]), int(found[i]), wanted) for i in np.flatnonzero(wrong)]


def redraw_lines(
    assigned: np.ndarray, observed: np.ndarray, line: np.ndarray, draws: int, rng: np.random.Generator
) -> Redrawn:
    """As many patrol days in each line, anywhere in it; cells that are not observed keep what they have.

    All schedules are listed where there are at most ``draws``.
    """
    flat, seen = assigned.ravel(), observed.ravel()
    cells = [np.flatnonzero((line.ravel() == i) & seen) for i in np.unique(line)]
    cells = [c for c in cells if 0 < flat[c].sum() < len(c)]
    picks = [int(flat[c].sum()) for c in cells]
    possible = sum(
        math.lgamma(len(c) + 1) - math.lgamma(k + 1) - math.lgamma(len(c) - k + 1)
        for c, k in zip(cells, picks, strict=True)
    )
    share = flat.astype(float)
    for c in cells:
        share[c] = flat[c].mean()
    expected = share.reshape(assigned.shape)
    if possible <= math.log(draws) + 1e-9:
        return Redrawn(_every(flat, cells, picks).reshape(-1, *assigned.shape), expected, True, possible)
    out = np.repeat(flat[None, :], draws, axis=0)
    for length, k in sorted({(len(c), k) for c, k in zip(cells, picks, strict=True)}):
        alike = np.stack([c for c, n in zip(cells, picks, strict=True) if (len(c), n) == (length, k)])
        keys = rng.random((draws - 1, *alike.shape), dtype=np.float32)
        chosen = np.argpartition(keys, k - 1, axis=2)[:, :, :k]
        at = alike[np.arange(len(alike))[None, :, None], chosen].reshape(draws - 1, -1)
        out[1:, alike.ravel()] = False
        np.put_along_axis(out[1:], at, values=True, axis=1)
    return Redrawn(out.reshape(draws, *assigned.shape), expected, False, possible)


def redraw_independent(
    assigned: np.ndarray, observed: np.ndarray, probability: float, draws: int, rng: np.random.Generator
) -> Redrawn:
    """Every observed cell drawn by itself with this probability."""
    out = np.repeat(assigned[None], draws, axis=0)
    out[1:][:, observed] = rng.random((draws - 1, int(observed.sum())), dtype=np.float32) < probability
    return Redrawn(out, np.where(observed, probability, assigned), False, None)


def redraw_both(assigned: np.ndarray, observed: np.ndarray, draws: int, rng: np.random.Generator) -> Redrawn:
    """The totals of every area and of every day kept.

    Two days (or areas) trade the areas (or days) that only one of them has, at random; all lines trade in pairs, in
    ``SWEEPS`` rounds. The chain walks backwards from what happened to a hub and forwards from there once
    for each draw, which makes the test exact however well the chain mixes.

    Source: Strona et al. (2014) Nature Communications 5 (trades); Besag & Clifford (1989) Biometrika 76 (the hub).
    """
    turned = assigned.shape[1] >= assigned.shape[0]
    start, open_ = (assigned.T, observed.T) if turned else (assigned, observed)
    orders = [rng.permutation(len(start)) for _ in range(SWEEPS)]
    hub = start[None].copy()
    for order in reversed(orders):
        _trade(hub, open_, order, rng)
    chains = np.repeat(hub, draws, axis=0)
    for order in orders:
        _trade(chains, open_, order, rng)
    chains[0] = start
    schedules = np.swapaxes(chains, 1, 2) if turned else chains
    on = assigned & observed
    expected = np.outer(on.sum(axis=1), on.sum(axis=0)) / max(int(on.sum()), 1)
    return Redrawn(schedules, expected, False, None)


def _trade(state: np.ndarray, open_: np.ndarray, order: np.ndarray, rng: np.random.Generator) -> None:
    half = len(order) // 2
    i, j = order[:half], order[half : 2 * half]
    a, b = state[:, i], state[:, j]
    differ = (a != b) & (open_[i] & open_[j])[None]
    give = (a & differ).sum(axis=-1, keepdims=True)
    keys = np.where(differ, rng.random(differ.shape), 2.0)
    edge = np.take_along_axis(np.sort(keys, axis=-1), np.maximum(give - 1, 0), axis=-1)
    picked = (keys <= edge) & (give > 0)
    state[:, i] = np.where(differ, picked, a)
    state[:, j] = np.where(differ, ~picked, b)


def _every(flat: np.ndarray, cells: list[np.ndarray], picks: list[int]) -> np.ndarray:
    ways = [list(itertools.combinations(c.tolist(), k)) for c, k in zip(cells, picks, strict=True)]
    drawn = np.concatenate(cells) if cells else np.zeros(0, dtype=int)
    actual = tuple(np.flatnonzero(flat[drawn]))
    rows = []
    for choice in itertools.product(*ways):
        row = flat.copy()
        row[drawn] = False
        row[[i for part in choice for i in part]] = True
        if tuple(np.flatnonzero(row[drawn])) != actual:
            rows.append(row)
    return np.array([flat, *rows])


def _commonest(values: np.ndarray) -> int:
    found, times = np.unique(values, return_counts=True)
    return int(found[np.argmax(times)])
