"""Errors of sums over areas, against Welch's test and a chi-squared by hand."""

import numpy as np
import pytest
from scipy import stats

from vru.stats.by_area import change_dispersion, spread_of_sums


def test_two_groups_of_one_size_are_welchs_test() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0, 1, 12), rng.normal(0, 3, 12)
    found = spread_of_sums([one, -other])
    assert found is not None
    welch = stats.ttest_ind(one, other, equal_var=False)
    t = (one.sum() - other.sum()) / found.se
    assert t == pytest.approx(welch.statistic)
    assert found.df == pytest.approx(welch.df)
    assert 2 * stats.t.sf(abs(t), found.df) == pytest.approx(welch.pvalue)


def test_a_group_of_one_takes_the_variance_of_the_others() -> None:
    others = np.array([1.0, 4.0, 2.0, 9.0])
    found = spread_of_sums([np.array([5.0]), others])
    assert found is not None
    assert found.se**2 == pytest.approx(5 * others.var(ddof=1))


@pytest.mark.parametrize("groups", [[np.array([1.0]), np.array([2.0])], [np.array([3.0, 3.0]), np.array([1.0, 1.0])]])
def test_nothing_to_learn_from_is_none(groups: list[np.ndarray]) -> None:
    assert spread_of_sums(groups) is None


def test_units_of_measure_do_not_matter() -> None:
    groups = [np.array([1.0, 5.0, 2.0]), np.array([0.0, 7.0])]
    one, other = spread_of_sums(groups), spread_of_sums([1000 * g for g in groups])
    assert one is not None
    assert other is not None
    assert (other.se, other.df) == pytest.approx((1000 * one.se, one.df))


def test_changes_against_a_chi_squared_of_a_table() -> None:
    before, after = np.array([20.0, 30.0, 25.0, 8.0]), np.array([25.0, 20.0, 26.0, 15.0])
    found = change_dispersion(before, after, np.zeros(4))
    assert found is not None
    table = stats.chi2_contingency(np.stack([before, after]), correction=False)
    assert found.phi * found.df == pytest.approx(table.statistic)
    assert found.df == table.dof


def test_changes_alike_or_alone_say_little() -> None:
    alike = change_dispersion(np.array([10.0, 20.0]), np.array([5.0, 10.0]), np.zeros(2))
    assert alike is not None
    assert alike.phi == pytest.approx(0)
    assert change_dispersion(np.array([10.0, 20.0]), np.array([5.0, 10.0]), np.arange(2)) is None
    assert change_dispersion(np.array([10.0, 20.0]), np.zeros(2), np.zeros(2)) is None
