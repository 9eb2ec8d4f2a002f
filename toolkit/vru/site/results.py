"""One result as the site compares it: one record's main effect on one outcome, its direction and its strength."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vru.library.studies import domain
from vru.library.vocabulary import DESIGNS, VOCABULARIES
from vru.library.ways import of_effect
from vru.rating.maryland import LABELS
from vru.record import Effect, LearningRecord, RecordRating
from vru.site.axis import APART
from vru.site.entries import SiteRecord
from vru.site.wording import EffectText, effect_text, measure_of, organisation_name, plain

DIRECTIONS = {
    "better": "Better than no change",
    "unclear": "Could be either: the interval includes no change",
    "worse": "Worse than no change",
    "unknown": "Cannot be said: no interval, or no hoped-for direction",
}
STRENGTH = {5: "very strong", 4: "strong", 3: "moderate", 2: "weak", 1: "very weak"}
LICENCE = {
    5: "Such a design can show that the intervention made a difference.",
    4: "Such a design can show that the intervention made a difference, if those compared would have fared alike without it.",
    3: "Such a design can show that the two went together, not that one caused the other.",
    2: "Such a design cannot show that the intervention made a difference.",
    1: "Such a design cannot show that the intervention made a difference.",
}
KEY = tuple((f"Level {n}: {STRENGTH[n]}", LABELS[n], LICENCE[n]) for n in sorted(LABELS, reverse=True))
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Result:
    """One record's main effect on one outcome. ``href`` is from the site's root.

    level : on the Maryland scale, None where the outcome is not rated on it.
    """

    key: str
    href: str
    title: str
    organisation: str
    on: str
    disclaimer: str
    intervention: str
    outcome: str
    measure: str
    effect: Effect
    text: EffectText
    direction: str
    level: int | None
    strength: str
    failed: int
    literature: bool = False


def key_of(record: LearningRecord) -> str:
    """A record's name in this library, whichever version: ``organisation/id``."""
    return f"{record.organisation}/{record.id}"


def is_exercise(record: LearningRecord) -> bool:
    """Whether nothing was tried: a demonstration, an exercise or simulated data. Never part of what is known.

    The disclaimer of published literature says only whose it is.
    """
    if record.literature is not None:
        return False
    return bool(record.disclaimer.strip()) or (record.protocol or {}).get("artificial_effect") is not None


def results(entries: Iterable[SiteRecord]) -> tuple[Result, ...]:
    """Every record's main effect on each outcome that it has an effect for, in the order of the records."""
    return tuple(
        result_of(entry, outcome)
        for entry in entries
        for outcome in dict.fromkeys(e.outcome for e in entry.record.effects)
    )


def result_of(entry: SiteRecord, outcome: str) -> Result:
    """One record's main effect on one outcome: the registered primary analysis, else the first."""
    record = entry.record
    effects = [e for e in record.effects if e.outcome == outcome]
    effect = next((e for e in effects if e.role == "primary"), effects[0])
    rating = maryland(record, outcome)
    return Result(
        key=key_of(record),
        href=entry.folder + "index.html",
        title=record.title,
        organisation=organisation_name(record.organisation),
        on=entry.published_on,
        disclaimer=record.disclaimer,
        intervention=record.intervention.type,
        outcome=outcome,
        measure=measure_of(record, outcome),
        effect=effect,
        text=effect_text(effect),
        direction=of_effect(record, effect),
        level=rating.level if rating else None,
        strength="Not rated here: published literature" if record.literature else strength_words(record, outcome),
        failed=sum(f.verdict == "fail" for f in record.findings),
        literature=record.literature is not None,
    )


def maryland(record: LearningRecord, outcome: str) -> RecordRating | None:
    """The outcome's rating on the Maryland scale, or None."""
    rated = (r for r in record.ratings if r.outcome == outcome and r.instrument.startswith("Maryland"))
    return next((r for r in rated if r.level in STRENGTH), None)


def strength_words(record: LearningRecord, outcome: str) -> str:
    """How strong the design is, in words: the Maryland level, else the first rating's own label."""
    if rating := maryland(record, outcome):
        return f"{STRENGTH[rating.level].capitalize()} design (level {rating.level} of 5)"
    other = next((r for r in record.ratings if r.outcome == outcome), None)
    return f"{other.label} ({other.instrument})" if other else "Not rated"


def strongest(found: Sequence[Result]) -> int | None:
    """The highest Maryland level among results, None where none is rated on it."""
    return max((r.level for r in found if r.level is not None), default=None)


def slug(text: str) -> str:
    """A text as part of a file name or anchor; a digest keeps apart what would otherwise look alike."""
    words = _SLUG.sub("-", text.lower()).strip("-")[:60]
    if re.fullmatch(r"[a-z0-9]+(?:_[a-z0-9]+)*", text) and len(text) <= 60:
        return words
    return f"{words or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def kind_path(code: str) -> str:
    """Where the page of a kind of intervention lies."""
    return f"interventions/{slug(code)}.html"


def intervention_label(code: str) -> str:
    """What a kind of intervention is, in the vocabulary's words; empty where the vocabulary does not hold it."""
    return _term("intervention_types", code)


def outcome_label(code: str) -> str:
    """An outcome's id in words: the vocabulary's, else the id's own."""
    return _term("outcome_domains", domain(code)) or plain(code)


def design_label(code: str) -> str:
    """A design's registry code in words."""
    return DESIGNS[code][1] if code in DESIGNS else plain(code)


def _term(vocabulary: str, code: str) -> str:
    term = VOCABULARIES[vocabulary]["terms"].get(code)
    return str(term["label"]) if term else ""


def one_axis(found: Sequence[Result]) -> tuple[tuple[str, list[Result]], ...]:
    """Results that may stand on one axis, as (scale, results): of one scale, and of means also of one measure."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for scale in APART:
        for r in (r for r in found if r.effect.scale == scale):
            groups.setdefault((scale, r.measure if scale == "mean_difference" else ""), []).append(r)
    return tuple((scale, rows) for (scale, _), rows in groups.items())
