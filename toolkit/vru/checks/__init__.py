"""Checks: one file each. To add one, write the file and name it here."""

from vru.checks import (
    balance,
    carry_over,
    comparability,
    constant_ratio,
    continuity_at_cutoff,
    delivery,
    density_at_cutoff,
    displacement,
    dowhy_data_subset,
    dowhy_placebo_treatment,
    dowhy_random_common_cause,
    dowhy_unobserved_common_cause,
    hidden_confounding,
    linkage,
    overdispersion,
    overlap,
    placebo_areas,
    placebo_cutoffs,
    placebo_date,
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
        linkage,
        constant_ratio,
        suppressed_cells,
        pre_period_trend,
        pre_trend_sensitivity,
        placebo_date,
        placebo_areas,
        placebo_ranks,
        regression_to_mean,
        overdispersion,
        displacement,
        delivery,
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
