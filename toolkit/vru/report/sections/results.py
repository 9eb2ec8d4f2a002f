"""Every analysis with its interval, on its own scale; the registered main one first."""

from collections.abc import Sequence

from vru.protocol import Protocol
from vru.report import claim, naming
from vru.report import wording as w
from vru.report.document import Block, Facts, Heading, Paragraph, Table
from vru.report.figures import event_study_figure, forest_figure, path_figure
from vru.report.section import Section
from vru.results import Estimate, EvaluationResult

MOST_WEIGHTS = 15
TRUTHS = (("rate_ratio", "rate ratio", 2), ("events_prevented", "offences prevented", 0))


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Tables by scale, then the figures, then what the estimates are made of."""
    ratios = [e for e in result.estimates if e.ratio is not None]
    counts = [e for e in result.estimates if e.ratio is None]
    blocks: list[Block] = list(_truth(result))
    if ratios:
        blocks += [Heading("Relative effects"), *_forest(protocol, result, ratios), _ratio_table(ratios)]
    if counts:
        blocks += [
            Heading("Differences of counts"),
            Paragraph("These analyses answer in offences, not in percent, and are kept apart from those above."),
            _count_table(counts),
        ]
    blocks += [Heading("Offences over the whole period"), _prevented_table(protocol, result)]
    blocks += _pictures(protocol, result.primary)
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
        return f"{w.number(e.value, 1)} offences ({w.span(e.low, e.high, 1)})"
    return f"rate ratio {w.ratio_cell(e.ratio)}"


def _forest(protocol: Protocol, result: EvaluationResult, ratios: Sequence[Estimate]) -> tuple[Block, ...]:
    share = protocol.question.smallest_effect
    o = next((o for o in protocol.outcomes if o.id == result.primary.outcome), None)
    smallest = 1 + share if o is not None and o.direction == "increase" else 1 - share
    drawn = forest_figure(ratios, naming.outcomes(protocol), smallest, "forest")
    return () if drawn is None else (drawn.figure(),)


def _ratio_table(estimates: Sequence[Estimate]) -> Table:
    rows = tuple(
        (
            w.plain(e.analysis),
            naming.method(e.method),
            w.plain(e.outcome),
            claim.effect(e),
            f"{w.level(e.level)}: {claim.effect_interval(e)}",
            w.pvalue(e.p),
        )
        for e in estimates
    )
    columns = ("Analysis", "Method", "Outcome", "Estimate", "Interval", "p-value")
    return Table("Relative effects, in words", columns, rows, frozenset({5}))


def _count_table(estimates: Sequence[Estimate]) -> Table:
    rows = tuple(
        (
            w.plain(e.analysis),
            naming.method(e.method),
            w.plain(e.outcome),
            claim.effect(e),
            f"{w.level(e.level)}: {claim.effect_interval(e)}",
            w.pvalue(e.p),
        )
        for e in estimates
    )
    columns = ("Analysis", "Method", "Outcome", "Estimate", "Interval", "p-value")
    return Table("Differences of counts over the whole period", columns, rows, frozenset({5}))


def _prevented_table(protocol: Protocol, result: EvaluationResult) -> Table:
    rows = []
    for e in result.estimates:
        causal = claim.is_causal(protocol, result, e)
        prevented = e.events_prevented
        rows.append(
            (
                w.plain(e.analysis),
                w.plain(e.outcome),
                w.MISSING if prevented is None else w.prevented_change(prevented.value, causal),
                w.MISSING if prevented is None else w.prevented_interval(prevented, causal),
                w.plural(e.n_post, "month"),
            )
        )
    return Table(
        "Offences in all treated areas together, against what was expected",
        ("Analysis", "Outcome", "Estimate", "Interval", "Over"),
        tuple(rows),
    )


def _pictures(protocol: Protocol, estimate: Estimate) -> list[Block]:
    name, start = w.plain(estimate.outcome), protocol.intervention.start
    drawn = (
        path_figure(estimate, name, start, f"path-{estimate.analysis}"),
        event_study_figure(estimate, name, f"event-study-{estimate.analysis}"),
    )
    figures = [d.figure() for d in drawn if d is not None]
    return [Heading("Month by month"), *figures] if figures else []


def _made_of(estimate: Estimate) -> list[Block]:
    found: list[Block] = []
    name = w.plain(estimate.analysis)
    ratio = estimate.scale == "log_rate_ratio"
    if estimate.components:
        rows = tuple(
            (w.plain(k), w.number(c.value, 3 if ratio else 1), w.span(c.low, c.high, 3 if ratio else 1))
            for k, c in estimate.components.items()
        )
        unit = "log rate ratio" if ratio else "offences"
        found.append(
            Table(f"Parts of the estimate, {name}", ("Part", f"Value, {unit}", "Interval"), rows, frozenset({1, 2}))
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
