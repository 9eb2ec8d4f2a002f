"""What was promised before the data were seen, what changed, and who answers for it."""

from vru.protocol import Protocol
from vru.report import naming
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Heading, Notice, Paragraph, Table
from vru.report.section import Section
from vru.results import EvaluationResult

STATUS = {
    "yes": "The plan was registered, and what was run is what was registered.",
    "changed": "The plan was registered, then changed. What differs is listed below; it weakens the evidence.",
    "no": "The plan was not registered before results were seen. The analysis may have been chosen knowing them.",
}


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Registration, changes, deviations, the registered analyses, roles."""
    status: Block = (
        Paragraph(STATUS["yes"]) if result.preregistered == "yes" else Notice(STATUS[result.preregistered], "warning")
    )
    return (
        status,
        *_changes(result),
        Heading("Deviations from the plan"),
        *_deviations(protocol),
        *_answers(protocol),
        Heading("What was planned"),
        _analyses(protocol, result),
        Facts(
            (
                ("Estimand", _estimand(protocol)),
                ("Smallest effect that would matter", w.percent(protocol.question.smallest_effect)),
                ("Definition of violence", protocol.definition_of_violence),
                ("Months analysed", naming.analysed(protocol)),
                *((("How areas were chosen", _selection(protocol)),) if protocol.units.shape == "areas" else ()),
                ("Commissioner", protocol.roles.commissioner),
                ("Analyst", protocol.roles.analyst),
                ("Assurer", protocol.roles.assurer),
                ("Approver", protocol.roles.approver),
            )
        ),
    )


def _changes(result: EvaluationResult) -> tuple[Block, ...]:
    if not result.changes:
        return ()
    heading = "What is known of its registration" if result.preregistered == "no" else "Changes since registration"
    return (Bullets(result.changes, heading),)


def _answers(protocol: Protocol) -> tuple[Block, ...]:
    if not protocol.answers:
        return ()
    rows = tuple((w.plain(name), answer) for name, answer in protocol.answers.items())
    return (Table("Questions that the toolkit asked of the plan, and the answers given", ("Question", "Answer"), rows),)


def _deviations(protocol: Protocol) -> tuple[Block, ...]:
    if not protocol.deviations:
        return (Paragraph("None were declared."),)
    rows = tuple(
        (w.month(d.on), d.what, d.why, w.listing(d.touches) if d.touches else "all") for d in protocol.deviations
    )
    return (Table("Declared deviations", ("When", "What", "Why", "Number it touches"), rows),)


def _analyses(protocol: Protocol, result: EvaluationResult) -> Table:
    done = {e.analysis for e in result.estimates}
    rows = tuple(
        (
            w.plain(a.id),
            a.role,
            naming.method(a.method),
            w.plain(a.outcome),
            w.listing([f"{w.plain(k)}: {v}" for k, v in a.options.items()]) if a.options else "as standard",
            "yes" if a.id in done else "no, see checks",
        )
        for a in protocol.analyses
    )
    return Table("Analyses in the plan", ("Analysis", "Role", "Method", "Outcome", "Options", "Carried out"), rows)


def _estimand(protocol: Protocol) -> str:
    if protocol.units.shape == "areas":
        return "offences in the treated areas with the intervention against without it, from the start on"
    if protocol.units.shape == "days":
        return "offences on days drawn for the intervention against the same days without it"
    return (
        f"the outcome of the treated {protocol.units.noun} with the intervention against without it; what each analysis "
        "estimates stands under Methods"
    )


def _selection(protocol: Protocol) -> str:
    s = protocol.units.selection
    if s is None:
        return "listed in the plan; the plan does not say on which data they were chosen"
    months = f"{w.month(s.first)} to {w.month(s.last)}"
    if s.rule == "listed":
        return f"listed by people, on {w.plain(s.outcome)} recorded {months}"
    split = {
        "random_half": "split in two halves by lot",
        "random_pairs": "paired by rank, one of each pair drawn by lot",
    }
    how = split.get(s.assign or "", "split as the plan says")
    return f"the {s.top or 0:,} areas with most {w.plain(s.outcome)} recorded {months}, then {how}"


SECTION = Section("plan_and_changes", "The plan and what changed", build)
