"""What a record's page shows, gathered from the record; the template only lays it out."""

from collections.abc import Sequence
from dataclasses import dataclass

from vru.record import Effect, LearningRecord
from vru.site.calibration import calibration_rows
from vru.site.entries import SiteRecord, VersionLine
from vru.site.literature_page import LiteratureView, literature_view
from vru.site.results import design_label, kind_path
from vru.site.wording import (
    PREREGISTERED,
    SETTINGS,
    VERDICT,
    EffectText,
    effect_text,
    measure_of,
    organisation_name,
    outcome_of,
    plain,
)

LEARNING = {
    "mechanism": "How it is thought to have worked",
    "implementation": "How it went in practice",
    "lessons": "Lessons",
    "cost": "Cost",
    "equity": "Fairness between groups",
}
HOPED = {"decrease": "lower", "increase": "higher"}


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One line of the effect table. ``method_anchor`` is empty where no card describes the method."""

    measure: str
    hoped: str
    role: str
    method: str
    method_anchor: str
    text: EffectText
    p: str
    units: str


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One rating: of one outcome, on one instrument."""

    instrument: str
    measure: str
    level: int
    label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One check's verdict, with the class of its tag."""

    check: str
    analysis: str
    verdict: str
    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One version; ``href`` (from the record's page) is empty where this site does not hold it."""

    version: str
    status: str
    on: str
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record's page as rows and words."""

    organisation: str
    summary: tuple[str, ...]
    headline: EffectRow | None
    effects: tuple[EffectRow, ...]
    ratings: tuple[RatingRow, ...]
    findings: tuple[FindingRow, ...]
    tidier: tuple[tuple[str, str], ...]
    setting: tuple[tuple[str, str], ...]
    learning: tuple[tuple[str, str], ...]
    digests: tuple[tuple[str, str], ...]
    history: tuple[HistoryRow, ...]
    newest_href: str
    registration: str
    kind: str
    kind_href: str
    literature: LiteratureView | None = None
    calibration: tuple[tuple[str, str], ...] = ()


def record_view(entry: SiteRecord, folders: frozenset[str], methods: frozenset[str]) -> RecordView:
    """Gather one record's page. ``folders`` are the versions this site holds; ``methods`` those with a card."""
    record = entry.record
    history = _history(entry, folders)
    newest = next((h for h in history if h.status == "Published" and h.href and h.version != record.version), None)
    return RecordView(
        organisation=organisation_name(record.organisation),
        summary=tuple(p.strip() for p in record.summary.split("\n\n") if p.strip()),
        headline=_effect_row(record, record.primary_effect, methods) if record.primary_effect else None,
        effects=tuple(_effect_row(record, e, methods) for e in record.effects),
        ratings=tuple(
            RatingRow(r.instrument, measure_of(record, r.outcome), r.level, r.label, tuple(r.reasons))
            for r in record.ratings
        ),
        findings=tuple(
            FindingRow(plain(f.check), f.analysis, VERDICT[f.verdict], f.verdict.replace("_", "-"), f.text)
            for f in record.findings
        ),
        tidier=_tidier(record),
        setting=_setting(record),
        learning=tuple((label, getattr(record.learning, name)) for name, label in LEARNING.items()),
        digests=(
            ("Manifest", _sha(entry.manifest_sha256)),
            *([("Protocol", record.protocol_digest)] if record.protocol_digest else []),
            *((f"Data: {name}", digest) for name, digest in record.data_digests.items()),
        ),
        history=history,
        newest_href=newest.href if newest else "",
        registration=PREREGISTERED[record.preregistered],
        kind=plain(record.intervention.type),
        kind_href=kind_path(record.intervention.type),
        literature=literature_view(record),
        calibration=calibration_rows(record),
    )


def _effect_row(record: LearningRecord, effect: Effect, methods: frozenset[str]) -> EffectRow:
    outcome = outcome_of(record, effect.outcome)
    return EffectRow(
        measure=measure_of(record, effect.outcome),
        hoped=HOPED[outcome.direction] if outcome else "not stated",
        role=plain(effect.role),
        method=effect.method,
        method_anchor=f"method-{effect.method}" if effect.method in methods else "",
        text=effect_text(effect),
        p="not reported" if effect.p is None else ("<0.001" if effect.p < 0.001 else f"{effect.p:.3f}"),
        units=f"{effect.n_treated:,} treated, {effect.n_comparison:,} comparison{_followed(effect)}",
    )


def _followed(effect: Effect) -> str:
    # People are followed in no periods, and patrol days have none before.
    if not effect.n_post:
        return ""
    return f"; {effect.n_pre:,} periods before, {effect.n_post:,} after"


def _tidier(record: LearningRecord) -> tuple[tuple[str, str], ...]:
    i = record.intervention
    dates = f"{i.start} to {i.end}" if i.end else i.start if i.start == "not reported" else f"from {i.start}"
    return (
        ("Name", i.name),
        ("Type", plain(i.type)),
        ("When it ran", dates),
        *((plain(name), text) for name, text in i.items.items()),
    )


PEOPLE = ("person", "case", "family", "class", "school")


def _setting(record: LearningRecord) -> tuple[tuple[str, str], ...]:
    s = record.setting
    kind = SETTINGS.get(s.unit_kind, plain(s.unit_kind)).lower().replace("lsoa", "LSOA")
    arms = ((s.n_treated, "treated"), (s.n_comparison, "comparison"))
    counted = " and ".join(f"{n:,} {arm}" for n, arm in arms if n is not None) or "numbers not reported"
    return (
        ("Population", s.population),
        ("Compared with", s.comparator),
        ("Numbers" if s.unit_kind in PEOPLE else "Areas", f"{counted}: {kind}"),
        ("Period studied", s.first if s.first == s.last else f"{s.first} to {s.last}"),
        ("Design", "; ".join(design_label(d) for d in record.design)),
    )


def _history(entry: SiteRecord, folders: frozenset[str]) -> tuple[HistoryRow, ...]:
    record = entry.record
    own = VersionLine(record.version, entry.status, entry.published_on)
    lines: Sequence[VersionLine] = entry.history or (own,)
    if all(line.version != record.version for line in lines):
        lines = (own, *lines)
    newest_first = sorted(lines, key=lambda v: tuple(map(int, v.version.split("."))), reverse=True)
    return tuple(
        HistoryRow(
            v.version,
            plain(v.status),
            v.on,
            v.note,
            f"../v{v.version}/index.html" if entry.folder_of(v.version) in folders else "",
        )
        for v in newest_first
    )


def _sha(digest: str) -> str:
    return digest if digest.startswith("sha256:") else f"sha256:{digest}"
