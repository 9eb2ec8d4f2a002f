"""Cross-fitting: every row's propensity and expected outcomes come from models that did not see it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from vru.cohort import Kind
from vru.errors import MethodError, Problem
from vru.methods.adjusted.learners import Learner, expected
from vru.methods.adjusted.sample import Sample

_CLOSEST: dict[Learner, float] = {"linear": 1e-6, "forest": 0.01, "boosting": 0.01}
"""How near to 0 or 1 a learner's propensity may come: leaves of few rows are often all of one arm, by chance."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """How nuisance models are fitted: learner, number of folds, and how often rows are dealt into folds anew."""

    learner: Learner
    folds: int
    splits: int


def deal(sample: Sample, folds: int, rng: Generator) -> np.ndarray:
    """A fold for each row, ``(n,)`` int: whole clusters where there are any, else each arm dealt out evenly.

    Raises MethodError where an arm would have no row outside some fold.
    """
    rows = sample.rows
    fold = np.empty(len(rows), dtype=int)
    if rows.cluster is not None:
        count = int(rows.cluster.max()) + 1
        fold = rng.permutation(np.arange(count) % min(folds, count))[rows.cluster]
    else:
        for side in (rows.treated, ~rows.treated):
            fold[side] = rng.permutation(np.arange(int(side.sum())) % min(folds, *sample.arms))
    for at in np.unique(fold):
        left = rows.treated[fold != at]
        if len(left) < 4 or min(left.sum(), (~left).sum()) < 2:
            raise MethodError(
                Problem(
                    "an arm lies in too few clusters to fit models on some and predict the others",
                    where="cohort: cluster",
                    hint="use estimator: weighting or regression, which do not split the rows",
                )
            )
    return fold


@dataclass(frozen=True, slots=True)
class Dealt:
    """Rows dealt into folds ``(n,)``, with the learner that predicts each fold from the others and its seed."""

    sample: Sample
    learner: Learner
    fold: np.ndarray
    seed: int


def each_split(sample: Sample, how: Fitting, rng: Generator) -> Iterator[Dealt]:
    """The rows dealt out ``how.splits`` times."""
    for _ in range(how.splits):
        yield Dealt(sample, how.learner, deal(sample, how.folds, rng), int(rng.integers(2**31)))


def propensity(dealt: Dealt) -> np.ndarray:
    """Probability of treatment ``(n,)``, each row's from models of the other folds."""
    treated = dealt.sample.rows.treated
    p = outcome(dealt, treated.astype(float), "binary", np.ones(len(treated), dtype=bool))
    least = _CLOSEST[dealt.learner]
    return np.asarray(np.clip(p, least, 1 - least))


def outcome(
    dealt: Dealt, y: np.ndarray, kind: Kind, among: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Mean of ``y`` given covariates ``(n,)``, each row's from models of the rows ``among`` (bool) of the other folds."""
    x, out = dealt.sample.design[:, 1:], np.empty(len(y))
    w = np.ones(len(y)) if weights is None else weights
    for at in np.unique(dealt.fold):
        here, there = dealt.fold == at, (dealt.fold != at) & among
        out[here] = expected(dealt.learner, kind, x[there], y[there], x[here], w[there], dealt.seed)
    return out
