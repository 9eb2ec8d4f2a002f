"""Small counts in a result, against the profile's threshold."""

from collections.abc import Iterator

from vru.disclosure.courses import given_in_courses
from vru.disclosure.data_log import small_in_log
from vru.disclosure.kinds import kind_of
from vru.disclosure.profiles import Profile
from vru.results import Arm, Estimate, EvaluationResult, Finding

CHECK = "disclosure_small_counts"
_SHOWN = 5


def small_counts(profile: Profile, result: EvaluationResult) -> Finding:
    """Fail if a count that readers will see is too small to show; model estimates are not counts."""
    threshold = _threshold(profile)
    if profile.largest is None:
        return Finding(CHECK, "", "pass", f"{profile.label}.", {"too_small": 0}, threshold)
    counts = (*_counts(result), *small_in_log(profile, result.data_log))
    found = [where for where, count in counts if profile.hides(count)]
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


def losses(profile: Profile, result: EvaluationResult) -> Finding:
    """A concern where few were lost from an arm: a trial must report its losses, so a person decides, not a rule."""
    few = [
        f"{e.analysis}, {a.name}"
        for e in result.estimates
        for a in e.arms
        if a.n > a.observed and profile.hides(a.n - a.observed)
    ]
    few += [
        f"{e.analysis}, {name}"
        for e in result.estimates
        for name, n in e.counts.items()
        if kind_of(name) == "left_out" and n > 0 and profile.hides(n)
    ]
    few = list(dict.fromkeys(few))
    text = (
        f"Few were lost or left out in {'; '.join(few)}. Reporting standards ask for losses by arm: whoever assures "
        "this decides whether it could point to anybody."
    )
    if not few:
        return Finding("disclosure_losses", "", "pass", "No arm has few losses.", {"found": 0})
    return Finding("disclosure_losses", "", "concern", text, {"found": len(few)})


def _threshold(profile: Profile) -> str:
    return "no threshold" if profile.largest is None else f"{profile.smallest} to {profile.largest}"


def _counts(result: EvaluationResult) -> Iterator[tuple[str, float]]:
    for series in result.series:
        shown = ((p, v) for p, v in zip(series.periods, series.values, strict=True) if v is not None)
        yield from ((f"{series.outcome}, {series.role}, {period}", value) for period, value in shown)
        for band in series.bands:
            yield f"{series.outcome}, {series.role}, {band.first} to {band.last}", band.count
    for estimate in result.estimates:
        yield from _of_estimate(estimate)


def _of_estimate(estimate: Estimate) -> Iterator[tuple[str, float]]:
    for point in estimate.path:
        yield f"{estimate.analysis}, observed {point.period}", point.observed
    for name, value in estimate.counts.items():
        if kind_of(name) == "count" and float(value).is_integer():
            yield f"{estimate.analysis}, {name}", value
        elif kind_of(name) == "share":
            yield from _takers(estimate, name, value)
    for arm in estimate.arms:
        yield from _of_arm(estimate, arm)
    yield from given_in_courses(estimate)


def _takers(estimate: Estimate, name: str, share: float) -> Iterator[tuple[str, float]]:
    """How many people a share of an arm is: those who took an offer up, and those who did not."""
    treated = "not" not in name
    arms = [a for a in estimate.arms if (a.name in ("treated", "offered")) == treated]
    for arm in arms[:1]:
        took = share * arm.n
        if abs(took - round(took)) < 1e-6:
            yield f"{estimate.analysis}, {name}", float(round(took))
            yield f"{estimate.analysis}, {name}: the others", float(arm.n - round(took))


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
