"""Evaluations of nothing: what they are drawn from, and that nothing that was done reaches them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from vru.design.placebos import before_only, draw, scene_of
from vru.errors import MethodError


def _poisoned(panel):  # type: ignore[no-untyped-def]
    """The panel with an absurd count in every cell in which something was done."""
    counts = np.where(panel.treated_periods(), 1e6, panel.counts["violence"])
    record = panel.selection
    if record is not None and record.record is not None:
        months, pool = record.record.periods, record.pool
        full = record.record.counts.copy()
        for unit, start in zip(panel.units, panel.starts, strict=True):
            if start is not None:
                full[pool.index(unit), months.index(start) :] = 1e6
        record = replace(record, record=replace(record.record, counts=full))
    return replace(panel, counts={"violence": counts}, selection=record)


@pytest.mark.parametrize("lot", ["random_half", None])
@pytest.mark.parametrize("which_world", ["areas", "ranked"])
def test_no_cell_in_which_something_was_done_is_ever_drawn(worlds: SimpleNamespace, which_world: str, lot: str) -> None:
    scene = scene_of(_poisoned(getattr(worlds, which_world)()), "violence", lot)
    rng = np.random.default_rng(3)
    for which in range(120):
        panel = draw(scene, which, rng)
        assert panel is not None
        assert panel.counts["violence"].max() < 1e6
        assert 0 < panel.is_role("treated").sum() < len(panel.units)
        assert panel.post().any()
        assert not panel.post().all()


def test_before_the_start_nothing_after_it_is_read(worlds: SimpleNamespace) -> None:
    panel = worlds.areas()
    counts = panel.counts["violence"].copy()
    counts[:, panel.post()] = 1e6
    scene = before_only(scene_of(replace(panel, counts={"violence": counts}), "violence", "random_half"), 12)
    drawn = [draw(scene, i, np.random.default_rng(i)) for i in range(50)]
    assert max(p.counts["violence"].max() for p in drawn if p is not None) < 1e6


def test_pairs_stay_pairs(worlds: SimpleNamespace) -> None:
    panel = worlds.ranked(top=10)
    history = panel.selection
    scene = scene_of(panel, "violence", "random_pairs")
    order = np.argsort([-history.counts[history.pool.index(u)].sum() for u in panel.units], kind="stable")
    for which in range(0, 40, 2):
        drawn = draw(scene, which, np.random.default_rng(which))
        sides = np.array([drawn.role[i] == "treated" for i in order])
        assert (sides.reshape(-1, 2).sum(axis=1) == 1).all()


def test_areas_hold_the_places_that_the_plans_areas_held(worlds: SimpleNamespace) -> None:
    scene = scene_of(worlds.ranked(), "violence", None)
    assert scene.frames == ("arms", "ranked")
    for which in range(len(scene.windows), len(scene.windows) + 40):
        drawn = draw(scene, which, np.random.default_rng(which))
        level = drawn.selection.level(drawn.units)
        treated = drawn.is_role("treated")
        assert level[treated].min() >= level[~treated].max()


def test_arms_that_are_kept_are_tried_at_each_date_once(worlds: SimpleNamespace) -> None:
    panel = worlds.areas(n_treated=3, n_comparison=3)
    scene = replace(scene_of(panel, "violence", None), frames=("arms",))
    assert scene.most == len(set(scene.windows))
    drawn = [draw(scene, i, np.random.default_rng(0)) for i in range(scene.most)]
    assert len({(p.periods, p.starts) for p in drawn}) == scene.most


def test_areas_that_began_one_after_the_other_do_so_in_replays(worlds: SimpleNamespace) -> None:
    panel = worlds.areas()
    late = panel.periods[30]
    starts = tuple(late if i < 5 else s for i, s in enumerate(panel.starts))
    scene = scene_of(replace(panel, starts=starts), "violence", "random_half")
    for which in range(10):
        drawn = draw(scene, which, np.random.default_rng(which))
        assert len({s for s in drawn.starts if s is not None}) == 2


def test_nothing_to_replay_on_is_said(worlds: SimpleNamespace) -> None:
    with pytest.raises(MethodError, match="nothing was left untouched"):
        scene_of(worlds.areas(n_treated=2, n_comparison=1, n_pre=3), "violence", "random_half")
