"""What it cost, and what an offence prevented cost, only where the interval allows such a figure."""

from vru.protocol import Protocol
from vru.protocol.fields import Costs
from vru.report import claim
from vru.report import wording as w
from vru.report.document import Block, Facts, Notice, Paragraph
from vru.report.section import Section
from vru.results import EvaluationResult, Interval
from vru.words import evidence


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """The cost of delivery, and the cost per offence as an interval or not at all."""
    c = protocol.costs
    if c is None:
        return (Paragraph("Costs were not reported, so nothing can be said on value for money."),)
    facts = Facts(
        (
            ("Cost of delivery", f"£{w.number(c.amount, 0)}, {c.price_year} prices"),
            ("Covers", c.covers),
            ("Source", c.source),
        )
    )
    return (facts, _per_offence(protocol, result, c))


def _per_offence(protocol: Protocol, result: EvaluationResult, costs: Costs) -> Block:
    e = result.primary
    if protocol.units.shape == "people":
        return Paragraph("The cost per event is left to the reader: this outcome does not count offences.")
    prevented = e.events_prevented
    if prevented is None or prevented.low is None or prevented.high is None:
        return Paragraph("The cost per offence is not given, because the number of offences has no interval.")
    interval = w.prevented_interval(prevented, causal=False)
    if prevented.high <= 0:
        return Paragraph(
            f"No cost per offence is given: the interval of the estimate is {interval}, so none were prevented."
        )
    if not claim.excludes_no_effect(prevented):
        return Notice(
            "The cost per offence prevented is not bounded, and no figure is given: the interval of the estimate is "
            f"{interval}, so the intervention may have prevented none."
        )
    text = f"Cost per offence: {_money(costs, prevented)}. "
    if not evidence.is_causal(protocol, result, e):
        text += "This holds only if the intervention made the whole difference, which this evaluation does not show. "
    return Paragraph(text + "It counts delivery only, and no benefit beyond this outcome.")


def _money(costs: Costs, prevented: Interval) -> str:
    assert prevented.low is not None  # the caller has looked
    assert prevented.high is not None
    middle, cheap, dear = (costs.amount / n for n in (prevented.value, prevented.high, prevented.low))
    return f"£{w.number(middle, 0)} (between £{w.number(cheap, 0)} and £{w.number(dear, 0)}), {costs.price_year} prices"


SECTION = Section("costs", "Costs", build)
