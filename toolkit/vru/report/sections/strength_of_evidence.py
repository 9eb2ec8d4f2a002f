"""How strong the evidence is on published instruments, and why not stronger."""

from vru.protocol import Protocol
from vru.report import naming
from vru.report import wording as w
from vru.report.document import Block, Bullets, Heading, Notice, Paragraph
from vru.report.section import Section
from vru.results import EvaluationResult
from vru.words import evidence

LICENSED = {
    "caused": "Taken together, the ratings license causal words for the main outcome.",
    "associated": 'Taken together, the ratings license "was associated with" for the main outcome, and no causal word.',
    "change": "Taken together, the ratings license only a statement that something changed, not why.",
}


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Each rating with its reasons, and the words that they license."""
    if not result.ratings:
        return (Notice("The evidence was not rated. No causal claim is made.", "warning"),)
    blocks: list[Block] = [
        Paragraph(_licensed(protocol, result)),
        Paragraph(
            "A rating says how well the design can tell the intervention from other explanations. "
            "It does not say how large the difference is."
        ),
    ]
    for r in result.ratings:
        blocks.append(Heading(f"{naming.instrument(r.instrument)}, {w.plain(r.outcome)}: level {r.level}, {r.label}"))
        if r.reasons:
            blocks.append(Bullets(tuple(w.sentence(reason) for reason in r.reasons), "Because"))
    return tuple(blocks)


def _licensed(protocol: Protocol, result: EvaluationResult) -> str:
    if evidence.is_exercise(protocol, result):
        return "This is an exercise: the ratings are those a real evaluation would get, and no causal word is used."
    return LICENSED[evidence.strength(result, result.primary.outcome)]


SECTION = Section("strength_of_evidence", "Strength of the evidence", build)
