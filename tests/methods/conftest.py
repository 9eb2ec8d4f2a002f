"""A panel from bare totals, as published examples give them."""

from collections.abc import Callable

import numpy as np
import pytest

from vru.panel import Panel, Role


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
