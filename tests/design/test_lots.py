"""Lots: fair, balanced as asked, repeatable from the seed, and refused where they cannot be."""

from collections import Counter

import numpy as np
import pytest

from vru.design.lots import blocks_by_level, draw_blocks, draw_days, draw_restricted, draw_steps
from vru.errors import ProtocolError

UNITS = tuple(f"u{i:02d}" for i in range(20))
LEVEL = {u: float(i) for i, u in enumerate(UNITS)}


def test_blocks_are_neighbours_in_level_and_half_of_each_is_treated() -> None:
    blocks = blocks_by_level(LEVEL, 4)
    assert blocks[0] == ("u19", "u18", "u17", "u16")
    lots = draw_blocks("blocked", 1, blocks)
    assert all(sum(lots.arms[u] == "treated" for u in b) == 2 for b in blocks)
    assert len(blocks_by_level(LEVEL, 6)) == 3
    assert sum(map(len, blocks_by_level(LEVEL, 6))) == 20


def test_every_area_has_the_same_chance() -> None:
    odd = blocks_by_level({u: 1.0 for u in UNITS[:7]}, 3)
    count = Counter(u for s in range(4000) for u, a in draw_blocks("blocked", s, odd).arms.items() if a == "treated")
    # Standard deviation of a share of 4,000 is 0.8 points.
    assert all(abs(n / 4000 - 0.5) < 0.035 for n in count.values())
    assert len(count) == 7


def test_the_seed_draws_the_same_lot_again_and_another_another() -> None:
    blocks = blocks_by_level(LEVEL, 2)
    assert draw_blocks("paired", 5, blocks) == draw_blocks("paired", 5, blocks)
    assert draw_blocks("paired", 5, blocks) != draw_blocks("paired", 6, blocks)


def test_restricted_halves_agree_better_than_any_half() -> None:
    levels = np.random.default_rng(1).normal(size=(20, 2))

    def gap(arms: dict[str, str]) -> float:
        t = np.array([arms[u] == "treated" for u in UNITS])
        return float(((levels[t].mean(axis=0) - levels[~t].mean(axis=0)) ** 2).sum())

    kept = [gap(dict(draw_restricted(s, UNITS, levels).arms)) for s in range(12)]
    free = [gap(dict(draw_blocks("blocked", s, [UNITS]).arms)) for s in range(200)]
    assert max(kept) < np.quantile(free, 0.25)
    assert len({tuple(draw_restricted(s, UNITS, levels).arms.values()) for s in range(12)}) == 12


def test_steps_share_areas_out_and_begin_when_said() -> None:
    periods = [f"2024-{m:02d}" for m in range(1, 10)]
    lots = draw_steps(3, UNITS, periods, 3, 2)
    assert sorted(Counter(lots.starts.values()).items()) == [("2024-01", 7), ("2024-03", 7), ("2024-05", 6)]
    with pytest.raises(ProtocolError, match="begin after the window"):
        draw_steps(3, UNITS, periods, 6, 2)
    with pytest.raises(ProtocolError, match="1 steps"):
        draw_steps(3, UNITS, periods, 1, 2)


def test_each_block_of_days_is_halved_in_each_area_by_itself() -> None:
    days = [f"2024-06-{d:02d}" for d in range(1, 15)]
    lots = draw_days(1, UNITS, days, 4)
    for mine in lots.days.values():
        for at in (0, 4, 8):
            assert sum(d in mine for d in days[at : at + 4]) == 2
        assert sum(d in mine for d in days[12:]) == 1
    assert len(set(lots.days.values())) > 10
    with pytest.raises(ProtocolError, match="no block"):
        draw_days(1, UNITS, days, 1)
