"""The data: what was read, kept and dropped, what is missing, and how the groups moved."""

from vru.disclosure.profiles import profile_of
from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Facts, Heading, Notice, Paragraph, Table
from vru.report.figures import series_figure
from vru.report.section import Section
from vru.results import EvaluationResult
from vru.words.terms import terms_of

MOST_FIGURES = 4


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Outcomes, one figure per outcome, missing months, data log."""
    return (
        Table(
            "Outcomes",
            ("Outcome", "What is counted", "Good direction", "Main outcome"),
            tuple((w.plain(o.id), o.measure, o.direction, "yes" if o.primary else "no") for o in protocol.outcomes),
        ),
        *_figures(protocol, result),
        *_together(protocol, result),
        *([Heading("Missing months"), _missing(result)] if result.series else []),
        Heading("Data log"),
        *_log(result),
    )


def _figures(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    first = result.primary.outcome
    ids = sorted(dict.fromkeys(s.outcome for s in result.series), key=lambda o: o != first)
    drawn = [
        series_figure(
            w.plain(o),
            [s for s in result.series if s.outcome == o],
            protocol.intervention.start,
            f"series-{o}",
            terms_of(protocol, o),
        )
        for o in ids[:MOST_FIGURES]
    ]
    return tuple(d.figure() for d in drawn if d is not None)


def _together(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """That months are merged, by which rule, and that the estimates are not touched by it."""
    merged = [s for s in result.series if s.bands]
    if not merged:
        return ()
    profile = profile_of(protocol.disclosure)
    totals = (
        "Totals are true" if profile.round_to == 1 else f"Sums are rounded to {profile.round_to}, as every count is"
    )
    months = sum(b.n for s in merged for b in s.bands)
    shown = sum(v is not None for s in result.series for v in s.values)
    return (
        Heading("Months shown together"),
        Paragraph(
            f"{w.plural(months, 'monthly count')} of {w.count(months + shown)} are published as sums over neighbouring months, "
            f"because small counts may not leave ({profile.label}). {totals}, and "
            "every estimate was made from the counts of single months; estimates of those months are not shown."
        ),
    )


def _missing(result: EvaluationResult) -> Block:
    by_role: dict[str, set[str]] = {}
    for s in result.series:
        shared = {p for b in s.bands for p in s.periods if b.first <= p <= b.last}
        gone = {p for p, v in zip(s.periods, s.values, strict=True) if v is None} - shared
        by_role.setdefault(s.role, set()).update(gone)
    facts = tuple(
        (f"{w.plain(role).capitalize()} areas", w.listing([w.month(p) for p in sorted(gone)]))
        for role, gone in by_role.items()
        if gone
    )
    if not facts:
        return Paragraph("Every month in the window is present for every group.")
    return Facts(
        (
            ("How they are handled", "left out: a month without a file is missing, not a month without crime"),
            *facts,
        )
    )


def _log(result: EvaluationResult) -> tuple[Block, ...]:
    if not result.data_log:
        return (Notice("No data log was kept.", "warning"),)
    rows = tuple(
        (
            n.source,
            n.text if n.severity == "info" else f"{n.severity.capitalize()}: {n.text}",
            "" if n.count is None else w.count(n.count),
        )
        for n in result.data_log
    )
    rows = tuple((a, b, c or "not counted") for a, b, c in rows)
    return (Table("What was read, kept, dropped or decided", ("Source", "What", "Rows"), rows, frozenset({2})),)


SECTION = Section("data", "The data", build)
