"""How near the cutoff to look: the bandwidth with the least mean squared error of the jump."""

from dataclasses import dataclass

import numpy as np

from vru.stats.local_polynomial import (
    Kernel,
    Side,
    Variance,
    coefficient,
    covariance,
    fit_residuals,
    nearest_residuals,
)

FIRST_GUESS: dict[Kernel, float] = {"triangular": 2.576, "epanechnikov": 2.34, "uniform": 1.843}
LUMPY = 0.2
"""Share of rows that repeat another's score, on a side, from which scores are taken as lumpy."""
FEWEST_SCORES = 10


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """main : for the jump; pilot : for its bias; in units of the score. lumpy : whether scores repeat a lot."""

    main: float
    pilot: float
    lumpy: bool


@dataclass(frozen=True, slots=True)
class _Constants:
    variance: float
    bias: float
    penalty: float


def choose_bandwidth(below: Side, above: Side, order: int, kernel: Kernel, variance: Variance) -> Bandwidth:
    """Plug-in bandwidths from the first outcome, one for both sides, with a penalty for badly known curvature.

    Raises numpy.linalg.LinAlgError where a side has too few distinct scores.

    Source: Calonico, Cattaneo & Titiunik (2014) sections 4 and S.2; Calonico, Cattaneo & Farrell (2020)
    Econometrics Journal 23. Reference implementation: ``rdrobust``, ``bwselect = "mserd"``, ``masspoints = "adjust"``.
    """
    scores = np.concatenate([below.x, above.x])
    distinct = [np.unique(s.x) for s in (below, above)]
    lumpy = any(1 - len(d) / len(s.x) >= LUMPY for d, s in zip(distinct, (below, above), strict=True))
    n = sum(map(len, distinct))
    middle = float(np.subtract(*np.quantile(scores, [0.75, 0.25], method="averaged_inverted_cdf")))
    spread = min(scores.std(ddof=1), middle / 1.349 or np.inf)
    widest = max(float(np.abs(s.x).max()) for s in (below, above))
    narrowest = max(_reach_of(d, FEWEST_SCORES) for d in distinct) if lumpy else 0.0
    # Below this a side cannot carry the curve that the bias is read from.
    least = max(_reach_of(d, order + 4) for d in distinct)

    start = max(min(FIRST_GUESS[kernel] * spread * n**-0.2, widest), narrowest)
    sides = (below, above)
    far = [float(np.abs(s.x).max()) * (1 + 1e-8) for s in sides]
    q = order + 1
    d = _best(
        tuple(_constants(s, start, f, q + 1, q + 1, kernel, variance) for s, f in zip(sides, far, strict=True)),
        q + 1,
        penalised=False,
    )
    reach = max(min(d, widest), narrowest)
    b = _best(tuple(_constants(s, start, reach, q, q, kernel, variance) for s in sides), q)
    pilot = max(min(b, widest), least)
    h = _best(tuple(_constants(s, start, pilot, order, 0, kernel, variance) for s in sides), order)
    return Bandwidth(min(h, widest), pilot, lumpy)


def _reach_of(distinct: np.ndarray, scores: int) -> float:
    gaps = np.sort(np.abs(distinct))
    return float(gaps[min(scores, len(gaps)) - 1]) * (1 + 1.5e-8)


def _constants(
    rows: Side, near: float, far: float, order: int, which: int, kernel: Kernel, variance: Variance
) -> _Constants:
    """Variance, bias and the bias's own variance of coefficient ``which``: variance within ``near``, bias within ``far``."""
    s = rows.within(near)
    weights = coefficient(s, near, order, which, kernel)
    left = order + 1 - which
    spread = _variance(s, weights, near, order, kernel, variance) * (2 * which + 1) * near ** (2 * which + 1)
    bias = float(weights @ s.x ** (order + 1)) * near ** (which - order - 1)
    t = rows.within(far)
    curve = coefficient(t, far, order + 1, order + 1, kernel)
    beta = float(curve @ t.y[:, 0])
    doubt = _variance(t, curve, far, order + 1, kernel, variance)
    return _Constants(spread, np.sqrt(2 * left) * bias * beta, 2 * left * 3 * bias**2 * doubt)


def _variance(s: Side, weights: np.ndarray, reach: float, order: int, kernel: Kernel, variance: Variance) -> float:
    residuals = nearest_residuals(s) if variance == "nearest" else fit_residuals(s, reach, order, kernel)
    return float(covariance(weights, residuals[:, :1], s.cluster, order + 1)[0, 0])


def _best(sides: tuple[_Constants, ...], order: int, penalised: bool = True) -> float:
    below, above = sides
    bias2 = (above.bias - below.bias) ** 2 + (below.penalty + above.penalty if penalised else 0.0)
    # Without any curvature every bandwidth is unbiased: as wide as the data.
    return float(((below.variance + above.variance) / bias2) ** (1 / (2 * order + 3))) if bias2 > 0 else float("inf")
