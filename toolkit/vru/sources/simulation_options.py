"""What may be asked of the simulated county, and the fictional codes of its areas."""

import re
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from vru.protocol.fields import Month
from vru.sources.source import SourceOptions

_MOST_ROWS = 5_000_000
_MOST_MONTHS = 600


def _not_a_real_force(slug: str) -> str:
    if not re.fullmatch(r"sim[a-z-]{1,30}[a-z]", slug):
        raise ValueError("start it with sim, in lower case, for example simshire: it must not pass for a real force")
    return slug


SimulatedForce = Annotated[str, AfterValidator(_not_a_real_force)]


class SimulatedOptions(SourceOptions):
    """What to simulate. The defaults are one county-sized force with a 20% fall in 20 of 40 hot spots."""

    force: SimulatedForce = Field("simshire", description="Force slug; starts with sim")
    first: Month = Field("2021-01", description="First month in the archive")
    last: Month = Field("2024-12", description="Last month in the archive")
    start: Month = Field("2024-01", description="First month with treatment")
    selection_first: Month = Field("2021-01", description="First month of the window that hot spots are chosen on")
    selection_last: Month = Field("2021-12", description="Last month of that window; before start")
    treated: int = Field(20, ge=1, le=999, description="Number of treated areas")
    comparison: int = Field(20, ge=1, le=999, description="Number of comparison areas")
    pool: int = Field(60, ge=0, le=999, description="Number of further areas that were not chosen")
    buffers: bool = Field(True, description="One neighbouring area for each treated and comparison area")
    mean_monthly: float = Field(
        8.0, ge=0.1, le=1000, description="Mean violent offences per area-month, before selection"
    )
    level_spread: float = Field(
        0.4, ge=0, le=2, description="Coefficient of variation of the areas' long-run levels (gamma)"
    )
    rate_ratio: float = Field(0.8, gt=0, le=5, description="True effect in treated areas from start on")
    displacement_share: float = Field(
        0.0, ge=0, le=1, description="Share of prevented offences that reappear in the treated area's buffer"
    )
    seasonality: float = Field(0.12, ge=0, lt=1, description="Amplitude: 0.12 is 12% above the mean in July")
    overdispersion: float = Field(
        0.04, ge=0, le=2, description="Variance of the multiplicative noise per area-month, whose mean is 1"
    )
    autocorrelation: float = Field(
        0.0, ge=0, le=0.95, description="Month-to-month correlation of that noise on the log scale, AR(1)"
    )
    trend: float = Field(0.02, ge=-0.5, le=1, description="Common change per year: 0.02 is 2% more each year")
    missing_months: tuple[Month, ...] = Field((), description="Months for which the archive has no file")
    missing_coordinates: float = Field(0.02, ge=0, lt=0.5, description="Share of rows without a location")
    other_crimes: float = Field(0.5, ge=0, le=20, description="Rows of other crime types per violent offence")

    @model_validator(mode="after")
    def _consistent(self) -> "SimulatedOptions":
        if problems := _contradictions(self):
            raise ValueError("; ".join(problems))
        return self


def _contradictions(o: SimulatedOptions) -> list[str]:
    if not o.first < o.last:
        return [f"first ({o.first}) must come before last ({o.last})"]
    periods = months_between(o.first, o.last)
    if len(periods) > _MOST_MONTHS:
        return [f"{o.first} to {o.last} is {len(periods)} months; allowed: at most {_MOST_MONTHS}"]
    order = (
        (not o.first < o.start <= o.last, f"start ({o.start}) must be after first ({o.first}) and no later than last"),
        (
            not o.first <= o.selection_first <= o.selection_last < o.start,
            f"selection_first ({o.selection_first}) to selection_last ({o.selection_last}) must lie between "
            f"first ({o.first}) and the month before start ({o.start})",
        ),
    )
    found = [text for bad, text in order if bad]
    # With months out of order, what is said of missing months would send the reader astray.
    found += [] if found else _gaps(o, set(periods))
    rows = n_areas(o) * len(periods) * o.mean_monthly * (1 + o.other_crimes)
    size = (
        (o.displacement_share > 0 and not o.buffers, "displacement_share needs buffers: true"),
        (o.displacement_share > 0 and o.rate_ratio > 1, "displacement_share needs rate_ratio of 1 or less"),
        (o.autocorrelation > 0 and o.overdispersion == 0, "autocorrelation needs overdispersion above 0"),
        (rows > _MOST_ROWS, f"that is about {rows:,.0f} rows; allowed: at most {_MOST_ROWS:,}"),
    )
    return found + [text for bad, text in size if bad]


def _gaps(o: SimulatedOptions, periods: set[str]) -> list[str]:
    there = periods - set(o.missing_months)
    astray = sorted(set(o.missing_months) - periods)
    rules = (
        (len(set(o.missing_months)) < len(o.missing_months), "missing_months names a month twice"),
        (bool(astray), f"missing_months outside {o.first} to {o.last}: {', '.join(astray)}"),
        (
            not any(o.selection_first <= p <= o.selection_last for p in there),
            "missing_months leaves no month of the selection window",
        ),
        (not any(p >= o.start for p in there), "missing_months leaves no month from start on"),
    )
    return [text for bad, text in rules if bad]


def n_areas(options: SimulatedOptions) -> int:
    """Number of areas: treated, comparison, their buffers, and the pool."""
    chosen = options.treated + options.comparison
    return chosen * (2 if options.buffers else 1) + options.pool


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Months as YYYY-MM, first and last included."""
    return tuple(str(m) for m in np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1))


def treated_codes(n: int) -> tuple[str, ...]:
    """Fictional LSOA codes of the ``n`` treated areas: E01990001 onwards."""
    return _codes("E01990", n)


def comparison_codes(n: int) -> tuple[str, ...]:
    """Fictional LSOA codes of the ``n`` comparison areas: E01991001 onwards."""
    return _codes("E01991", n)


def treated_buffer_codes(n: int) -> tuple[str, ...]:
    """Fictional LSOA codes of the areas next to the treated ones, in their order: E01992001 onwards."""
    return _codes("E01992", n)


def comparison_buffer_codes(n: int) -> tuple[str, ...]:
    """Fictional LSOA codes of the areas next to the comparison ones, in their order: E01993001 onwards."""
    return _codes("E01993", n)


def pool_codes(n: int) -> tuple[str, ...]:
    """Fictional LSOA codes of the ``n`` areas that were not chosen: E01994001 onwards."""
    return _codes("E01994", n)


def _codes(prefix: str, n: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{i:03d}" for i in range(1, n + 1))
