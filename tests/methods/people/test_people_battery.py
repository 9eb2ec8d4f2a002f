"""What every method on a cohort must do, whatever it is. A newcomer in METHODS is picked up by itself."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from vru.cohort import Cohort
from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.method import Method
from vru.results import Estimate

MakeCohort = Callable[..., Cohort]
EFFECT = -0.6
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
ROUGH = 0.02
"""How near p may come to the level's own before which of them is right is a matter of draws and rounding."""
ALLOCATION = {"adjusted": "confounded", "instrument": "encouraged", "threshold": "threshold"}

people = [m for m in METHODS.values() if m.takes == "people" and not m.timed]
every = pytest.mark.parametrize("method", people, ids=[m.name for m in people])


def allocation(method: Method) -> str:
    return ALLOCATION.get(method.design, "clusters" if method.name == "cluster_trial" else "lot")


def fit(method: Method, cohort: Cohort, seed: int = 1, **options: object) -> Estimate:
    return method.fit(cohort, "offending", method.options(**options), np.random.default_rng(seed))


@every
def test_recovers_a_known_effect(method: Method, make_cohort: MakeCohort) -> None:
    errors, widths = [], []
    for seed in range(10):
        found = fit(method, make_cohort(allocation(method), EFFECT, seed, n=1200))
        assert found.scale == "mean_difference"
        assert found.low is not None
        assert found.high is not None
        errors.append(found.value - EFFECT)
        widths.append((found.high - found.low) / 3.92)
    assert abs(np.mean(errors)) < 3.5 * np.mean(widths) / np.sqrt(10)


@every
def test_finds_none_under_placebo(method: Method, make_cohort: MakeCohort) -> None:
    alarms = [(fit(method, make_cohort(allocation(method), 0.0, seed)).p or 0) <= 0.05 for seed in range(100, 140)]
    assert np.mean(alarms) <= 0.16


@every
def test_ignores_row_order_and_ids(method: Method, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(allocation(method), EFFECT)
    order = np.random.default_rng(0).permutation(len(cohort))
    moved = dataclasses.replace(cohort.take(order), ids=tuple(f"z{i}" for i in range(len(cohort))))
    first, second = fit(method, cohort), fit(method, moved)
    assert first.value == pytest.approx(second.value, rel=0.02, abs=0.02)
    assert first.low == pytest.approx(second.low, rel=0.1, abs=0.05)


@every
def test_leaves_its_input_unchanged(method: Method, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(allocation(method), EFFECT, missing=0.05)
    before, frame = {k: v.copy() for k, v in cohort.outcomes.items()}, cohort.covariates.copy()
    fit(method, cohort)
    np.testing.assert_array_equal(before["offending"], cohort.outcomes["offending"])
    assert list(frame.columns) == list(cohort.covariates.columns)
    assert frame.equals(cohort.covariates)


@every
def test_repeats_under_a_seed(method: Method, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(allocation(method), EFFECT)
    first, second = (json.dumps(dataclasses.asdict(fit(method, cohort, 5)), allow_nan=False) for _ in range(2))
    assert first == second


@every
def test_fails_readably_on_an_empty_arm(method: Method, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(allocation(method), EFFECT)
    arm = cohort.received if cohort.assigned is None else cohort.assigned
    assert arm is not None
    for side in (0, 1):
        with pytest.raises(MethodError, match=r"no row is treated|comparison rows and there are none|side of the"):
            fit(method, cohort.subset(arm == side))


@every
def test_fails_readably_on_an_unknown_outcome(method: Method, make_cohort: MakeCohort) -> None:
    with pytest.raises(MethodError, match="allowed: offending"):
        method.fit(make_cohort(allocation(method)), "burglary", method.options(), np.random.default_rng(0))


@every
@pytest.mark.parametrize("kind", ["continuous", "binary", "count"])
def test_estimate_is_complete(method: Method, kind: str, make_cohort: MakeCohort) -> None:
    found = fit(method, make_cohort(allocation(method), -0.5, 3, n=1200, kind=kind, missing=0.05))
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert (found.analysis, found.role, found.method) == ("", "exploratory", method.name)
    assert found.n_treated > 0
    assert found.n_comparison > 0
    assert found.se is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.p is not None
    assert [a.name for a in found.arms]
    assert all(a.mean is not None for a in found.arms)
    assert found.notes
    if kind == "continuous":
        assert found.events_prevented is None
    else:
        assert found.events_prevented is not None
        assert found.events_prevented.value > 0


@every
def test_says_who_was_lost(method: Method, make_cohort: MakeCohort) -> None:
    found = fit(method, make_cohort(allocation(method), EFFECT, missing=0.1))
    assert any("not observed" in note for note in found.notes)


@every
def test_level_widens_the_interval_and_is_validated(method: Method, make_cohort: MakeCohort) -> None:
    cohort = make_cohort(allocation(method), EFFECT)
    narrow, wide = fit(method, cohort, level=0.8), fit(method, cohort, level=0.99)
    assert (wide.low or 0) < (narrow.low or 0) < (narrow.high or 0) < (wide.high or 0)
    for bad in ({"level": 0.4}, {"levle": 0.9}):
        with pytest.raises(ValidationError):
            method.options.model_validate(bad)


@every
def test_p_and_interval_agree_at_every_level(method: Method, make_cohort: MakeCohort) -> None:
    """An interval half as wide as it claims leaves out no effect where p does not, one twice as wide the other way."""
    asked = 0
    for seed in range(6):
        cohort = make_cohort(allocation(method), EFFECT / 4, seed=seed)
        for level in LEVELS:
            found = fit(method, cohort, level=level)
            if found.p is None or (found.low is None and found.high is None) or abs(found.p - (1 - level)) < ROUGH:
                continue
            asked += 1
            outside = (found.low is not None and found.low > 0) or (found.high is not None and found.high < 0)
            assert outside == (found.p < 1 - level), (seed, level, found.low, found.high, found.p)
    assert asked >= 15
