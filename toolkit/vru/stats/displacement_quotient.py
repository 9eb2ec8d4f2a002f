"""Weighted displacement quotient: what happened in buffers as a share of what happened in treated areas."""

import math
from dataclasses import dataclass

from scipy import optimize, stats

from vru.stats.intervals import Bounds, quantile


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts before and after of treated areas (r), buffers (d) and comparison (c); the comparison's are above 0.

    phi : how many times as much as Poisson counts they vary. df : of phi, or None where it was not
        measured. time : months before over months after.
    """

    r0: float
    r1: float
    d0: float
    d1: float
    c0: float
    c1: float
    phi: float = 1.0
    df: float | None = None
    time: float = 1.0

    @property
    def course(self) -> float:
        """What comparison areas recorded after for each offence before."""
        return self.c1 / self.c0


@dataclass(frozen=True, slots=True)
class Change:
    """Offences recorded less offences expected (below 0 = fewer), with its interval and two-sided p."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Quotient:
    """The quotient and its interval; None where the data do not limit it, value None where it has no meaning."""

    value: float | None
    bounds: Bounds


def change(before: float, after: float, cells: Cells, level: float) -> Change:
    """``after - before C1/C0`` for treated areas, for buffers, or for both together.

    The interval combines that of the expected number (on the log scale, variance
    ``phi (1/before + 1/C1 + 1/C0)``) with the score interval of the recorded one (variance ``phi mean``)
    by recovering variances from their limits; p is one less the largest level whose interval leaves out 0.

    Source: Zou & Donner (2008) Stat. Med. 27:1693 for the combination; Bowers & Johnson (2003)
    J. Quantitative Criminology 19:275 for the quantity (their total net effect, with its sign turned).
    """
    value = after - before * cells.course
    low, high = _combined(before, after, cells, quantile(level, cells.df))
    return Change(value, low, high, _p(before, after, cells))


def quotient(cells: Cells, level: float) -> Quotient:
    """``(D1/C1 - D0/C0) / (R1/C1 - R0/C0)``: the buffers' change over the treated areas' change.

    Both brackets times ``C1`` are recorded less expected offences, so the quotient is ``displacement / local`` of
    :func:`change`. It is None unless treated areas did better than the comparison. Interval: Fieller's, with
    the counts' variances times phi; without an end where the local change is not clear of zero.

    Source: Bowers & Johnson (2003) J. Quantitative Criminology 19:275; Fieller (1954) JRSS B 16:175. No standard
    error of the quotient is published: the interval is this toolkit's.
    """
    r = cells.course
    local, spill = cells.r1 - r * cells.r0, cells.d1 - r * cells.d0
    if local >= 0:
        return Quotient(None, Bounds(None, None))
    shared = r**2 * (1 / cells.c1 + 1 / cells.c0)
    q = quantile(level, cells.df) ** 2 * cells.phi
    a = local**2 - q * (cells.r1 + r**2 * cells.r0 + shared * cells.r0**2)
    b = local * spill - q * shared * cells.r0 * cells.d0
    c = spill**2 - q * (cells.d1 + r**2 * cells.d0 + shared * cells.d0**2)
    bounds = Bounds(None, None)
    if a > 0:
        half = math.sqrt(max(b**2 - a * c, 0.0))
        bounds = Bounds((b - half) / a, (b + half) / a)
    return Quotient(spill / local, bounds)


def gross_effect(cells: Cells, level: float) -> Change:
    """``R1 - R0/time``, the treated areas' own change (below 0 = fewer), variances times phi."""
    before = cells.r0 / cells.time
    value = cells.r1 - before
    se = math.sqrt(cells.phi * (cells.r1 + before / cells.time))
    half = quantile(level, cells.df) * se
    return Change(value, value - half, value + half, _tail(abs(value) / se, cells.df) if se else 1.0)


def net_effect(cells: Cells) -> float:
    """``R0/C0 - R1/C1``, the fall in treated offences per comparison offence (above 0 = fewer)."""
    return cells.r0 / cells.c0 - cells.r1 / cells.c1


def _combined(before: float, after: float, cells: Cells, q: float) -> tuple[float, float]:
    due, low, high = _due(before, cells, q)
    least, most = _score(after, cells.phi, q)
    value = after - due
    return value - math.hypot(after - least, high - due), value + math.hypot(most - after, due - low)


def _due(before: float, cells: Cells, q: float) -> tuple[float, float, float]:
    """Offences expected after, with limits; with none before, 0.5 serves for the upper one."""
    due = before * cells.course
    base = before or 0.5
    reach = math.exp(min(q * math.sqrt(cells.phi * (1 / base + 1 / cells.c1 + 1 / cells.c0)), 30.0))
    return due, due / reach, base * cells.course * reach


def _score(count: float, phi: float, q: float) -> tuple[float, float]:
    """Every mean that a count is within ``q`` standard errors of, the variance being ``phi`` times the mean."""
    shift, half = q**2 * phi / 2, q * math.sqrt(phi * (count + q**2 * phi / 4))
    return max(count + shift - half, 0.0), count + shift + half


def _p(before: float, after: float, cells: Cells) -> float:
    value = after - before * cells.course
    if value == 0:
        return 1.0

    def gap(q: float) -> float:
        low, high = _combined(before, after, cells, q)
        return high if value < 0 else low

    sign = 1.0 if value < 0 else -1.0
    if sign * gap(40.0) < 0:
        return _tail(40.0, cells.df)
    return _tail(float(optimize.brentq(lambda q: sign * gap(q), 1e-9, 40.0)), cells.df)


def _tail(q: float, df: float | None) -> float:
    return float(2 * (stats.norm.sf(q) if df is None else stats.t.sf(q, df)))
