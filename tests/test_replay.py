"""Known effects put into real counts: the right size, the right cells, and counts that still vary as counts do."""

from dataclasses import replace

import numpy as np
import pytest

from vru.panel import Panel
from vru.replay import with_effect


def panel(mean: float = 30.0, n: int = 200, t: int = 24) -> Panel:
    counts = np.random.default_rng(1).poisson(mean, (n, t)).astype(float)
    periods = tuple(f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(t))
    half = n // 2
    return Panel(
        tuple(f"a{i:03d}" for i in range(n)),
        periods,
        {"violence": counts},
        ("treated",) * half + ("comparison",) * half,
        (periods[12],) * half + (None,) * half,
        np.zeros((n, t), dtype=bool),
    )


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.0, 1.05, 1.5, 2.4])
def test_the_effect_is_as_large_as_asked_and_nowhere_else(ratio: float) -> None:
    before = panel()
    after = with_effect(before, ratio, np.random.default_rng(2))
    cells = before.treated_periods()
    a, b = after.counts["violence"], before.counts["violence"]
    assert (a[~cells] == b[~cells]).all()
    assert a[cells].sum() / b[cells].sum() == pytest.approx(ratio, rel=0.01)
    assert (a == np.rint(a)).all()


@pytest.mark.parametrize("ratio", [0.6, 1.5])
def test_changed_counts_vary_as_counts_do(ratio: float) -> None:
    """Poisson counts thinned or added to are Poisson counts: variance equal to the mean, not that of copies."""
    before = panel()
    cells = with_effect(before, ratio, np.random.default_rng(2)).counts["violence"][before.treated_periods()]
    assert cells.var() / cells.mean() == pytest.approx(1.0, abs=0.12)


def test_missing_cells_stay_missing() -> None:
    before = panel(n=4)
    missing = before.missing.copy()
    missing[0, 15] = True
    counts = np.where(missing, np.nan, before.counts["violence"])
    after = with_effect(replace(before, counts={"violence": counts}, missing=missing), 1.3, np.random.default_rng(1))
    assert (np.isnan(after.counts["violence"]) == missing).all()
