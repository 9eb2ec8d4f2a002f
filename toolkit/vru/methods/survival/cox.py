"""Cox's model by lifelines: the arm's log hazard ratio, and whether the ratio is the same early and late."""

import warnings
from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError, Problem

SETTLED = {"precision": 1e-10, "r_precision": 1e-14}
"""The library's own rule stops at five digits."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """value, se : of the arm's log hazard ratio. constant_p : of the test that the ratio does not change over time."""

    value: float
    se: float
    constant_p: float | None


def hazard(
    time: np.ndarray,
    event: np.ndarray,
    treated: np.ndarray,
    x: np.ndarray,
    stratum: np.ndarray | None,
    cluster: np.ndarray | None,
) -> Hazard:
    """Efron's ties; errors by the model, or robust within clusters.

    Raises MethodError where an arm has no event, or where the fit does not end.

    Source: Cox (1972) JRSS B 34; Efron (1977); Lin & Wei (1989) for clusters; Grambsch & Therneau (1994) for the test, over
    ranks of the times. Reference implementation: R ``survival::coxph``.
    """
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    _refuse_empty(event, treated)
    frame = pd.DataFrame({"days": time, "happened": event.astype(int), "arm": treated.astype(float)})
    for j in range(x.shape[1]):
        # Standardised, so that the fit does not depend on units of measure.
        frame[f"x{j}"] = (x[:, j] - x[:, j].mean()) / (x[:, j].std() or 1.0)
    groups = {"strata": "stratum", "cluster_col": "cluster"}
    given = {"strata": stratum, "cluster_col": cluster}
    named = {key: groups[key] for key, values in given.items() if values is not None}
    for key, column in named.items():
        frame[column] = given[key]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = CoxPHFitter().fit(frame, "days", "happened", fit_options=SETTLED, **named)
        except (ConvergenceError, np.linalg.LinAlgError, ValueError):
            hint = "list fewer covariates, or leave out those that tell all events apart"
            raise MethodError(Problem("Cox's model does not settle on these data", "covariates", hint=hint)) from None
        constant = _constant(model, frame)
    return Hazard(float(model.params_["arm"]), float(model.standard_errors_["arm"]), constant)


def _constant(model: object, frame: object) -> float | None:
    from lifelines.statistics import proportional_hazard_test

    try:
        found = proportional_hazard_test(model, frame, time_transform="rank").summary
        p = float(found.loc["arm", "p"])
    except (ValueError, KeyError, np.linalg.LinAlgError, NotImplementedError):
        return None
    return p if np.isfinite(p) else None


def _refuse_empty(event: np.ndarray, treated: np.ndarray) -> None:
    for name, side in (("treated", treated), ("comparison", ~treated)):
        if not event[side].any():
            hint = "effect: restricted_mean needs events in one arm only"
            raise MethodError(
                Problem(f"no event was recorded among the {name}, so there is no hazard ratio", "outcome", hint=hint)
            )
