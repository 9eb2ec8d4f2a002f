"""Placebos drawn as areas were chosen: by rank, and on earlier periods; and months recognised by their ranking."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS, Case
from vru.methods import METHODS
from vru.panel import Panel, PoolRecord, SelectionHistory
from vru.protocol.fields import Selection
from vru.replay import chosen_on, from_record, ranking
from vru.results import Estimate, Finding
from vru.stats.selection import best_window, named_by

MONTHS = tuple(f"{2018 + j // 12}-{j % 12 + 1:02d}" for j in range(48))
MakeCase = Callable[..., Case]


def refit(method: str) -> Callable[[Panel], Estimate]:
    m = METHODS[method]
    return lambda panel: m.fit(panel, "violence", m.options(), np.random.default_rng(1))


def world(seed: int, gradient: float = 0.0, shock: float = 0.15) -> np.ndarray:
    """Counts of 200 areas over 48 months; after two years busy areas fall by ``gradient`` for each unit of log level."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(2.0, 0.6, 200))
    later = np.arange(48) >= 24
    own = np.exp(rng.normal(0, shock, (200, 1)) * later)
    rate = level[:, None] * own * np.exp(-gradient * (np.log(level)[:, None] - 2.0) * later)
    return rng.poisson(rate).astype(float)


def ranked(counts: np.ndarray, size: int = 20, months: slice = slice(0, 12), start: int = 30) -> Panel:
    """Ranks 1 to ``size`` over these months against the next, the first year left out of the window."""
    pool = tuple(f"a{i:03d}" for i in range(len(counts)))
    everyone = np.zeros(len(counts), dtype=bool)
    record = PoolRecord(MONTHS, counts)
    declared = SelectionHistory("violence", MONTHS[:12], pool, counts[:, :12], everyone, record)
    order = np.argsort(-counts[:, months].sum(axis=1), kind="stable")
    return from_record(declared, (order[:size].tolist(), order[size : 2 * size].tolist()), MONTHS[12:], MONTHS[start])


def run(name: str, case: Case) -> Finding:
    return CHECKS[name].run(case, CHECKS[name].options(), np.random.default_rng(5))


def test_it_fails_where_busier_areas_change_otherwise_and_the_method_does_not_allow_for_it(make_case: MakeCase) -> None:
    panel = ranked(world(1, gradient=0.6))
    found = run("placebo_ranks", make_case(panel, refit=refit("poisson_did")))
    assert found.verdict == "fail", found.text
    assert found.numbers["share"] >= 0.25
    assert found.numbers["widen_by"] > 1.3


def test_it_passes_where_the_method_allows_for_it(make_case: MakeCase) -> None:
    verdicts = [
        run("placebo_ranks", make_case(ranked(world(s, gradient=0.35)), refit=refit("level_adjusted_did"))).verdict
        for s in range(12)
    ]
    assert verdicts.count("fail") <= 1
    assert verdicts.count("pass") >= 9


def test_a_real_effect_stands_out_from_the_placebos(make_case: MakeCase) -> None:
    counts = world(3)
    panel = ranked(counts)
    hit = panel.treated_periods()
    fewer = np.where(hit, np.floor(panel.counts["violence"] * 0.55), panel.counts["violence"])
    found = run(
        "placebo_ranks", make_case(replace(panel, counts={"violence": fewer}), refit=refit("level_adjusted_did"))
    )
    assert found.verdict == "pass", found.text
    assert found.numbers["share_as_large"] < 0.05


def test_areas_are_the_next_in_rank_and_nobody_treated_is_among_them_after_the_start(make_case: MakeCase) -> None:
    panel = ranked(world(2))
    treated = {u for u, r in zip(panel.units, panel.role, strict=True) if r == "treated"}
    seen: list[Panel] = []

    def watch(changed: Panel) -> Estimate:
        seen.append(changed)
        return refit("poisson_did")(changed)

    run("placebo_ranks", make_case(panel, refit=watch))
    over = [p for p in seen[1:] if p.periods[-1] >= MONTHS[30]]
    assert over
    assert all(not treated & set(p.units) for p in over)
    earlier = [p for p in seen[1:] if p.periods[-1] < MONTHS[30]]
    assert earlier
    assert any(treated & set(p.units) for p in earlier)
    assert {int(p.is_role("treated").sum()) for p in over} == {10, 20, 40}


@pytest.mark.parametrize("panel", [{"selection": None}, {"record": None}])
def test_without_the_pool_it_says_so(make_case: MakeCase, panel: dict[str, Any]) -> None:
    full = ranked(world(1))
    assert full.selection is not None
    bare = replace(full, selection=None if "selection" in panel else replace(full.selection, record=None))
    found = run("placebo_ranks", make_case(bare, refit=refit("poisson_did")))
    assert found.verdict == "not_run"
    assert "units.selection" in found.text


@pytest.mark.parametrize("months", [slice(27, 30), slice(24, 30), slice(18, 30), slice(29, 30)])
def test_a_peak_in_the_window_is_recognised_under_any_other_declaration(make_case: MakeCase, months: slice) -> None:
    """Declared as 2018, really chosen on months just before the start: caught nearly always."""
    caught = []
    for seed in range(20):
        found = run("regression_to_mean", make_case(ranked(world(seed), months=months), refit=refit("poisson_did")))
        caught.append(found.verdict == "fail")
        if found.verdict == "fail":
            assert "look as if they had been chosen on" in found.text
    assert np.mean(caught) >= 0.95


def test_areas_chosen_as_declared_are_not_suspected(make_case: MakeCase) -> None:
    for seed in range(20):
        found = run("regression_to_mean", make_case(ranked(world(seed)), refit=refit("poisson_did")))
        assert found.verdict == "pass", found.text
        assert found.numbers["other_period"] is None


def test_half_of_the_hottest_by_lot_is_not_suspected(make_case: MakeCase) -> None:
    """Neither half is the top of any ranking, and together they are the top of the declared one."""
    lot = Selection(rule="top", outcome="violence", first=MONTHS[0], last=MONTHS[11], top=40, assign="random_half")
    for seed in range(20):
        panel = ranked(world(seed))
        drawn = np.random.default_rng(seed).permutation(40) < 20
        role = tuple("treated" if t else "comparison" for t in drawn)
        split = replace(panel, role=role, starts=tuple(MONTHS[30] if t else None for t in drawn))
        found = run("regression_to_mean", make_case(split, refit=refit("poisson_did"), selection=lot))
        assert found.verdict == "pass", found.text


def test_the_window_that_names_them_is_found_and_gaps_are_passed_over() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(5, (50, 24)).astype(float)
    chosen = np.zeros(50, dtype=bool)
    chosen[np.argsort(-counts[:, 6:9].sum(axis=1), kind="stable")[:8]] = True
    found = best_window(counts, chosen, (1, 3, 12))
    assert found is not None
    assert (found.first, found.last, found.share) == (6, 8, 1.0)
    counts[3, 7] = np.nan
    other = best_window(counts, chosen, (1, 3, 12))
    assert other is not None
    assert not other.first <= 7 <= other.last
    assert named_by(np.array([3.0, 1, 1, 0]), np.array([True, False, True, False])) == 1.0


def test_a_history_can_be_chosen_anew_and_ranked() -> None:
    panel = ranked(world(1))
    history = panel.selection
    assert history is not None
    later = chosen_on(history, MONTHS[12:15])
    assert later is not None
    assert later.periods == MONTHS[12:15]
    first = ranking(later)
    totals = later.counts.sum(axis=1)[first]
    assert (np.diff(totals) <= 0).all()
