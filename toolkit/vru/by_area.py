"""What changed in each area of a map, before against after: a description, and no effect."""

from dataclasses import replace

import numpy as np

from vru.mapped import AreaMap, Change, MapArea
from vru.panel import Panel
from vru.protocol import Protocol

LEVEL = 0.05
"""A change is called one where counts like these would differ so much by chance alone in fewer than this share of cases."""


def changes_by_area(protocol: Protocol, panel: Panel) -> AreaMap | None:
    """The panel's map with the change of the primary outcome in every area; None where there is no map.

    An area without a start of its own is divided at the earliest start of any.
    """
    starts = [s for s in panel.starts if s is not None]
    if panel.outlines is None or not starts:
        return panel.outlines
    first = min(starts)
    outcome = next((o.id for o in protocol.outcomes if o.primary), protocol.outcomes[0].id)
    rows = {u: i for i, u in enumerate(panel.units)}
    periods = np.asarray(panel.periods)
    areas = []
    for area in panel.outlines.areas:
        i = rows.get(area.name)
        if i is None:
            areas.append(area)
            continue
        later = periods >= (panel.starts[i] or first)
        areas.append(_changed(area, panel.counts[outcome][i], later))
    return replace(panel.outlines, areas=tuple(areas))


def _changed(area: MapArea, counts: np.ndarray, later: np.ndarray) -> MapArea:
    seen = ~np.isnan(counts)
    n_before, n_after = int((seen & ~later).sum()), int((seen & later).sum())
    if not n_before or not n_after:
        return area
    before, after = float(counts[seen & ~later].sum()), float(counts[seen & later].sum())
    ratio = (after / n_after) / (before / n_before) if before > 0 else None
    return replace(area, change=_word(before, after, n_before, n_after), ratio=ratio, before=before, after=after)


def _word(before: float, after: float, n_before: int, n_after: int) -> Change:
    """Exact conditional test of two Poisson rates; counts that are spread wider than Poisson show a change more often."""
    from scipy.stats import binomtest

    total = round(before) + round(after)
    if not total or binomtest(round(after), total, n_after / (n_before + n_after)).pvalue >= LEVEL:
        return "no clear change"
    return "fewer" if after / n_after < before / n_before else "more"
