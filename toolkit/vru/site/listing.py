"""One record in one line, for every list of the site."""

from dataclasses import dataclass, replace

from vru.library.ways import of_record
from vru.record import LearningRecord
from vru.site.entries import SiteRecord
from vru.site.literature_page import rating_elsewhere
from vru.site.results import DIRECTIONS, is_exercise, key_of, strength_words
from vru.site.wording import EffectText, effect_text, measure_of, organisation_name, plain, reported_text


@dataclass(frozen=True, slots=True)
class Row:
    """One record in one line: its primary effect and how strong its design is. ``href`` is from the site's root."""

    key: str
    href: str
    title: str
    organisation: str
    intervention: str
    measure: str
    size: str
    interval: str
    reading: str
    direction: str
    strength: str
    disclaimer: str
    exercise: bool
    published_on: str


def row(entry: SiteRecord) -> Row:
    """Put one record in one line."""
    record = entry.record
    outcome, text = _headline(record)
    effect = record.primary_effect
    return Row(
        key=key_of(record),
        href=entry.folder + "index.html",
        title=record.title,
        organisation=organisation_name(record.organisation),
        intervention=plain(record.intervention.type),
        measure=measure_of(record, outcome),
        size=text.size,
        interval=text.interval,
        reading=text.reading,
        direction=DIRECTIONS[of_record(record, effect)],
        strength=rating_elsewhere(record) if record.literature else strength_words(record, outcome),
        disclaimer=record.disclaimer,
        exercise=is_exercise(record),
        published_on=entry.published_on,
    )


def _headline(record: LearningRecord) -> tuple[str, EffectText]:
    """The outcome and words of the main result; of literature without an effect, the first published figure."""
    effect = record.primary_effect
    if effect is not None:
        text = effect_text(effect)
        made = "; computed here from published counts" if record.literature else ""
        return effect.outcome, replace(text, reading=text.reading + made)
    # The record's own rules: whatever has no effect is a literature record, and that reports something.
    first = record.literature.reported[0] if record.literature else None
    text = reported_text(first) if first else EffectText("no result", "no interval reported", "", "not reported", "")
    return (first.outcome if first else ""), text
