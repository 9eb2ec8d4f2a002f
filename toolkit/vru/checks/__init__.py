"""Checks: one file each. To add one, write the file and name it here."""

from vru.checks import (
    anticipation,
    balance,
    carry_over,
    comparability,
    continuity_at_cutoff,
    density_at_cutoff,
    displacement,
    dowhy_data_subset,
    dowhy_placebo_treatment,
    dowhy_random_common_cause,
    dowhy_unobserved_common_cause,
    hidden_confounding,
    leave_one_out,
    overdispersion,
    overlap,
    placebo_areas,
    placebo_cutoffs,
    placebo_date,
    placebo_outcome,
    placebo_ranks,
    placebo_treatment,
    pre_period_trend,
    pre_trend_sensitivity,
    recording,
    regression_to_mean,
    row_subset,
    schedule_kept,
    suppressed_cells,
)
from vru.checks.check import Case, Check, CheckOptions

CHECKS: dict[str, Check] = {
    module.CHECK.name: module.CHECK
    for module in (
        comparability,
        recording,
        suppressed_cells,
        pre_period_trend,
        pre_trend_sensitivity,
        placebo_date,
        placebo_areas,
        placebo_ranks,
        placebo_outcome,
        anticipation,
        leave_one_out,
        regression_to_mean,
        overdispersion,
        displacement,
        dowhy_placebo_treatment,
        dowhy_random_common_cause,
        dowhy_data_subset,
        dowhy_unobserved_common_cause,
        carry_over,
        schedule_kept,
        overlap,
        balance,
        hidden_confounding,
        placebo_treatment,
        row_subset,
        density_at_cutoff,
        continuity_at_cutoff,
        placebo_cutoffs,
    )
}

__all__ = ["CHECKS", "Case", "Check", "CheckOptions"]
