"""From stored records to studies that can be pooled; and whatever is left out, with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vru.library.reading import StoredRecord, latest
from vru.library.reviewing import state
from vru.record import Effect, LearningRecord, RecordOutcome

INSTRUMENT = "Maryland Scientific Methods Scale"
EXERCISES = "toolkit-exercises"
POOLABLE_SCALE = "log_rate_ratio"

DOMAINS: Mapping[str, str] = {
    "violence": "police_recorded_violence",
    "violent_crime": "police_recorded_violence",
    "knife_crime": "knife_offences",
    "weapons": "weapons_possession",
    "asb": "antisocial_behaviour",
}
"""What people call an outcome in a protocol -> the shared vocabulary's word. Any other id stands for itself."""

AGAINST_COMPARISON = "rate ratio in treated areas against what comparison areas predict for them"
ESTIMANDS: Mapping[str, str] = {
    "rate ratio of treated unit-months to what unit and month effects predict without treatment": AGAINST_COMPARISON,
    "rate ratio after/before in treated units over that in comparison units": AGAINST_COMPARISON,
}
"""Estimands in a method's words -> the estimand in common. Only what is the same quantity stands together.

With one start for all areas the two-way Poisson model and the ratio of ratios are the same number
(a test holds them to it); a change before and after without comparison is another quantity.
"""

Direction = Literal["decrease", "increase"]

_NOT_POOLED = {
    "count_difference": "given as a difference of counts, which grows with the area",
    "mean_difference": "given in units of its own measure",
    "risk_difference": "given as a difference of shares, which depends on how common the outcome is",
}
_SMALLEST_SE, _LARGEST = 1e-4, 20.0
"""A standard error of 1e-4 takes 100 million offences; a log ratio of 20 is a factor of 500 million.

Records are written by others: one such number would rule, or break, the mean of all.
"""


@dataclass(frozen=True, slots=True)
class Study:
    """One effect of one evaluation. value, se : log rate ratio, below 0 = fewer events.

    reference : ``organisation/id@vX.Y``. cluster : studies that may share errors have the same one.
    rating : level on the Maryland scale, None where the outcome was not rated.
    n_post : months after the start.
    """

    reference: str
    organisation: str
    title: str
    intervention: str
    outcome: str
    measure: str
    direction: Direction
    analysis: str
    method: str
    estimand: str
    scale: str
    value: float
    se: float
    rating: int | None
    design: str
    unit_kind: str
    n_treated: int
    n_post: int
    cluster: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record, or one outcome of it, that is not pooled, and why. outcome : empty for the whole record."""

    reference: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Every study of a library, and what was left out."""

    studies: tuple[Study, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Current:
    """The version of each record that speaks, exercises and retracted records apart."""

    records: tuple[LearningRecord, ...]
    left_out: tuple[LeftOut, ...]


def current(stored: Iterable[StoredRecord]) -> Current:
    """The newest version of each record, where it is neither retracted nor an exercise.

    Where the newest is retracted, the record is silent: the version before it had been replaced by
    its own authors, and is not brought back.
    """
    kept, left_out = [], []
    for one in sorted(latest(stored), key=lambda s: (s.record.organisation, s.record.id)):
        why = "retracted" if state(one) == "retracted" else exercise(one.record)
        if why:
            left_out.append(LeftOut(reference(one.record), "", why))
        else:
            kept.append(one.record)
    return Current(tuple(kept), tuple(left_out))


def gather(stored: Iterable[StoredRecord]) -> Gathered:
    """One study per outcome of each current record: its primary effect, or its first secondary one.

    Sensitivity and exploratory analyses are never pooled: which of them to take would be a choice
    made after seeing the numbers.
    """
    speaking = current(stored)
    studies: list[Study] = []
    left_out = list(speaking.left_out)
    for record in speaking.records:
        for outcome in record.outcomes:
            effect, why = poolable(record, outcome.id)
            if effect is None or effect.se is None:
                left_out.append(LeftOut(reference(record), outcome.id, why))
            else:
                studies.append(_study(record, outcome, effect, effect.se))
    return Gathered(_clustered(studies, speaking.records), tuple(left_out))


def exercise(record: LearningRecord) -> str:
    """Why a record is an exercise and no evidence; empty where it is evidence.

    Anything that says so is believed: the organisation, a declared artificial effect, a known truth,
    simulated data, or a disclaimer. Published literature is evidence: its disclaimer only says whose.
    """
    if record.kind == "literature":
        return ""
    plan = record.protocol or {}
    provenance = (record.result or {}).get("provenance")
    truth = provenance.get("truth") if isinstance(provenance, dict) else None
    data = plan.get("data")
    sources = [d.get("source") for d in data if isinstance(d, dict)] if isinstance(data, list) else []
    if record.organisation == EXERCISES:
        return f"an exercise: published by {EXERCISES}"
    if plan.get("artificial_effect"):
        return "an exercise: its effect was made by thinning the data"
    if truth or "simulated" in sources:
        return "an exercise: its truth is known, or its data are simulated"
    return f'carries a disclaimer: "{record.disclaimer}"' if record.disclaimer.strip() else ""


def poolable(record: LearningRecord, outcome: str) -> tuple[Effect | None, str]:
    """The effect of an outcome that may be pooled, or None and the reason."""
    found = [e for e in record.effects if e.outcome == outcome]
    ranked = [e for role in ("primary", "secondary") for e in found if e.role == role]
    if not found and record.kind == "literature":
        return None, "published without an effect and its error on a scale that can be pooled"
    if not found:
        return None, "no analysis of this outcome was published"
    if not ranked:
        return None, "only sensitivity or exploratory analyses; they are not pooled"
    relative = [e for e in ranked if e.scale == POOLABLE_SCALE]
    if not relative:
        return None, f"{_NOT_POOLED[ranked[0].scale]}; only rate ratios are pooled"
    se = relative[0].se
    if "hazard ratio" in relative[0].estimand:
        return None, "its effect is a hazard ratio; only rate and risk ratios are pooled"
    if se is None or se <= 0:
        return None, "its effect has no standard error, so it has no weight"
    if not (_SMALLEST_SE <= se <= _LARGEST and abs(relative[0].estimate) <= _LARGEST):
        return None, "its effect or standard error cannot be a log rate ratio's"
    return relative[0], ""


def domain(outcome: str) -> str:
    """The shared vocabulary's word for an outcome's id, or the id itself."""
    return DOMAINS.get(outcome, outcome)


def reference(record: LearningRecord) -> str:
    """``organisation/id@vX.Y``."""
    return f"{record.organisation}/{record.id}@v{record.version}"


def rating_of(record: LearningRecord, outcome: str) -> int | None:
    """The Maryland level of an outcome, 1 to 5; None where it was not rated."""
    rated = [r.level for r in record.ratings if r.instrument == INSTRUMENT and r.outcome == outcome]
    return next((level for level in rated if 1 <= level <= 5), None)


def _study(record: LearningRecord, outcome: RecordOutcome, effect: Effect, se: float) -> Study:
    text = " ".join(effect.estimand.split())
    return Study(
        reference=reference(record),
        organisation=record.organisation,
        title=record.title,
        intervention=record.intervention.type,
        outcome=domain(outcome.id),
        measure=outcome.measure,
        direction=outcome.direction,
        analysis=effect.analysis,
        method=effect.method,
        estimand=ESTIMANDS.get(text, text),
        scale=effect.scale,
        value=effect.estimate,
        se=se,
        rating=rating_of(record, outcome.id),
        design=record.design[0],
        unit_kind=record.setting.unit_kind,
        n_treated=effect.n_treated,
        n_post=effect.n_post,
        cluster="",
    )


def _clustered(studies: Sequence[Study], records: Sequence[LearningRecord]) -> tuple[Study, ...]:
    """Give studies of one record, or of records that share data, the same cluster (named by its first record).

    The clusters are those that ``share_data`` joins, directly or through others, found without asking it of every
    pair: one record that shares with all others of its file joins them all.
    """
    leader = list(range(len(records)))

    def top(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    areas = [_areas(r) for r in records]
    by_file: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        for digest in set(record.data_digests.values()):
            by_file.setdefault(digest, []).append(i)
    for members in by_file.values():
        kinds = {records[i].setting.unit_kind for i in members}
        apart = len(kinds) == 1 and all(areas[i] for i in members)
        first: dict[str, int] = {}
        for i in members:
            for name in areas[i] if apart else ("",):
                a, b = top(first.setdefault(name, i)), top(i)
                leader[max(a, b)] = min(a, b)
    names = {reference(r): reference(records[top(i)]) for i, r in enumerate(records)}
    return tuple(replace(s, cluster=names[s.reference]) for s in studies)


def share_data(one: LearningRecord, other: LearningRecord) -> bool:
    """Whether two records rest on the same file and may rest on the same areas.

    A national archive serves evaluations in different places. Two that list their areas, and have
    none in common, are taken as independent; where areas were chosen by a rule they are not known here.
    """
    if not set(one.data_digests.values()) & set(other.data_digests.values()):
        return False
    a, b = _areas(one), _areas(other)
    return not (a and b and one.setting.unit_kind == other.setting.unit_kind and not a & b)


def _areas(record: LearningRecord) -> frozenset[str]:
    units = (record.protocol or {}).get("units")
    if not isinstance(units, dict):
        return frozenset()
    treated, comparison = units.get("treated"), units.get("comparison")
    if not (isinstance(treated, list) and treated and isinstance(comparison, list)):
        return frozenset()
    return frozenset(str(u) for u in [*treated, *comparison])
