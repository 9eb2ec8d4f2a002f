"""Cohorts with a known effect, by the way people came to be treated."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from vru.cohort import Cohort, Kind

Allocation = Literal["lot", "clusters", "confounded", "encouraged", "threshold"]


def simulate(
    allocation: Allocation,
    effect: float = 0.0,
    seed: int = 0,
    n: int = 600,
    kind: Kind = "continuous",
    clusters: int = 40,
    missing: float = 0.0,
) -> Cohort:
    """``effect``: added to the mean (continuous), or to the log of risk or rate (binary, count)."""
    rng = np.random.default_rng(seed)
    age, prior = rng.normal(0, 1, n), rng.poisson(1.0, n).astype(float)
    sex = rng.choice(["female", "male"], n)
    hidden = rng.normal(0, 1, n)
    cluster = np.arange(n) % clusters
    shock = rng.normal(0, 0.3, clusters)[cluster] if allocation == "clusters" else np.zeros(n)
    score = rng.uniform(-1, 1, n)
    assigned: np.ndarray | None = None
    received: np.ndarray | None = None
    if allocation == "lot":
        assigned = rng.permutation(np.arange(n) % 2).astype(float)
    elif allocation == "clusters":
        assigned = rng.permutation(np.arange(clusters) % 2).astype(float)[cluster]
    elif allocation == "confounded":
        received = (rng.random(n) < 1 / (1 + np.exp(-(0.6 * age + 0.3 * (prior - 1) - 0.2)))).astype(float)
    elif allocation == "encouraged":
        assigned = rng.permutation(np.arange(n) % 2).astype(float)
        received = (rng.random(n) < 1 / (1 + np.exp(-(2.2 * assigned - 1.2 + 0.8 * hidden)))).astype(float)
    else:
        received = (score >= 0).astype(float)
    treated = received if received is not None else assigned
    assert treated is not None
    line = 0.4 * age + 0.2 * (prior - 1) + 0.1 * (sex == "male") + shock + effect * treated
    line = (
        line + (0.6 * hidden if allocation == "encouraged" else 0) + (0.5 * score if allocation == "threshold" else 0)
    )
    if kind == "continuous":
        y = line + rng.normal(0, 1, n)
    elif kind == "count":
        y = rng.poisson(np.exp(0.3 + line)).astype(float)
    else:
        y = (
            rng.random(n) < np.minimum(np.exp(-1.6 + 0.5 * (line - effect * treated) + effect * treated), 0.98)
        ).astype(float)
    y = np.where(rng.random(n) < missing, np.nan, y)
    return Cohort(
        ids=tuple(f"p{i:05d}" for i in range(n)),
        outcomes={"offending": y},
        kinds={"offending": kind},
        assigned=assigned,
        received=received,
        covariates=pd.DataFrame({"age": age, "prior": prior, "sex": sex}),
        cluster=tuple(f"c{c:03d}" for c in cluster) if allocation == "clusters" else None,
        running=score if allocation == "threshold" else None,
    )


@pytest.fixture
def make_cohort() -> Callable[..., Cohort]:
    return simulate
