"""How much of a before-after fall comes from having picked areas at their peak?"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.panel import Panel, SelectionHistory
from vru.results import Finding, Verdict
from vru.stats.selection import best_window, named_by
from vru.stats.shrinkage import ExpectedFall, expected_fall
from vru.stats.spread import pearson_dispersion

NAME = "regression_to_mean"
MIN_POOL = 10
LENGTHS = (1, 2, 3, 4, 6, 9, 12)
"""Months over which people rank areas, beside as many as the plan declares."""
NAMES_THEM = 0.95
"""A period whose ranking names this share of the areas is the one that they were chosen on, where the declared one is not."""


class Options(CheckOptions):
    """``draws``: resamples of the pool behind the interval."""

    draws: int = Field(500, ge=100, le=10000)


@dataclass(frozen=True, slots=True)
class _Naive:
    """Treated units' offences per unit-month: in the selection window, before the start, after it; None if unknown."""

    selection: float
    before: float | None
    after: float | None
    n_selection: int = 0
    n_before: int = 0

    @property
    def peak_share(self) -> float | None:
        """Share of the offences of a baseline of selection months and months before the start that the former hold."""
        if self.before is None or self.n_before == 0:
            return None
        peak = self.n_selection * self.selection
        return peak / (peak + self.n_before * self.before)

    @property
    def kept(self) -> float | None:
        """Relative fall from the baseline that keeps the selection months beside the months before the start."""
        if self.before is None or self.after is None:
            return None
        months = self.n_selection + self.n_before
        return 1 - self.after * months / (self.n_selection * self.selection + self.n_before * self.before)

    def fall(self, later: float | None) -> float | None:
        """Relative fall from the selection window."""
        return None if later is None else 1 - later / self.selection


@dataclass(frozen=True, slots=True)
class _Other:
    """Months other than those declared that the areas look chosen on, and which share each ranking names."""

    months: tuple[str, ...]
    share: float
    declared: float
    inside: bool


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Empirical Bayes on the pool that areas were picked from, and the naive comparison it explains."""
    assert isinstance(options, Options)
    history = case.panel.selection
    if history is None:
        return not_run(
            NAME,
            case,
            "the plan does not say on which months areas were chosen, so luck in choosing them cannot be measured. "
            "Areas chosen because they had peaked would fall back without any intervention.",
        )
    treated = {u for u, role in zip(case.panel.units, case.panel.role, strict=True) if role == "treated"}
    picked = np.array([u in treated for u in history.pool])
    if not picked.any():
        return not_run(NAME, case, "no treated area is in the pool that areas were chosen from.")
    if len(history.pool) < MIN_POOL or np.asarray(history.chosen).all():
        return not_run(
            NAME, case, f"the pool has {len(history.pool)} areas and {int((~history.chosen).sum())} not chosen."
        )
    counts = history.counts[:, ~np.isnan(history.counts).any(axis=0)]
    if counts.shape[1] == 0 or counts[picked].sum() == 0:
        return not_run(NAME, case, "the selection months hold no complete month, or no offences in treated areas.")
    # Spread about area and month effects: the noise that an area's own total carries, Poisson or wider.
    phi = max(1.0, pearson_dispersion(counts).phi) if counts.shape[1] > 1 else 1.0
    luck = expected_fall(counts.sum(axis=1), picked, counts.shape[1], phi, rng, options.draws)
    naive = _naive(case.panel, history, float(counts[picked].mean()), counts.shape[1])
    return _judge(case, history, luck, naive, phi, _other_period(case.panel, history, picked))


def _other_period(panel: Panel, history: SelectionHistory, picked: np.ndarray) -> _Other | None:
    """Other months up to the start whose ranking names the treated areas, or all chosen ones, better than the declared."""
    record = history.record
    start = min((s for s in panel.starts if s is not None), default=None)
    if record is None or start is None:
        return None
    before = [m < start for m in record.periods]
    months = [panel.calendar.months(n) for n in LENGTHS]
    lengths = [n for n in dict.fromkeys((*months, len(history.periods))) if n <= sum(before)]
    found: _Other | None = None
    for who in (picked, np.asarray(history.chosen)):
        declared = named_by(history.counts.sum(axis=1), who)
        best = best_window(record.counts[:, before], who, lengths)
        if declared >= NAMES_THEM or best is None or best.share < NAMES_THEM:
            continue
        chosen = record.periods[best.first : best.last + 1]
        found = _Other(chosen, best.share, declared, bool(set(chosen) & set(panel.periods)))
        if found.inside:
            return found
    return found


def _naive(panel: Panel, history: SelectionHistory, selection: float, n_selection: int) -> _Naive:
    if history.outcome not in panel.counts:
        return _Naive(selection, None, None)
    # The selection months themselves are no test of what came later.
    later = np.array([p not in history.periods for p in panel.periods])
    whole = ~panel.missing[panel.is_role("treated")].any(axis=0) & later
    counts = panel.counts[history.outcome][panel.is_role("treated")]
    before, after = whole & ~panel.post(), whole & panel.post()
    return _Naive(
        selection,
        float(counts[:, before].mean()) if before.any() else None,
        float(counts[:, after].mean()) if after.any() else None,
        n_selection,
        int(before.sum()),
    )


def _judge(
    case: Case, history: SelectionHistory, luck: ExpectedFall, naive: _Naive, phi: float, other: _Other | None
) -> Finding:
    overlap = sorted(set(history.periods) & set(case.panel.periods))
    selection = case.protocol.units.selection
    by_lot = selection is not None and selection.assign is not None
    verdict: Verdict = "pass" if not overlap else "concern" if by_lot else "fail"
    if other is not None:
        verdict = "fail" if other.inside and not by_lot else "concern" if verdict == "pass" else verdict
    fall = naive.fall(naive.after)
    share = _share(fall, luck.value)
    text = _naive_text(naive, luck)
    if share is not None:
        text += f" That is {percent(share)} of the naive fall." if share <= 1 else " That is all of the naive fall."
    part = None if naive.peak_share is None else luck.value * naive.peak_share
    text += _kept_text(naive, part) + (_overlap_text(overlap, by_lot) if other is None else _other_text(other))
    numbers = {
        "naive_fall": fall,
        "fall_before_start": naive.fall(naive.before),
        "expected_fall": luck.value,
        "expected_fall_low": luck.low,
        "expected_fall_high": luck.high,
        "share_of_naive_fall": share,
        "kept_naive_fall": naive.kept,
        "kept_expected_fall": part,
        "reliability": luck.reliability,
        "k": luck.k if math.isfinite(luck.k) else None,
        "pool": len(history.pool),
        "chosen": int(np.asarray(history.chosen).sum()),
        "dispersion": phi,
        "months_overlapping": len(overlap),
        "other_period": None if other is None else f"{other.months[0]} to {other.months[-1]}",
        "other_period_names": None if other is None else other.share,
        "declared_names": None if other is None else other.declared,
    }
    threshold = (
        "fail: selection months, declared or recognised by their ranking, are part of the analysis; concern: they are, but "
        "treatment was given by lot, or other months than those declared name the areas and lie outside the analysis"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


def _share(fall: float | None, expected: float) -> float | None:
    """Part of the naive log fall that selection explains; None where there is no fall to explain."""
    if fall is None or not 0 < fall < 1 or not 0 <= expected < 1:
        return None
    return math.log1p(-expected) / math.log1p(-fall)


def _moved(fall: float) -> str:
    return f"a fall of {percent(fall)}" if fall >= 0 else f"a rise of {percent(-fall)}"


def _naive_text(naive: _Naive, luck: ExpectedFall) -> str:
    text = f"In the selection months the treated areas had {naive.selection:.1f} offences an area a month. "
    fall, early = naive.fall(naive.after), naive.fall(naive.before)
    if fall is not None:
        text += f"Used as the baseline, those months would show {_moved(fall)} by the time of the intervention. "
    if early is not None:
        text += f"Before the intervention had started there was already {_moved(early)}. "
    text += (
        f"Having been chosen on those months accounts, by itself, for {_moved(luck.value)} "
        f"(95% interval {percent(luck.low)} to {percent(luck.high)}), since about {percent(1 - luck.reliability)} of "
        "the differences between areas in those months were chance."
    )
    return text


def _kept_text(naive: _Naive, part: float | None) -> str:
    if naive.kept is None or part is None:
        return ""
    return (
        f" Kept in the baseline beside the {naive.n_before} months before the start, the selection months would make a "
        f"naive before-after figure show {_moved(naive.kept)}, of which selection alone brings {_moved(part)}."
    )


def _overlap_text(overlap: list[str], by_lot: bool) -> str:
    if not overlap:
        return " The analysis does not use the selection months, so this does not enter its estimate."
    months = f"{len(overlap)} selection months ({overlap[0]} to {overlap[-1]})"
    if by_lot:
        return (
            f" {months} are part of the analysis; treatment was given by lot among the chosen areas, so treated and "
            "comparison areas fall back alike, but leave those months out of any before-after figure."
        )
    return f" {months} are part of the analysis: its baseline holds the peak, and its estimate holds this fall."


def _other_text(other: _Other) -> str:
    months = other.months[0] if len(other.months) == 1 else f"{other.months[0]} to {other.months[-1]}"
    text = (
        f" The ranking over {months} names {percent(other.share)} of the chosen areas; over the months that the plan declares "
        f"it names {percent(other.declared)}. The areas look as if they had been chosen on {months}"
    )
    if other.inside:
        return text + ", which is part of the analysis: its baseline may hold their peak, and its estimate their fall."
    return text + ": say so in the plan if they were."


CHECK = Check(
    name=NAME,
    label="Regression to the mean",
    question="How much of a fall comes from having chosen areas at their peak?",
    source="Empirical Bayes gamma-Poisson: Morris (1983) JASA 78:47; Hauer (1997) ch. 11",
    options=Options,
    run=guarded(NAME, _run),
    bears_on=("design",),
)
