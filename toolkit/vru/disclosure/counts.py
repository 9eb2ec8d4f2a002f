"""Small counts in a result, against the profile's threshold."""

from collections.abc import Iterator

from vru.disclosure.profiles import PROFILES, Profile
from vru.results import Arm, Estimate, EvaluationResult, Finding

CHECK = "disclosure_small_counts"
MODEL_QUANTITIES = frozenset({"phi", "alpha", "expected", "dispersion", "theta"})
OF_THE_DESIGN = ("cutoff", "scores_", "clusters_", "lost_", "trimmed_")
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


def losses(profile_name: str, result: EvaluationResult) -> Finding:
    """A concern where few were lost from an arm: a trial must report its losses, so a person decides, not a rule."""
    profile = PROFILES[profile_name]
    few = [
        f"{e.analysis}, {a.name}"
        for e in result.estimates
        for a in e.arms
        if a.n > a.observed and profile.hides(a.n - a.observed)
    ]
    few = list(dict.fromkeys(few))
    text = (
        f"Few were lost from follow-up in {'; '.join(few)}. Reporting standards ask for losses by arm: whoever assures "
        "this decides whether it could point to anybody."
    )
    if not few:
        return Finding("disclosure_losses", "", "pass", "No arm has few losses.", {"found": 0})
    return Finding("disclosure_losses", "", "concern", text, {"found": len(few)})


def _threshold(profile: Profile) -> str:
    return "no threshold" if profile.largest is None else f"{profile.smallest} to {profile.largest}"


def _counts(result: EvaluationResult) -> Iterator[tuple[str, float]]:
    for series in result.series:
        for period, value in zip(series.periods, series.values, strict=True):
            if value is not None:
                yield f"{series.outcome}, {series.role}, {period}", value
        for band in series.bands:
            yield f"{series.outcome}, {series.role}, {band.first} to {band.last}", band.count
    for estimate in result.estimates:
        for point in estimate.path:
            yield f"{estimate.analysis}, observed {point.period}", point.observed
        for name, value in estimate.counts.items():
            if name not in MODEL_QUANTITIES and not name.startswith(OF_THE_DESIGN) and float(value).is_integer():
                yield f"{estimate.analysis}, {name}", value
        for arm in estimate.arms:
            yield from _of_arm(estimate, arm)


def _of_arm(estimate: Estimate, arm: Arm) -> Iterator[tuple[str, float]]:
    """How many are in an arm; those with the outcome and without it, where its mean gives them away.

    A mean from 0 to 1 whose product with the people is a whole number is a share of them, or a total of few offences,
    whatever the plan calls the outcome.
    """
    yield f"{estimate.analysis}, {arm.name}", float(arm.observed)
    if arm.mean is None:
        return
    events = arm.mean * arm.observed
    if 0 <= arm.mean <= 1 and abs(events - round(events)) < 1e-6:
        yield f"{estimate.analysis}, {arm.name}: events", float(round(events))
        if "rate" not in estimate.estimand:
            yield f"{estimate.analysis}, {arm.name}: without the outcome", float(arm.observed - round(events))
