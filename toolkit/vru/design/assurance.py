"""Will the evaluation find what is likely to be there? Its power, averaged over what the library foretells."""

from dataclasses import dataclass

import numpy as np

from vru.library.synthesis import Synthesis
from vru.stats.intervals import Bounds
from vru.stats.prediction import below, prediction_interval

STEPS = 400


@dataclass(frozen=True, slots=True)
class Assurance:
    """Chances before the evaluation, over the library's predictive distribution of the true effect.

    finds_good, finds_harm : that it claims a good effect, a harm. finds_worthwhile : that there is an effect worth while
    and it is found. is_worthwhile : that there is one. misses : that there is one and it is not found.
    low, high : the prediction interval, log rate ratios. k : evaluations behind it.
    """

    finds_good: float
    finds_harm: float
    is_worthwhile: float
    finds_worthwhile: float
    misses: float
    low: float
    high: float
    level: float
    k: int
    sentence: str


def assurance(synthesis: Synthesis, power: tuple[np.ndarray, np.ndarray], worth: float) -> Assurance | None:
    """Average the power over the library's law of the effect in one more area; None where the library has no law.

    power : log rate ratios (0 among them) and the chance that each is claimed in its direction. Beyond the largest tried
    the chance is taken as there. worth : log rate ratio that would be worth while.

    Source: O'Hagan, Stevens & Campbell (2005) Pharmaceutical Statistics 4:187-201 (assurance).
    """
    law = synthesis.law
    if law is None:
        return None
    wide = prediction_interval(law, 0.9999)
    edges = np.linspace(wide.low or -5.0, wide.high or 5.0, STEPS + 1)
    mass = np.diff([below(law, float(x)) for x in edges])
    mass = mass / mass.sum()
    middle = (edges[:-1] + edges[1:]) / 2
    found = np.interp(middle, power[0], power[1])
    good = middle < 0 if synthesis.direction == "decrease" else middle > 0
    worthy = middle <= worth if synthesis.direction == "decrease" else middle >= worth
    reached: Bounds = prediction_interval(law, synthesis.level)
    return Assurance(
        finds_good=float((mass * found)[good].sum()),
        finds_harm=float((mass * found)[~good].sum()),
        is_worthwhile=float(mass[worthy].sum()),
        finds_worthwhile=float((mass * found)[worthy].sum()),
        misses=float((mass * (1 - found))[worthy].sum()),
        low=float(reached.low or 0.0),
        high=float(reached.high or 0.0),
        level=synthesis.level,
        k=len(synthesis.studies),
        sentence=synthesis.sentence,
    )
