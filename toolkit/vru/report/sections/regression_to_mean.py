"""How much of the fall would have come by itself, because areas are chosen when they peak."""

from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Facts, Notice, Paragraph
from vru.report.figures import Falls, regression_figure
from vru.report.section import Section
from vru.results import EvaluationResult, Finding, Interval
from vru.words.terms import Terms, terms_of

CHECK = "regression_to_mean"
SHARES = {
    "naive_fall": "Naive fall, from the selection months to the months of treatment",
    "fall_before_start": "Fall already there before the start",
    "expected_fall": "Fall expected from selection alone",
}


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """The finding in words, the naive fall beside what selection explains, and a warning where it was not measured."""
    if protocol.units.shape != "areas":
        return ()
    found = [f for f in result.findings if f.check == CHECK]
    if not found:
        return (
            Notice(
                "Not examined. Areas are usually chosen because they peaked, and would then fall by themselves; a "
                "before-and-after figure alone cannot be told apart from that.",
                "warning",
            ),
        )
    blocks: list[Block] = [
        Paragraph(
            "Areas chosen because they had many offences will on average have fewer afterwards, whatever is done."
        )
    ]
    for i, f in enumerate(found):
        blocks += _one(f, f"regression-{i}", terms_of(protocol, result.primary.outcome))
    return tuple(blocks)


def _one(finding: Finding, key: str, terms: Terms) -> list[Block]:
    text = w.sentence(finding.text)
    blocks: list[Block] = [Notice(text, "warning") if finding.verdict in ("fail", "not_run") else Paragraph(text)]
    naive, selection = _number(finding, "naive_fall"), _number(finding, "expected_fall")
    drawn = None
    if naive is not None and selection is not None:
        ends = Interval(selection, _number(finding, "expected_fall_low"), _number(finding, "expected_fall_high"))
        drawn = regression_figure(Falls(naive, ends), key, terms)
    if drawn is not None:
        blocks.append(drawn.figure())
    facts = [(label, _share(finding, name)) for name, label in SHARES.items() if name in finding.numbers]
    if facts:
        blocks.append(Facts(tuple(facts)))
    return blocks


def _number(finding: Finding, name: str) -> float | None:
    value = finding.numbers.get(name)
    return float(value) if isinstance(value, int | float) else None


def _share(finding: Finding, name: str) -> str:
    value = _number(finding, name)
    return w.MISSING if value is None else w.percent_change(1 - value)


SECTION = Section("regression_to_mean", "Regression to the mean", build)
