"""The first screen: what was found, how large, how sure, and what speaks against it."""

from vru.protocol import Protocol
from vru.report import claim, naming
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Notice, Paragraph
from vru.report.section import Section
from vru.results import EvaluationResult

COUNTED = {"pass": "passed", "concern": "raised a concern", "fail": "failed", "not_run": "could not be run"}


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Disclaimer, headline, estimate with interval, offences, size that matters, and the warnings."""
    e = result.primary
    blocks: list[Block] = [Notice(protocol.disclaimer, "warning")] if protocol.disclaimer else []
    blocks.append(Paragraph(claim.headline(protocol, result, e), lead=True))
    blocks.append(
        Bullets(
            (
                f"Estimate: {claim.effect(e)}; {w.level(e.level)} interval: {claim.effect_interval(e)}.",
                _offences(protocol, result),
                claim.size_that_matters(protocol, e),
                *_smallness(result),
            ),
            "How large",
        )
    )
    blocks.append(Bullets((*_ratings(result), _registered(result), _checks(result)), "How sure"))
    warnings = _failed(result)
    if warnings:
        blocks.append(Notice(warnings, "warning"))
    blocks.append(Facts(_facts(protocol, result)))
    return tuple(blocks)


def _offences(protocol: Protocol, result: EvaluationResult) -> str:
    e = result.primary
    months = w.plural(e.n_post, "month")
    if e.events_prevented is None:
        return f"In offences over the {months} from the start: {w.MISSING}."
    causal = claim.is_causal(protocol, result, e)
    return (
        f"In offences, over the {months} from the start in all treated areas together: "
        f"{w.prevented_change(e.events_prevented.value, causal)} "
        f"({w.level(e.level)} interval: {w.prevented_interval(e.events_prevented, causal)})."
    )


def _smallness(result: EvaluationResult) -> tuple[str, ...]:
    e = result.primary
    if e.n_treated > 2:
        return ()
    return (
        f"Only {w.plural(e.n_treated, 'area was', 'areas were')} treated: one unusual event could move the estimate.",
    )


def _ratings(result: EvaluationResult) -> tuple[str, ...]:
    rated = [r for r in result.ratings if r.outcome == result.primary.outcome]
    if not rated:
        return ("The strength of this evidence was not rated, so no causal claim is made.",)
    return tuple(f"Strength of evidence, {naming.instrument(r.instrument)}: level {r.level}, {r.label}." for r in rated)


def _registered(result: EvaluationResult) -> str:
    return {
        "yes": "The plan was registered, and what was run is what was registered.",
        "changed": "The plan was registered, and was changed afterwards: see the section on the plan.",
        "no": "The plan was not registered in advance, so the choice of analysis may have followed the data.",
    }[result.preregistered]


def _checks(result: EvaluationResult) -> str:
    if not result.findings:
        return "No checks were registered: nothing has tested the assumptions."
    parts = [
        f"{sum(f.verdict == v for f in result.findings):,} {COUNTED[v]}"
        for v in ("pass", "concern", "fail", "not_run")
        if any(f.verdict == v for f in result.findings)
    ]
    return f"Checks: {w.listing(parts)}."


def _failed(result: EvaluationResult) -> str:
    failed = [naming.check(f.check) for f in result.findings if f.verdict == "fail"]
    if not failed:
        return ""
    names = w.listing(list(dict.fromkeys(failed)))
    return f"Failed: {names}. The result should not be used without reading the section on checks."


def _facts(protocol: Protocol, result: EvaluationResult) -> tuple[tuple[str, str], ...]:
    e = result.primary
    return (
        ("Asked of", protocol.question.population),
        ("Compared with", protocol.question.comparator),
        (
            "Outcome",
            protocol.outcome(e.outcome).measure if e.outcome in naming.outcomes(protocol) else w.plain(e.outcome),
        ),
        ("Areas", f"{e.n_treated:,} treated, {e.n_comparison:,} comparison"),
        ("Months", f"{e.n_pre:,} before and {e.n_post:,} from the start, {w.month(protocol.intervention.start)}"),
        ("Method", naming.method(e.method)),
    )


SECTION = Section("summary", "Summary", build)
