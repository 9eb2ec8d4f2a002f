"""The answer under other defensible choices, where the plan names them and they were run."""

from vru.protocol import Protocol
from vru.report.document import Block, Notice, Paragraph
from vru.report.figures import curve_figure
from vru.report.section import Section
from vru.results import EvaluationResult
from vru.words.specifications import headline, joint_words


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """What all specifications say together, the curve, and why these choices; nothing where the plan names none."""
    if protocol.specifications is None:
        return ()
    curve = result.specifications
    if curve is None:
        text = "The plan names other defensible choices, and they were not run: this answer stands on one set of them."
        return (Notice(text, "warning"),)
    drawn = curve_figure(curve, "specifications")
    blocks: list[Block] = [Paragraph(headline(curve), lead=True)]
    blocks += [] if drawn is None else [drawn.figure()]
    blocks += [Paragraph(joint_words(curve)), Paragraph(f"Why these choices, in the plan's words: {curve.why}")]
    return tuple(blocks)


SECTION = Section("specifications", "Other defensible choices", build)
