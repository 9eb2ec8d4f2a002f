"""The first screen: what was found, how large, how sure, and what speaks against it."""

from vru.protocol import Protocol
from vru.report import claim, naming, touched
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Notice, Paragraph
from vru.report.section import Section
from vru.results import Estimate, EvaluationResult
from vru.words import evidence
from vru.words.calibration import smallest_words

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
                *_offences(protocol, result),
                claim.size_that_matters(protocol, e),
                *_smallness(protocol, result),
                *([smallest_words(result.calibration)] if result.calibration else []),
                *touched.on_primary(protocol, result),
                *_withheld(result),
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


def _offences(protocol: Protocol, result: EvaluationResult) -> tuple[str, ...]:
    e = result.primary
    if not naming.counts_events(protocol, e.outcome):
        return ()
    nouns, where = naming.events(protocol, e.outcome), _over(protocol, e)
    if e.events_prevented is None:
        return (f"In {nouns}, {where}: {w.MISSING}.",)
    causal = evidence.is_causal(protocol, result, e)
    return (
        f"In {nouns}, {where}: {w.prevented_change(e.events_prevented.value, causal, nouns)} "
        f"({w.level(e.level)} interval: {w.prevented_interval(e.events_prevented, causal, nouns)}).",
    )


def _over(protocol: Protocol, e: Estimate) -> str:
    if protocol.units.shape == "people":
        return f"among the treated {protocol.units.noun} together"
    if protocol.units.shape == "days":
        return "over all days drawn for it, in all areas together"
    return f"over the {w.plural(e.n_post, 'month')} from the start in all treated areas together"


def _smallness(protocol: Protocol, result: EvaluationResult) -> tuple[str, ...]:
    e = result.primary
    if e.n_treated > 2:
        return ()
    return (
        f"Only {e.n_treated:,} of the {protocol.units.noun} {'was' if e.n_treated == 1 else 'were'} treated: "
        "one unusual event could move the estimate.",
    )


def _withheld(result: EvaluationResult) -> tuple[str, ...]:
    """That the main figure is what published counts allow, where the registered analysis may not be shown."""
    main = result.primary.analysis
    if not any(f.check == "withheld" and f.analysis == main for f in result.findings):
        return ()
    return (
        "Few people had the outcome in a group, and how many is hidden. These figures are therefore not the registered "
        "analysis, but what the published counts allow: the interval holds for every number that may be hidden.",
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


def _when(protocol: Protocol, e: Estimate) -> tuple[str, str]:
    window = protocol.window
    if protocol.units.shape == "areas":
        return "Months", f"{e.n_pre:,} before and {e.n_post:,} from the start, {w.month(protocol.intervention.start)}"
    if protocol.units.shape == "days":
        return "Days", f"{e.n_post:,}, {window.first} to {window.last}"
    return "Period", f"{w.month(window.first)} to {w.month(window.last)}"


def _facts(protocol: Protocol, result: EvaluationResult) -> tuple[tuple[str, str], ...]:
    e = result.primary
    return (
        ("Asked of", protocol.question.population),
        ("Compared with", protocol.question.comparator),
        (
            "Outcome",
            protocol.outcome(e.outcome).measure if e.outcome in naming.outcomes(protocol) else w.plain(e.outcome),
        ),
        (naming.units(protocol), naming.arms(protocol, e.n_treated, e.n_comparison)),
        _when(protocol, e),
        ("Method", naming.method(e.method)),
    )


SECTION = Section("summary", "Summary", build)
