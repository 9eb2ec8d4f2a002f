"""The result as flat tables of unrounded numbers, one row per thing; what spreadsheets are made from."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from vru.protocol import Protocol
from vru.report import claim, naming
from vru.results import Estimate, EvaluationResult

if TYPE_CHECKING:
    import pandas as pd

Cell = str | float | int | None


def frame(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> "pd.DataFrame":
    """A frame whose cells keep their own types: numbers stay numbers beside None."""
    import pandas as pd

    return pd.DataFrame([list(row) for row in rows], columns=list(columns), dtype=object)


def effects(result: EvaluationResult) -> "pd.DataFrame":
    """One row per analysis: value, se and interval on its scale, and the rate ratio where there is one."""
    columns = (
        "Analysis", "Role", "Outcome", "Method", "Scale", "Estimate", "Standard error", "Interval low", "Interval high",
        "Interval level", "p-value", "Rate ratio", "Rate ratio low", "Rate ratio high", "In words",
        "Treated units", "Comparison units", "Periods before", "Periods from start",
    )  # fmt: skip
    return frame(columns, (_effect(e) for e in result.estimates))


def offences(result: EvaluationResult) -> "pd.DataFrame":
    """One row per analysis: offences over the whole period from the start; above 0 = fewer than expected."""
    rows = []
    for e in result.estimates:
        p = e.events_prevented
        rows.append((e.analysis, e.outcome, e.n_post, *((None,) * 3 if p is None else (p.value, p.low, p.high))))
    columns = ("Analysis", "Outcome", "Months from start", "Fewer than expected", "Interval low", "Interval high")
    return frame(columns, rows)


def series(result: EvaluationResult) -> "pd.DataFrame":
    """One row per outcome, group and month, or span of months published together: recorded offences of the whole group."""
    rows = []
    for s in result.series:
        spans = {b.first: (f"{b.first} to {b.last}", b.count) for b in s.bands}
        inside = {p for b in s.bands for p in s.periods if b.first < p <= b.last}
        for month, value in zip(s.periods, s.values, strict=True):
            if month not in inside:
                rows.append((s.outcome, s.role.replace("_", " "), s.n_units, *spans.get(month, (month, value))))
    return frame(("Outcome", "Group", "Areas", "Month", "Offences"), rows)


def paths(result: EvaluationResult) -> "pd.DataFrame":
    """One row per analysis and month, or span of months: observed and expected offences in all treated areas."""
    rows = [
        (e.analysis, f"{p.period} to {p.through}" if p.through else p.period, p.observed, p.expected, p.low, p.high)
        for e in result.estimates
        for p in e.path
    ]
    return frame(("Analysis", "Month", "Observed", "Expected", "Expected low", "Expected high"), rows)


def arms(result: EvaluationResult) -> "pd.DataFrame":
    """One row per analysis and group compared: how many, how many observed, mean outcome before adjustment."""
    rows = [(e.analysis, a.name, a.n, a.observed, a.mean, a.low, a.high) for e in result.estimates for a in e.arms]
    columns = ("Analysis", "Group", "In the group", "Outcome observed", "Mean", "Interval low", "Interval high")
    return frame(columns, rows)


def balance(result: EvaluationResult) -> "pd.DataFrame":
    """One row per analysis and covariate: standardised mean differences before and after adjustment."""
    rows = [(e.analysis, b.covariate, b.before, b.after) for e in result.estimates for b in e.balance]
    return frame(("Analysis", "Covariate", "As found", "After adjustment"), rows)


def by_month(result: EvaluationResult) -> "pd.DataFrame":
    """One row per analysis and month from the start, on the analysis's own scale."""
    rows = [
        (e.analysis, e.scale, p.event_time, p.value, p.low, p.high) for e in result.estimates for p in e.event_study
    ]
    return frame(("Analysis", "Scale", "Months from the start", "Estimate", "Interval low", "Interval high"), rows)


def parts(result: EvaluationResult) -> "pd.DataFrame":
    """One row per named part of an estimate, and per weight of a comparison area."""
    rows: list[tuple[Cell, ...]] = []
    for e in result.estimates:
        rows += [(e.analysis, "part", k, c.value, c.low, c.high) for k, c in e.components.items()]
        rows += [(e.analysis, "weight", k, v, None, None) for k, v in sorted(e.weights.items())]
        rows += [(e.analysis, "count", k, v, None, None) for k, v in e.counts.items()]
    return frame(("Analysis", "Kind", "Name", "Value", "Interval low", "Interval high"), rows)


def checks(result: EvaluationResult) -> "pd.DataFrame":
    """One row per check and analysis, failed first."""
    order = list(naming.VERDICTS)
    rows = [
        (
            naming.check(f.check),
            f.analysis or "whole evaluation",
            naming.VERDICTS[f.verdict],
            f.text,
            f.threshold or None,
        )
        for f in sorted(result.findings, key=lambda f: order.index(f.verdict))
    ]
    return frame(("Check", "Analysis", "Verdict", "What was found", "Threshold"), rows)


def check_numbers(result: EvaluationResult) -> "pd.DataFrame":
    """One row per number that a check reported."""
    rows = [
        (naming.check(f.check), f.analysis or "whole evaluation", k, v)
        for f in result.findings
        for k, v in f.numbers.items()
    ]
    return frame(("Check", "Analysis", "Number", "Value"), rows)


def ratings(result: EvaluationResult) -> "pd.DataFrame":
    """One row per instrument and outcome, with its reasons in one cell."""
    rows = [(r.instrument, r.outcome, r.level, r.label, "; ".join(r.reasons) or None) for r in result.ratings]
    return frame(("Instrument", "Outcome", "Level", "Label", "Reasons"), rows)


def data_log(result: EvaluationResult) -> "pd.DataFrame":
    """One row per line of the data log."""
    return frame(
        ("Source", "What was read, kept, dropped or decided", "Rows"),
        ((n.source, n.text, n.count) for n in result.data_log),
    )


def outcomes(protocol: Protocol) -> "pd.DataFrame":
    """One row per outcome of the plan."""
    rows = [(o.id, o.measure, o.direction, "yes" if o.primary else "no") for o in protocol.outcomes]
    return frame(("Outcome", "What is counted", "Good direction", "Main outcome"), rows)


def _effect(e: Estimate) -> tuple[Cell, ...]:
    r = e.ratio
    ratio: tuple[Cell, ...] = (None,) * 3 if r is None else (r.value, r.low, r.high)
    scale = e.unit if e.scale == "count_difference" else naming.SCALES[e.scale][0]
    own = (e.analysis, e.role, e.outcome, naming.method(e.method), scale, e.value, e.se, e.low, e.high, e.level, e.p)
    return (*own, *ratio, claim.effect(e), e.n_treated, e.n_comparison, e.n_pre, e.n_post)
