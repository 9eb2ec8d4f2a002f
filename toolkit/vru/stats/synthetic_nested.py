"""Predictor weights V chosen so that the synthetic control follows the outcome before the start.

For given V the donor weights are an exact non-negative least squares; between changes of the set of
donors used they are a smooth function of V, so the outer search has an exact gradient. It is not
convex: several starts, and the loss is always reported.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from vru.stats.simplex import nearest_to_origin

LOWEST = -18.0
TIE_BREAK, CORNER_TIE_BREAK = 1e-10, 1e-7
ZERO, SLACK = 1e-10, 1e-13
_STOP = {"maxiter": 100, "ftol": 1e-10, "gtol": 1e-8}
"""When a local search ends; of a loss of order one, so that these are relative."""


@dataclass(frozen=True, slots=True)
class NestedFit:
    """Donor weights ``(n_donors,)``, predictor weights ``(n_predictors,)`` summing to one.

    loss : mean squared gap of the outcome before the start. starts : loss of each local search, best
    first, so that a reader sees how far one start alone would have been off.
    """

    weights: np.ndarray
    predictor_weights: np.ndarray
    loss: float
    starts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Problem:
    """Donors less treated: predictors ``(k, n)``, outcomes ``(n_pre, n)`` over the root of n_pre, and in few rows.

    Outcomes are over their ``level``, so that a search ends where it would in any other unit of measure.
    """

    predictors: np.ndarray
    outcomes: np.ndarray
    short: np.ndarray
    level: float


@dataclass(frozen=True, slots=True)
class _Point:
    """At one V: donors used and their weights, loss, its gradient in log V."""

    used: np.ndarray
    weights: np.ndarray
    v: np.ndarray
    loss: float
    slope: np.ndarray


def usual_starts(predictors: int) -> int:
    """Twelve local searches, or two for each of more than eight predictors.

    With six, seeds ended up to 2.7% apart in loss on made-up problems with 7 predictors and 30 donors; with twelve up to 1.7%.

    With the 14 of Abadie & Gardeazabal (2003) six starts all ended at twice the loss that 24 reached.
    """
    return 12 if predictors <= 8 else 2 * predictors


def nested_weights(
    predictors: np.ndarray,
    target: np.ndarray,
    outcomes: np.ndarray,
    outcome_target: np.ndarray,
    rng: np.random.Generator,
    starts: int | None = None,
    *,
    corners: bool = False,
) -> NestedFit:
    """Donor weights that match predictors under the V that best fits the outcome before the start.

    Parameters
    ----------
    predictors : ``(n_donors, k)``, target : ``(k,)``. Each predictor is divided by its standard
        deviation over all units, so V does not depend on units of measure.
    outcomes : ``(n_donors, n_pre)``, outcome_target : ``(n_pre,)``.
    starts : local searches (by default :func:`usual_starts`) from the best of equal, single-predictor and random V; half as many
        again start near the best found.
    corners : also try V with all weight on one predictor, ties broken by the outcome. That has the
        lowest loss there is, close to that of matching outcomes alone, because all other
        predictors stop counting; so it is not the default, in which none falls below 1.5e-8 of
        the largest.

    Source: Abadie, Diamond & Hainmueller (2010) section 2.3; Becker & Klossner (2018)
    Econometrics and Statistics 5 on why several starts are needed.
    """
    size = np.vstack([predictors, target]).std(axis=0, ddof=1)
    used = np.flatnonzero(size > 0)
    problem = _problem((predictors - target)[:, used] / size[used], outcomes - outcome_target)
    starts = starts or usual_starts(len(used))
    found = sorted((_search(problem, s) for s in _screen(problem, rng, starts)), key=lambda p: p.loss)
    for scale in np.resize([1.0, 0.5, 0.3], max(1, starts // 2)):
        found.append(_search(problem, np.log(found[0].v) + rng.normal(0, scale, len(used))))
        found.sort(key=lambda p: p.loss)
    if corners:
        found = sorted(found + [_corner(problem, j) for j in range(len(used))], key=lambda p: p.loss)
    v, weights = np.zeros(len(size)), np.zeros(len(predictors))
    v[used], weights[found[0].used] = found[0].v, found[0].weights
    losses = tuple(p.loss * problem.level**2 for p in found)
    return NestedFit(weights, v, losses[0], losses)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch before the start: predictors ``(n_donors, k)``, outcomes ``(n_donors, n)``, and the target unit's own."""

    predictors: np.ndarray
    target: np.ndarray
    outcomes: np.ndarray
    outcome_target: np.ndarray


def validated_weights(
    training: Stretch, validation: Stretch, rng: np.random.Generator, starts: int | None = None
) -> NestedFit:
    """Predictor weights by cross-validation: V from the training predictors, judged on the outcome of the validation stretch.

    Donor weights are then those that match the validation stretch's predictors under that V. loss : mean squared gap of the
    outcome in the validation stretch with the weights of the training predictors, which is what V was chosen by. The search
    for V is that of :func:`nested_weights`; V is often not unique, and the best of the starts is taken.

    Source: Abadie, Diamond & Hainmueller (2015) AJPS 59:495-510, section on cross-validation; Klossner, Kaul, Pfeifer &
    Schieler (2018) Swiss J. Economics and Statistics 154 on its uniqueness.
    """
    chosen = nested_weights(
        training.predictors, training.target, validation.outcomes, validation.outcome_target, rng, starts
    )
    size = np.vstack([validation.predictors, validation.target]).std(axis=0, ddof=1)
    used = np.flatnonzero((size > 0) & (chosen.predictor_weights > 0))
    gaps = (validation.predictors - validation.target)[:, used] / size[used]
    problem = _problem(gaps, validation.outcomes - validation.outcome_target)
    point = _point(problem, np.log(chosen.predictor_weights[used]), None)
    weights = np.zeros(len(training.predictors))
    weights[point.used] = point.weights
    return NestedFit(weights, chosen.predictor_weights, chosen.loss, chosen.starts)


def _problem(predictors: np.ndarray, outcomes: np.ndarray) -> _Problem:
    scaled = outcomes.T / np.sqrt(outcomes.shape[1])
    level = float(np.sqrt((scaled**2).sum(axis=0).mean())) or 1.0
    short = np.asarray(np.linalg.qr(scaled / level, mode="r"))
    return _Problem(np.ascontiguousarray(predictors.T), scaled / level, short, level)


def _screen(problem: _Problem, rng: np.random.Generator, starts: int) -> list[np.ndarray]:
    k = len(problem.predictors)
    tried = [np.zeros(k), *(4 * np.eye(k)), *rng.normal(0, 3, (8 * starts, k))]
    losses, last = [], None
    for s in tried:
        last = _point(problem, s, last)
        losses.append(last.loss)
    return [tried[i] for i in np.argsort(losses, kind="stable")[:starts]]


def _search(problem: _Problem, start: np.ndarray) -> _Point:
    last = best = _point(problem, start, None)

    def value(log_v: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal last, best
        last = _point(problem, log_v, last)
        best = last if last.loss < best.loss else best
        return last.loss, last.slope

    first = np.clip(start - start.max(), LOWEST, 0)
    bounds = [(LOWEST, 0.0)] * len(start)
    optimize.minimize(value, first, jac=True, method="L-BFGS-B", bounds=bounds, options=_STOP)
    return best


def _point(problem: _Problem, log_v: np.ndarray, near: _Point | None) -> _Point:
    """Loss and its gradient in log V, by differentiating the conditions that the donor weights satisfy.

    near : a point whose donors may still be the ones used, which saves the search for them.
    """
    v = np.exp(np.maximum(log_v - log_v.max(), LOWEST))
    v /= v.sum()
    stacked = np.concatenate([problem.predictors * np.sqrt(v)[:, None], problem.short * TIE_BREAK**0.5])
    used, inverse = _donors_used(stacked, None if near is None else near.used)
    m = len(used)
    w = inverse[:m, m]
    part, outcome = problem.predictors[:, used], problem.outcomes[:, used]
    error = outcome @ w
    adjoint = inverse[:m, :m] @ (2 * (error @ outcome))
    by_v = -(part @ adjoint) * (part @ w)
    return _Point(used, w, v, float(error @ error), v * (by_v - v @ by_v))


def _corner(problem: _Problem, j: int) -> _Point:
    """Predictor ``j`` matched as nearly as can be and, among the weights that do, the least loss."""
    k = len(problem.predictors)
    row = problem.predictors[j : j + 1]
    w = nearest_to_origin(np.concatenate([row, problem.short * CORNER_TIE_BREAK**0.5]))
    used = np.flatnonzero(w > ZERO)
    error = problem.outcomes @ w
    v = np.full(k, np.exp(LOWEST))
    v[j] = 1.0
    return _Point(used, w[used], v / v.sum(), float(error @ error), np.zeros(k))


def _donors_used(points: np.ndarray, guess: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Donors with weight in the hull's point nearest to the origin, and the inverse of its system of conditions.

    A guess is mended donor by donor; it is taken only if all conditions of an optimum hold.
    """
    scale = float(np.einsum("ij,ij->j", points, points).max())
    for _ in range(6 if guess is not None and guess.size else 0):
        assert guess is not None
        inverse = _inverse(points[:, guess])
        if inverse is None:
            break
        m = len(guess)
        w = inverse[:m, m]
        if w.min() <= 0:
            guess = guess[w > 0]
            continue
        middle = points[:, guess] @ w
        lag = middle @ points - middle @ middle
        worst = int(lag.argmin())
        if lag[worst] >= -SLACK * scale:
            return guess, inverse
        guess = np.sort(np.append(guess, worst))
    used = np.flatnonzero(nearest_to_origin(points) > ZERO)
    inverse = _inverse(points[:, used])
    if inverse is None:
        m = len(used)
        inverse = np.linalg.pinv(_conditions(points[:, used]))
    return used, inverse


def _conditions(points: np.ndarray) -> np.ndarray:
    m = points.shape[1]
    system = np.ones((m + 1, m + 1))
    system[:m, :m] = points.T @ points
    system[m, m] = 0
    return system


def _inverse(points: np.ndarray) -> np.ndarray | None:
    try:
        return np.asarray(np.linalg.inv(_conditions(points)))
    except np.linalg.LinAlgError:
        return None
