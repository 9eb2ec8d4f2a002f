"""Times to an event without a lot: what confounding does, and what adjusting makes of it."""

import dataclasses
import math

import numpy as np
import pytest

from vru.errors import MethodError

from .test_survival_trial import COMPARISON, TRIAL, fit, made


@pytest.mark.parametrize("effect", ["hazard_ratio", "restricted_mean"])
def test_unadjusted_hides_what_adjusting_finds(effect):
    data = made(11, n=1500, received=True)
    bare = fit(TRIAL, dataclasses.replace(data, assigned=data.received), effect=effect)
    found = fit(COMPARISON, data, effect=effect, draws=100)
    assert found.value < bare.value - bare.se
    assert found.counts["events_treated"] == bare.counts["events_treated"]
    if effect == "hazard_ratio":
        assert found.low < math.log(0.6) < found.high
    else:
        (balance,) = found.balance
        assert abs(balance.after) < 0.05 < abs(balance.before)


def test_clusters_are_drawn_whole():
    data = dataclasses.replace(made(3, n=400, received=True), cluster=tuple(f"c{i // 20}" for i in range(400)))
    found = fit(COMPARISON, data, effect="restricted_mean", draws=200)
    assert "bootstrap" in found.inference
    assert fit(COMPARISON, data, effect="restricted_mean", draws=200).se == found.se
    few = dataclasses.replace(data, cluster=tuple(f"c{i // 100}" for i in range(400)))
    with pytest.raises(MethodError, match="4 clusters are too few"):
        fit(COMPARISON, few)


def test_arms_that_do_not_overlap_are_refused():
    data = made(4, received=True)
    apart = data.covariates.assign(need=np.where(data.received == 1, 10.0, 0.0) + np.arange(len(data)) * 1e-4)
    with pytest.raises(MethodError, match="do not overlap"):
        fit(COMPARISON, dataclasses.replace(data, covariates=apart))
