"""A case to check: a panel, its graph, and a small honest analysis that does not depend on any method."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from vru.checks import Case
from vru.errors import MethodError, Problem
from vru.graph import Identification
from vru.panel import Panel
from vru.protocol.fields import Protocol, Question, Selection, Units
from vru.results import Estimate, Interval

EDGES = (
    ("area", "patrol"),
    ("area", "violence"),
    ("period", "patrol"),
    ("period", "violence"),
    ("recent_peak", "patrol"),
    ("patrol", "police_visibility"),
    ("police_visibility", "violence"),
    ("patrol", "recorded_incidents"),
    ("violence", "recorded_incidents"),
)


def log_ratio(panel: Panel, *, cluster: bool = True) -> Estimate:
    """Log ratio of before-after ratios, with a cluster (or, dishonestly, pure Poisson) standard error."""
    counts, post = panel.counts["violence"], panel.post()
    seen = ~panel.missing[panel.is_role("treated", "comparison")].any(axis=0)
    value, variance, totals = 0.0, 0.0, []
    for role, sign in (("treated", 1), ("comparison", -1)):
        rows = panel.is_role(role)
        before, after = (counts[rows][:, side & seen].sum(axis=1) for side in (~post, post))
        b, a = before.sum(), after.sum()
        if rows.sum() < 2 or a == 0 or b == 0:
            raise MethodError(Problem(f"the {role} areas are too few or have no offences"))
        value += sign * math.log(a / b)
        n = rows.sum()
        variance += float(((after / a - before / b) ** 2).sum()) * n / (n - 1) if cluster else 1 / a + 1 / b
        totals.append(a)
    n = int(panel.is_role("treated", "comparison").sum())
    se = math.sqrt(variance)
    half = float(student.ppf(0.975, n - 2)) * se if cluster else 1.96 * se
    saved = Interval(*(totals[0] * (math.exp(-v) - 1) for v in (value, value + half, value - half)))
    return Estimate(
        analysis="main",
        role="primary",
        method="test",
        outcome="violence",
        estimand="att",
        scale="log_rate_ratio",
        value=value,
        se=se,
        low=value - half,
        high=value + half,
        level=0.95,
        p=float(2 * student.sf(abs(value) / se, n - 2)),
        inference="cluster",
        events_prevented=saved,
        n_treated=int(panel.is_role("treated").sum()),
        n_comparison=int(panel.is_role("comparison").sum()),
        n_pre=int((~post).sum()),
        n_post=int(post.sum()),
    )


def nothing(panel: Panel) -> Estimate:
    """An estimate for a panel on which no analysis is possible."""
    return Estimate(
        analysis="main",
        role="primary",
        method="test",
        outcome="violence",
        estimand="att",
        scale="log_rate_ratio",
        value=0.0,
        se=None,
        low=None,
        high=None,
        level=0.95,
        p=None,
        inference="",
        events_prevented=Interval(0.0, None, None),
        n_treated=0,
        n_comparison=0,
        n_pre=0,
        n_post=0,
    )


@pytest.fixture
def make_case() -> Callable[..., Case]:
    """Factory of cases round a panel."""

    def make(
        panel: Panel,
        *,
        adjustment: tuple[str, ...] = ("area", "period"),
        extra_edges: tuple[tuple[str, str], ...] = (),
        refit: Callable[[Panel], Estimate] = log_ratio,
        estimate: Estimate | None = None,
        selection: Selection | None = None,
        smallest: float = 0.1,
    ) -> Case:
        question = Question(population="areas", comparator="others", smallest_effect=smallest)
        units = Units.model_construct(selection=selection)
        known = Identification(
            treatment="patrol",
            outcome="violence",
            edges=(*EDGES, *extra_edges),
            unobserved=("recent_peak", "police_visibility"),
            adjustment=adjustment,
            backdoor_sets=(adjustment,),
            estimand="",
            words="",
        )
        protocol: Any = Protocol.model_construct(question=question, units=units)
        if estimate is None:
            try:
                estimate = refit(panel)
            except MethodError:
                estimate = nothing(panel)
        return Case(protocol, panel, estimate, known, refit)

    return make


@pytest.fixture
def with_trend(make_panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """Factory: a panel whose treated areas drift away from the start of the window."""

    def make(slope: float, **settings: Any) -> Panel:
        panel = make_panel(mean=60.0, **settings)
        rng = np.random.default_rng(11)
        rate = np.full(panel.shape, 60.0)
        rate[panel.is_role("treated")] *= np.exp(slope * np.arange(panel.shape[1]))
        return replace(panel, counts={"violence": rng.poisson(rate).astype(float)})

    return make
