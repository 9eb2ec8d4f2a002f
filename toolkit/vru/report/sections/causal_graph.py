"""What is assumed to cause what, what was adjusted for, and what would break the conclusion."""

from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Notice, Paragraph
from vru.report.figures import graph_figure
from vru.report.section import Section
from vru.results import EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Identification in words, the graph, assumptions; plainly so where nothing was identified."""
    found = result.identification
    if found is None:
        return (
            Notice(
                "No causal effect was identified from the assumed graph. The estimates below describe what happened; "
                "they do not separate the intervention from other causes.",
                "warning",
            ),
        )
    hidden = [w.plain(u) for u in found.unobserved]
    blocks: list[Block] = [
        Paragraph(w.sentence(found.words)) if found.words else Paragraph("The graph is shown below.")
    ]
    if hidden:
        blocks.append(Notice(f"Not observed, and so only as harmless as the design makes them: {w.listing(hidden)}."))
    blocks.append(graph_figure(found, protocol.graph.notes, "graph").figure())
    if found.assumptions:
        blocks.append(Bullets(found.assumptions, "This holds only if"))
    sets = [w.listing([w.plain(v) for v in s]) if s else "the empty set" for s in found.backdoor_sets]
    blocks.append(
        Facts(
            (
                ("Estimand", found.estimand or w.MISSING),
                ("Adjusted for", w.listing([w.plain(a) for a in found.adjustment])),
                ("Sets that the graph licenses", "; ".join(sets) or "none listed"),
            )
        )
    )
    return tuple(blocks)


SECTION = Section("causal_graph", "What is assumed: the causal graph", build)
