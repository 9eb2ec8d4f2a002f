"""Lines for the terminal about what the library says as a whole: syntheses, expectations, gaps."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from vru.errors import LibraryError, Problem
from vru.library.expectation import Expectation
from vru.library.gapmap import GapMap
from vru.library.moderators import Moderated
from vru.library.studies import LeftOut
from vru.library.synthesis import Synthesis
from vru.stats.intervals import quantile

ESTIMATORS = {
    "fixed": "one effect common to all",
    "dl": "DerSimonian and Laird",
    "pm": "Paule and Mandel",
    "reml": "restricted likelihood",
}


def synthesis_lines(s: Synthesis) -> list[str]:
    """``vru library pool``: the sentence, the numbers, the list."""
    lines = [
        s.sentence,
        "",
        f"estimand: {s.estimand}",
        f"evaluations: {len(s.studies)} ({s.n_independent} independent)",
    ]
    lines += [*_numbers(s), *_by_estimator(s)]
    lines.append("each by itself (rate ratio):")
    lines += [
        f"  {x.reference} {x.outcome}: {_ratio(x.value, *_ends(x.value, x.se, s.level))}  {x.method}; {x.measure}"
        for x in s.studies
    ]
    if s.without:
        lines.append("without one (rate ratio, tau2):")
        lines += [
            f"  without {w.reference}: {_ratio(w.pooled.value, w.pooled.low, w.pooled.high)}, {w.pooled.spread.tau2:.4f}"
            for w in s.without
        ]
    return [*lines, *(f"note: {n}" for n in s.notes)]


def left_out_lines(left_out: Sequence[LeftOut]) -> list[str]:
    """What was not pooled or counted, and why."""
    return [f"left out: {x.reference}{' ' + x.outcome if x.outcome else ''}: {x.reason}" for x in left_out]


def moderated_lines(m: Moderated) -> list[str]:
    """``--by``: subgroups or the slope, or why not."""
    lines = [f"by {m.moderator}:"]
    for g in m.groups:
        shown = "not pooled" if g.pooled is None else _ratio(g.pooled.value, g.pooled.low, g.pooled.high)
        lines.append(f"  {g.label}: {len(g.references)} effects, {shown}")
    if m.between is not None:
        lines.append(
            f"  difference between groups: Q {m.between.statistic:.2f}, df {m.between.df1}, p {m.between.p:.3f}"
        )
    if m.slope is not None:
        lines.append(
            f"  rate ratio per unit: {_ratio(m.slope.value, m.slope.low, m.slope.high, 4)}, p {m.slope.p:.3f}, k {m.k}"
        )
    if m.refusal:
        return [*lines, f"  no test: {m.refusal}"]
    return [*lines, "  this compares evaluations with each other: an association, no proof"]


def expectation_lines(e: Expectation) -> list[str]:
    """``vru library expect``."""
    return [e.sentence, *(f"note: {n}" for n in e.notes)]


def gap_lines(g: GapMap) -> list[str]:
    """``vru library gaps``: what there is per intervention, then the outcomes that nobody has looked at."""
    lines = []
    for row in g.interventions:
        cells = [(c, g.cell(row.code, c.code)) for c in g.outcomes]
        lines.append(f"{row.code}: {row.label}")
        lines += [f"  {c.code}: {cell.text}" for c, cell in cells if cell.references]
        empty = [c.code for c, cell in cells if not cell.references]
        lines.append(f"  no evaluation: {', '.join(empty) if len(empty) < len(cells) else 'any outcome'}")
    return [*lines, *left_out_lines(g.left_out)]


def read_doses(path: Path) -> dict[str, float]:
    """A table with columns ``record`` (organisation/id) and ``dose``. Raises LibraryError naming the row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LibraryError(Problem(f"cannot be read: {error}", str(path))) from None
    found: dict[str, float] = {}
    for number, row in enumerate(rows, start=2):
        name, text = (row.get("record") or "").strip(), (row.get("dose") or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not name or name in found or not math.isfinite(value):
            raise LibraryError(
                Problem(
                    f"record {name!r} with dose {text!r}",
                    f"{path}: row {number}",
                    "columns record (organisation/id, once each) and dose (a number)",
                )
            )
        found[name] = value
    return found


def _numbers(s: Synthesis) -> list[str]:
    estimate, pooled = s.estimate, s.pooled
    if estimate is None or pooled is None or s.prediction is None:
        return ["pooled: none"]
    lower, upper = s.prediction.low or 0.0, s.prediction.high or 0.0
    spread = pooled.spread
    t2 = "" if spread.tau2_low is None else f" ({s.level:.0%} interval {spread.tau2_low:.4f} to {spread.tau2_high:.4f})"
    lines = [
        f"pooled rate ratio: {_ratio(estimate.value, estimate.low, estimate.high)}, p {estimate.p:.3f}",
        f"prediction interval: {math.exp(lower):.3f} to {math.exp(upper):.3f}",
        f"tau2: {spread.tau2:.4f}{t2}; I2: {spread.i2 or 0:.0f}%; Q {spread.q:.2f}, df {spread.q_df}, p {spread.q_p or 0:.3f}",
    ]
    if s.small is not None:
        at = s.small
        lines.append(f"small studies: slope on standard error {at.slope.value:.2f}, p {at.slope.p:.3f}")
    if pooled.higgins is not None:
        low, high = pooled.higgins.low or 0.0, pooled.higgins.high or 0.0
        lines.append(
            f"prediction interval with tau2 taken as known (too narrow): {math.exp(low):.3f} to {math.exp(high):.3f}"
        )
    return lines


def _by_estimator(s: Synthesis) -> list[str]:
    if s.pooled is None:
        return []
    lines = ["by other estimators (rate ratio, tau2); the pooled figure is by restricted likelihood:"]
    return lines + [
        f"  {ESTIMATORS[p.method]}: {_ratio(p.value, p.low, p.high)}, {p.spread.tau2:.4f}" for p in s.others
    ]


def _ends(value: float, se: float, level: float) -> tuple[float, float]:
    half = quantile(level) * se
    return value - half, value + half


def _ratio(value: float, low: float, high: float, digits: int = 3) -> str:
    shown = [f"{math.exp(min(x, 50.0)):.{digits}f}" for x in (value, low, high)]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"
