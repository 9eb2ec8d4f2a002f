"""Why it should work, as the team saw it before the data."""

from vru.protocol import Protocol
from vru.report.document import Block, Bullets
from vru.report.section import Section
from vru.results import EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Inputs to outcomes, and what must hold on the way."""
    t = protocol.theory_of_change
    parts = (
        ("Inputs", t.inputs),
        ("Activities", t.activities),
        ("Outputs", t.outputs),
        ("Outcomes", t.outcomes),
        ("What must be true on the way", t.assumptions),
    )
    return tuple(Bullets(tuple(items), name) for name, items in parts if items)


SECTION = Section("theory_of_change", "Theory of change", build)
