"""The error of a displacement difference from how differently the areas of each group changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from vru.methods.arms import Arms
from vru.stats.by_area import Spread, spread_of_sums
from vru.stats.displacement import Difference, WeightedDisplacement

LOCAL, BUFFERS = ("treated", "comparison"), ("buffer", "buffer_comparison")
PARTS = {"local": LOCAL, "displacement": BUFFERS, "total": LOCAL + BUFFERS}


def change_by_area(arms: Arms, size: Callable[[str], float]) -> np.ndarray:
    """What each area adds to the difference but for its sign, ``(n_units,)``: its change per unit of its group's size."""
    time = arms.n_pre / arms.n_post
    before, after = arms.counts[:, ~arms.post].sum(axis=1), arms.counts[:, arms.post].sum(axis=1)
    return np.asarray((after - before / time) / np.array([size(str(r)) for r in arms.role]))


def spread_by_area(change: np.ndarray, role: np.ndarray) -> dict[str, Spread]:
    """Part -> its spread, for the parts of which a group has two areas or more."""
    found = {}
    for part, roles in PARTS.items():
        groups = [change[role == r] for r in roles if (role == r).any()]
        spread = spread_of_sums(groups) if groups else None
        if spread is not None:
            found[part] = spread
    return found


def with_spread(parts: WeightedDisplacement, spread: Mapping[str, Spread]) -> WeightedDisplacement:
    """The same differences with the error by area where there is one."""
    changed = {}
    for name, found in spread.items():
        part: Difference | None = getattr(parts, name)
        if part is not None:
            changed[name] = Difference(part.value, found.se)
    return replace(parts, **changed)
