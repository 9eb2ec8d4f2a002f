"""Every analysis with its interval, on its own scale; the registered main one first."""

from collections.abc import Sequence

from vru.protocol import Protocol
from vru.report import claim, naming, touched
from vru.report import wording as w
from vru.report.document import Block, Facts, Heading, Paragraph, Table
from vru.report.figures import (
    arms_figure,
    balance_figure,
    course_figure,
    event_study_figure,
    forest_figure,
    path_figure,
)
from vru.report.section import Section
from vru.results import Estimate, EvaluationResult
from vru.words import evidence
from vru.words.terms import terms_of

MOST_WEIGHTS = 15
TRUTHS = (("rate_ratio", "rate ratio", 2), ("events_prevented", "offences prevented", 0))


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Tables by scale, then the figures, then what the estimates are made of."""
    ratios = [e for e in result.estimates if e.ratio is not None]
    counts = [e for e in result.estimates if e.scale == "count_difference"]
    shifts = [e for e in result.estimates if e.scale in ("mean_difference", "risk_difference")]
    blocks: list[Block] = [*_truth(result), *touched.notices(protocol, result)]
    if ratios:
        blocks += [Heading("Relative effects"), *_forest(protocol, result, ratios)]
        blocks.append(_own_table(protocol, ratios, "Relative effects, in words"))
    if counts:
        blocks += [
            Heading("Differences of counts"),
            Paragraph(
                "These analyses answer in offences or in weighted offences, not in percent, and are kept apart from those above."
            ),
            _own_table(protocol, counts, "Differences of counts over the whole period"),
        ]
    if shifts:
        blocks += [Heading("Differences of means and of shares"), _own_table(protocol, shifts, "Differences, in words")]
    if any(e.events_prevented is not None for e in result.estimates):
        blocks += [Heading(_heading(protocol)), _prevented_table(protocol, result)]
    blocks += _pictures(protocol, result.primary)
    blocks += _courses(result)
    for e in result.estimates:
        blocks += _made_of(e)
    return tuple(blocks)


def _truth(result: EvaluationResult) -> tuple[Block, ...]:
    known = result.provenance.truth
    if not known:
        return ()
    facts = tuple((f"True {label}", w.number(known[name], digits)) for name, label, digits in TRUTHS if name in known)
    return (
        Paragraph("This is an exercise in which the true values are known; all of them are under Reproduce this."),
        Facts((*facts, ("Main analysis estimated", _own_scale(result.primary)))),
    )


def _own_scale(e: Estimate) -> str:
    if e.ratio is None:
        unit, digits = naming.scale(e)
        return f"{w.number(e.value, digits)} ({w.span(e.low, e.high, digits)}), {unit}"
    return f"rate ratio {w.ratio_cell(e.ratio)}"


def _forest(protocol: Protocol, result: EvaluationResult, ratios: Sequence[Estimate]) -> tuple[Block, ...]:
    share = protocol.question.smallest_effect
    o = next((o for o in protocol.outcomes if o.id == result.primary.outcome), None)
    smallest = 1 + share if o is not None and o.direction == "increase" else 1 - share
    drawn = forest_figure(ratios, naming.outcomes(protocol), smallest, "forest")
    return () if drawn is None else (drawn.figure(),)


def _own_table(protocol: Protocol, estimates: Sequence[Estimate], caption: str) -> Table:
    rows = tuple(
        (
            touched.mark(protocol, e),
            naming.method(e.method),
            w.plain(e.outcome),
            claim.effect(e),
            f"{w.level(e.level)}: {claim.effect_interval(e)}",
            w.pvalue(e.p),
        )
        for e in estimates
    )
    columns = ("Analysis", "Method", "Outcome", "Estimate", "Interval", "p-value")
    return Table(caption, columns, rows, frozenset({5}))


def _heading(protocol: Protocol) -> str:
    return "Events among the treated" if protocol.units.shape == "people" else "Offences over the whole period"


def _prevented_table(protocol: Protocol, result: EvaluationResult) -> Table:
    rows = []
    for e in result.estimates:
        if not naming.counts_events(protocol, e.outcome):
            continue
        causal, nouns = evidence.is_causal(protocol, result, e), naming.events(protocol, e.outcome)
        prevented = e.events_prevented
        rows.append(
            (
                w.plain(e.analysis),
                w.plain(e.outcome),
                w.MISSING if prevented is None else w.prevented_change(prevented.value, causal, nouns),
                w.MISSING if prevented is None else w.prevented_interval(prevented, causal, nouns),
                _over(protocol, e),
            )
        )
    people = protocol.units.shape == "people"
    return Table(
        "Events among all who were treated, against what was expected"
        if people
        else "Offences in all treated areas together, against what was expected",
        ("Analysis", "Outcome", "Estimate", "Interval", "Over"),
        tuple(rows),
    )


def _over(protocol: Protocol, e: Estimate) -> str:
    if protocol.units.shape == "people":
        return "follow-up"
    return w.plural(e.n_post, "day" if protocol.units.shape == "days" else "month")


def _courses(result: EvaluationResult) -> list[Block]:
    """The course of each outcome that is a time, once: analyses of one outcome share it unless they end at different days."""
    drawn, seen = [], set()
    for e in result.estimates:
        made = course_figure(e, w.plain(e.outcome), f"course-{e.analysis}")
        if made is not None and (e.outcome, e.courses) not in seen:
            seen.add((e.outcome, e.courses))
            drawn.append(made.figure())
    return [Heading("Time until it happened"), *drawn] if drawn else []


def _pictures(protocol: Protocol, estimate: Estimate) -> list[Block]:
    name, start = w.plain(estimate.outcome), protocol.intervention.start
    terms = terms_of(protocol, estimate.outcome)
    drawn = (
        path_figure(estimate, name, start, f"path-{estimate.analysis}", terms),
        event_study_figure(estimate, name, f"event-study-{estimate.analysis}", terms),
    )
    figures = [d.figure() for d in drawn if d is not None]
    blocks: list[Block] = [Heading("Over time"), *figures] if figures else []
    sides = arms_figure(estimate, naming.counted(protocol, estimate.outcome), f"arms-{estimate.analysis}")
    alike = balance_figure(estimate, f"balance-{estimate.analysis}")
    if sides is not None:
        blocks += [Heading("The groups compared"), sides.figure()]
    return [*blocks, Heading("How alike the groups were"), alike.figure()] if alike is not None else blocks


def _made_of(estimate: Estimate) -> list[Block]:
    found: list[Block] = []
    name = w.plain(estimate.analysis)
    if estimate.components:
        # Parts of people's estimates have units of their own, which their names say.
        people = bool(estimate.arms)
        digits = 1 if estimate.scale == "count_difference" and not people else 3
        unit = "" if people else f", {'log rate ratio' if estimate.scale == 'log_rate_ratio' else estimate.unit}"
        rows = tuple(
            (w.plain(k), w.number(c.value, digits), w.span(c.low, c.high, digits))
            for k, c in estimate.components.items()
        )
        found.append(
            Table(f"Parts of the estimate, {name}", ("Part", f"Value{unit}", "Interval"), rows, frozenset({1, 2}))
        )
    if estimate.weights:
        found.append(_weights(estimate))
    return [Heading(f"Analysis {name}: {naming.lower_first(naming.method(estimate.method))}"), *found] if found else []


def _weights(estimate: Estimate) -> Table:
    ranked = sorted(estimate.weights.items(), key=lambda kv: (-abs(kv[1]), kv[0]))
    rows = [(unit, w.number(weight, 3)) for unit, weight in ranked[:MOST_WEIGHTS]]
    rest = ranked[MOST_WEIGHTS:]
    if rest:
        rows.append((f"{w.plural(len(rest), 'other area')} together", w.number(sum(v for _, v in rest), 3)))
    caption = f"Weights of the comparison areas, {w.plain(estimate.analysis)}, largest first"
    return Table(caption, ("Area", "Weight"), tuple(rows), frozenset({1}))


SECTION = Section("results", "Results", build)
