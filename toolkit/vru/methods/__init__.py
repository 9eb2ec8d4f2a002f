"""The estimators, by name. To add one: a file that exports METHOD, and its name here."""

from vru.methods import (
    before_after,
    calibrated_weights,
    controlled_interrupted_series,
    crossover_trial,
    dose_response,
    interrupted_series,
    poisson_did,
    relative_rate_ratio,
    staggered_did,
    staggered_poisson,
    structural_series,
    synthetic_control,
    synthetic_did,
    weighted_displacement,
)
from vru.methods.method import Method

METHODS: dict[str, Method] = {
    m.METHOD.name: m.METHOD
    for m in (
        before_after,
        weighted_displacement,
        relative_rate_ratio,
        interrupted_series,
        controlled_interrupted_series,
        structural_series,
        poisson_did,
        staggered_did,
        staggered_poisson,
        synthetic_control,
        synthetic_did,
        calibrated_weights,
        crossover_trial,
        dose_response,
    )
}
