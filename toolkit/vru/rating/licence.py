"""Which verb a design licenses once its checks are known, and what stands against a stronger one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vru.results import Estimate, Finding
from vru.words.evidence import Strength

LEVEL_APART = 0.25
"""Standard deviations of log level from which arms are not alike (Stuart 2010)."""


@dataclass(frozen=True, slots=True)
class Licence:
    """The strongest verb allowed and, where it is not the strongest of all, why."""

    strength: Strength
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a licence is given on: the estimate, its findings by what they bear on, how its units were assigned.

    by_lot : treatment, or the offer of it, was drawn by lot. follows : units are followed over time beside others.
    lowered : what the rating was lowered for.
    """

    estimate: Estimate
    bearing: Mapping[str, tuple[Finding, ...]]
    by_lot: bool
    follows: bool
    lowered: tuple[str, ...]


def about(findings: Iterable[Finding], bears_on: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[Finding, ...]]:
    """Findings by what they bear on; ``bears_on``: name of a check -> what its findings bear on."""
    found: dict[str, tuple[Finding, ...]] = {}
    for f in findings:
        for what in bears_on.get(f.check, ()):
            found[what] = (*found.get(what, ()), f)
    return found


def licence(level: int, seen: Evidence) -> Licence:
    """The verb for a Maryland ``level``.

    "caused" needs level 4 or 5, and unless a lot or a threshold decided who was treated, four things besides: a
    comparison that covers the level of the treated areas, a test that had the power to see that they moved alike and
    saw no difference, placebos drawn as the areas were chosen and passed, and no failed check on hidden causes.
    """
    if level <= 2:
        return Licence("change", tuple(seen.lowered) or ("nothing shows what would have happened without it",))
    doubts = _doubts(seen) if seen.follows and not seen.by_lot else []
    if level == 3:
        return Licence("associated", tuple([*doubts, *seen.lowered]) or ("who was treated was not drawn by lot",))
    return Licence("associated", tuple([*doubts, *seen.lowered])) if doubts else Licence("caused", ())


def level_apart(seen: Mapping[str, tuple[Finding, ...]]) -> float | None:
    """Standard deviations by which treated areas had more (above 0) or less before the start; None where unknown."""
    for f in seen.get("level", ()):
        apart = f.numbers.get("difference_level")
        if f.verdict != "not_run" and isinstance(apart, int | float):
            return float(apart)
    return None


def _doubts(seen: Evidence) -> list[str]:
    """What is missing for a causal word without a lot, each as the end of "…, as"."""
    checks = seen.bearing
    apart = level_apart(checks)
    found = ["areas were not drawn by lot"]
    if apart is None:
        found.append("it is not known whether treated areas were like their comparison")
    elif abs(apart) >= LEVEL_APART:
        found.append(f"treated areas were {'busier' if apart > 0 else 'quieter'} than their comparison beforehand")
    elif not _passed(checks.get("level", ())):
        found.append("treated areas differed from their comparison beforehand")
    if not _passed(checks.get("course", ())):
        found.append("no test strong enough to tell shows that they moved alike before")
    if not _passed(checks.get("ranks", ())):
        ran = any(f.verdict in ("concern", "fail") for f in checks.get("ranks", ()))
        found.append(
            "such differences are found between areas of other ranks too"
            if ran
            else "it was not tried how often areas of other ranks differ as much"
        )
    if any(f.verdict == "fail" for f in checks.get("hidden_causes", ())):
        found.append("a hidden cause as strong as a known one could explain it")
    # A lot is not asked for where all the rest holds.
    return found if len(found) > 1 else []


def _passed(findings: tuple[Finding, ...]) -> bool:
    """Whether one with power passed and none failed."""
    return any(f.verdict == "pass" and f.powered for f in findings) and all(f.verdict != "fail" for f in findings)
