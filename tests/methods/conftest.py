"""Panels from bare totals and from bare series, as published examples and R scripts give them."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.panel import Panel, Role

SERIES = Path(__file__).parents[1] / "golden" / "series"


@pytest.fixture
def totals() -> Callable[..., Panel]:
    """Factory: one unit per role (T, C, D, E); the last period is after the start."""

    def make(**cells: tuple[float, ...]) -> Panel:
        """One unit per role; the last period is after the start."""
        roles: dict[str, Role] = {"T": "treated", "C": "comparison", "D": "buffer", "E": "buffer_comparison"}
        counts = np.array(list(cells.values()), dtype=float)
        periods = tuple(f"2021-{j + 1:02d}" for j in range(counts.shape[1]))
        role = tuple(roles[k] for k in cells)
        return Panel(
            units=tuple(cells),
            periods=periods,
            counts={"violence": counts},
            role=role,
            starts=tuple(periods[-1] if r == "treated" else None for r in role),
            missing=np.zeros(counts.shape, dtype=bool),
        )

    return make


@pytest.fixture
def series_panel() -> Callable[..., Panel]:
    """Factory: one treated unit, U0, and comparison units U1, U2, ... over months from January 2015."""

    def make(treated: np.ndarray, pre: int, *, comparison: np.ndarray | None = None, first: str = "2015-01") -> Panel:
        """treated ``(n,)``; comparison ``(n,)`` or ``(n_units, n)``; ``pre`` months come before the start."""
        rows = [np.atleast_2d(y) for y in (treated, comparison) if y is not None]
        counts = np.concatenate(rows).astype(float)
        others = len(counts) - 1
        periods = tuple(str(m) for m in np.datetime64(first, "M") + np.arange(counts.shape[1]))
        return Panel(
            units=tuple(f"U{i}" for i in range(len(counts))),
            periods=periods,
            counts={"violence": counts},
            role=("treated", *["comparison"] * others),
            starts=(periods[pre], *[None] * others),
            missing=np.isnan(counts),
        )

    return make


@pytest.fixture(scope="session")
def golden_values() -> dict[str, float]:
    """What R says of the golden series: written by tests/golden/series/series.R."""
    with (SERIES / "series_values.csv").open() as f:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(f)}


@pytest.fixture(scope="session")
def golden_data() -> pd.DataFrame:
    """The series that R was given, one row per month."""
    return pd.read_csv(SERIES / "series_panel.csv")


@pytest.fixture
def golden_panel(golden_data: pd.DataFrame, series_panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """Factory: the golden series as a panel, residents as the treated area's exposure and 1 as the comparison's."""

    def make(*, comparison: bool = False) -> Panel:
        """With or without the comparison area."""
        d = golden_data
        other = d["x"].to_numpy() if comparison else None
        panel = series_panel(d["y"].to_numpy(), int((d["post"] == 0).sum()), comparison=other)
        exposure = np.ones(panel.shape)
        exposure[0] = d["residents"]
        return replace(panel, exposure=exposure)

    return make


@pytest.fixture
def sicily(data_dir: Path, series_panel: Callable[..., Panel]) -> Panel:
    """Coronary admissions in Sicily around its smoking ban, per standardised population, 2002 to 2006."""
    d = pd.read_csv(data_dir / "reference" / "sicily_its.csv")
    first = f"{d['year'].iloc[0]}-{d['month'].iloc[0]:02d}"
    panel = series_panel(d["aces"].to_numpy(), int((d["smokban"] == 0).sum()), first=first)
    return replace(panel, exposure=d["stdpop"].to_numpy()[None, :])
