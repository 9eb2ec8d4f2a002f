"""Selection rules: ranks, the lot, and the pool that regression to the mean needs."""

from collections.abc import Callable

import numpy as np
import pytest

from vru.errors import DataError, ProtocolError
from vru.geography import build_panel
from vru.periods import months_between
from vru.protocol.fields import Protocol
from vru.stats.selection import split_top

from .conftest import EventRows

MONTHS = months_between("2020-09", "2021-08")
BEFORE = MONTHS[:4]
Plan = Callable[..., Protocol]


def rule(**changes: object) -> dict[str, object]:
    top = {"rule": "top", "outcome": "violence", "first": "2020-09", "last": "2020-12", "top": 4}
    return {"kind": "lsoa11", "selection": top | {"assign": "random_half"} | changes}


def county(rows: EventRows, *, months: tuple[str, ...] = MONTHS) -> EventRows:
    """Ten LSOAs; the i-th has i + 1 violent offences a month; the last five are in Upton."""
    for i in range(10):
        place = "Upton" if i >= 5 else "Downham"
        for month in months:
            rows.add(i + 1, month, f"E0100000{i}", name=f"{place} 00{i}A")
    return rows


@pytest.mark.parametrize("assign", ["random_half", "random_pairs"])
def test_split_top_takes_the_highest_and_halves_them(assign) -> None:
    counts = np.array([3.0, 9, 1, 7, 5, 8])
    found = split_top(counts, 4, assign, np.random.default_rng(1))
    assert found.chosen.tolist() == [1, 5, 3, 4]
    assert found.treated.sum() == 2


def test_pairs_treat_one_of_each_pair_by_a_fair_coin() -> None:
    counts = np.arange(6.0)
    draws = np.array([split_top(counts, 6, "random_pairs", np.random.default_rng(s)).treated for s in range(2000)])
    assert (draws.reshape(-1, 3, 2).sum(axis=2) == 1).all()
    assert draws.mean(axis=0) == pytest.approx(np.full(6, 0.5), abs=0.045)


def test_halves_treat_every_set_equally_often() -> None:
    draws = [tuple(split_top(np.arange(4.0), 4, "random_half", np.random.default_rng(s)).treated) for s in range(3000)]
    sets, n = np.unique(draws, axis=0, return_counts=True)
    assert len(sets) == 6
    assert n / 3000 == pytest.approx(np.full(6, 1 / 6), abs=0.028)


def test_split_top_breaks_ties_by_order_and_refuses_nonsense() -> None:
    assert split_top(np.ones(5), 2, "random_half", np.random.default_rng(1)).chosen.tolist() == [0, 1]
    for counts, top, assign in ((np.ones(3), 4, "random_half"), (np.ones(3), 3, "random_pairs")):
        with pytest.raises(ValueError, match=r"top must|even number"):
            split_top(counts, top, assign, np.random.default_rng(1))
    with pytest.raises(ValueError, match="finite"):
        split_top(np.array([1.0, np.nan]), 2, "random_half", np.random.default_rng(1))


def test_top_rule(rows: EventRows, plan: Plan, tmp_path) -> None:
    built = build_panel(plan(rule()), {"crimes": county(rows).events({"made": MONTHS})}, tmp_path)
    panel, history = built.panel, built.panel.selection
    assert panel.units == ("E01000006", "E01000007", "E01000008", "E01000009")
    assert sorted(panel.role) == ["comparison"] * 2 + ["treated"] * 2
    assert history is not None
    assert history.pool == tuple(f"E0100000{i}" for i in range(10))
    assert history.periods == BEFORE
    assert history.counts.tolist() == [[i + 1] * 4 for i in range(10)]
    assert history.chosen.tolist() == [False] * 6 + [True] * 4
    assert build_panel(plan(rule()), {"crimes": rows.events({"made": MONTHS}, "b")}, tmp_path).panel.role == panel.role


def test_the_lot_follows_the_seed(rows: EventRows, plan: Plan, tmp_path) -> None:
    events = {"crimes": county(rows).events({"made": MONTHS})}
    assert len({build_panel(plan(rule(), seed=s), events, tmp_path).panel.role for s in range(12)}) > 2


def test_within_keeps_to_the_named_places(rows: EventRows, plan: Plan, tmp_path) -> None:
    events = {"crimes": county(rows).events({"made": MONTHS})}
    panel = build_panel(plan(rule(within=["Downham"])), events, tmp_path).panel
    assert panel.units == ("E01000001", "E01000002", "E01000003", "E01000004")
    assert panel.selection is not None
    assert panel.selection.pool == tuple(f"E0100000{i}" for i in range(5))
    with pytest.raises(DataError, match="Downham, Upton"):
        build_panel(plan(rule(within=["Weston"])), events, tmp_path)


def test_months_without_data_do_not_count(rows: EventRows, plan: Plan, tmp_path) -> None:
    there = tuple(m for m in MONTHS if m != "2020-10")
    built = build_panel(plan(rule()), {"crimes": county(rows, months=there).events({"made": there})}, tmp_path)
    assert built.panel.selection is not None
    assert built.panel.selection.periods == ("2020-09", "2020-11", "2020-12")
    assert any("not counted: 2020-10" in n.text for n in built.log)


def test_another_forces_area_is_no_candidate(rows: EventRows, plan: Plan, tmp_path) -> None:
    county(rows).add(1, "2020-09", "E01000099", name="Faraway 001A")
    built = build_panel(plan(rule()), {"crimes": rows.events({"made": MONTHS})}, tmp_path)
    assert built.panel.selection is not None
    assert "E01000099" not in built.panel.selection.pool
    assert [n.count for n in built.log if "another force's area" in n.text] == [1]


def test_listed_rule_keeps_the_lists_and_fills_the_pool(rows: EventRows, plan: Plan, tmp_path) -> None:
    listed = {"rule": "listed", "outcome": "violence", "first": "2020-09", "last": "2020-12"}
    units = {"kind": "lsoa11", "treated": ["E01000003"], "comparison": ["E01000001"], "selection": listed}
    panel = build_panel(plan(units), {"crimes": county(rows).events({"made": MONTHS})}, tmp_path).panel
    assert panel.units == ("E01000001", "E01000003")
    assert panel.selection is not None
    assert np.flatnonzero(panel.selection.chosen).tolist() == [1, 3]
    assert len(panel.selection.pool) == 10


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"top": 5, "assign": "random_pairs"}, ProtocolError, "cannot be paired"),
        ({"outcome": "robbery"}, ProtocolError, "no outcome 'robbery'"),
        ({"first": "2020-12", "last": "2020-09"}, ProtocolError, "comes after"),
        ({"top": 40}, DataError, "10 units to choose 40 from"),
        ({"first": "2018-01", "last": "2018-06"}, DataError, "no month from 2018-01 to 2018-06"),
    ],
)
def test_selections_that_cannot_be_made(rows: EventRows, plan: Plan, tmp_path, changes, error, said) -> None:
    events = {"crimes": county(rows).events({"made": MONTHS})}
    with pytest.raises(error, match=said):
        build_panel(plan(rule(**changes)), events, tmp_path)


def test_a_chosen_unit_cannot_be_a_buffer_too(rows: EventRows, plan: Plan, tmp_path) -> None:
    units = rule() | {"buffers": {"treated": ["E01000009"]}}
    with pytest.raises(DataError, match="listed as buffers: E01000009"):
        build_panel(plan(units), {"crimes": county(rows).events({"made": MONTHS})}, tmp_path)
