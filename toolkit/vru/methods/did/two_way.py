"""Point estimate of a two-way fixed-effects Poisson model: closed form where it holds, pyfixest where not."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.methods.arms import Arms
from vru.stats.blocks import fit_blocks
from vru.stats.dispersion import Dispersion, dispersion
from vru.stats.displacement import Difference
from vru.stats.imputed import impute
from vru.stats.schedules import fit_two_way


@dataclass(frozen=True, slots=True)
class Cells:
    """Offences in treated and comparison units before and after (a comparison's "after": from the earliest start)."""

    t0: float
    t1: float
    c0: float
    c1: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """Point estimate, treated units' expected counts without treatment, and variation around the fit.

    value : log rate ratio. expected : ``(n_treated, n_periods)``. regular : the closed form held.
    cluster_se : of the iterative fit, None where the closed form held or nothing was recorded after.
    """

    value: float
    expected: np.ndarray
    extra: Dispersion
    regular: bool
    cluster_se: float | None


def count_cells(arms: Arms) -> Cells:
    """The four totals, over observed unit-periods."""
    treated, own, post = arms.treated[:, None], arms.after, arms.post[None, :]
    y = arms.counts
    return Cells(
        float(y[treated & ~own].sum()),
        float(y[treated & own].sum()),
        float(y[~treated & ~post].sum()),
        float(y[~treated & post].sum()),
    )


def is_regular(arms: Arms, exposure: np.ndarray) -> bool:
    """Whether one start, no gaps and separable exposure let totals give the answer."""
    log = np.log(exposure)
    rest = log - log.mean(axis=1, keepdims=True) - log.mean(axis=0, keepdims=True) + log.mean()
    return not arms.staggered and bool(arms.observed.all()) and bool(np.abs(rest).max() < 1e-9)


def fit_closed_form(arms: Arms, cells: Cells) -> Fitted:
    """The log ratio of ratios of totals, which is the two-way fixed-effects Poisson estimate here."""
    t, y = arms.treated, arms.counts
    half = 0.5 if cells.t1 == 0 else 0.0
    value = math.log((cells.t1 + half) / (cells.t0 + half)) - math.log((cells.c1 + half) / (cells.c0 + half))
    expected = impute(y[t], arms.first[t], y[~t])
    return Fitted(value, expected, fit_blocks(y, t.astype(int), arms.post).dispersion, True, None)


def fit_iteratively(arms: Arms, exposure: np.ndarray, cells: Cells) -> Fitted:
    """Two-way fixed-effects Poisson by ``pyfixest.fepois`` on the observed unit-periods.

    exposure : ``(n_units, n_periods)``, enters as offset.
    """
    weight = np.where(arms.observed, exposure, 0.0)
    if cells.t1 == 0:
        return _nothing_after(arms, weight)
    found = _fepois(arms, exposure)
    value = found.value
    lift = np.where(arms.after, math.exp(value), 1.0)
    mean = fit_two_way(arms.counts, weight * lift).mean(weight * lift)
    seen = arms.observed & (mean > 0)
    df = int(seen.sum()) - sum(mean.shape)
    return Fitted(value, (mean / lift)[arms.treated], dispersion(arms.counts[seen], mean[seen], df), False, found.se)


def _nothing_after(arms: Arms, weight: np.ndarray) -> Fitted:
    """Expected counts from the untreated cells alone; 0.5 for the offences that were not recorded."""
    untreated = ~arms.after
    expected = fit_two_way(np.where(untreated, arms.counts, 0.0), np.where(untreated, weight, 0.0)).mean(weight)
    value = math.log(0.5 / (float((expected * arms.after).sum()) + 0.5))
    return Fitted(value, expected[arms.treated], Dispersion(None, None, 0), False, None)


def _fepois(arms: Arms, exposure: np.ndarray) -> Difference:
    import pyfixest

    n, t = arms.counts.shape
    live = (arms.observed & (arms.counts.sum(axis=0) > 0)[None, :]).ravel()
    frame = pd.DataFrame(
        {
            "y": arms.counts.ravel(),
            "treated": arms.after.astype(float).ravel(),
            "unit": np.repeat(np.arange(n), t),
            "period": np.tile(np.arange(t), n),
            "offset": np.log(exposure).ravel(),
        }
    )[live]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pyfixest.fepois(
            "y ~ treated | unit + period",
            data=frame,
            vcov={"CRV1": "unit"},
            offset="offset",
            ssc=pyfixest.ssc(k_fixef="full"),
            iwls_tol=1e-10,
            iwls_maxiter=100,
        )
    return Difference(float(model.coef()["treated"]), float(model.se()["treated"]))
