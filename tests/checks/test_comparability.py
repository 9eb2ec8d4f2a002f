"""The classifier test finds arms that differ, stays quiet where they do not, and says what it needs."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from vru.checks import CHECKS, Case
from vru.checks.comparability import separation, standardised_differences
from vru.panel import Panel

CHECK = CHECKS["comparability"]


def run(case: Case, **options: int):  # type: ignore[no-untyped-def]
    return CHECK.run(case, CHECK.options(**options), np.random.default_rng(1))


def test_standardised_differences_by_hand() -> None:
    x = np.array([[1.0], [2.0], [3.0], [2.0], [3.0], [4.0]])
    treated = np.array([True, True, True, False, False, False])
    assert standardised_differences(x, treated)[0] == pytest.approx(-1.0)


def test_auc_of_a_perfect_split_and_of_none() -> None:
    rng = np.random.default_rng(3)
    treated = np.arange(60) < 30
    apart = separation(treated[:, None] * 4.0 + rng.normal(size=(60, 1)), treated, 19, 1)
    assert apart.auc > 0.95
    assert apart.p == pytest.approx(1 / 20)
    assert apart.auc <= roc_auc_score(treated, treated)


def test_arms_drawn_alike_pass_and_levels_apart_are_a_concern(
    make_case: Callable[..., Case], make_panel: Callable[..., Panel]
) -> None:
    panel = make_panel(treated=30, comparison=30, mean=20)
    assert run(make_case(panel)).verdict == "pass"
    counts = panel.counts["violence"].copy()
    counts[panel.is_role("treated")] *= 3
    found = run(make_case(replace(panel, counts={"violence": counts})))
    assert found.verdict == "concern"
    assert "could tell" in found.text
    assert found.numbers["difference_level"] > 1


def test_p_is_uniform_when_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    treated = np.arange(24) < 12
    ps = [separation(rng.normal(size=(24, 3)), treated, 19, int(s)).p for s in range(25)]
    assert kstest(ps, "uniform").pvalue > 0.01


def test_too_few_areas_is_not_run(make_case: Callable[..., Case], make_panel: Callable[..., Panel]) -> None:
    found = run(make_case(make_panel(treated=3, comparison=20)))
    assert found.verdict == "not_run"
    assert "3 treated" in found.text
