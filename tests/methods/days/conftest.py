"""Patrol trials with a known effect, by the way their schedule was drawn."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from vru.panel import Panel, Role, Schedule


def draw_schedule(scheme: str, areas: int, days: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """A schedule drawn one line at a time, in other code than the toolkit's."""
    out = np.zeros((areas, days), dtype=bool)
    if scheme == "within_day":
        for j in range(days):
            out[rng.permutation(areas)[: round(share * areas)], j] = True
    elif scheme == "within_area":
        for i in range(areas):
            out[i, rng.permutation(days)[: round(share * days)]] = True
    elif scheme == "within_area_block":
        for i in range(areas):
            for first in range(0, days, 7):
                block = np.arange(first, min(first + 7, days))
                out[i, rng.permutation(block)[: round(share * len(block))]] = True
    elif scheme == "within_both":
        # A cyclic design with equal totals, areas and days shuffled.
        k = round(share * areas)
        for j in range(days):
            out[(np.arange(k) + j * k) % areas, j] = True
        out = out[rng.permutation(areas)][:, rng.permutation(days)]
    else:
        out = rng.random((areas, days)) < share
    return out


def simulate(
    effect: float = 0.0,
    seed: int = 0,
    *,
    areas: int = 12,
    days: int = 70,
    mean: float = 0.6,
    share: float = 0.5,
    scheme: str = "within_day",
    carry: float = 0.0,
    dispersion: float = 0.0,
    persistence: float = 0.0,
    day_shock: float = 0.2,
    varying: float = 0.0,
    buffers: bool = False,
    displaced: float = 0.0,
    missing: tuple[int, ...] = (),
    per_minutes: float | None = None,
    plateau: float | None = None,
    hidden: float = 0.0,
    kept: float = 1.0,
) -> Panel:
    """``effect``: log rate ratio on patrol days (or per 10 minutes with ``per_minutes``: mean minutes delivered).

    ``carry``: log rate ratio on other days after a patrol day. ``hidden``: what officers see and the data do not
    (log standard deviation), which draws both offences and minutes. ``plateau``: minutes beyond which nothing more is gained.
    """
    rng = np.random.default_rng(seed)
    on = draw_schedule(scheme, areas, days, share, rng)
    level = rng.normal(0, 0.4, (areas, 1))
    own = np.zeros((areas, days))
    for j in range(days):
        fresh = rng.normal(0, 1, areas)
        own[:, j] = fresh if j == 0 else persistence * own[:, j - 1] + np.sqrt(1 - persistence**2) * fresh
    seen = hidden * rng.normal(0, 1, (areas, days))
    line = np.log(mean) + level - 0.08 + rng.normal(0, day_shock, days)[None, :] + (0.5 * own if persistence else 0)
    minutes = np.zeros((areas, days))
    if per_minutes is not None:
        went = on & (rng.random(on.shape) < kept)
        minutes = np.where(went, np.round(per_minutes * np.exp(0.4 * rng.normal(0, 1, on.shape) + seen)), 0)
        felt = minutes if plateau is None else np.minimum(minutes, plateau)
        change = effect * felt / 10
    else:
        change = (effect + varying * rng.normal(0, 1, (areas, 1))) * on
    after = np.zeros_like(on)
    after[:, 1:] = on[:, :-1]
    change = change + carry * (after & ~on)
    noise = rng.gamma(1 / dispersion, dispersion, on.shape) if dispersion else 1.0
    counts = rng.poisson(np.exp(line + seen + change) * noise).astype(float)
    role: tuple[Role, ...] = ("treated",) * areas
    names = [f"Hot spot {i + 1:02d}" for i in range(areas)]
    if buffers:
        counts = np.vstack([counts, rng.poisson(np.exp(line + displaced * on)).astype(float)])
        role, names = role + ("buffer",) * areas, names + [f"Ring {i + 1:02d}" for i in range(areas)]
        on, minutes = np.vstack([on, on]), np.vstack([minutes, minutes * 0])
    gone = np.zeros(counts.shape, dtype=bool)
    gone[0, list(missing)] = True
    counts[gone] = np.nan
    first = date(2021, 6, 7)
    return Panel(
        units=tuple(names),
        periods=tuple((first + timedelta(j)).isoformat() for j in range(days)),
        counts={"violence": counts},
        role=role,
        starts=(None,) * len(role),
        missing=gone,
        schedule=Schedule(on, {"minutes": minutes} if per_minutes is not None else {}),
    )


@pytest.fixture
def make_days() -> Callable[..., Panel]:
    return simulate
