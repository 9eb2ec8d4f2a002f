"""Poisson counts without treatment for cohorts that start at different times, in closed form.

The unit-periods before treatment form a staircase: each cohort is seen from the first period up to its
own start. For such a shape the Poisson model with cohort and period effects needs no iteration: the
chain-ladder factors of run-off triangles are its maximum likelihood. Cells after a start have a
parameter each in the extended two-way model, so they say nothing about these effects.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vru.stats.group_time import Cohorts, Control
from vru.stats.permutation import TIE, exchange


@dataclass(frozen=True, slots=True)
class RunOff:
    """Expected counts without treatment.

    expected : ``(n_cohorts + 1, n_periods)`` by group. share : ``(n_periods,)``, part of a unit's untreated
    total that falls in each period. before : ``(n_cohorts + 1,)``, each group's count before its start.
    """

    expected: np.ndarray
    share: np.ndarray
    before: np.ndarray


@dataclass(frozen=True, slots=True)
class LogRatios:
    """Log of observed over expected totals for some sets of cells: values ``(m,)``, influence ``(n_units, m)``."""

    value: np.ndarray
    influence: np.ndarray


def group_totals(counts: np.ndarray, cohorts: Cohorts) -> np.ndarray:
    """Counts added up by cohort, the never treated last, ``(n_cohorts + 1, n_periods)``."""
    total = np.zeros((len(cohorts.starts) + 1, counts.shape[1]))
    np.add.at(total, cohorts.group, counts)
    return total


def fit_run_off(totals: np.ndarray, cohorts: Cohorts, control: Control) -> RunOff:
    """Maximum likelihood of cohort and period effects on the untreated cells.

    totals ``(n_cohorts + 1, n_periods)``, from :func:`group_totals`. With ``control`` "never" each cohort is
    set against the never treated alone. The groups that serve must have offences in the first period(s)
    before any start, or the caller refuses.

    Source: Wooldridge (2023) Econometrics J. 26, section 4 (cells by cohort and time); Hachemeister & Stanard
    (1975), Mack (1991) ASTIN Bull. 21 for the closed form. Reference implementation: ``pyfixest.fepois``
    with a dummy for each treated cell.
    """
    running = totals.cumsum(axis=1)
    growth = _growth(running, _serving(cohorts, control))
    # Counted back from the end: the part of a row's total that has come in by each period.
    arrived = 1 / np.append(np.cumprod(growth[::-1])[::-1], 1.0)
    first = np.append(cohorts.starts, cohorts.n_periods)
    before = running[np.arange(len(first)), first - 1]
    share = np.diff(arrived, prepend=0.0)
    return RunOff((before / arrived[first - 1])[:, None] * share[None, :], share, before)


def log_ratios(counts: np.ndarray, cohorts: Cohorts, control: Control, cells: np.ndarray) -> LogRatios:
    """Log of observed over expected in sets of cells, with each unit's influence.

    cells : bool ``(m, n_cohorts + 1, n_periods)``; each set needs an observed and an expected count above zero.

    The influence follows from the chain-ladder factors by the delta method. Each cohort's influence is
    centred in proportion to its units' offences: their sizes are fixed, as in a model with unit
    effects. A cohort of one unit has no spread of its own; then all treated units are centred together.
    """
    totals = group_totals(counts, cohorts)
    fit, serving = fit_run_off(totals, cohorts, control), _serving(cohorts, control)
    observed = (totals[None] * cells).sum(axis=(1, 2))
    expected = (fit.expected[None] * cells).sum(axis=2)
    pull = _pull(fit, cohorts, cells, expected)
    running = totals.cumsum(axis=1)
    now = (running[:, 1:] * serving[:, 1:]).sum(axis=0)
    then = (running[:, :-1] * serving[:, 1:]).sum(axis=0)
    own = counts.cumsum(axis=1)
    moved = own[:, 1:] / np.maximum(now, 1e-300) - own[:, :-1] / np.maximum(then, 1e-300)
    part = expected / expected.sum(axis=1, keepdims=True) / np.maximum(fit.before, 1e-300)[None, :]
    first = np.append(cohorts.starts, cohorts.n_periods)[cohorts.group]
    early = own[np.arange(len(own)), first - 1]
    raw = np.empty((len(counts), len(cells)))
    for m, cell in enumerate(cells):
        raw[:, m] = (counts * cell[cohorts.group]).sum(axis=1) / observed[m] - early * part[m, cohorts.group]
    raw += (moved * serving[cohorts.group, 1:]) @ pull.T
    return LogRatios(np.log(observed / expected.sum(axis=1)), _centre(raw, counts.sum(axis=1), cohorts))


def p_of_log_ratio(
    counts: np.ndarray, cohorts: Cohorts, control: Control, draws: int, rng: np.random.Generator
) -> Callable[[float], float]:
    """Randomisation p-value as a function of the log ratio tested: units exchange start dates.

    Treated cells are divided by the trial ratio. The statistic is the log of observed over expected in the treated
    cells over its standard error between units of each arm; with one unit in an arm, the log ratio alone and
    the log ratio over its Poisson error, whichever gives the larger p-value.
    """
    groups = len(cohorts.starts) + 1
    # Between two starts the same groups serve, so factors telescope: totals between starts are enough.
    short = Cohorts(np.arange(1, groups), cohorts.group, groups)
    spans = np.add.reduceat(counts, np.append(0, cohorts.starts), axis=1)
    labels = exchange(cohorts.group, draws, rng)
    chosen = np.stack([labels == c for c in range(groups)], axis=1).astype(float)
    moved = np.where(short.after[short.group], spans, 0.0)
    parts = (spans - moved, moved)
    first = [chosen @ part for part in parts]
    second = [_products(chosen, a, b) for a, b in ((parts[0], parts[0]), (parts[0], moved), (moved, moved))]

    def p(log_ratio: float) -> float:
        u = float(np.exp(-log_ratio))
        cross = second[1] + np.swapaxes(second[1], -1, -2)
        drawn = _Drawn(first[0] + u * first[1], second[0] + u * cross + u**2 * second[2])
        statistics = _statistics(drawn, short, control)
        return max(float((s >= s[0] * (1 - TIE)).mean()) for s in statistics)

    return p


def _serving(cohorts: Cohorts, control: Control) -> np.ndarray:
    """Bool ``(n_cohorts + 1, n_periods)``: groups whose counts say what a period would have been."""
    if control == "not_yet":
        return ~cohorts.after
    serving = np.zeros_like(cohorts.after)
    serving[-1] = True
    return serving


def _growth(running: np.ndarray, serving: np.ndarray) -> np.ndarray:
    """Factor from each period's running total to the next's; leading axes of ``running`` are kept."""
    now = (running[..., 1:] * serving[:, 1:]).sum(axis=-2)
    then = (running[..., :-1] * serving[:, 1:]).sum(axis=-2)
    return np.asarray(np.where(then > 0, now / np.maximum(then, 1e-300), 1.0))


def _pull(fit: RunOff, cohorts: Cohorts, cells: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Minus the derivative of the log expected total by the log of each factor, ``(m, n_periods - 1)``."""
    n = cohorts.n_periods
    arrived = fit.share.cumsum()
    later = np.arange(n - 1)[None, :] >= np.arange(n)[:, None]
    slope = -arrived[:, None] * later
    step = np.diff(slope, axis=0, prepend=0.0)
    first = np.append(cohorts.starts, n)
    size = fit.before / arrived[first - 1]
    moved = np.einsum("c,mct,ts->ms", size, cells.astype(float), step)
    # A row's size is its count before the start over what had arrived by then.
    moved += np.einsum("mc,cs->ms", expected, later[first - 1].astype(float))
    return np.asarray(-moved / expected.sum(axis=1, keepdims=True))


def _centre(raw: np.ndarray, weight: np.ndarray, cohorts: Cohorts) -> np.ndarray:
    treated = cohorts.group < len(cohorts.starts)
    lone = bool((cohorts.size[:-1] == 1).any())
    groups = np.where(treated, 0, 1) if lone else cohorts.group
    influence = raw.copy()
    for c in np.unique(groups):
        rows = groups == c
        n, share = int(rows.sum()), weight[rows] / max(float(weight[rows].sum()), 1e-300)
        influence[rows] -= share[:, None] * raw[rows].sum(axis=0)
        influence[rows] *= np.sqrt(n / (n - 1)) if n > 1 else 1.0
    return influence


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Group totals ``(n_draws, n_groups, n_spans)`` and sums of products of spans, one more axis, by assignment."""

    totals: np.ndarray
    products: np.ndarray


def _products(chosen: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    outer = (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)
    return np.asarray((chosen @ outer).reshape(*chosen.shape[:2], a.shape[1], b.shape[1]))


def _statistics(drawn: _Drawn, cohorts: Cohorts, control: Control) -> list[np.ndarray]:
    """Absolute statistics by assignment, each ``(n_draws,)``, the first assignment being what happened."""
    serving, starts = _serving(cohorts, control), cohorts.starts
    running = drawn.totals.cumsum(axis=2)
    growth = _growth(running, serving)
    ahead = np.cumprod(growth[:, ::-1], axis=1)[:, ::-1]
    before = running[:, np.arange(len(starts)), starts - 1]
    due = before * (ahead[:, starts - 1] - 1)
    observed = (running[:, :-1, -1] - before).sum(axis=1) + 0.5
    expected = due.sum(axis=1) + 0.5
    ratio = np.abs(np.log(observed / expected))
    if min(int(cohorts.size[:-1].sum()), int(cohorts.size[-1])) == 1:
        return [ratio, ratio / np.sqrt(1 / observed + 1 / expected)]
    late = np.arange(1, cohorts.n_periods)[None, :] >= starts[:, None]
    pull = -((due + before) @ late) / expected[:, None]
    part = due / np.maximum(before, 1e-300) / expected[:, None]
    weights = _span_weights(running, serving, pull)
    for c, start in enumerate(starts):
        weights[:, c, start:] += 1 / observed[:, None]
        weights[:, c, :start] -= part[:, [c]]
    n = (int(cohorts.size[:-1].sum()), int(cohorts.size[-1]))
    variance = _arm(drawn, weights, slice(0, -1), n[0]) + _arm(drawn, weights, slice(-1, None), n[1])
    return [ratio / np.sqrt(np.maximum(variance, 1e-300))]


def _span_weights(running: np.ndarray, serving: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """Weight of a serving unit's counts in the log ratio, by assignment, group and span; own cells not included."""
    now = np.maximum((running[:, :, 1:] * serving[:, 1:]).sum(axis=1), 1e-300)
    then = np.maximum((running[:, :, :-1] * serving[:, 1:]).sum(axis=1), 1e-300)
    on_running = np.zeros((len(running), len(serving), running.shape[2]))
    on_running[:, :, 1:] += (pull / now)[:, None, :] * serving[None, :, 1:]
    on_running[:, :, :-1] -= (pull / then)[:, None, :] * serving[None, :, 1:]
    # A running total holds every span up to its own, so a span's weight is the sum of those from it on.
    return np.asarray(np.cumsum(on_running[:, :, ::-1], axis=2)[:, :, ::-1])


def _arm(drawn: _Drawn, weights: np.ndarray, groups: slice, units: int) -> np.ndarray:
    """Variance of an arm's part, units centred in proportion to their offences, ``(n_draws,)``."""
    totals, products, w = drawn.totals[:, groups], drawn.products[:, groups], weights[:, groups]
    slope = (w * totals).sum(axis=(1, 2)) / np.maximum(totals.sum(axis=(1, 2)), 1e-300)
    centred = w - slope[:, None, None]
    return np.asarray(units / (units - 1) * ((products @ centred[..., None])[..., 0] * centred).sum(axis=(1, 2)))
