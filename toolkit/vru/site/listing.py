"""One record in one line, for every list of the site."""

from dataclasses import dataclass

from vru.site.entries import SiteRecord
from vru.site.results import DIRECTIONS, direction, is_exercise, key_of, strength_words
from vru.site.wording import effect_text, measure_of, organisation_name, plain


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
    effect = record.primary_effect
    text = effect_text(effect)
    return Row(
        key=key_of(record),
        href=entry.folder + "index.html",
        title=record.title,
        organisation=organisation_name(record.organisation),
        intervention=plain(record.intervention.type),
        measure=measure_of(record, effect.outcome),
        size=text.size,
        interval=text.interval,
        reading=text.reading,
        direction=DIRECTIONS[direction(record, effect)],
        strength=strength_words(record, effect.outcome),
        disclaimer=record.disclaimer,
        exercise=is_exercise(record),
        published_on=entry.published_on,
    )
