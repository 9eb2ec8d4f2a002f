"""Small counts in a result, against the profile's threshold."""

from collections.abc import Iterator

from vru.disclosure.profiles import PROFILES, Profile
from vru.results import Arm, Estimate, EvaluationResult, Finding

CHECK = "disclosure_small_counts"
MODEL_QUANTITIES = frozenset({"phi", "alpha", "expected", "dispersion", "theta"})
OF_THE_DESIGN = ("cutoff", "scores_", "clusters_", "smallest_cluster", "largest_cluster", "lost_", "trimmed_")
"""How names begin of counts that say how a comparison was made, not what happened to people in it."""
_SHOWN = 5


def small_counts(profile_name: str, result: EvaluationResult) -> Finding:
    """Fail if a count that readers will see is too small to show; model estimates are not counts."""
    profile = PROFILES[profile_name]
    threshold = _threshold(profile)
    if profile.largest is None:
        return Finding(CHECK, "", "pass", f"{profile.label}.", {"too_small": 0}, threshold)
    found = [where for where, count in _counts(result) if profile.hides(count)]
    if not found:
        return Finding(CHECK, "", "pass", f"No count is from {threshold}.", {"too_small": 0}, threshold)
    # Where, never how many: the finding itself is printed and kept.
    places = "; ".join(found[:_SHOWN]) + ("; …" if len(found) > _SHOWN else "")
    text = (
        f"{len(found)} counts are from {threshold}, which this profile suppresses ({profile.label}): {places}. "
        "Use fewer, larger areas or longer periods, leave the outcome out, or set disclosure.profile "
        "to what the agreement with the data's owner says."
    )
    return Finding(CHECK, "", "fail", text, {"too_small": len(found)}, threshold)


def _threshold(profile: Profile) -> str:
    return "no threshold" if profile.largest is None else f"{profile.smallest} to {profile.largest}"


def _counts(result: EvaluationResult) -> Iterator[tuple[str, float]]:
    for series in result.series:
        for period, value in zip(series.periods, series.values, strict=True):
            if value is not None:
                yield f"{series.outcome}, {series.role}, {period}", value
    for estimate in result.estimates:
        for point in estimate.path:
            yield f"{estimate.analysis}, observed {point.period}", point.observed
        for name, value in estimate.counts.items():
            if name not in MODEL_QUANTITIES and not name.startswith(OF_THE_DESIGN) and float(value).is_integer():
                yield f"{estimate.analysis}, {name}", value
        for arm in estimate.arms:
            yield from _of_arm(estimate, arm)


def _of_arm(estimate: Estimate, arm: Arm) -> Iterator[tuple[str, float]]:
    """How many are in an arm; and those with the outcome, and without it, where its mean is a share that gives them away."""
    yield f"{estimate.analysis}, {arm.name}", float(arm.observed)
    if arm.mean is None or estimate.events_prevented is None:
        return
    events = arm.mean * arm.observed
    # Rates per unit of follow-up are no shares: their product with people is no whole number but by chance.
    if abs(events - round(events)) < 1e-6:
        yield f"{estimate.analysis}, {arm.name}: events", float(round(events))
        if "risk" in estimate.estimand:
            yield f"{estimate.analysis}, {arm.name}: without the outcome", float(arm.observed - round(events))
