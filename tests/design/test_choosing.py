"""What each choice does to a panel."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.design.choosing import Choice, Relabelled, chosen_panel, counted_together, joined, within
from vru.errors import DataError
from vru.panel import Panel
from vru.protocol.choices import ComparisonChoice, Specifications, WindowChoice

MakePanel = Callable[..., Panel]


def test_a_shorter_window_keeps_its_months_and_the_start(make_panel: MakePanel) -> None:
    cut = within(make_panel(), WindowChoice(first="2019-07", last="2021-06"))
    assert (cut.periods[0], cut.periods[-1], cut.starts[0]) == ("2019-07", "2021-06", "2021-01")
    with pytest.raises(DataError, match="inside that window"):
        within(make_panel(), WindowChoice(first="2019-01", last="2020-06"))
    with pytest.raises(DataError, match="inside that window"):
        within(make_panel(), WindowChoice(first="2021-01", last="2021-06"))


def test_periods_counted_together_begin_at_the_start_and_add_up(make_panel: MakePanel) -> None:
    panel = make_panel(pre=25, post=11, missing=(2,))
    got = counted_together(panel, 3)
    assert got.starts[0] == panel.starts[0]
    assert got.periods[:2] == ("2019-02", "2019-05")
    assert len(got.periods) == 11
    assert got.counts["violence"][4, 1] == panel.counts["violence"][4, 4:7].sum()
    assert got.missing[:, 0].all()
    assert not got.missing[:, 1:].any()
    with pytest.raises(DataError, match="fewer than 13"):
        counted_together(make_panel(pre=12), 13)


def test_buffers_join_the_arm_that_they_lie_round(make_panel: MakePanel) -> None:
    panel = make_panel(buffers=3)
    got = joined(panel)
    assert (sum(got.is_role("treated")), sum(got.is_role("comparison"))) == (13, 13)
    assert {s for s, r in zip(got.starts, got.role, strict=True) if r == "treated"} == {"2021-01"}
    with pytest.raises(DataError, match="no buffers"):
        joined(make_panel())


def test_the_closest_are_those_with_the_mean_nearest_to_the_treated_before_the_start(make_panel: MakePanel) -> None:
    panel = make_panel(treated=2, comparison=4)
    counts = np.repeat(np.array([10, 12, 11, 30, 1, 14], dtype=float)[:, None], 36, axis=1)
    counts[3, 24:] = 11  # after the start it looks alike, which must not count
    panel = replace(panel, counts={"violence": counts})
    got = chosen_panel({None: panel}, Choice(comparison=ComparisonChoice(closest=2)), "violence", None)
    assert got.units == tuple(panel.units[i] for i in (0, 1, 2, 5))


def test_areas_left_out_by_name_follow_their_place_when_labels_are_drawn(make_panel: MakePanel) -> None:
    panel = make_panel(treated=2, comparison=3)
    choice = Choice(comparison=ComparisonChoice(without=[panel.units[2]]))
    assert panel.units[2] not in chosen_panel({None: panel}, choice, "violence", None).units
    moved = Relabelled(np.array([2, 1, 0, 3, 4]))
    got = chosen_panel({None: panel}, choice, "violence", moved)
    assert panel.units[0] not in got.units
    assert got.role == ("treated", "treated", "comparison", "comparison")


def test_a_plan_of_choices_is_read_with_care() -> None:
    with pytest.raises(ValueError, match="names no choice"):
        Specifications(why="because of this")
    with pytest.raises(ValueError, match="500 is the most"):
        Specifications(
            why="because of this",
            together=[2, 3, 4],
            buffers=[10, 20, 30, 40, 50],
            windows=[WindowChoice(first="2019-01", last=f"2021-{m:02d}") for m in range(1, 11)],
            outcomes=["a", "b"],
        )
    with pytest.raises(ValueError, match="one of them"):
        ComparisonChoice(closest=3, without=["a"])
