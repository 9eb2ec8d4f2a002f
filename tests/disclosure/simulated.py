"""Simulated evaluations whose every count is known: what each would publish, and what the attacker may then try."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from attacker import Knowledge, attack, hold, read, without_repeats

from vru.disclosure import PROFILES, Other, given_away, merging, review, subtracted, suppress
from vru.disclosure.profiles import profile_of
from vru.protocol import Protocol
from vru.results import EvaluationResult, PathPoint, Series, to_json

PARTS = ("gun", "knife", "other")
WHOLE = "violence"
OUTCOMES = (WHOLE, "knife", "gun")
MONTHS = tuple(f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(30))
START = MONTHS[12]
AREAS = tuple(f"E0100001{i}" for i in range(8))


@dataclass(frozen=True, slots=True)
class World:
    """Offences by area, kind and month; profile; how many months the first version has."""

    counts: np.ndarray
    profile: str
    first: int
    fewer: int


def world(rng: np.random.Generator, profile: str) -> World:
    """Between nearly all counts small and few; kinds of offence and areas unlike one another."""
    rule = PROFILES[profile].largest or 0
    level = rng.uniform(0.5, 8) * (rule + 1)
    share = rng.dirichlet([1.0, 2.0, 3.0])
    areas = rng.dirichlet(np.full(4, rng.choice([1.0, 8.0])), size=2).ravel()
    mean = level * areas[:, None, None] * share[None, :, None]
    course = rng.gamma(6, 1 / 6, (1, 1, len(MONTHS)))
    return World(rng.poisson(mean * course), profile, int(rng.integers(22, 27)), int(rng.integers(0, 2)))


def plan_of(base: Protocol, made: World, treated: tuple[str, ...], comparison: tuple[str, ...]) -> Protocol:
    """A plan that lists its areas and three outcomes, of which two are parts of the first."""
    units = {"kind": "lsoa11", "treated": list(treated), "comparison": list(comparison)}
    kinds = {WHOLE: list(PARTS), "knife": ["knife"], "gun": ["gun"]}
    outcomes = [
        base.outcomes[0].model_copy(update={"id": o, "filter": {"kind": kinds[o]}, "primary": o == WHOLE})
        for o in OUTCOMES
    ]
    return base.model_copy(
        update={
            "units": type(base.units).model_validate(units),
            "outcomes": outcomes,
            "intervention": base.intervention.model_copy(update={"start": START, "end": None}),
            "disclosure": base.disclosure.model_copy(update={"profile": made.profile}),
        }
    )


def true_counts(made: World, areas: tuple[str, ...], outcome: str) -> np.ndarray:
    rows = [AREAS.index(a) for a in areas]
    kinds = list(range(3)) if outcome == WHOLE else [PARTS.index(outcome)]
    return made.counts[np.ix_(rows, kinds)].sum(axis=(0, 1))


def result_of(base: EvaluationResult, plan: Protocol, made: World, months: int) -> EvaluationResult:
    """The full result: courses, and for each outcome an estimate with its path and totals."""
    series, estimates = [], []
    for outcome in OUTCOMES:
        sides = {}
        for role, areas in (("treated", plan.units.treated), ("comparison", plan.units.comparison)):
            y = true_counts(made, tuple(areas), outcome)[:months]
            sides[role] = y
            series.append(Series(outcome, role, len(areas), MONTHS[:months], tuple(float(v) for v in y)))
        t, c = sides["treated"], sides["comparison"]
        at = MONTHS.index(START)
        first = base.estimates[0]
        estimates.append(
            replace(
                first, analysis=outcome, role="primary" if outcome == WHOLE else "secondary", outcome=outcome, arms=(),
                path=tuple(PathPoint(m, float(v), 9.0, 4.0, 15.0) for m, v in zip(MONTHS, t, strict=False)),
                event_study=(), components={}, weights={}, notes=(), n_pre=at, n_post=months - at,
                counts={
                    "T0": float(t[:at].sum()), "T1": float(t[at:].sum()),
                    "C0": float(c[:at].sum()), "C1": float(c[at:].sum()),
                },
            )
        )  # fmt: skip
    return replace(base, series=tuple(series), estimates=tuple(estimates), findings=(), ratings=(), data_log=())


@dataclass
class Published:
    """One published result, as its JSON, and the groups of areas behind its roles."""

    plan: Protocol
    result: EvaluationResult
    months: int

    @property
    def groups(self) -> dict[str, str]:
        return {"treated": "+".join(self.plan.units.treated), "comparison": "+".join(self.plan.units.comparison)}


@dataclass
class Tally:
    """What was tried: small counts that are hidden, and those bounded within less than the rule's own range."""

    hidden: int = 0
    recovered: int = 0
    undecided: int = 0
    alone: int = 0
    runs: int = 0
    plain: int = 0
    cells: int = 0
    offences: int = 0
    told: int = 0
    plainly: int = 0
    refused: int = 0
    second: int = 0
    others: int = 0
    withheld: int = 0


def release(base: Protocol, outcome: EvaluationResult, made: World, tally: Tally) -> list[Published]:
    """Two versions and another record with fewer areas, as far as each may be published."""
    plan = plan_of(base, made, AREAS[:4], AREAS[4:])
    first = _release(plan, outcome, made, made.first)
    if first is None:
        tally.refused += 1
        return []
    out = [first]
    second = _release(plan, outcome, made, len(MONTHS))
    earlier = [Other("force/evaluation@1.0", plan, first.result)]
    if second and "fail" not in (
        given_away(plan, second.result, first.result).verdict,
        subtracted(plan, second.result, earlier).verdict,
    ):
        tally.second += 1
        out.append(second)
    less = plan_of(base, made, AREAS[:3], AREAS[4:]) if made.fewer else plan_of(base, made, AREAS[:4], AREAS[4:7])
    other = _release(less, outcome, made, made.first)
    beside = [Other(f"force/evaluation@{i}", p.plan, p.result) for i, p in enumerate(out)]
    if other and subtracted(less, other.result, beside).verdict == "pass":
        tally.others += 1
        out.append(other)
    return out


def _release(plan: Protocol, base: EvaluationResult, made: World, months: int) -> Published | None:
    result, account = suppress(plan, result_of(base, plan, made, months))
    stopped = merging(plan, account).verdict == "fail" or review(plan, result, {})[0].verdict == "fail"
    return None if stopped else Published(plan, result, months)


def knowledge(published: list[Published]) -> Knowledge:
    """Everything the attacker reads. A group that holds another is that one and what it has beyond it."""
    known = Knowledge()
    groups = {g for p in published for g in p.groups.values()}
    for outer in groups:
        for inner in groups:
            if inner != outer and outer.startswith(inner + "+"):
                beyond = outer.removeprefix(inner + "+")
                known.alike |= {
                    (outer, o, m): [(inner, o, m), (beyond, o, m)] for o in OUTCOMES for m in MONTHS
                }  # fmt: skip
    for p in published:
        read(known, json.loads(to_json(p.result)), p.groups, START, float(profile_of(p.plan.disclosure).round_to // 2))
    for group in {c[0] for c in known.cells}:
        hold(known, group, ("knife", "gun"), WHOLE, MONTHS)
    without_repeats(known)
    return known


def targets(made: World, known: Knowledge, published: list[Published]) -> Iterator[tuple[dict[int, float], int]]:
    """Every sum of unknowns whose true value is a small count: cells, groups, and what is left of a whole beside parts."""
    profile = PROFILES[made.profile]
    groups = {c[0] for c in known.cells} | {g for p in published for g in p.groups.values()}
    months = MONTHS[: max(p.months for p in published)]
    for group in sorted(groups):
        y = {o: true_counts(made, tuple(group.split("+")), o) for o in OUTCOMES}
        for i, month in enumerate(months):
            for outcome in OUTCOMES:
                if profile.hides(float(y[outcome][i])):
                    yield known.at((group, outcome, month)), int(y[outcome][i])
            for parts in (("knife",), ("gun",), ("knife", "gun")):
                left = int(y[WHOLE][i] - sum(y[p][i] for p in parts))
                if profile.hides(float(left)):
                    row = dict(known.at((group, WHOLE, month)))
                    for part in parts:
                        row |= {at: -w for at, w in known.at((group, part, month)).items()}
                    yield row, left


def attacked(base: Protocol, outcome: EvaluationResult, made: World, tally: Tally) -> None:
    """Publish a world, attack it, and add to the tally."""
    published = release(base, outcome, made, tally)
    if not published:
        return
    profile = PROFILES[made.profile]
    assert profile.smallest is not None
    assert profile.largest is not None
    _information(made, published[0], tally)
    known = knowledge(published)
    for target, true in targets(made, known, published):
        tally.hidden += 1
        found = attack(known, target).bounds(target)
        if found is None:
            tally.undecided += 1
            continue
        low, high = found
        assert low - 1e-6 <= true <= high + 1e-6, "the attacker was told something untrue"
        tally.recovered += high - low < profile.largest - profile.smallest - 1e-6


def _information(made: World, p: Published, tally: Tally) -> None:
    """What is published, against a plain rule: a month with a small count is left out of every group and outcome, and in
    each part of the window at least two months are, so that totals do not give one away."""
    profile = PROFILES[made.profile]
    tally.alone += sum(v is not None for s in p.result.series for v in s.values)
    tally.runs += sum(sum(v is not None for v in s.values) + len(s.bands) for s in p.result.series)
    tally.told += int(sum(sum(v or 0 for v in s.values) + sum(b.count for b in s.bands) for s in p.result.series))
    tally.cells += 6 * p.months
    tally.withheld += 3 - len(p.result.estimates)
    small = np.zeros(p.months, dtype=bool)
    rows = []
    for group in p.groups.values():
        y = {o: true_counts(made, tuple(group.split("+")), o)[: p.months] for o in OUTCOMES}
        beyond = [y[WHOLE] - y["knife"], y[WHOLE] - y["gun"], y[WHOLE] - y["knife"] - y["gun"]]
        rows += list(y.values())
        for row in (*y.values(), *beyond):
            small |= np.array([profile.hides(float(v)) for v in row])
    at = MONTHS.index(START)
    for part in (slice(0, at), slice(at, p.months)):
        if small[part].sum() == 1:
            small[part.start + (int(np.argmax(small[part])) + 1) % int(small[part].size)] = True
    tally.plain += 6 * int((~small).sum())
    tally.offences += int(sum(r.sum() for r in rows))
    tally.plainly += int(sum(r[~small].sum() for r in rows))


def trial_attacked(
    plan: Protocol, full: EvaluationResult, again: Callable[[int], EvaluationResult], events: int, tally: Tally
) -> None:
    """A trial with few events in an arm: the attacker runs the whole rule on every number of events that there could be.

    again : the full result with another number of events in that arm.
    """
    profile = profile_of(plan.disclosure)
    published = to_json(suppress(plan, full)[0])
    assert profile.smallest is not None
    assert profile.largest is not None
    possible = [n for n in range(25) if to_json(suppress(plan, again(n))[0]) == published]
    assert events in possible
    tally.hidden += 1
    tally.recovered += max(possible) - min(possible) < profile.largest - profile.smallest
