"""Which declared deviations touch a number, said beside it."""

from vru.protocol import Protocol
from vru.protocol.fields import Deviation
from vru.report import wording as w
from vru.report.document import Block, Notice
from vru.results import Estimate, EvaluationResult


def touching(protocol: Protocol, e: Estimate) -> tuple[Deviation, ...]:
    """The deviations that name this analysis or its outcome, or name nothing."""
    return tuple(d for d in protocol.deviations if not d.touches or {e.analysis, e.outcome} & set(d.touches))


def mark(protocol: Protocol, e: Estimate) -> str:
    """The analysis' name, with a word where a deviation touches it."""
    return f"{w.plain(e.analysis)}{' (deviation)' if touching(protocol, e) else ''}"


def notices(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """One notice for each deviation, naming the analyses that it touches."""
    found = []
    for d in protocol.deviations:
        names = [w.plain(e.analysis) for e in result.estimates if d in touching(protocol, e)]
        if names:
            told = f"Done otherwise than registered ({w.month(d.on)}): {d.what} Why: {d.why}"
            found.append(Notice(f"{told} It touches the analyses marked here: {w.listing(names)}.", "warning"))
    return tuple(found)


def on_primary(protocol: Protocol, result: EvaluationResult) -> tuple[str, ...]:
    """A line for beside the main figure."""
    count = len(touching(protocol, result.primary))
    if not count:
        return ()
    said = "A deviation touches" if count == 1 else f"{count:,} deviations touch"
    return (f"{said} this figure: see the plan and what changed.",)
