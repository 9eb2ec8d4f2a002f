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
            "A rate ratio compares the treated areas with what was expected without the intervention: 1 is no "
            "difference, 0.75 is 25% fewer. An interval is the range of effects that these data are compatible with, "
            "if the assumptions hold."
        )
    ]
    for e in result.estimates:
        blocks += [Heading(f"{w.plain(e.analysis)} ({e.role})"), Facts(_card(e))]
        if e.notes:
            blocks.append(Bullets(e.notes, "Notes by the method"))
    return tuple(blocks)


def _card(e: Estimate) -> tuple[tuple[str, str], ...]:
    scale = "log rate ratio" if e.scale == "log_rate_ratio" else "offences over the whole period"
    digits = 4 if e.scale == "log_rate_ratio" else 1
    return (
        ("Method", naming.method(e.method)),
        ("Design it can carry", naming.design(e.method)),
        ("What is estimated", e.estimand),
        ("Interval and p-value by", e.inference),
        ("On the analysis scale", f"{w.number(e.value, digits)} {scale}, standard error {w.number(e.se, digits)}"),
        ("Areas", f"{e.n_treated:,} treated, {e.n_comparison:,} comparison"),
        ("Months", f"{e.n_pre:,} before, {e.n_post:,} from the start"),
        ("Source", naming.method_source(e.method)),
    )


SECTION = Section("methods", "Methods", build)
