"""How each number was computed, and where the method comes from."""

from vru.protocol import Protocol
from vru.report import naming
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Heading, Paragraph
from vru.report.section import Section
from vru.results import Estimate, EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """One card per analysis."""
    blocks: list[Block] = [
        Paragraph(
            f"A rate ratio compares the treated {protocol.units.noun} with what was expected without the intervention: 1 is no "
            "difference, 0.75 is 25% fewer. An interval is the range of effects that these data are compatible with, "
            "if the assumptions hold."
        )
    ]
    for e in result.estimates:
        blocks += [Heading(f"{w.plain(e.analysis)} ({e.role})"), Facts(_card(protocol, e))]
        if e.notes:
            blocks.append(Bullets(e.notes, "Notes by the method"))
    return tuple(blocks)


def _card(protocol: Protocol, e: Estimate) -> tuple[tuple[str, str], ...]:
    scale, digits = naming.scale(e)
    span = [("Months", f"{e.n_pre:,} before, {e.n_post:,} from the start")] if e.n_pre else []
    span += [("Days", f"{e.n_post:,}")] if protocol.units.shape == "days" else []
    return (
        ("Method", naming.method(e.method)),
        ("Design it can carry", naming.design(e.method)),
        ("What is estimated", e.estimand),
        ("Interval and p-value by", e.inference),
        ("On the analysis scale", f"{w.number(e.value, digits)} {scale}, standard error {w.number(e.se, digits)}"),
        (naming.units(protocol), naming.arms(protocol, e.n_treated, e.n_comparison)),
        *span,
        ("Source", naming.method_source(e.method)),
    )


SECTION = Section("methods", "Methods", build)
