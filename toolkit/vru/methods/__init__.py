"""The estimators, by name. To add one: a file that exports METHOD, and its name here."""

from vru.methods import (
    adjusted_comparison,
    before_after,
    calibrated_weights,
    cluster_trial,
    controlled_interrupted_series,
    crossover_trial,
    dose_response,
    instrumented,
    interrupted_series,
    level_adjusted_did,
    parallel_trial,
    poisson_did,
    regression_discontinuity,
    relative_rate_ratio,
    staggered_did,
    staggered_poisson,
    structural_series,
    survival_comparison,
    survival_trial,
    synthetic_control,
    synthetic_did,
    weighted_displacement,
    weighted_displacement_quotient,
)
from vru.methods.method import Method

METHODS: dict[str, Method] = {
    m.METHOD.name: m.METHOD
    for m in (
        before_after,
        weighted_displacement,
        weighted_displacement_quotient,
        relative_rate_ratio,
        interrupted_series,
        controlled_interrupted_series,
        structural_series,
        poisson_did,
        level_adjusted_did,
        staggered_did,
        staggered_poisson,
        synthetic_control,
        synthetic_did,
        calibrated_weights,
        crossover_trial,
        dose_response,
        parallel_trial,
        cluster_trial,
        adjusted_comparison,
        instrumented,
        regression_discontinuity,
        survival_trial,
        survival_comparison,
    )
}
