"""Trend before the start, made-up dates and made-up areas: do they see what is there, and only that?"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vru.checks import CHECKS, Case
from vru.checks.placebo_areas import _assignments
from vru.panel import Panel
from vru.results import Finding

from .conftest import log_ratio

poisson_only = functools.partial(log_ratio, cluster=False)


def run(name: str, case: Case, **options: Any) -> Finding:
    check = CHECKS[name]
    return check.run(case, check.options(**options), np.random.default_rng(5))


def test_a_trend_is_seen_and_turned_into_the_bias_it_would_bring(
    with_trend: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    found = run("pre_period_trend", make_case(with_trend(-0.02)))
    assert found.verdict == "fail"
    assert found.numbers["slope_per_month"] == pytest.approx(-0.02, abs=0.006)
    # Middle of 24 months before to middle of 12 months after: 18 months.
    assert found.numbers["bias_if_continued"] == pytest.approx(18 * found.numbers["slope_per_month"])
    assert "fewer a year" in found.text


def test_no_trend_passes_with_its_power_named(with_trend: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    found = run("pre_period_trend", make_case(with_trend(0.0), smallest=0.3))
    assert found.verdict == "pass"
    assert "could not have seen a trend smaller than" in found.text


def test_a_blind_test_is_a_concern_not_a_pass(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    found = run("pre_period_trend", make_case(make_panel(treated=3, comparison=3, mean=2.0, pre=8)))
    assert found.verdict == "concern"
    assert "say little" in found.text
    assert found.numbers["smallest_visible_bias"] > 0.2
    assert "cannot give a p below 0.10" in found.text


def test_the_smallest_visible_trend_is_seen_four_times_in_five(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    from vru.stats.pretrend import pretrend

    # One panel's power estimate is itself noisy, so average over panels of the same kind.
    said = [run("pre_period_trend", make_case(make_panel(mean=20.0, seed=s))) for s in range(20)]
    slope = np.mean([f.numbers["smallest_visible_slope"] for f in said])
    rng = np.random.default_rng(1)
    treated = np.arange(20) < 10
    hits = []
    for seed in range(200):
        panel = make_panel(mean=20.0, seed=seed + 100)
        level = panel.counts["violence"][:, :24].mean(axis=1, keepdims=True)
        rate = level * np.exp(slope * treated[:, None] * (np.arange(24) - 11.5))
        hits.append(pretrend(rng.poisson(rate).astype(float), treated, rng, 199).p_linear < 0.05)
    assert 0.7 <= np.mean(hits) <= 0.92


def test_made_up_dates_alarm_on_a_trend_and_are_quiet_without(
    with_trend: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    drifting = run("placebo_date", make_case(with_trend(-0.03)))
    assert drifting.verdict == "fail"
    assert drifting.numbers["mean_placebo_effect"] < -0.2
    calm = run("placebo_date", make_case(with_trend(0.0)))
    assert calm.verdict == "pass"


def test_made_up_dates_never_use_months_after_the_real_start(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    seen: list[Panel] = []

    def watch(panel: Panel) -> Any:
        seen.append(panel)
        return log_ratio(panel)

    panel = make_panel(ratio=0.2, pre=20, post=6)
    run("placebo_date", make_case(panel, refit=watch))
    tried = seen[1:]
    assert tried
    assert max(p.periods[-1] for p in tried) < panel.periods[20]
    assert all(1 <= p.post().sum() <= 6 for p in tried)
    assert all((~p.post()).sum() >= 6 for p in tried)


def test_made_up_dates_cry_wolf_rarely_for_an_honest_method(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    verdicts = [run("placebo_date", make_case(make_panel(dispersion=0.2, seed=s))).verdict for s in range(60)]
    assert verdicts.count("fail") <= 4
    assert verdicts.count("pass") >= 45


def test_made_up_areas_find_the_analysis_that_ignores_clustering(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    noisy = make_panel(dispersion=0.6, comparison=20, mean=20.0)
    blind = run("placebo_areas", make_case(noisy, refit=poisson_only), draws=100)
    assert blind.verdict == "fail"
    assert blind.numbers["share"] > 0.15
    assert run("placebo_areas", make_case(noisy), draws=100).verdict == "pass"


def test_made_up_areas_leave_the_treated_out(make_panel: Callable[..., Panel], make_case: Callable[..., Case]) -> None:
    seen: list[Panel] = []

    def watch(panel: Panel) -> Any:
        seen.append(panel)
        return log_ratio(panel)

    panel = make_panel(treated=5, comparison=15, ratio=0.3)
    found = run("placebo_areas", make_case(panel, refit=watch))
    treated = {u for u, r in zip(panel.units, panel.role, strict=True) if r == "treated"}
    assert all(not treated & set(p.units) for p in seen[1:])
    assert all(p.is_role("treated").sum() == 4 for p in seen[1:])
    assert abs(found.numbers["sd_placebo_effect"]) < 0.2


def test_all_sets_of_areas_are_used_where_they_are_few() -> None:
    rng = np.random.default_rng(1)
    assert len(_assignments(5, 2, 40, rng)) == 10
    assert len(_assignments(12, 6, 40, rng)) == 40


def test_made_up_areas_keep_their_word_for_an_honest_method(
    make_panel: Callable[..., Panel], make_case: Callable[..., Case]
) -> None:
    verdicts = [
        run("placebo_areas", make_case(make_panel(dispersion=0.3, comparison=16, seed=s))).verdict for s in range(40)
    ]
    assert verdicts.count("fail") <= 1
    assert verdicts.count("pass") >= 33
