"""What a reader of a series method must be told: phase-in, form, and where the benchmark measured it to fail.

The figures quoted are those of ``benchmarks/validity_series.md``.
"""

import numpy as np

from vru.methods.series.course import PeriodSeries
from vru.methods.series.design import Columns, Shape
from vru.stats.count_series import fit_log_linear, fit_share

LINKED = 0.3
WEAK_PULL = 0.7
FEW_A_MONTH = 5.0
LINKED_COVERAGE = "covered 91 to 98% of the time with persistence 0.6 and 85 to 86% with 0.9"
FEW_REGRESSION = "intervals covered 95 to 100%, wider than they need be"
FEW_FORECAST = (
    "it came out 4 to 8% too low, and intervals covered 96 to 99%; with 0.5 a month it came out a third too low and "
    "claimed an effect in about 1 of 10 cases without one"
)
HAC = (
    "Newey-West errors are too small in series of this length: in simulation the interval covered 82 to 93% with "
    "independent months and 72 to 90% with linked ones. errors: autocorrelated covered 91 to 100%."
)
MODEL = (
    "Months are taken as independent. In simulation with persistence 0.6 such an interval covered 70 to 95%, least "
    "where counts were large; errors: autocorrelated covered 91 to 97%."
)


def phase_notes(design: Columns, shape: Shape) -> tuple[str, ...]:
    """What the effect's form and the phase-in mean for the figure."""
    notes = []
    gone = int((~design.kept).sum())
    if gone:
        notes.append(f"{gone} phase-in month(s) from the start are in neither the model nor the figures.")
    if shape.ramped and shape.phase_in:
        notes.append(
            f"The effect is taken to grow evenly over {shape.phase_in} month(s); the ratio averages over them."
        )
    if shape.effect == "transient":
        notes.append(
            f"The effect is taken to halve every {shape.half_life:g} months; the ratio averages over all months."
        )
    if "slope" in shape.effect:
        notes.append("The slope is per month; it runs on from the trend before and should not be carried forward.")
    return tuple(notes)


def series_limits(series: PeriodSeries, kind: str, rho: float | None) -> tuple[str, ...]:
    """Warnings of the segmented regressions for data like those on which they missed their coverage.

    kind : how errors were reckoned; rho : lag-1 correlation of residuals, where it was reckoned.
    """
    notes = [_few(series, FEW_REGRESSION)]
    if kind == "hac":
        notes.append(HAC)
    if kind == "model":
        notes.append(MODEL)
    if rho is not None and rho > LINKED:
        notes.append(
            f"After trend and season, months resemble the month before (correlation about {rho:.2f}). The interval "
            f"allows for that as far as this series can show it; in simulation it {LINKED_COVERAGE}."
        )
    return tuple(n for n in notes if n)


def forecast_limits(series: PeriodSeries, *, controlled: bool, trend: bool, pull: float | None) -> tuple[str, ...]:
    """Warnings of the structural series for data like those on which it was biased.

    controlled : comparison units take part; trend : a trend is fitted; pull : coefficient of the
    comparison's log course, where there is one.
    """
    notes = [_few(series, FEW_FORECAST)]
    if pull is not None and pull < WEAK_PULL:
        notes.append(
            f"A change of 10% in the comparison moves the forecast by {10 * pull:.0f}% only (coefficient {pull:.2f}), as far "
            "as the two went together month by month before the start. A change that came to both arms is mostly left in "
            "this figure; controlled_interrupted_series takes all of it out."
        )
    growth = None if trend else _growth(series, controlled=controlled)
    if growth is not None:
        verb, against = ("grew" if growth > 0 else "fell"), " against comparison units" if controlled else ""
        notes.append(
            f"Before the start treated units {verb} by {100 * abs(growth):.0f}% a year{against}, and the forecast expects "
            "the level to stay. In simulation such growth went into the effect: trend: true or an interrupted series "
            "carries it forward."
        )
    return tuple(n for n in notes if n)


def _few(series: PeriodSeries, measured: str) -> str:
    monthly = float(series.treated[series.post].mean())
    if monthly >= FEW_A_MONTH:
        return ""
    return (
        f"Treated units recorded {monthly:.1f} offences a month after the start. With counts this small the ratio is "
        f"unstable; in simulation with 3 a month {measured}."
    )


def _growth(series: PeriodSeries, *, controlled: bool) -> float | None:
    """Yearly growth before the start, where it is more than twice its standard error."""
    before = ~series.post
    calendar, angle = series.arms.calendar, series.arms.angle[before]
    years = series.time[before] / calendar.a_year
    columns = [np.ones(len(years)), years]
    if controlled:
        offset = np.log(series.exposure / series.comparison_exposure)[before]
        fit = fit_share(np.column_stack(columns), series.treated[before], series.comparison[before], offset)
    else:
        season = [np.sin(angle), np.cos(angle)] if calendar.harmonics else []
        design = np.column_stack([*columns, *season])
        fit = fit_log_linear(design, series.treated[before], np.log(series.exposure[before]))
    se = float(np.sqrt(fit.bread[1, 1] * max(fit.phi, 1.0)))
    slope = float(fit.coefficients[1])
    return float(np.expm1(slope)) if fit.converged and abs(slope) > 2 * se else None
