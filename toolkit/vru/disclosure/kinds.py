"""What each number is that an estimate carries by name: a count that may be small, a share of people, or neither.

A name that is not here is treated as a count. Rules by class of output as in the UK Data Service's Handbook on Statistical
Disclosure Control for Outputs (2019) and the statbarns of Smith et al. (2024): frequencies are thresholded, shares by
their numerator, statistics and model quantities are safe.
"""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["count", "left_out", "share", "statistic", "design"]

_COUNTS = (
    "T0 T1 C0 C1 D0 D1 E0 E1 events events_treated events_comparison events_treated_days events_comparison_days events_offered "
    "events_not_offered events_eligible events_not_eligible rows_below rows_above smallest_cluster largest_cluster"
)
_LEFT_OUT = "lost_treated lost_comparison trimmed_treated trimmed_comparison treated_outside_range"
_SHARES = "uptake_offered uptake_not_offered"
_DESIGN = (
    "clusters clusters_treated clusters_comparison clusters_below clusters_above whole_clusters_offered strata sequences periods "
    "scores_below scores_above cutoff cutoff_counts_above treated_days comparison_days treated_unit_months "
    "replays refused false_alarms frames edges bins ratio level"
)
_STATISTICS = (
    "phi alpha rho theta dispersion expected fit_before first_stage_F time_weight rmspe_rank_p quotient "
    "quotient_low quotient_high placebo_se_per_unit_month jackknife_se_per_unit_month per_unit_month "
    "effect_per_unit_month noise net_effect mean_with mean_without mean_at_cutoff_below mean_at_cutoff_above "
    "level_step level_slope leave_one_out_low leave_one_out_high largest_weight_share in_time_placebo imbalance "
    "exposure_treated exposure_comparison effective_units effective_treated effective_comparison effective_rows "
    "comparison_coefficient bias_bandwidth bandwidth attrition_p share_compliers icc design_effect carry_over_p "
    "as_scheduled_p bend_p bend_at_minutes mean_visits_treated_days mean_visits_comparison_days "
    "mean_minutes_treated_days mean_minutes_comparison_days constant_ratio_p "
    "rate rate_low rate_high covered effective effective_dates reach own p low high share size smallest_fall smallest_rise"
)
_CLASSES: tuple[tuple[Kind, str], ...] = (
    ("count", _COUNTS),
    ("left_out", _LEFT_OUT),
    ("share", _SHARES),
    ("design", _DESIGN),
    ("statistic", _STATISTICS),
)
KINDS: Mapping[str, Kind] = {name: kind for kind, names in _CLASSES for name in names.split()}


def kind_of(name: str) -> Kind:
    """The class of a number by its name; "count" for one that nobody registered."""
    return KINDS.get(name, "count")
