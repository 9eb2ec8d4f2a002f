"""Months with small counts are merged; a reader who holds everything published, and the rule, bounds none more closely."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from vru.disclosure import PROFILES, merging, review, suppress
from vru.disclosure.suppression import bands_of
from vru.results import Estimate, PathPoint, Series

PERIODS = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(24))


def made(outcome, values, role="treated", id_="violence"):
    return Series(id_, role, 5, PERIODS[: len(values)], tuple(values))


def published(plan, outcome, *series, estimates=()):
    result = replace(outcome, series=series, estimates=tuple(estimates) or (replace(outcome.primary, path=()),))
    result = replace(result, estimates=tuple(replace(e, n_pre=0, n_post=0) for e in result.estimates))
    return suppress(plan, result)


@pytest.fixture
def local(make_plan):
    """A plan under the local police profile whose intervention starts in the thirteenth month."""
    base = make_plan()
    intervention = {**base.intervention.model_dump(mode="json"), "start": PERIODS[12], "end": None}
    return lambda profile="police_local": make_plan(disclosure={"profile": profile}, intervention=intervention)


def test_nothing_is_merged_where_nothing_is_small(local, outcome):
    series = made(outcome, [7.0] * 24)
    result, account = published(local(), outcome, series)
    assert result.series == (series,)
    assert account.merged == ()
    assert merging(local(), account).verdict == "pass"


def test_small_months_join_their_neighbours_and_totals_stay_true(local, outcome):
    values = [7, 2, 9, 0, 1, 1, 8, 6, 5, 5, 7, 3] + [6] * 12
    result, account = published(local(), outcome, made(outcome, [float(v) for v in values]))
    (series,) = result.series
    assert [(b.first, b.last, b.n, b.count) for b in series.bands] == [
        ("2019-02", "2019-03", 2, 11.0),
        ("2019-05", "2019-07", 3, 10.0),
        ("2019-11", "2019-12", 2, 10.0),
    ]
    shown = sum(v for v in series.values if v is not None) + sum(b.count for b in series.bands)
    assert shown == sum(values)
    finding = merging(local(), account)
    assert (finding.verdict, finding.numbers) == ("pass", {"months": 7})
    assert "2019-05 to 2019-07" in finding.text
    assert suppress(local(), result)[0] == result
    assert review(local(), result, {})[0].verdict == "pass"


def test_no_band_crosses_the_start_a_gap_or_the_window_of_an_estimate(local, outcome):
    values = [6.0] * 11 + [2.0, 2.0] + [6.0] * 4 + [None, 3.0] + [6.0] * 5
    estimate = replace(outcome.primary, path=(), n_pre=4, n_post=0)
    result = replace(outcome, series=(made(outcome, values),), estimates=(estimate,))
    (series,) = suppress(local(), result)[0].series
    assert [(b.first, b.last) for b in series.bands] == [
        ("2019-11", "2019-12"),
        ("2020-01", "2020-02"),
        ("2020-07", "2020-08"),
    ]
    values = [6.0] * 7 + [2.0] + [6.0] * 16
    result = replace(outcome, series=(made(outcome, values),), estimates=(estimate,))
    (series,) = suppress(local(), result)[0].series
    assert [(b.first, b.last) for b in series.bands] == [("2019-07", "2019-08")]


def test_a_part_that_is_small_as_a_whole_is_refused_and_named(local, outcome):
    account = published(local(), outcome, made(outcome, [1.0] + [0.0] * 11 + [9.0] * 12))[1]
    finding = merging(local(), account)
    assert finding.verdict == "fail"
    assert "violence, treated areas, 2019-01 to 2019-12" in finding.text


def test_what_a_larger_outcome_has_beyond_a_smaller_one_is_a_count_too(local, outcome):
    every, part = made(outcome, [12.0] * 24, id_="all"), made(outcome, [10.0] + [6.0] * 23, id_="part")
    result, _ = published(local(), outcome, every, part)
    # Both alike: a whole by month beside its part by two months would give the part away.
    assert [[(b.first, b.last) for b in s.bands] for s in result.series] == [[("2019-01", "2019-02")]] * 2


def test_an_estimates_path_and_single_months_follow_both_groups(local, outcome):
    treated = made(outcome, [2.0, 9.0] + [7.0] * 22)
    comparison = made(outcome, [9.0, 9.0, 8.0, 1.0, 6.0] + [7.0] * 19, "comparison")
    path = tuple(PathPoint(p, 7.0, 8.0, 6.0, 10.0) for p in PERIODS)
    first: Estimate = replace(outcome.primary, outcome="violence", path=path)
    result, _ = published(local(), outcome, treated, comparison, estimates=[first])
    points = result.estimates[0].path
    assert [(p.period, p.through, p.n, p.observed, p.expected, p.low) for p in points[:3]] == [
        ("2019-01", "2019-02", 2, 14.0, 16.0, None),
        ("2019-03", "", 1, 7.0, 8.0, 6.0),
        ("2019-04", "2019-05", 2, 14.0, 16.0, None),
    ]
    assert sum(p.observed for p in points) == 7 * 24


def test_small_weeks_of_patrol_days_are_merged_too(local, outcome):
    weeks = ("2021-01-04", "2021-01-11", "2021-01-18", "2021-01-25")
    path = tuple(PathPoint(w, float(n), 6.0, 4.0, 8.0) for w, n in zip(weeks, (9, 2, 7, 3), strict=True))
    result = replace(outcome, series=(), estimates=(replace(outcome.primary, path=path),))
    found, account = suppress(local(), result)
    assert [(p.period, p.through, p.n, p.observed) for p in found.estimates[0].path] == [
        ("2021-01-04", "", 1, 9.0),
        ("2021-01-11", "2021-01-25", 3, 12.0),
    ]
    assert account.unsafe == ()
    assert suppress(local(), found)[0] == found
    few = replace(outcome, series=(), estimates=(replace(outcome.primary, path=path[1:2]),))
    assert merging(local(), suppress(local(), few)[1]).verdict == "fail"


def seen_of(profile, *tables):
    """What is published of one part: the runs of months with the sum of each table in them (one, or a part and its whole)."""

    def small(a, b):
        sums = [sum(t[a : b + 1]) for t in tables]
        return any(map(profile.hides, [*sums, *([sums[1] - sums[0]] if len(sums) == 2 else [])]))

    bands, safe = bands_of(small, 0, len(tables[0]) - 1)
    runs, seen, at = dict(bands), [], 0
    while at < len(tables[0]):
        last = runs.get(at, at)
        seen.append((at, last, *(sum(t[at : last + 1]) for t in tables)))
        at = last + 1
    return tuple(seen), safe


def recovered(profile, worlds, judged):
    """Small counts in tables to ``judged`` that an attacker bounds more closely than the rule does, and how many there are."""
    width = profile.largest - profile.smallest
    hidden = found = 0
    for same in worlds.values():
        low, high = np.min(same, axis=0), np.max(same, axis=0)
        for row in (r for r in same if max(r) <= judged):
            for i, count in enumerate(row):
                if profile.hides(count):
                    hidden += 1
                    found += high[i] - low[i] < width
    return found, hidden


@pytest.mark.parametrize(("name", "judged", "top"), [("police_local", 8, 13), ("nhs_hes_ecds", 9, 16)])
def test_an_attacker_who_runs_the_rule_on_every_table_bounds_no_small_count(name, judged, top):
    """All tables of four months with counts to ``top``, of which those to ``judged`` are judged.

    The attacker holds the sums and the program itself, and tries every table that would have been published alike. A
    small count must then be possible over a range as wide as the rule's own.
    """
    profile = PROFILES[name]
    worlds: dict[object, list[tuple[int, ...]]] = {}
    for part in product(range(top + 1), repeat=4):
        seen, safe = seen_of(profile, part)
        if safe:
            worlds.setdefault(seen, []).append(part)
    found, hidden = recovered(profile, worlds, judged)
    assert hidden > 10_000
    assert found == 0


def test_an_attacker_with_a_part_and_its_whole_bounds_neither_nor_their_difference():
    profile = PROFILES["police_local"]
    cells = [(a, b) for b in range(12) for a in range(b + 1)]
    worlds: dict[object, list[tuple[int, ...]]] = {}
    for three in product(cells, repeat=3):
        inner, outer = zip(*three, strict=True)
        seen, safe = seen_of(profile, inner, outer)
        if safe and inner != outer:
            worlds.setdefault(seen, []).append((*inner, *outer, *(b - a for a, b in three)))
    found, hidden = recovered(profile, worlds, 6)
    assert hidden > 40_000
    assert found == 0
