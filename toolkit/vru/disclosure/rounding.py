"""Counts rounded for publication, where the profile asks for it; estimates are made from the true ones and say so."""

import re
from dataclasses import replace

from vru.disclosure.data_log import rounded_log
from vru.disclosure.kinds import kind_of
from vru.disclosure.profiles import Profile
from vru.events import DataNote
from vru.results import Arm, Estimate, EvaluationResult, Finding, Rating, Series

SOURCE = "disclosure"
_OF_PEOPLE = re.compile(
    r"(?<![\w.,-])(\d{1,3}(?:,\d{3})+|\d+)(?= (?:treated|comparison|compared|offered|not offered|eligible|not eligible|rows|"
    r"people|persons|cases|families|classes|schools|events)\b)"
)
"""Whole numbers before a word for those who are counted: what methods, checks and ratings say of people."""
_COUNTS_OF_CHECKS = ("n_treated", "n_comparison", "people", "persons", "cases", "families", "classes", "schools")
_SHARES = (
    "uptake_offered",
    "uptake_not_offered",
    "share_compliers",
    "mean_with",
    "mean_without",
    "treated",
    "comparison",
)
"""Shares of people, by name: at full precision each would give its numerator away."""


def rounded(profile: Profile, result: EvaluationResult) -> EvaluationResult:
    """Every count to the nearest ``round_to``, and a note that says so; a result that carries the note stays as it is."""
    step = profile.round_to
    if step == 1 or is_rounded(result):
        return result
    told = (
        f"every count is rounded to the nearest {step}, so sums of shown counts differ from totals; estimates are made from "
        "the counts before rounding"
    )
    people = any(e.arms for e in result.estimates)
    return replace(
        result,
        findings=tuple(_finding(f, step) for f in result.findings) if people else result.findings,
        ratings=tuple(_rating(r, step) for r in result.ratings) if people else result.ratings,
        series=tuple(_series(s, step) for s in result.series),
        estimates=tuple(_estimate(e, step) for e in result.estimates),
        data_log=(*rounded_log(result.data_log, step), DataNote(SOURCE, told, None)),
    )


def is_rounded(result: EvaluationResult) -> bool:
    """Whether the counts of this result were rounded when it was published."""
    return any(n.source == SOURCE and n.text.startswith("every count is rounded") for n in result.data_log)


def nearest(value: float, step: int) -> float:
    """The nearest multiple; halves go up."""
    return float(step * int(value / step + 0.5))


def _series(s: Series, step: int) -> Series:
    values = tuple(None if v is None else nearest(v, step) for v in s.values)
    return replace(s, values=values, bands=tuple(replace(b, count=nearest(b.count, step)) for b in s.bands))


def _estimate(e: Estimate, step: int) -> Estimate:
    people = bool(e.arms)
    counts = {k: nearest(v, step) if kind_of(k) in ("count", "left_out") else v for k, v in e.counts.items()}
    counts = {k: _share(k, v) for k, v in counts.items()} if people else counts
    path = tuple(replace(p, observed=nearest(p.observed, step)) for p in e.path)
    return replace(
        e,
        counts=counts,
        path=path,
        notes=tuple(_said(n, step) for n in e.notes) if people else e.notes,
        arms=tuple(_arm(a, step, e.level) for a in e.arms),
        n_treated=int(nearest(e.n_treated, step)) if people else e.n_treated,
        n_comparison=int(nearest(e.n_comparison, step)) if people else e.n_comparison,
    )


def _said(text: str, step: int) -> str:
    return _OF_PEOPLE.sub(lambda m: f"{int(nearest(int(m[1].replace(',', '')), step)):,}", text)


def _share(name: str, value: float) -> float:
    return round(value, 2) if name in _SHARES and 0 <= value <= 1 else value


def _finding(f: Finding, step: int) -> Finding:
    numbers = {k: _share(k, v) if isinstance(v, float) else v for k, v in f.numbers.items()}
    for name in set(numbers) & set(_COUNTS_OF_CHECKS):
        value = numbers[name]
        numbers[name] = int(nearest(value, step)) if isinstance(value, int | float) else value
    return replace(f, text=_said(f.text, step), numbers=numbers)


def _rating(r: Rating, step: int) -> Rating:
    return replace(
        r, reasons=tuple(_said(x, step) for x in r.reasons), against=tuple(_said(x, step) for x in r.against)
    )


def _arm(a: Arm, step: int, level: float) -> Arm:
    """People rounded, and a share made of rounded events and rounded people; other means stay."""
    n, observed = int(nearest(a.n, step)), int(nearest(a.observed, step))
    if a.mean is None or not 0 <= a.mean <= 1 or not observed:
        return replace(a, n=n, observed=observed)
    from statsmodels.stats.proportion import proportion_confint

    # A share with the interval of the true one would give the number of events away.
    events = min(observed, int(nearest(a.mean * a.observed, step)))
    low, high = proportion_confint(events, observed, alpha=1 - level, method="wilson")
    return replace(a, n=n, observed=observed, mean=events / observed, low=float(low), high=float(high))
