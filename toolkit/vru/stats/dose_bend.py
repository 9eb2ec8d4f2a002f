"""Does a straight dose line bend? A test over all places where it might, and the broken line that fits best.

Days with any dose have a level of their own in every model here. Where those who deliver also choose the dose, a line
through the days without any would bend for that reason alone; so only the course among doses given is tested.
"""

from dataclasses import dataclass

import numpy as np

from vru.errors import MethodError
from vru.stats.crossed import Crossed, centre, cluster_covariance, fit_crossed


@dataclass(frozen=True, slots=True)
class BendTest:
    """p of "the line is straight". knots : doses tried, ``(m,)``. areas : that have something to say."""

    p: float
    knots: np.ndarray
    n_signs: int
    areas: int


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """The broken line that fits best.

    knot : where it bends. likely : lowest and highest knot whose likelihood is within what chance explains.
    before, after : log rate ratio per unit of dose on either side; standard error of each by area, or None.
    """

    knot: float
    likely: tuple[float, float]
    before: float
    after: float
    before_se: float | None
    after_se: float | None


@dataclass(frozen=True, slots=True)
class DoseTable:
    """Counts, weight ``(n_areas, n_days)``, code ``(n_days,)`` as in ``crossed``; dose ``(n_areas, n_days)``."""

    counts: np.ndarray
    weight: np.ndarray
    code: np.ndarray
    dose: np.ndarray


def candidate_knots(dose: np.ndarray, most: int = 15) -> np.ndarray:
    """Doses between the tenth and the ninetieth percentile of those given, ``(m,)``, lowest and highest left out.

    dose : any shape, 0 where none was given.
    """
    given = dose[dose > 0]
    if len(given) == 0:
        return np.zeros(0)
    inner = np.unique(np.quantile(given, np.linspace(0.1, 0.9, most), method="nearest"))
    return np.asarray(inner[(inner > given.min()) & (inner < given.max())])


def bend_test(table: DoseTable, draws: int, rng: np.random.Generator) -> BendTest | None:
    """Largest standardised score of "the slope changes at c" over all knots c, against its law under a straight line.

    The law is simulated: scores of areas, centred on area and time effects, any dose and the dose itself, change sign at
    random (all sign patterns where there are at most ``draws``). None where there is no knot to try or
    fewer than five areas have offences and a bend to show. Raises MethodError where doses given hardly vary.

    Source: Davies (1987) Biometrika 74 (a parameter that exists under the alternative only); Hansen (1996)
    Econometrica 64 (simulated law of the largest score); Kline & Santos (2012) J. Econometric Methods 1 (signs by cluster).
    """
    knots = candidate_knots(table.dose[table.weight > 0])
    if len(knots) == 0:
        return None
    line = fit_crossed(table.counts, table.weight, table.code, _line(table.dose))
    scores = _scores(table, line, knots)
    kept = (scores**2).sum(axis=1) > 1e-12
    live = scores[:, scores.any(axis=0)]
    if not kept.any() or live.shape[1] < 5:
        return None
    signs = _signs(live.shape[1], draws, rng)
    size = np.sqrt((live[kept] ** 2).sum(axis=1))
    largest = np.abs(signs @ live[kept].T / size).max(axis=1)
    p = float((largest >= largest[0] * (1 - 1e-9)).mean())
    return BendTest(p, knots[kept], len(signs), live.shape[1])


def broken_line(table: DoseTable, knots: np.ndarray) -> BrokenLine | None:
    """The likeliest of the knots ``(m,)``; None where none can be fitted. Meant for a line that the test found to bend."""
    fits: list[tuple[float, float, Crossed]] = []
    for knot in knots:
        terms = np.concatenate([_line(table.dose), _past(table.dose, np.array([knot]))])
        try:
            found = fit_crossed(table.counts, table.weight, table.code, terms)
        except MethodError:
            continue
        fits.append((_log_likelihood(table.counts, found), float(knot), found))
    if not fits:
        return None
    top, knot, best = max(fits, key=lambda found: found[0])
    # 3.84 is the 95% point of chi-squared with one degree of freedom; phi allows for counts that vary more.
    near = [k for value, k, _ in fits if 2 * (top - value) <= 3.84 * max(1.0, best.phi or 1.0)]
    v = cluster_covariance(best, table.counts, table.weight, table.code)
    before, after = float(best.value[1]), float(best.value[1] + best.value[2])
    before_se, after_se = (None, None) if v is None else (_root(v[1, 1]), _root(v[1:, 1:].sum()))
    return BrokenLine(knot, (min(near), max(near)), before, after, before_se, after_se)


def _scores(table: DoseTable, line: Crossed, knots: np.ndarray) -> np.ndarray:
    """What each area adds to the score of each knot, ``(n_knots, n_areas)``."""
    bends = centre(_past(table.dose, knots), line.fitted, table.code)
    along = np.einsum("mnt,knt,nt->mk", bends, line.centred, line.fitted) @ np.linalg.inv(line.information)
    free = bends - np.tensordot(along, line.centred, 1)
    return np.asarray((free * (table.counts - line.fitted)).sum(axis=2))


def _signs(n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    if 2**n <= draws:
        return np.asarray(1 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1))
    signs = rng.choice(np.array([-1.0, 1.0]), size=(draws, n))
    signs[0] = 1
    return signs


def _line(dose: np.ndarray) -> np.ndarray:
    """Any dose, and how much of it."""
    return np.stack([(dose > 0).astype(float), dose])


def _root(variance: float) -> float:
    return float(np.sqrt(max(float(variance), 0.0)))


def _past(dose: np.ndarray, knots: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(dose[None] - knots[:, None, None], 0.0))


def _log_likelihood(counts: np.ndarray, fit: Crossed) -> float:
    live = fit.fitted > 0
    return float((counts[live] * np.log(fit.fitted[live]) - fit.fitted[live]).sum())
