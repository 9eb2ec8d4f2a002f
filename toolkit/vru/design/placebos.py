"""Evaluations of nothing: the plan's areas and others like them, called treated at dates and places where nothing was done.

Areas are called treated as the plan's were: by its lot, by the places they held in a ranking, or, where the plan says
nothing, by a lot that the plan did not draw, which is then said. A replay is of one of these frames:

before     the evaluation's own areas before its start, arms drawn anew
arms       the evaluation's own arms before its start, with another start
untreated  comparison areas over the whole window, arms drawn anew
ranked     areas of the pool that hold the places in a ranking that the plan's areas held, at another date or elsewhere
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator

from vru.errors import MethodError
from vru.panel import Panel, SelectionHistory
from vru.replay import called_treated, chosen_on, from_record, ranking

Frame = Literal["before", "arms", "untreated", "ranked"]
Lot = Literal["random_half", "random_pairs", "blocks", "steps"]
FEWEST_AREAS = 4
PART_OF_BEFORE, LEAST_OF_BEFORE = 0.7, 0.5
"""How much of the time before the start one replay there uses, so that several dates can be tried; at least, with arms kept."""
MOST_WITH_ARMS_KEPT = 60
FEWEST_PERIODS = 4
TRIES = 20


@dataclass(frozen=True, slots=True)
class Scene:
    """What evaluations of nothing are drawn from.

    panel : the evaluation's. n_pre, n_post : its periods before and after the earliest start. lot : how the plan drew its
    arms, None where it did not. history : what areas were chosen on, where that is of the analysis's outcome and the
    analysis uses nothing that is unknown of other areas. frames : what can be drawn, in turn. longest : made-up starts
    leave as much time before them as they can, for analyses that need it. blocks : areas as the lot laid them out.
    """

    panel: Panel
    n_pre: int
    n_post: int
    lot: Lot | None
    history: SelectionHistory | None
    frames: tuple[Frame, ...]
    longest: bool = False
    blocks: tuple[tuple[str, ...], ...] = ()

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...]:
        """Where and how long a replay with the arms kept can be: first period, periods before, periods after; each once."""
        first = _free(self)
        least = max(FEWEST_PERIODS, math.ceil(LEAST_OF_BEFORE * first))
        found = [
            (at, *lengths_before(first, self.n_post, whole, longest=self.longest))
            for whole in range(first, least - 1, -1)
            for at in range(first - whole + 1)
        ]
        step = max(1, math.ceil(len(found) / MOST_WITH_ARMS_KEPT))
        return tuple(found[::step])

    def frame(self, which: int) -> Frame:
        """What replay number ``which`` is drawn from: the arms kept at each date once, then the others in turn."""
        others = [f for f in self.frames if f != "arms"]
        kept = len(self.windows) if "arms" in self.frames else 0
        return "arms" if which < kept or not others else others[(which - kept) % len(others)]

    @property
    def most(self) -> int | None:
        """How many replays there are; None where arms are drawn anew without end."""
        return len(self.windows) if self.frames == ("arms",) else None


def scene_of(panel: Panel, outcome: str, lot: Lot | None, blocks: tuple[tuple[str, ...], ...] = ()) -> Scene:
    """Look at what a panel offers. Raises MethodError where nothing can be drawn."""
    starts = [s for s in panel.starts if s is not None]
    if not starts:
        raise MethodError("no area has a start, so there is no date to move.")
    n_post = int(panel.post().sum())
    before = len(panel.periods) - n_post
    treated, comparison = int(panel.is_role("treated").sum()), int(panel.is_role("comparison").sum())
    known = _of_others(panel, outcome)
    can: dict[Frame, bool] = {
        "before": before >= FEWEST_PERIODS
        and treated > 0
        and (comparison > 0 or (lot == "steps" and len(set(starts)) > 1))
        and treated + comparison >= FEWEST_AREAS,
        "arms": before >= FEWEST_PERIODS and lot is None,
        "untreated": comparison >= FEWEST_AREAS,
        "ranked": lot is None and known is not None and treated > 0 and comparison > 0,
    }
    wanted: tuple[Frame, ...] = ("before", "untreated") if lot or not can["ranked"] else ("ranked",)
    frames = tuple(f for f in ("arms", *wanted) if can[f])
    if not frames:
        raise MethodError(
            f"{before} periods before the start and {comparison} comparison areas: nothing was left untouched to replay on."
        )
    return Scene(panel, before, n_post, lot, known, frames, blocks=blocks)


def _of_others(panel: Panel, outcome: str) -> SelectionHistory | None:
    """What is known of areas outside the evaluation, where it is all that the analysis reads of its own."""
    known = panel.selection
    if known is None or known.record is None or known.outcome != outcome or panel.exposure is not None:
        return None
    return known if {*panel.periods, *known.periods} <= set(known.record.periods) else None


def before_only(scene: Scene, n_post: int) -> Scene:
    """The scene as it stood before the start: nothing after it is read, and the time after it is ``n_post`` periods."""
    panel = scene.panel
    cut = panel.between(~panel.post())
    arms: tuple[Frame, ...] = tuple(f for f in scene.frames if f in ("before", "arms"))
    if not arms:
        raise MethodError(f"{scene.n_pre} periods before the start: too few to replay on, or no comparison areas.")
    return replace(scene, panel=cut, n_post=n_post, frames=arms, history=None)


def draw(scene: Scene, which: int, rng: Generator) -> Panel | None:
    """Replay number ``which``; None where its frame had no room for it after all."""
    frame = scene.frame(which)
    if frame == "arms":
        return _arms(scene, scene.windows[which % len(scene.windows)])
    makers: dict[Frame, Callable[[Scene, Generator], Panel | None]] = {
        "before": _before,
        "untreated": _untreated,
        "ranked": _ranked,
    }
    return makers[frame](scene, rng)


def lengths_before(n_pre: int, n_post: int, whole: int | None = None, *, longest: bool = False) -> tuple[int, int]:
    """Periods before and after a made-up start, where ``whole`` of the ``n_pre`` before the real one are used.

    longest : as many before as leave a fifth of all, and no more than the evaluation has, after.
    """
    if longest:
        whole = whole or n_pre
        after = min(n_post, max(2, n_pre // 5), whole - 2)
        return whole - after, after
    whole = whole or max(FEWEST_PERIODS, math.ceil(PART_OF_BEFORE * n_pre))
    after = min(max(1, round(whole * n_post / (n_pre + n_post))), whole - 2)
    return whole - after, after


def _free(scene: Scene) -> int:
    """Periods before anything was done."""
    post = scene.panel.post()
    return int(np.flatnonzero(post)[0]) if post.any() else len(scene.panel.periods)


def _cut(scene: Scene, window: tuple[int, int, int]) -> Panel:
    at, before, after = window
    columns = np.arange(len(scene.panel.periods))
    return scene.panel.between((columns >= at) & (columns < at + before + after))


def _arms(scene: Scene, window: tuple[int, int, int]) -> Panel:
    cut, start = _cut(scene, window), window[1]
    began = _offsets(scene.panel, scene.n_post, len(cut.periods) - start)
    return replace(cut, starts=tuple(_at(cut, start, began[u]) if u in began else None for u in cut.units))


def _before(scene: Scene, rng: Generator) -> Panel:
    first = _free(scene)
    start, after = lengths_before(first, scene.n_post, longest=scene.longest)
    cut = _cut(scene, (int(rng.integers(0, first - start - after + 1)), start, after))
    arms = cut.subset(cut.is_role("treated", "comparison"))
    n = int(arms.is_role("treated").sum())
    return _called(arms, _lot(scene, arms, n, rng), _spread(scene, len(cut.periods) - start, rng), start)


def _untreated(scene: Scene, rng: Generator) -> Panel:
    panel = scene.panel
    calm = panel.subset(panel.is_role("comparison"))
    n, m = int(panel.is_role("treated").sum()), len(calm.units)
    size = 1 if n == 1 else min(max(round(m * n / (n + m)), 2), m - 2)
    return _called(calm, _lot(scene, calm, size, rng), _spread(scene, scene.n_post, rng), scene.n_pre)


def _called(panel: Panel, rows: np.ndarray, began: Iterator[int], start: int) -> Panel:
    """The panel with these rows called treated, each from a period of its own where areas began one after the other."""
    order = [int(i) for i in rows]
    return called_treated(panel, {i: _at(panel, start, lag) for i, lag in zip(order, began, strict=False)})


def _at(panel: Panel, start: int, lag: int) -> str:
    return panel.periods[min(start + lag, len(panel.periods) - 1)]


def _offsets(panel: Panel, real: int, here: int) -> dict[str, int]:
    """How many periods after the earliest start each treated area began, put into ``here`` periods where it took ``real``."""
    position = {p: i for i, p in enumerate(panel.periods)}
    starts = {u: position[s] for u, s in zip(panel.units, panel.starts, strict=True) if s is not None}
    if not starts:
        return {u: 0 for u, r in zip(panel.units, panel.role, strict=True) if r == "treated"}
    first = min(starts.values())
    return {u: min(int((s - first) * min(1.0, here / real)), here - 1) for u, s in starts.items()}


def _spread(scene: Scene, here: int, rng: Generator) -> Iterator[int]:
    """The same lags in an order drawn by lot, over and over."""
    lags = list(_offsets(scene.panel, scene.n_post, here).values())
    while True:
        yield from (lags[int(i)] for i in rng.permutation(len(lags)))


def _lot(scene: Scene, panel: Panel, n: int, rng: Generator) -> np.ndarray:
    """Positions of ``n`` areas called treated; within blocks of neighbours where the plan's lot was drawn in blocks."""
    units = len(panel.units)
    order, size = _laid_out(scene, panel)
    if size < 2 or n != units // 2:
        return np.asarray(rng.permutation(units)[:n])
    chosen: list[int] = []
    for at in range(0, units - size + 1, size):
        block = order[at : at + size]
        chosen += [block[int(i)] for i in rng.permutation(size)[: size // 2]]
    rest = order[units - units % size :]
    chosen += [rest[int(i)] for i in rng.permutation(len(rest))[: n - len(chosen)]]
    return np.array(chosen)


def _laid_out(scene: Scene, panel: Panel) -> tuple[list[int], int]:
    """Rows of a panel in the order in which a lot lays them out, and how many are a block; 0 where it drew no blocks."""
    if scene.lot == "random_pairs" and panel.selection is not None:
        names = [panel.selection.pool[int(i)] for i in ranking(panel.selection)]
        size = 2
    elif scene.lot == "blocks":
        names, size = [u for block in scene.blocks for u in block], len(scene.blocks[0])
    else:
        return [], 0
    place = {u: k for k, u in enumerate(names)}
    return sorted(range(len(panel.units)), key=lambda i: place.get(panel.units[i], len(place))), size


def _ranked(scene: Scene, rng: Generator) -> Panel | None:
    """Areas holding the plan's places in a ranking of half of the pool, ranked as long before a date as the plan's were."""
    history = scene.history
    assert history is not None
    for _ in range(TRIES):
        made = _one_ranked(scene, history, rng)
        if made is not None:
            return made
    return None


def _one_ranked(scene: Scene, history: SelectionHistory, rng: Generator) -> Panel | None:
    assert history.record is not None
    months, panel = history.record.periods, scene.panel
    start = months.index(panel.periods[scene.n_pre])
    lead, length = start - months.index(history.periods[0]), len(history.periods)
    before, after = min(scene.n_pre, start), min(scene.n_post, len(months) - start)
    date = int(rng.integers(max(lead, before), len(months) - after + 1))
    past = chosen_on(history, months[date - lead : date - lead + length])
    if past is None:
        return None
    held = {u: r for u, r in zip(panel.units, panel.role, strict=True) if r != "comparison"}
    over = date + after <= start
    free = [i for i in (int(k) for k in ranking(past)) if over or past.pool[i] not in held]
    free = [i for i in free if "buffer" not in held.get(past.pool[i], "")]
    places, treated = _places(panel, history)
    half = max(len(free) // 2, min(len(free), len(places) + 1))
    some = sorted(rng.permutation(len(free))[:half].tolist())
    at = _spaced(places, len(history.pool), half)
    if at is None:
        return None
    rows = [free[some[k]] for k in at]
    arms = (
        [r for r, t in zip(rows, treated, strict=True) if t],
        [r for r, t in zip(rows, treated, strict=True) if not t],
    )
    made = from_record(past, arms, months[date - before : date + after], months[date])
    lag = _spread(scene, after, rng)
    return replace(made, starts=tuple(_at(made, before, next(lag)) if r == "treated" else None for r in made.role))


def _places(panel: Panel, history: SelectionHistory) -> tuple[list[int], list[bool]]:
    """The places that the evaluation's areas held in the ranking they were chosen on, best first, and which were treated."""
    place = {history.pool[int(i)]: k for k, i in enumerate(ranking(history))}
    named = zip(panel.units, panel.role, strict=True)
    held = sorted((place[u], r == "treated") for u, r in named if r in ("treated", "comparison") and u in place)
    return [k for k, _ in held], [t for _, t in held]


def _spaced(places: list[int], pool: int, size: int) -> list[int] | None:
    """The same places in a smaller ranking: as far down it, each taken once; None where it is too small."""
    at: list[int] = []
    for k in places:
        at.append(max(at[-1] + 1 if at else 0, k * size // pool))
    if not at:
        return None
    over = at[-1] - (size - 1)
    if over > 0:
        at = [min(v, size - len(at) + i) for i, v in enumerate(at)]
    return at if at[0] >= 0 and len(set(at)) == len(at) else None
