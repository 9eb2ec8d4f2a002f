"""The registered analysis run again on cohorts that were shuffled or thinned as their rows came about."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from vru.checks.check import Case
from vru.checks.cohort_rows import arm_of
from vru.cohort import Cohort
from vru.errors import MethodError


@dataclass(frozen=True, slots=True)
class Again:
    """Effects and p-values of the runs that gave one, and how many refused. ``reason``: why the last refusal."""

    effects: np.ndarray
    p: np.ndarray
    refused: int
    reason: str


def run_again(case: Case, draw: Callable[[], Cohort], times: int) -> Again:
    """``case.refit`` on ``times`` draws. Raises MethodError where more than half refuse."""
    effects, p, refused, reason = [], [], 0, ""
    for _ in range(times):
        try:
            found = case.refit(draw())
        except MethodError as error:
            refused, reason = refused + 1, " ".join(str(problem.what) for problem in error.problems)
            continue
        effects.append(found.value)
        p.append(1.0 if found.p is None else found.p)
        if found.scale != case.estimate.scale:
            raise MethodError("the analysis answers on another scale once rows are changed.")
    if refused * 2 > times or len(effects) < 2:
        raise MethodError(f"the analysis refused {refused} of {times} such cohorts ({reason}).")
    return Again(np.array(effects), np.array(p), refused, reason)


def shuffled(case: Case, rng: Generator) -> Cohort:
    """Who was treated dealt out anew: within strata; whole clusters where all of a cluster went one way, else within them."""
    cohort, arm = case.cohort, arm_of(case)
    side: np.ndarray = getattr(cohort, arm)
    stratum = np.zeros(len(cohort), dtype=int) if cohort.stratum is None else _codes(cohort.stratum)
    out = side.copy()
    if cohort.cluster is None:
        for s in np.unique(stratum):
            rows = np.flatnonzero(stratum == s)
            out[rows] = side[rng.permutation(rows)]
    elif _whole(side, _codes(cohort.cluster)):
        cluster = _codes(cohort.cluster)
        first = np.unique(cluster, return_index=True)[1]
        dealt = side[first].copy()
        for s in np.unique(stratum[first]):
            groups = np.flatnonzero(stratum[first] == s)
            dealt[groups] = side[first][rng.permutation(groups)]
        out = dealt[cluster]
    else:
        cluster = _codes(cohort.cluster)
        for g in np.unique(cluster):
            rows = np.flatnonzero(cluster == g)
            out[rows] = side[rng.permutation(rows)]
    return replace(cohort, assigned=out) if arm == "assigned" else replace(cohort, received=out)


def thinned(case: Case, share: float, rng: Generator) -> Cohort:
    """A random ``share`` of the clusters, or of each arm's rows where there are none."""
    cohort = case.cohort
    if cohort.cluster is not None:
        cluster = _codes(cohort.cluster)
        groups = int(cluster.max()) + 1
        kept = rng.permutation(groups)[: max(2, round(share * groups))]
        return cohort.subset(np.isin(cluster, kept))
    side = getattr(cohort, arm_of(case))
    keep = np.zeros(len(cohort), dtype=bool)
    for value in (0, 1):
        rows = np.flatnonzero(side == value)
        keep[rng.permutation(rows)[: max(1, round(share * len(rows)))]] = True
    return cohort.subset(keep)


def _whole(side: np.ndarray, cluster: np.ndarray) -> bool:
    mean = np.bincount(cluster, weights=side) / np.bincount(cluster)
    return bool(np.isin(mean, (0.0, 1.0)).all())


def _codes(values: tuple[str, ...]) -> np.ndarray:
    return np.asarray(np.unique(np.asarray(values), return_inverse=True)[1])
