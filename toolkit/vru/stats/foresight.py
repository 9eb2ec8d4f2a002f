"""How well areas chosen on some months do in the months after: hits, accuracy, and the fall that comes by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vru.stats.hot_spots import first_by

MAY_LACK = 6
"""A window may lack one month for every so many that it spans; rates are per month that is there."""
Score = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Foresight:
    """One choice of areas and what came after.

    share_before, share_after : of all areas' events, the part in the chosen ones, in the months chosen on and after them
        (the second is the hit rate). area_share : of all areas' ground, None where it is not known.
    best_after : the part that as many areas would have had at most, chosen knowing what came.
    fall : by how much the chosen areas' rate fell beyond all areas' together: ``1 - share_after / share_before``.
    """

    share_before: float
    share_after: float
    area_share: float | None
    best_after: float
    fall: float

    @property
    def accuracy(self) -> float | None:
        """Predictive accuracy index: hit rate over share of ground. Source: Chainey, Tompson and Uhlig (2008)."""
        return None if not self.area_share else self.share_after / self.area_share

    @property
    def efficiency(self) -> float | None:
        """Hit rate over the best that as many areas could have had. Source: Hunt (2016), prediction efficiency index."""
        return self.share_after / self.best_after if self.best_after > 0 else None


@dataclass(frozen=True, slots=True)
class Trial:
    """Windows of one length, rolled over the record: each position's ``first`` month, and what its choice came to.

    apart : how many of them share no month, the number of trials that count as separate.
    """

    length: int
    ahead: int
    firsts: tuple[int, ...]
    each: tuple[Foresight, ...]
    apart: int

    def mean(self, of: Callable[[Foresight], float | None]) -> float | None:
        """Mean over the positions of what is known; None where nothing is."""
        known = [v for v in map(of, self.each) if v is not None]
        return float(np.mean(known)) if known else None


def foresee(before: np.ndarray, after: np.ndarray, chosen: np.ndarray, ground: np.ndarray | None) -> Foresight | None:
    """What a choice came to; None where nothing happened in the areas before or after.

    before, after : events per area and month, ``(n_areas,)``. chosen : indices. ground : km2 per area ``(n_areas,)``.
    """
    all_before, all_after = float(before.sum()), float(after.sum())
    if all_before <= 0 or all_after <= 0 or before[chosen].sum() <= 0:
        return None
    share_before, share_after = float(before[chosen].sum()) / all_before, float(after[chosen].sum()) / all_after
    best = float(np.sort(after)[::-1][: len(chosen)].sum()) / all_after
    area = None if ground is None else float(ground[chosen].sum() / ground.sum())
    return Foresight(share_before, share_after, area, best, 1 - share_after / share_before)


def enough(seen: np.ndarray) -> bool:
    """Whether a window of months (bool, True where there are data) lacks few enough of them."""
    return bool(seen.any()) and int((~seen).sum()) <= len(seen) // MAY_LACK


def rolled(
    counts: np.ndarray,
    seen: np.ndarray,
    score: Score,
    top: int,
    lengths: tuple[int, int],
    ground: np.ndarray | None = None,
    *,
    begin: int = 0,
    last: int | None = None,
) -> Trial:
    """Choose the ``top`` areas on every window of ``lengths[0]`` months and look at the ``lengths[1]`` months after it.

    Parameters
    ----------
    counts
        ``(n_areas, n_months)``, events per area and month; columns not ``seen`` are not read.
    score
        From the months chosen on, bool ``(n_months,)``, to scores ``(n_areas,)``.
    begin, last
        Index of the first month that may be the first looked at after a window, and of the last month that may be looked
        at (None: all of them).
    """
    length, ahead = lengths
    stop = counts.shape[1] if last is None else last + 1
    firsts, each = [], []
    for first in range(max(begin - length, 0), stop - length - ahead + 1):
        chosen_on, later = np.zeros(len(seen), dtype=bool), np.zeros(len(seen), dtype=bool)
        chosen_on[first : first + length] = seen[first : first + length]
        later[first + length : first + length + ahead] = seen[first + length : first + length + ahead]
        if not (enough(seen[first : first + length]) and enough(seen[first + length : first + length + ahead])):
            continue
        found = foresee(
            counts[:, chosen_on].mean(axis=1), counts[:, later].mean(axis=1), first_by(score(chosen_on), top), ground
        )
        if found is not None:
            firsts.append(first)
            each.append(found)
    return Trial(length, ahead, tuple(firsts), tuple(each), _apart(firsts, length + ahead))


def _apart(firsts: Sequence[int], span: int) -> int:
    n, free = 0, -1
    for first in firsts:
        if first >= free:
            n, free = n + 1, first + span
    return n


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months ending with month ``last``: how far its top areas are those of the twelve months before.

    kept : of the top areas, the part that were top the year before; rank_correlation : Spearman, over all areas. Both None
    for the first. share : of all events, the part in the top areas.
    """

    first: int
    last: int
    chosen: np.ndarray
    share: float
    kept: float | None
    rank_correlation: float | None


def by_year(counts: np.ndarray, seen: np.ndarray, score: Score, top: int, last: int) -> list[Year]:
    """The top areas of every twelve months, counted backwards from month ``last``; earliest first."""
    from scipy.stats import spearmanr

    found: list[Year] = []
    ends = [end for end in range(last, 10, -12) if enough(seen[end - 11 : end + 1])]
    before: tuple[np.ndarray, np.ndarray] | None = None
    for end in sorted(ends):
        on = np.zeros(len(seen), dtype=bool)
        on[end - 11 : end + 1] = seen[end - 11 : end + 1]
        total = counts[:, on].sum(axis=1)
        scores = score(on)
        chosen = first_by(scores, top)
        share = float(total[chosen].sum() / total.sum()) if total.sum() > 0 else 0.0
        kept = alike = None
        if before is not None:
            kept = len(set(chosen.tolist()) & set(before[0].tolist())) / top
            varied = np.ptp(scores) > 0 and np.ptp(before[1]) > 0
            alike = float(spearmanr(scores, before[1]).statistic) if varied else None
        found.append(Year(end - 11, end, chosen, share, kept, alike))
        before = (chosen, scores)
    return found
