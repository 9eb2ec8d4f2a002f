"""How far could the areas have drifted apart after the start before the finding no longer stands?"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run
from vru.checks.windows import Counts, whole_window
from vru.results import Finding, Verdict
from vru.stats.dispersion import dispersion
from vru.stats.event_blocks import Arms, Scale, cut_blocks, study_blocks
from vru.stats.honest_magnitudes import EventStudy, breakdown, relative_magnitudes
from vru.stats.honest_smoothness import smoothness
from vru.stats.intervals import Bounds, wald
from vru.words.effects import rate_change

NAME = "pre_trend_sensitivity"
_THRESHOLD = (
    "concern: the finding falls when steps after the start may be as large as the largest seen before "
    "(breakdown value below 1); never fail, because the data cannot say how large they were"
)
WIDTH = 3
FEW_IN_ARM = 5
UNITS_PER_COEFFICIENT = 3


class Options(CheckOptions):
    """What departures from a common course are allowed for.

    ``months_per_point``: months added up to one point of the event study; left out, the check takes three, or as
    many more as the number of areas needs. ``multiples``: steps after the start up to so many times the largest before.
    ``bends``: largest change of slope from point to point, as a share of offences (0 = a straight line goes on).
    """

    months_per_point: int | None = Field(None, ge=1, le=24)
    multiples: tuple[float, ...] = Field((0.5, 1.0, 1.5, 2.0), min_length=1, max_length=12)
    bends: tuple[float, ...] = Field((0.0, 0.01, 0.02, 0.05), min_length=1, max_length=12)


@dataclass(frozen=True, slots=True)
class _Study:
    """The event study, its points' length in months, whether its spread is between areas; one: 1 or offences."""

    event: EventStudy
    width: int
    between: bool
    one: float
    scale: Scale


@dataclass(frozen=True, slots=True)
class _Answers:
    plain: Bounds
    value: float
    by_multiple: dict[float, Bounds]
    by_bend: dict[float, Bounds]
    breaks_at: float | None


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Robust intervals of the average effect after the start, from an event study made for this check."""
    assert isinstance(options, Options)
    if min(options.multiples) <= 0 or min(options.bends) < 0:
        return not_run(NAME, case, "multiples must be above 0, and bends 0 or more.")
    window = whole_window(case.panel, case.estimate.outcome)
    treated, comparison = window.arms
    if case.estimate.n_comparison == 0 or not comparison or not treated:
        return not_run(NAME, case, "this estimate does not use comparison areas.")
    first = _starts(case, window)
    if first is None:
        return not_run(NAME, case, "a treated area has no start in this window.")
    study = _study(case, options, window, first)
    if isinstance(study, str):
        return not_run(NAME, case, study)
    return _judge(case, study, _answers(study, options, case.estimate.level), window)


def _starts(case: Case, window: Counts) -> np.ndarray | None:
    """Start column of each treated area among the complete months, ``(n_treated,)``."""
    own = case.panel.is_role("treated")
    if any(s is None for s, t in zip(case.panel.starts, own, strict=True) if t):
        return None
    begun = case.panel.treated_periods()[own]
    return np.asarray((~begun[:, window.at]).sum(axis=1))


def _study(case: Case, options: Options, window: Counts, first: np.ndarray) -> _Study | str:
    treated, comparison = window.arms
    y, t = window.values, window.treated
    scale: Scale = "log_rate_ratio" if case.estimate.scale == "log_rate_ratio" else "count_difference"
    room = (treated + comparison - 2) // UNITS_PER_COEFFICIENT
    between = min(treated, comparison) >= FEW_IN_ARM
    least = case.panel.calendar.months(options.months_per_point or WIDTH)
    width = least if options.months_per_point else _width(first, y.shape[1], room if between else None, least)
    blocks = cut_blocks(first, y.shape[1], width)
    if blocks is None:
        need = f"two points of {width} months before the start and one from it on"
        return f"the complete months do not give {need}, which every treated area must have."
    between = between and len(blocks.columns) - 1 <= room
    early = y[:, : int(first.min())]
    mean = np.outer(early.sum(axis=1), early.sum(axis=0)) / max(float(early.sum()), 1e-300)
    seen = mean > 0
    phi = dispersion(early[seen], mean[seen], int(seen.sum()) - sum(early.shape) + 1).inflation
    event = study_blocks(Arms(y[t], first, y[~t], phi), blocks, scale, between=between)
    if event is None or not np.isfinite(event.covariance).all() or (np.diag(event.covariance) <= 0).any():
        return "a point of the event study has no offences or does not vary; use longer points (months_per_point)."
    one = 1.0 if scale == "log_rate_ratio" else float(early[t].mean())
    return _Study(event, width, between, one, scale) if one > 0 else "treated areas have no offences before the start."


def _width(first: np.ndarray, n_periods: int, room: int | None, least: int) -> int:
    """The shortest points, of three months or more, with few enough coefficients; three where none are."""
    for width in range(least, 8 * least + 1):
        blocks = cut_blocks(first, n_periods, width)
        if blocks is not None and (room is None or len(blocks.columns) - 1 <= room):
            return width
    return least


def _answers(study: _Study, options: Options, level: float) -> _Answers:
    event = study.event
    target = np.full(event.n_post, 1 / event.n_post)
    value = float(target @ event.value[event.n_pre :])
    se = float(np.sqrt(target @ event.covariance[event.n_pre :, event.n_pre :] @ target))
    plain = wald(value, se, level)
    claimed = _claims(plain)
    return _Answers(
        plain=plain,
        value=value,
        by_multiple={m: relative_magnitudes(event, target, m, level) for m in sorted(options.multiples)},
        by_bend={b: smoothness(event, target, b * study.one, level).bounds for b in sorted(options.bends)},
        breaks_at=breakdown(event, target, level) if claimed else None,
    )


def _claims(bounds: Bounds) -> bool:
    return bounds.low is not None and bounds.high is not None and (bounds.low > 0 or bounds.high < 0)


def _judge(case: Case, study: _Study, found: _Answers, window: Counts) -> Finding:
    claimed = _claims(found.plain)
    verdict: Verdict = "pass"
    if claimed and found.breaks_at is not None and found.breaks_at < 1:
        verdict = "concern"
    numbers: dict[str, object] = {
        "average_effect": found.value,
        "low": found.plain.low,
        "high": found.plain.high,
        "breakdown_multiple": found.breaks_at,
        "months_per_point": study.width,
        "points_before": study.event.n_pre + 1,
        "points_after": study.event.n_post,
    }
    for name, intervals in (("multiple", found.by_multiple), ("bend", found.by_bend)):
        for allowed, bounds in intervals.items():
            numbers |= {f"{name}_{allowed:g}_low": bounds.low, f"{name}_{allowed:g}_high": bounds.high}
    return finding(NAME, case, verdict, _text(study, found, window), numbers, _THRESHOLD)


def _text(study: _Study, found: _Answers, window: Counts) -> str:
    event = study.event
    text = (
        f"With months taken {study.width} at a time ({event.n_pre + 1} points before the start, {event.n_post} from it "
        f"on), treated areas recorded on average {_words(study, found.value)} after the start than the comparison and "
        f"the last point before it would give (interval {_span(study, found.plain)}). "
    )
    if not _claims(found.plain):
        text += "This event study does not show an effect, so there is no finding to overturn. "
    elif found.breaks_at is None:
        text += "The finding survives steps after the start more than 10 times the largest seen before it. "
    elif found.breaks_at < 0.1:
        text += (
            "The finding does not survive steps after the start even a tenth as large as the largest seen before it. "
        )
    else:
        text += (
            f"The finding survives post-start deviations up to {found.breaks_at:.1f} times the largest seen before, "
            "from one point to the next. "
        )
    sizes = "; ".join(f"{m:g} times: {_span(study, b)}" for m, b in found.by_multiple.items())
    text += f"Intervals by how large steps after the start may be, against the largest before: {sizes}. "
    bent = "; ".join(f"{100 * b:g}%: {_span(study, i)}" for b, i in found.by_bend.items())
    text += f"Intervals if the earlier drift went on, its slope bending by at most this much per point: {bent}."
    if not study.between:
        text += " Spread was taken from Poisson variance and its excess, as areas are few for so many points."
    if window.dropped:
        text += f" {window.dropped} months with missing data were left out."
    return text


def _span(study: _Study, bounds: Bounds) -> str:
    if bounds.low is None or bounds.high is None:
        return "not limited"
    return f"{_words(study, bounds.low)} to {_words(study, bounds.high)}"


def _words(study: _Study, value: float) -> str:
    if study.scale == "log_rate_ratio":
        return rate_change(min(value, 5.0)) if value <= 5 else "more than a hundredfold"
    return f"{abs(value):.2g} {'fewer' if value < 0 else 'more'} per area-month"


CHECK = Check(
    name=NAME,
    label="Sensitivity to differing trends",
    question="How far may areas have drifted apart after the start before the finding no longer stands?",
    source="Rambachan & Roth (2023) Rev. Econ. Stud. 90:2555; Andrews, Roth & Pakes (2023) Rev. Econ. Stud. 90:2763",
    options=Options,
    run=guarded(NAME, _run),
)
