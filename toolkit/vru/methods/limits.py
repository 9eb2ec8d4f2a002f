"""Where the validity benchmark measured a method to fail, said to the user whose data look like it.

The figures quoted are those of ``benchmarks/validity.md`` and, for real violence, of ``benchmarks/placebo_real.md``.
"""

import numpy as np
from scipy import stats

from vru.methods.arms import Arms
from vru.methods.measured import IN_WORDS, false_alarms
from vru.stats.by_area import change_dispersion
from vru.stats.dispersion import Dispersion, fit_poisson

INDEPENDENT_MONTHS = (
    "before_after",
    "weighted_displacement",
    "weighted_displacement_quotient",
    "relative_rate_ratio",
)
TOTALS = ("weighted_displacement", "relative_rate_ratio")
KEPT = 7.5
"""False alarms in 100 up to which the 5 promised are taken as kept."""
DIFFERENCES = ("weighted_displacement", "weighted_displacement_quotient")
FEW_EXPECTED = 10.0


def measured_limits(
    method: str, arms: Arms, extra: Dispersion, independent_months: bool | None = None
) -> tuple[str, ...]:
    """Warnings for data like those on which the method's intervals missed their nominal coverage.

    extra : the variation the method's interval allows for. independent_months : whether the interval takes months as
    independent; by default as the method does. An empty answer does not vouch for the
    data: a change that came to all treated units for another reason cannot be seen in them.
    """
    notes = [_few_counts(method, arms)]
    if method in INDEPENDENT_MONTHS if independent_months is None else independent_months:
        notes += [_differing_change(arms, extra), _linked_months(arms)]
    said = tuple(n for n in notes if n)
    # What was measured is the default: intervals of totals alone say so themselves.
    return said if independent_months and method in TOTALS else said + on_real_violence(method)


def on_real_violence(method: str) -> tuple[str, ...]:
    """What the method did where nothing had been done, for every way of choosing areas in which it raised too many alarms."""
    said = [
        f"{rate.words} {words}"
        for way, words in IN_WORDS.items()
        if (rate := false_alarms(method, way)) is not None and rate.high > KEPT
    ]
    if not said:
        return ()
    return (
        "In placebo evaluations on real monthly violence of two forces, nothing done, this test raised instead of 5 false "
        f"alarms in 100: {'; '.join(said)}.",
    )


def _few_counts(method: str, arms: Arms) -> str:
    after = float((arms.counts * arms.after).sum())
    if after >= FEW_EXPECTED:
        return ""
    if method in DIFFERENCES:
        return (
            f"Only {after:.0f} offences were recorded in treated units after the start. With counts this small the "
            "difference is mostly chance and its normal interval rough."
        )
    return (
        f"Only {after:.0f} offences were recorded in treated units after the start. With counts this small the ratio "
        "is unstable and in simulation its logarithm came out too low on average."
    )


def _differing_change(arms: Arms, extra: Dispersion) -> str:
    """Whether units of one arm changed more differently than independent months explain."""
    late = arms.after if arms.staggered else np.broadcast_to(arms.post, arms.counts.shape)
    after = (arms.counts * late).sum(axis=1)
    found = change_dispersion(arms.counts.sum(axis=1) - after, after, arms.role)
    if int(arms.treated.sum()) == 1:
        return (
            "One treated unit: its months cannot show how much areas differ in their course anyway. In simulation the "
            "interval missed more often than it should once areas differed (standard deviation 20%)."
        )
    chance = found is None or stats.chi2.sf(found.phi * found.df / extra.inflation, found.df) >= 0.05
    if found is not None and found.phi > 1.5 * extra.inflation and not chance:
        return (
            f"Units changed more differently from each other than their months explain ({found.phi:.1f} times Poisson "
            f"between units, {extra.inflation:.1f} within). In simulation such intervals covered far less often than "
            "they claim; poisson_did allows for it."
        )
    return ""


def _linked_series(arms: Arms) -> str:
    """The same for one unit alone, around its level before and after and its season; two years and 24 periods at least."""
    seen = arms.observed[0]
    if int(seen.sum()) < max(24, arms.calendar.months(24)):
        return ""
    y, angle = arms.counts[0][seen], arms.angle[seen]
    columns = [np.ones(len(y)), arms.post[seen].astype(float)]
    columns += [f(k * angle) for k in (1, 2) if k <= arms.calendar.harmonics for f in (np.sin, np.cos)]
    fitted = fit_poisson(np.column_stack(columns), y, np.zeros(len(y))).fitted
    z = (y - fitted) / np.sqrt(np.maximum(fitted, 1e-9))
    # What the fit takes out pulls the correlation down, by about its number of parts over the months.
    lag = float((z[1:] * z[:-1]).sum() / max(float((z**2).sum()), 1e-9)) + (len(columns) - 1) / len(y)
    if lag * np.sqrt(len(y)) < 2:
        return ""
    return (
        f"Months resemble the month before (correlation about {lag:.2f}); the interval treats them as independent and is "
        "too narrow. interrupted_series allows for it."
    )


def _linked_months(arms: Arms) -> str:
    """Whether a unit's months resemble the month before, by the lag-1 correlation of residuals."""
    mean = np.zeros_like(arms.counts)
    late = np.where(arms.treated[:, None], arms.after, arms.post[None, :])
    for phase in (late, ~late):
        cells = phase & arms.observed
        level = (arms.counts * cells).sum(axis=1) / np.maximum(cells.sum(axis=1), 1)
        mean += np.where(cells, level[:, None], 0.0)
    course = (arms.counts * arms.observed).sum(axis=0) / np.maximum(mean.sum(axis=0), 1e-9)
    mean = mean * course[None, :]
    ok = arms.observed & (mean > 0)
    z = np.where(ok, (arms.counts - mean) / np.sqrt(np.maximum(mean, 1e-9)), 0.0)
    pairs = ok[:, 1:] & ok[:, :-1]
    n = int(pairs.sum())
    if len(arms.units) == 1:
        return _linked_series(arms)
    if n < 30:
        return ""
    lag = float((z[:, 1:] * z[:, :-1])[pairs].sum() / max(float((z[ok] ** 2).mean()) * n, 1e-9))
    if lag < 0.1 or lag * np.sqrt(n) < 3:
        return ""
    return (
        f"A unit's months resemble the month before (correlation {lag:.2f}); the interval treats them as independent "
        "and is too narrow. poisson_did allows for it."
    )
