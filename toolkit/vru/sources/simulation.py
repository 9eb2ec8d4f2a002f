"""Simulated recorded violence with known truth: the pure generator behind the source ``simulated``.

The order of things is that of a real hot-spot evaluation: areas differ in their long-run level;
counts vary by chance around it; the areas with most violence in a selection window are chosen and
split by lot; some months later one half is treated. Regression to the mean therefore occurs as it
does in life, because of selection, and is not written in by hand.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from vru.sources import simulation_options as named
from vru.sources.simulation_options import SimulatedOptions

_OTHER_SPLIT = {"antisocial": 0.4, "other": 0.6}


@dataclass(frozen=True, slots=True)
class Simulated:
    """What happened in the simulated county, and what would have happened without treatment.

    Rows are areas in the order treated, comparison, treated buffers, comparison buffers, pool;
    columns are months. Arrays have shape ``(n_units, n_periods)`` unless said otherwise.

    role : "treated", "comparison", "buffer", "buffer_comparison" or "pool" per area.
    slot : int ``(n_units,)``, the place on the map; a buffer shares the slot of the area it is next to.
    present : bool ``(n_periods,)``, False where the archive has no file for the month.
    level : float ``(n_units,)``, the area's long-run mean, violent offences per month.
    calendar : float ``(n_periods,)``, season times trend, common to all areas.
    rate : violent offences expected per area-month without treatment, noise included.
    untreated : violent offences that would have occurred without treatment.
    prevented : of these, how many treatment prevented (negative where it added offences).
    displaced : offences prevented elsewhere that reappeared here.
    counts : rows with a location, by kind ("violence", "antisocial", "other"); violence is
        ``untreated - prevented + displaced``.
    unlocated : rows without a location, by kind, each int ``(n_periods,)``; these are extra rows
        that no area's count includes.
    row_seed : seeds what does not matter for counts: identifiers, streets, order of rows.
    truth : known true values, see ``simulate``.
    """

    options: SimulatedOptions
    units: tuple[str, ...]
    role: tuple[str, ...]
    slot: np.ndarray
    periods: tuple[str, ...]
    present: np.ndarray
    level: np.ndarray
    calendar: np.ndarray
    rate: np.ndarray
    untreated: np.ndarray
    prevented: np.ndarray
    displaced: np.ndarray
    counts: Mapping[str, np.ndarray]
    unlocated: Mapping[str, np.ndarray]
    row_seed: int
    truth: Mapping[str, float] = field(default_factory=dict)

    def is_role(self, *roles: str) -> np.ndarray:
        """Bool array ``(n_units,)``: areas playing any of these roles."""
        return np.isin(np.asarray(self.role), roles)

    def between(self, first: str, last: str) -> np.ndarray:
        """Bool array ``(n_periods,)``: months from first to last for which the archive has a file."""
        inside: np.ndarray = np.logical_and([first <= p <= last for p in self.periods], self.present)
        return inside


def simulate(options: SimulatedOptions, rng: Generator) -> Simulated:
    """Draw one county: levels, chance, selection by lot, treatment, displacement.

    Each step has its own stream spawned from ``rng``, so that under one seed a changed
    ``rate_ratio`` leaves areas, selection and untreated counts as they were.

    ``truth`` holds the options that are parameters of the model, and over treated areas (or their
    buffers) in the months from start on that are in the archive: ``events_prevented_expected``
    (given the monthly rates), ``events_prevented`` (as it fell out), the same two for
    ``events_displaced``, ``buffer_rate_ratio``, and ``selection_excess``: what the treated areas
    recorded in the selection window, divided by what their own long-run levels led to expect.

    Source: counts of an area are gamma-Poisson (negative binomial). Without season, trend and
    overdispersion an area with X offences in the m months of selection has expected later count
    (k + X) / (b + m) per month, with k = 1 / level_spread^2 and b = k / mean_monthly (Robbins 1956;
    Hauer 1997, Observational Before-After Studies in Road Safety).
    """
    o = options
    levels, noise, chance, lot, effect, rows = rng.spawn(6)
    periods = named.months_between(o.first, o.last)
    present = ~np.isin(periods, o.missing_months)
    calendar = _calendar(o, periods)
    level = _levels(o, levels)
    rate = level[:, None] * calendar[None, :] * _noise(o, (level.size, len(periods)), noise)
    untreated = chance.poisson(rate)
    window = np.array([o.selection_first <= p <= o.selection_last for p in periods]) & present
    order, slot = _choose(o, untreated[:, window].sum(axis=1), lot)
    level, rate, untreated = level[order], rate[order], untreated[order]
    prevented, displaced = _treat(o, rate, untreated, np.array([p >= o.start for p in periods]), effect)
    counts = {"violence": untreated - prevented + displaced, **_other_crimes(o, rate, rows)}
    unlocated_per_located = o.missing_coordinates / (1 - o.missing_coordinates)
    units, role = _labels(o)
    drawn = Simulated(
        options=o,
        units=units,
        role=role,
        slot=slot,
        periods=periods,
        present=present,
        level=level,
        calendar=calendar,
        rate=rate,
        untreated=untreated,
        prevented=prevented,
        displaced=displaced,
        counts=counts,
        unlocated={kind: rows.poisson(c.sum(axis=0) * unlocated_per_located) for kind, c in counts.items()},
        row_seed=int(rows.integers(2**63)),
    )
    return replace(drawn, truth=_truth(drawn))


def _calendar(o: SimulatedOptions, periods: tuple[str, ...]) -> np.ndarray:
    month = np.array([int(p[5:]) for p in periods])
    season = 1 + o.seasonality * np.cos(2 * np.pi * (month - 7) / 12)
    trend = (1 + o.trend) ** (np.arange(len(periods)) / 12)
    return np.asarray(season * trend)


def _levels(o: SimulatedOptions, rng: Generator) -> np.ndarray:
    n = named.n_areas(o)
    if o.level_spread == 0:
        return np.full(n, o.mean_monthly)
    variance = o.level_spread**2
    return o.mean_monthly * rng.gamma(1 / variance, variance, n)


def _noise(o: SimulatedOptions, shape: tuple[int, int], rng: Generator) -> np.ndarray:
    """Multiplicative noise with mean 1 and variance ``overdispersion``: gamma, or log-normal AR(1)."""
    if o.overdispersion == 0:
        return np.ones(shape)
    if o.autocorrelation == 0:
        return rng.gamma(1 / o.overdispersion, o.overdispersion, shape)
    # A log-normal with log-variance ln(1 + d) has variance d, so the option means the same in both forms.
    variance = math.log1p(o.overdispersion)
    z = rng.normal(size=shape)
    for t in range(1, shape[1]):
        z[:, t] = o.autocorrelation * z[:, t - 1] + math.sqrt(1 - o.autocorrelation**2) * z[:, t]
    return np.exp(math.sqrt(variance) * z - variance / 2)


def _choose(o: SimulatedOptions, recorded: np.ndarray, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Order of the areas drawn, as labelled, and the slot of each; both int ``(n_units,)``.

    Candidates are the areas that are not buffers. Ties in the recorded count fall by lot; so does
    who of the chosen is treated, and thus the codes do not follow rank.
    """
    n_chosen = o.treated + o.comparison
    n_candidates = n_chosen + o.pool
    rank = np.lexsort((rng.random(n_candidates), -recorded[:n_candidates]))
    chosen, pool = rng.permutation(rank[:n_chosen]), np.sort(rank[n_chosen:])
    buffers = np.arange(n_candidates, recorded.size)
    return np.concatenate([chosen, buffers, pool]), np.concatenate([chosen, chosen[: buffers.size], pool])


def _treat(
    o: SimulatedOptions, rate: np.ndarray, untreated: np.ndarray, post: np.ndarray, rng: Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Offences prevented and displaced, each int ``(n_units, n_periods)``, by thinning what would have occurred."""
    prevented, displaced = np.zeros_like(untreated), np.zeros_like(untreated)
    treated = np.arange(untreated.shape[0]) < o.treated
    cells = np.ix_(treated, post)
    if o.rate_ratio <= 1:
        prevented[cells] = rng.binomial(untreated[cells], 1 - o.rate_ratio)
    else:
        prevented[cells] = -rng.poisson(rate[cells] * (o.rate_ratio - 1))
    if o.displacement_share > 0:
        first = o.treated + o.comparison
        displaced[first : first + o.treated] = rng.binomial(prevented[: o.treated], o.displacement_share)
    return prevented, displaced


def _other_crimes(o: SimulatedOptions, rate: np.ndarray, rng: Generator) -> dict[str, np.ndarray]:
    return {kind: rng.poisson(rate * o.other_crimes * share) for kind, share in _OTHER_SPLIT.items()}


def _labels(o: SimulatedOptions) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = [("treated", named.treated_codes(o.treated)), ("comparison", named.comparison_codes(o.comparison))]
    if o.buffers:
        parts.append(("buffer", named.treated_buffer_codes(o.treated)))
        parts.append(("buffer_comparison", named.comparison_buffer_codes(o.comparison)))
    parts.append(("pool", named.pool_codes(o.pool)))
    return tuple(c for _, codes in parts for c in codes), tuple(r for r, codes in parts for _ in codes)


def _truth(s: Simulated) -> dict[str, float]:
    o = s.options
    treated, post = s.is_role("treated"), s.between(o.start, o.last)
    window = s.between(o.selection_first, o.selection_last)
    prevented = float(s.rate[np.ix_(treated, post)].sum()) * (1 - o.rate_ratio)
    recorded = float(s.untreated[np.ix_(treated, window)].sum())
    known = {
        "rate_ratio": o.rate_ratio,
        "log_rate_ratio": math.log(o.rate_ratio),
        "events_prevented_expected": prevented,
        "events_prevented": float(s.prevented[:, post].sum()),
        "seasonality": o.seasonality,
        "trend": o.trend,
        "overdispersion": o.overdispersion,
        "autocorrelation": o.autocorrelation,
        "selection_excess": recorded / float(np.outer(s.level[treated], s.calendar[window]).sum()),
    }
    if o.buffers:
        displaced = prevented * o.displacement_share
        known |= {
            "displacement_share": o.displacement_share,
            "events_displaced_expected": displaced,
            "events_displaced": float(s.displaced[:, post].sum()),
            "buffer_rate_ratio": 1 + displaced / float(s.rate[np.ix_(s.is_role("buffer"), post)].sum()),
        }
    return known
