"""Small worlds in which the truth is known, and panels of areas as the code under test takes them."""

from types import SimpleNamespace

import numpy as np
import pytest

from vru.binding import BoundAnalysis
from vru.methods import METHODS
from vru.panel import Panel, PoolRecord, SelectionHistory
from vru.protocol.fields import Analysis


def months(n: int) -> tuple[str, ...]:
    return tuple(f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(n))


def areas(
    n_treated: int = 10,
    n_comparison: int = 10,
    n_pre: int = 24,
    n_post: int = 12,
    mean: float = 20.0,
    ratio: float = 1.0,
    seed: int = 1,
    phi: float = 1.0,
) -> Panel:
    """Independent Poisson (or, with ``phi`` above 1, negative binomial) counts of areas of unlike level with a season."""
    rng = np.random.default_rng(seed)
    n, t = n_treated + n_comparison, n_pre + n_post
    level = mean * rng.gamma(8, 1 / 8, n)[:, None] * (1 + 0.15 * np.sin(2 * np.pi * np.arange(t) / 12))[None, :]
    level = np.where((np.arange(n) < n_treated)[:, None] & (np.arange(t) >= n_pre)[None, :], level * ratio, level)
    counts = rng.poisson(level if phi == 1 else rng.gamma(level / (phi - 1), phi - 1)).astype(float)
    periods = months(t)
    start = periods[n_pre]
    return Panel(
        units=tuple(f"area {i:03d}" for i in range(n)),
        periods=periods,
        counts={"violence": counts},
        role=("treated",) * n_treated + ("comparison",) * n_comparison,
        starts=(start,) * n_treated + (None,) * n_comparison,
        missing=np.zeros((n, t), dtype=bool),
    )


def ranked(seed: int = 1, pool: int = 120, top: int = 15, n_post: int = 12) -> Panel:
    """The ``top`` areas of a pool by a year before the window, against the next ones; nothing was done."""
    whole = areas(pool, 0, 48, n_post, mean=6.0, seed=seed)
    counts = whole.counts["violence"]
    order = np.argsort(-counts[:, :12].sum(axis=1), kind="stable")
    rows = np.sort(order[: 2 * top])
    treated = set(order[:top].tolist())
    record = PoolRecord(whole.periods, counts)
    chosen = np.isin(np.arange(pool), rows)
    history = SelectionHistory("violence", whole.periods[:12], whole.units, counts[:, :12], chosen, record)
    start = whole.periods[48]
    return Panel(
        units=tuple(whole.units[i] for i in rows),
        periods=whole.periods[12:],
        counts={"violence": counts[rows, 12:]},
        role=tuple("treated" if i in treated else "comparison" for i in rows.tolist()),
        starts=tuple(start if i in treated else None for i in rows.tolist()),
        missing=np.zeros((2 * top, 36 + n_post), dtype=bool),
        selection=history,
    )


def analysis(method: str = "poisson_did", **options: object) -> BoundAnalysis:
    plan = Analysis(id="main", role="primary", method=method, outcome="violence", options=dict(options))
    return BoundAnalysis(plan, METHODS[method], METHODS[method].options.model_validate(options))


@pytest.fixture
def worlds() -> SimpleNamespace:
    """``areas``, ``ranked``, ``analysis``: the functions above."""
    return SimpleNamespace(areas=areas, ranked=ranked, analysis=analysis)
