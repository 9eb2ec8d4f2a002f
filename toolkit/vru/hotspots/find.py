"""Choose hot spots on the selection window; say how steady they are, what came after, and what falls by itself."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.errors import DataError, Problem
from vru.events import DataNote
from vru.hotspots.asked import FINE_M, Asked, selection_window
from vru.hotspots.board import Board
from vru.sources.source import Progress
from vru.stats.foresight import Foresight, Trial, Year, by_year, enough, foresee, rolled
from vru.stats.hot_spots import Clusters, first_by, gi_star

LENGTHS = (3, 6, 12, 24, 36)
LEVEL = 0.05
FEWEST_AFTER = 3
"""Months after the selection under which nothing is said of what came after."""


@dataclass(frozen=True, slots=True)
class Found:
    """The chosen areas and how good a choice it is.

    chosen : indices into the board's areas, best first. first, last : selection window, positions in the board's months.
    within, after : events per area in the window and in the months after it (None where too few follow). clusters : of
    Gi*. direct : what came after this choice. own : windows of the same length earlier in the record, none of which looks
    beyond the selection. lengths : windows of several lengths, judged on the same months.
    """

    asked: Asked
    chosen: np.ndarray
    scores: np.ndarray
    first: int
    last: int
    within: np.ndarray
    after: np.ndarray | None
    after_months: tuple[str, ...]
    clusters: Clusters | None
    direct: Foresight | None
    own: Trial
    reaching: bool
    lengths: tuple[Trial, ...]
    years: tuple[Year, ...]
    notes: tuple[DataNote, ...]

    @property
    def expected_fall(self) -> float | None:
        """The fall that a choice on as many months was followed by, mean of earlier windows; None where there is none."""
        return self.own.mean(lambda f: f.fall)

    @property
    def lengths_compared(self) -> Trial | None:
        """The length whose choice held most of the events that followed; the shortest of those within a point of it."""
        known = [(t, t.mean(lambda f: f.share_after) or 0.0) for t in self.lengths if t.each]
        best = max((share for _, share in known), default=0.0)
        return next((t for t, share in known if share >= best - 0.01), None)


def find(asked: Asked, board: Board, progress: Progress) -> Found:
    """Choose and try.

    Raises
    ------
    DataError
        Fewer candidates than are to be chosen; nothing reaches the threshold; the window has no events or lacks months.
    """
    first, last = selection_window(asked, board.months)
    on = np.zeros(len(board.months), dtype=bool)
    on[first : last + 1] = board.seen[first : last + 1]
    if not enough(board.seen[first : last + 1]):
        gone = int((~board.seen[first : last + 1]).sum())
        what = f"{gone} of the {last + 1 - first} months chosen on have no data"
        raise DataError(Problem(what, "--first, --last", "at most one in six"))
    within = board.counts[:, on].sum(axis=1)
    if within.sum() <= 0:
        raise DataError(Problem("not one event in the selection window", "--kind, --first, --last"))
    score = scorer(asked, board)
    scores = score(on)
    clusters = gi_star(within, board.neighbours) if asked.method == "getis_ord" else None
    chosen = first_by(scores, _how_many(asked, within, scores, clusters))
    ahead = min(asked.ahead, len(board.months) - last - 1)
    later = np.zeros(len(board.months), dtype=bool)
    later[last + 1 : last + 1 + ahead] = board.seen[last + 1 : last + 1 + ahead]
    follows = int(later.sum()) >= FEWEST_AFTER
    rate = board.counts[:, later].mean(axis=1) if follows else None
    direct = None if rate is None else foresee(board.counts[:, on].mean(axis=1), rate, chosen, board.ground)
    lengths = _trials(asked, board, score, len(chosen), last + 1 - first, progress)
    span = (last + 1 - first, asked.ahead)
    earlier = rolled(board.counts, board.seen, score, len(chosen), span, board.ground, last=last)
    own = earlier if earlier.each else rolled(board.counts, board.seen, score, len(chosen), span, board.ground)
    return Found(
        asked, chosen, scores, first, last, within, board.counts[:, later].sum(axis=1) if follows else None,
        tuple(m for m, s in zip(board.months, later, strict=True) if s) if follows else (),
        clusters, direct, own, not earlier.each, lengths, tuple(by_year(board.counts, board.seen, score, len(chosen), last)),
        (*board.notes, *_warnings(asked, board, within, chosen)),
    )  # fmt: skip


def scorer(asked: Asked, board: Board) -> Callable[[np.ndarray], np.ndarray]:
    """What ranks areas, from the months counted, bool ``(n_months,)``."""
    if asked.method == "kernel":
        assert board.at_places is not None
        places = board.at_places
        return lambda on: np.asarray(board.spread @ places[:, on].sum(axis=1))
    if asked.method == "getis_ord":
        return lambda on: gi_star(board.counts[:, on].sum(axis=1), board.neighbours).z
    return lambda on: board.counts[:, on].sum(axis=1)


def _how_many(asked: Asked, within: np.ndarray, scores: np.ndarray, clusters: Clusters | None) -> int:
    n = len(within)
    if asked.at_least is not None:
        values, what = (within, f"no area has {asked.at_least:g} events or more in the selection window")
        number = int((values >= asked.at_least).sum())
        if asked.method != "count":
            raise DataError(Problem("a threshold is of counts", "--at-least", "--method count, or --top"))
    elif asked.top is None and clusters is not None:
        number, what = int(((clusters.q < LEVEL) & (scores > 0)).sum()), f"no area stands out at {LEVEL:.0%}"
    else:
        number, what = asked.top or 20, ""
    if number > n or number == 0:
        what = what or f"there are {n} areas to choose {number} from"
        raise DataError(Problem(what, "--top, --at-least", f"the most in one area is {within.max():,.0f}"))
    return number


def _trials(
    asked: Asked,
    board: Board,
    score: Callable[[np.ndarray], np.ndarray],
    top: int,
    length: int,
    progress: Progress,
) -> tuple[Trial, ...]:
    """Windows of several lengths, judged on the same months."""
    ahead, n, ground = asked.ahead, len(board.months), board.ground
    tried = [m for m in sorted({*LENGTHS, length}) if m + ahead + 5 <= n or m == min(LENGTHS)]
    begin = max(tried)
    found = []
    for i, months in enumerate(tried):
        progress("trying windows", i, len(tried))
        found.append(rolled(board.counts, board.seen, score, top, (months, ahead), ground, begin=begin))
    progress("trying windows", len(tried), len(tried))
    return tuple(t for t in found if t.each)


def _warnings(asked: Asked, board: Board, within: np.ndarray, chosen: np.ndarray) -> list[DataNote]:
    notes = []
    if asked.fine:
        text = (
            "published points stand for several streets each and are few: areas finer than "
            f"{FINE_M:g} m, and any kernel, show where the points are and not where offences happened. Use the force's own "
            "coordinates before officers are sent there, or LSOAs"
        )
        notes.append(DataNote("hotspots", text, severity="question"))
    edge = float(within[chosen[-1]])
    if asked.method == "count" and (same := int((within == edge).sum())) > int((within[chosen] == edge).sum()):
        text = f"areas with as many events as the last one chosen ({edge:,.0f}), which names alone kept out or in"
        notes.append(DataNote("hotspots", text, same))
    if asked.method == "getis_ord" and float(np.mean(within)) < 1:
        text = "most areas have no event or one, so that the normal law behind Gi* calls too many of them hot"
        notes.append(DataNote("hotspots", text, severity="question"))
    return notes
