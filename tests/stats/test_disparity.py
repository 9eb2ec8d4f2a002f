"""Ratios of rates and shares: published and independent values, coverage at small counts, bounds, agreement."""

import csv
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from vru.stats.disparity import (
    NOTHING,
    agreement,
    event_bounds,
    event_ratio,
    log_ratio,
    share_bounds,
    share_interval,
    share_ratio,
)  # fmt: skip

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "equity"


@pytest.mark.parametrize(
    "row", list(csv.DictReader((GOLDEN / "ratios.csv").read_text(encoding="utf-8").splitlines())), ids=lambda r: r["a"]
)
def test_intervals_are_those_of_independent_code(row: dict[str, str]) -> None:
    a, n, c, m = (int(row[k]) for k in ("a", "n", "c", "m"))
    score, exact = share_ratio(a, n, c, m), event_ratio(a, n, c, m)
    assert (score.low, score.high) == pytest.approx((float(row["score_low"]), float(row["score_high"])), rel=1e-7)
    assert (exact.low, exact.high) == pytest.approx((float(row["exact_low"]), float(row["exact_high"])), rel=1e-8)
    assert (score.value, exact.value) == pytest.approx((a / n / (c / m),) * 2)


@pytest.mark.realdata
def test_every_published_rate_ratio_is_reproduced(data_dir: Path) -> None:
    table = data_dir / "context" / "stop_search_by_la" / "summarised_stats_by_year_la_mixed_included_2017_2021.csv"
    with table.open(encoding="utf-8-sig") as handle:
        rows = [r for r in csv.DictReader(handle) if r["rr"] not in ("NA", "")]
    assert len(rows) == 730
    for r in rows:
        counts = (float(r[k]) for k in ("Black_stopped", "Black_population", "White_stopped", "White_population"))
        found = log_ratio(*counts)
        published = tuple(float(r[k]) for k in ("rr", "rr_ci_low", "rr_ci_upp"))
        assert (found.value, found.low, found.high) == pytest.approx(published, rel=1e-6)


def test_counts_of_nothing_and_of_everything() -> None:
    assert share_ratio(0, 10, 0, 20) == NOTHING == event_ratio(0, 10, 0, 20) == log_ratio(0, 10, 3, 20)
    none_here, none_there = share_ratio(0, 10, 3, 20), share_ratio(3, 10, 0, 20)
    assert (none_here.value, none_here.low) == (0.0, 0.0)
    assert none_here.high is not None
    assert (none_there.value, none_there.high) == (None, None)
    assert none_there.low == pytest.approx(1 / (share_ratio(0, 20, 3, 10).high or 0), rel=1e-6)
    whole = share_ratio(1, 1, 1, 1)
    assert (whole.low or 0) * (whole.high or 0) == pytest.approx(1.0, rel=1e-6)
    assert (event_ratio(3, 10, 0, 20).value, event_ratio(3, 10, 0, 20).high) == (None, None)


@pytest.mark.parametrize("function", [share_ratio, event_ratio, log_ratio])
def test_turned_round_it_is_one_over(function: object) -> None:
    assert callable(function)
    there, back = function(5, 40, 30, 500), function(30, 500, 5, 40)
    assert (there.value, there.low, there.high) == pytest.approx(
        (1 / back.value, 1 / back.high, 1 / back.low), rel=1e-6
    )


def test_rates_do_not_depend_on_the_unit_of_people() -> None:
    one, thousand = event_ratio(5, 40_000, 30, 500_000), event_ratio(5, 40, 30, 500)
    assert (one.value, one.low, one.high) == pytest.approx((thousand.value, thousand.low, thousand.high))


@pytest.mark.parametrize("expected", [3, 10, 30, 100])
def test_exact_intervals_hold_at_small_counts(expected: int) -> None:
    """Coverage from the whole distribution, not from draws: never below the level."""
    from scipy import stats

    ratio, size, reference = 2.0, 1000.0, 20_000.0
    mean = expected * 10.0
    covered = total = 0.0
    spans = [range(int(stats.poisson.ppf(1e-4, m)), int(stats.poisson.ppf(1 - 1e-4, m)) + 1) for m in (expected, mean)]
    true = expected / size / (mean / reference)
    assert true == pytest.approx(ratio)
    for a, c in product(*spans):
        weight = float(stats.poisson.pmf(a, expected) * stats.poisson.pmf(c, mean)) if a + c else 0.0
        found = event_ratio(a, size, c, reference)
        total += weight
        covered += weight * ((found.low or 0) <= true <= (found.high or np.inf))
    assert 0.95 <= covered / total <= 0.995


@pytest.mark.parametrize(("n", "p"), [(12, 0.25), (40, 0.25), (400, 0.25)])
def test_score_intervals_hold_at_small_counts(n: int, p: float) -> None:
    from scipy import stats

    m, q = 300, 0.2
    covered = 0.0
    for a in range(n + 1):
        wa = float(stats.binom.pmf(a, n, p))
        for c in range(int(stats.binom.ppf(1e-4, m, q)), int(stats.binom.ppf(1 - 1e-4, m, q)) + 1, 1):
            if wa < 1e-6:
                continue
            found = share_ratio(a, n, c, m)
            covered += wa * float(stats.binom.pmf(c, m, q)) * ((found.low or 0) <= p / q <= (found.high or np.inf))
    assert 0.93 <= covered <= 0.975


def test_no_way_to_place_the_unrecorded_lies_outside_the_bounds() -> None:
    a, n, c, m, with_it, without = 4, 10, 9, 30, 3, 4
    bounds = share_bounds(a, n, c, m, with_it, without)
    ratios = []
    for i, j in product(range(with_it + 1), range(without + 1)):  # to the group; the rest to the reference or elsewhere
        for k, o in product(range(with_it - i + 1), range(without - j + 1)):
            ratios.append((a + i) / (n + i + j) / ((c + k) / (m + k + o)))
    assert (bounds.low, bounds.high) == pytest.approx((min(ratios), max(ratios)))
    events = event_bounds(a, 100, c, 1000, with_it)
    heads = [(a + i) / 100 / ((c + k) / 1000) for i in range(with_it + 1) for k in range(with_it - i + 1)]
    assert (events.low, events.high) == pytest.approx((min(heads), max(heads)))


def test_agreement_by_hand() -> None:
    # Cohen's own arithmetic: 20 + 15 of 50 alike, 0.5 by chance.
    found = agreement(np.array([[20, 5], [10, 15]]))
    assert (found.n, found.share, found.kappa) == (50, 0.7, pytest.approx(0.4))
    assert agreement(np.zeros((2, 2))).share is None


def test_wilson_by_hand() -> None:
    assert share_interval(0, 10) == pytest.approx((0.0, 0.27753279), abs=1e-7)
    assert share_interval(5, 10) == pytest.approx((0.23659309, 0.76340691), abs=1e-7)
