"""Did offences move round the corner? What happened in the rings round the treated areas."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.stats import t as student

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.panel import Panel, Role
from vru.results import Estimate, Finding, Interval, Verdict
from vru.stats.intervals import quantile
from vru.stats.spread import group_dispersion

NAME = "displacement"
DRAWS = 4000
_THRESHOLD = (
    "fail: the interval of the rate ratio in buffers lies above 1; concern: as many offences as the estimate says "
    "were prevented may have moved (upper limit)"
)


@dataclass(frozen=True, slots=True)
class _Ring:
    """Totals of one group of units before and after, ``(n_units,)``."""

    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True, slots=True)
class _Spill:
    """Change in buffers against their comparison: log rate ratio, its SE and degrees of freedom, and offences."""

    log_ratio: float
    se: float
    df: int
    phi: float
    after: float

    def moved(self, log_ratio: float) -> float:
        """Offences in the buffers after the start beyond those expected, at a given log rate ratio."""
        return self.after * -math.expm1(-log_ratio)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Compare buffers of treated areas with buffers of comparison areas (or the comparison areas themselves).

    The variance is Poisson times the dispersion of single buffers' changes about their group's.
    """
    panel, outcome = case.panel, case.estimate.outcome
    if not panel.is_role("buffer").any():
        return not_run(NAME, case, "the plan has no buffers round treated areas, so displacement cannot be seen.")
    against: Role = "buffer_comparison" if panel.is_role("buffer_comparison").any() else "comparison"
    if not panel.is_role(against).any():
        return not_run(NAME, case, "there are no comparison areas to set the buffers against.")
    near, far = _ring(panel, outcome, "buffer"), _ring(panel, outcome, against)
    cells = [float(v.sum()) for v in (near.before, near.after, far.before, far.after)]
    if min(cells) == 0:
        return not_run(NAME, case, "the buffers or their comparison have no offences before or after the start.")
    spill = _spill(near, far, cells)
    return _judge(case, spill, against, rng)


def _ring(panel: Panel, outcome: str, role: Role) -> _Ring:
    rows, post = panel.is_role(role), panel.post()
    used = panel.is_role("buffer", "buffer_comparison", "comparison")
    whole = ~panel.missing[used].any(axis=0)
    counts = panel.counts[outcome][rows]
    return _Ring(counts[:, ~post & whole].sum(axis=1), counts[:, post & whole].sum(axis=1))


def _spill(near: _Ring, far: _Ring, cells: list[float]) -> _Spill:
    spreads = [group_dispersion(ring.before, ring.after) for ring in (near, far)]
    df = sum(s.df for s in spreads)
    phi = max(1.0, sum(s.phi * s.df for s in spreads) / df) if df else 1.0
    b0, b1, c0, c1 = cells
    log_ratio = math.log(b1 / b0) - math.log(c1 / c0)
    return _Spill(log_ratio, math.sqrt(phi * sum(1 / c for c in cells)), max(df, 1), phi, b1)


def _judge(case: Case, spill: _Spill, against: Role, rng: Generator) -> Finding:
    # Where dispersion was estimated from few buffers, its own uncertainty belongs in the interval.
    wide = float(student.ppf(0.975, spill.df)) if spill.df > 1 else 1.96
    low, high = spill.log_ratio - wide * spill.se, spill.log_ratio + wide * spill.se
    moved, moved_low, moved_high = spill.moved(spill.log_ratio), spill.moved(low), spill.moved(high)
    prevented = case.estimate.events_prevented
    verdict: Verdict = "pass"
    if low > 0:
        verdict = "fail"
    elif prevented is not None and prevented.value > 0 and moved_high >= prevented.value:
        verdict = "concern"
    ring = "buffers of comparison areas" if against == "buffer_comparison" else "the comparison areas themselves"
    text = (
        f"In the buffers round treated areas offences changed to {math.exp(spill.log_ratio):.2f} times what {ring} "
        f"lead one to expect (95% interval {math.exp(low):.2f} to {math.exp(high):.2f}): {abs(moved):.0f} offences "
        f"{'more' if moved >= 0 else 'fewer'} than expected (from {_signed(moved_low)} to {_signed(moved_high)}). "
    )
    text += _share_text(case, verdict, moved, moved_high)
    share = _share(case, spill, rng)
    if share is not None:
        text += (
            f" As a share of the estimated shortfall in treated areas, {percent(share[0])} reappeared in the buffers "
            f"(95% interval {percent(share[1])} to {percent(share[2])}; below 0% means that the benefit spread)."
        )
    numbers = {
        "rate_ratio": math.exp(spill.log_ratio),
        "rate_ratio_low": math.exp(low),
        "rate_ratio_high": math.exp(high),
        "offences_moved": moved,
        "offences_moved_low": moved_low,
        "offences_moved_high": moved_high,
        "share_of_prevented": share[0] if share else None,
        "share_low": share[1] if share else None,
        "share_high": share[2] if share else None,
        "dispersion": spill.phi,
        "against": against,
    }
    return finding(NAME, case, verdict, text, numbers, _THRESHOLD)


def _share_text(case: Case, verdict: Verdict, moved: float, moved_high: float) -> str:
    if verdict == "fail":
        return "Offences rose where the effect could have pushed them."
    if verdict == "concern":
        return (
            f"The buffers could hide up to {moved_high:.0f} moved offences, as many as the treated areas' shortfall: "
            "displacement of all of it cannot be ruled out."
        )
    if case.estimate.events_prevented is None or case.estimate.events_prevented.value <= 0:
        return "Treated areas had no fewer offences than expected, so there is nothing that could have moved."
    return f"Displacement of more than {max(moved_high, 0):.0f} offences is ruled out."


def _share(case: Case, spill: _Spill, rng: Generator) -> tuple[float, float, float] | None:
    """Moved over prevented, with a simulated interval; None where nothing may have been prevented: no bounds then."""
    prevented = case.estimate.events_prevented
    if prevented is None or prevented.low is None or prevented.high is None or prevented.low <= 0:
        return None
    draws = np.maximum(_drawn(case.estimate, prevented, rng), 1e-9)
    ratios = spill.log_ratio + spill.se * rng.standard_t(spill.df if spill.df > 1 else 1e6, DRAWS)
    low, high = np.quantile(-spill.after * np.expm1(-ratios) / draws, [0.025, 0.975])
    return spill.moved(spill.log_ratio) / prevented.value, float(low), float(high)


def _drawn(estimate: Estimate, prevented: Interval, rng: Generator) -> np.ndarray:
    """Offences prevented as they might be, ``(DRAWS,)``: by the estimate's own error, whatever level it was asked at."""
    if estimate.scale == "log_rate_ratio" and estimate.se is not None and estimate.value:
        after = prevented.value / math.expm1(-estimate.value)
        return np.asarray(after * np.expm1(-rng.normal(estimate.value, estimate.se, DRAWS)))
    assert prevented.low is not None
    assert prevented.high is not None
    spread = (prevented.high - prevented.low) / (2 * quantile(estimate.level))
    return rng.normal(prevented.value, spread, DRAWS)


def _signed(count: float) -> str:
    return f"{abs(count):.0f} {'more' if count >= 0 else 'fewer'}"


CHECK = Check(
    name=NAME,
    label="Displacement",
    question="Did offences move to nearby places, or did the benefit spread?",
    source="Bowers & Johnson (2003) JQC 19:275; Wheeler & Ratcliffe (2018) Crime Science 7:11",
    options=CheckOptions,
    run=guarded(NAME, _run),
)
