"""DoWhy's own back-door estimators where they are right, with the guards that make them so.

DoWhy 0.14 gives one number, a difference of means, and no standard error that fits. It is asked where its estimator is
the one wanted: the linear regression's coefficient, inverse probability weighting, and matching without ties. Guards,
each pinned by a test: a frame of its own (its estimators write columns into the one given, and read them again); an int
treatment; propensities handed over (its default model is penalised, unscaled, and clipped to 0.05-0.95); normalised
weights; no effect modifiers; the registered set alone. What it gives must agree with our own computation, on which the
standard error rests; where the two differ, nothing is reported.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import pandas as pd

from vru.errors import MethodError, Problem
from vru.methods.adjusted.sample import Sample
from vru.stats.counterfactual import Target

Served = Literal["linear_regression", "propensity_score_weighting", "propensity_score_matching"]
_UNCLIPPED = {"min_ps_score": 1e-12, "max_ps_score": 1 - 1e-12}


def dowhy_difference(sample: Sample, method: Served, target: Target) -> float:
    """DoWhy's effect of treatment on the mean outcome, adjusted for the sample's covariates."""
    causes = [f"x{j}" for j in range(1, sample.design.shape[1])]
    frame = pd.DataFrame(sample.design[:, 1:], columns=causes)
    frame.insert(0, "treated", sample.rows.treated.astype(int))
    frame.insert(1, "outcome", sample.rows.y)
    settings: dict[str, object] = {"effect_modifiers": []}
    if method != "linear_regression":
        frame["propensity"] = sample.propensity
        ask: dict[str, object] = {"propensity_score_column": "propensity"}
        if method == "propensity_score_weighting":
            ask |= {"weighting_scheme": "ips_normalized_weight", **_UNCLIPPED}
        settings |= {"method_params": {"init_params": ask}, "target_units": target}
    with _quiet():
        from dowhy import CausalModel

        model = CausalModel(frame, "treated", "outcome", common_causes=causes)
        estimand = model.identify_effect(proceed_when_unidentifiable=True, method_name="maximal-adjustment")
        found = model.estimate_effect(estimand, method_name=f"backdoor.{method}", **settings)
    return float(found.value)


def agreed(ours: float, theirs: float, spread: float) -> float:
    """DoWhy's number, once it is the same as ours. Raises MethodError where it differs by a thousandth of ``spread``."""
    if not np.isfinite(theirs) or abs(ours - theirs) > 1e-3 * spread + 1e-9 * abs(ours):
        raise MethodError(
            Problem(
                f"DoWhy's estimate ({theirs:.6g}) and our own computation of it ({ours:.6g}) differ",
                where="estimator",
                hint="use estimator: doubly_robust, and report this as a fault",
            )
        )
    return theirs


@contextmanager
def _quiet() -> Iterator[None]:
    log = logging.getLogger("dowhy")
    level = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            log.setLevel(level)
