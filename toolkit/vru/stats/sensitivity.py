"""How strong a hidden cause would have to be to explain an effect away."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student


def e_value(ratio: float) -> float:
    """The E-value of a rate ratio: least association, as a ratio, of a hidden cause with both sides.

    Source: VanderWeele & Ding (2017) Annals of Internal Medicine 167:268-274; a ratio below 1 is inverted first.
    """
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def e_value_of_limit(low: float, high: float) -> float:
    """The E-value of the interval's limit nearer to no effect; 1 where the interval includes a ratio of 1.

    Source: VanderWeele & Ding (2017), the same page.
    """
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)


def robustness_value(t: float, df: int) -> float:
    """Share of what is unexplained in treatment and in outcome that a hidden cause must explain to leave no effect.

    t : t statistic of the treatment coefficient; df : residual degrees of freedom of its regression.

    Source: Cinelli & Hazlett (2020) JRSS-B 82:39-67, equation 10 with q = 1.
    """
    f2 = t * t / df
    return 0.5 * (math.sqrt(f2 * f2 + 4 * f2) - f2)


def robustness_value_of_interval(t: float, df: int, level: float = 0.95) -> float:
    """The same to bring the interval of that level to include no effect; 0 where it does already.

    Source: Cinelli & Hazlett (2020), section 4.2; as printed in their Darfur example, 0.076 at 95%.

    >>> round(robustness_value_of_interval(4.18445, 783), 4)
    0.0763
    """
    limit = float(student.ppf(0.5 + level / 2, df - 1)) / math.sqrt(df - 1)
    f = abs(t) / math.sqrt(df) - limit
    return 0.0 if f <= 0 else 0.5 * (math.sqrt(f**4 + 4 * f**2) - f**2)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Partial R squared of one known characteristic: with who was treated, and with the outcome given treatment."""

    with_treatment: float
    with_outcome: float


def benchmark(outcome: np.ndarray, treatment: np.ndarray, candidate: np.ndarray, adjusted: np.ndarray) -> Benchmark:
    """Partial R squared of ``candidate`` given ``adjusted``, an ``(n, p)`` array (p may be 0).

    Source: Cinelli & Hazlett (2020) section 4.4, the observed strengths that a hidden cause is compared with.
    """
    base = np.column_stack([np.ones(len(outcome)), adjusted])
    with_treatment = _partial_r2(treatment, candidate, base)
    return Benchmark(with_treatment, _partial_r2(outcome, candidate, np.column_stack([base, treatment])))


def as_strong_as(known: Benchmark, times: float = 1.0) -> Benchmark | None:
    """Partial R squared, given everything adjusted for, of a hidden cause as strong as this known one; None where none can be.

    times : or so many times as strong, with treatment and with outcome alike.

    Larger than what is seen of the known one: adjusting for it takes from the others what they share through treatment.

    Source: Cinelli & Hazlett (2020) section 4.4 with k_D = k_Y (``sensemakr::ovb_partial_r2_bound``).

    >>> found = as_strong_as(Benchmark(0.00908, 0.1090))
    >>> round(found.with_treatment, 4), round(found.with_outcome, 3)
    (0.0092, 0.125)
    """
    d, y = known.with_treatment, known.with_outcome
    with_treatment = times * d / (1 - d) if d < 1 else math.inf
    if with_treatment >= 1 or y >= 1:
        return None
    shared = times * d**2 / ((1 - times * d) * (1 - d))
    with_outcome = (math.sqrt(times) + math.sqrt(shared)) ** 2 / (1 - shared) * y / (1 - y)
    return Benchmark(with_treatment, min(with_outcome, 1.0))


def bias(found: Benchmark, se: float, df: int) -> float:
    """How far a hidden cause of that strength moves a linear coefficient with this classical error, in its own units.

    Source: Cinelli & Hazlett (2020) equation 8.
    """
    return se * math.sqrt(df * found.with_outcome * found.with_treatment / (1 - found.with_treatment))


def error_with(found: Benchmark, se: float, df: int) -> float:
    """The coefficient's classical error, had a hidden cause of that strength been adjusted for.

    Source: Cinelli & Hazlett (2020) equation 9.
    """
    return se * math.sqrt((1 - found.with_outcome) / (1 - found.with_treatment) * df / (df - 1))


def _partial_r2(y: np.ndarray, x: np.ndarray, given: np.ndarray) -> float:
    def residual(values: np.ndarray) -> np.ndarray:
        left: np.ndarray = values - given @ np.linalg.lstsq(given, values, rcond=None)[0]
        return left

    ry, rx = residual(y), residual(x)
    size = float(ry @ ry) * float(rx @ rx)
    # What is left after an exact fit is rounding error, of no more than a squared 1e-9 of the whole.
    tiny = 1e-18 * max(float(y @ y), 1.0) * max(float(x @ x), 1.0)
    return 0.0 if size <= tiny else float(ry @ rx) ** 2 / size
