"""What the intervention was, in the TIDieR items, so that another area could do the same."""

from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Facts, Paragraph, Table
from vru.report.section import Section
from vru.results import EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """One fact per TIDieR item, "not reported" included."""
    i = protocol.intervention
    when = f"from {w.month(i.start)}" + (f" to {w.month(i.end)}" if i.end else ", no end given")
    starts = protocol.units.starts
    if starts:
        when += f"; {w.plural(len(starts), 'area has', 'areas have')} a start of its own"
    return (
        Paragraph(
            "Described by the items of TIDieR, the checklist for describing interventions (Hoffmann et al. 2014)."
        ),
        Facts(
            (
                ("Name", i.name),
                ("Type", w.plain(i.type)),
                ("Why", i.why),
                ("Materials", i.materials),
                ("Procedures", i.procedures),
                ("Who provided it", i.who_provided),
                ("How", i.how),
                ("Where", i.where),
                ("When and how much", i.when_and_how_much),
                ("Tailoring", i.tailoring),
                ("Modifications", i.modifications),
                ("How well, as planned", i.fidelity_planned),
                ("How well, in fact", i.fidelity_actual),
                ("Evaluated", when),
            )
        ),
        *_delivered(result, w.plain(protocol.window.period)),
    )


WORDS = {
    "treated_before": "Treated areas before the start",
    "treated_after": "Treated areas from the start on",
    "comparison_before": "Comparison areas before the start",
    "comparison_after": "Comparison areas from the start on",
    "patrol_days": "Patrol days",
    "other_days": "Other days",
}


def _delivered(result: EvaluationResult, period: str) -> tuple[Block, ...]:
    """Dose by arm out of the check that looked at it; nothing where what was delivered is not known."""
    found = next(
        (f for f in result.findings if f.check in ("delivery", "schedule_kept") and f.verdict != "not_run"), None
    )
    if found is None:
        return ()
    rows = []
    for key, value in found.numbers.items():
        what, _, where = key.partition("_")
        if where in WORDS and isinstance(value, int | float):
            rows.append((WORDS[where], f"{what} an area and {period}", w.number(value, 1)))
    kept = found.numbers.get("share_of_planned", found.numbers.get("kept"))
    if isinstance(kept, int | float):
        rows.append(("Kept of what was planned", "share", f"{kept:.0%}"))
    return (
        (Table("What was delivered", ("Where and when", "Of what", "How much"), tuple(rows), frozenset({2})),)
        if rows
        else ()
    )


SECTION = Section("what_was_done", "What was done", build)
