"""What the intervention was, in the TIDieR items, so that another area could do the same."""

from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Facts, Paragraph
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
    )


SECTION = Section("what_was_done", "What was done", build)
