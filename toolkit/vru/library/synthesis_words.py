"""A synthesis in a sentence: the estimate and the prediction interval first, and what is not known."""

import math
from typing import TYPE_CHECKING

from vru.library.vocabulary import VOCABULARIES

if TYPE_CHECKING:
    from vru.library.synthesis import Synthesis


def synthesis_sentence(s: "Synthesis") -> str:
    """Plain words, estimate first. Says "no pooled effect" where there is none."""
    outcome = " and ".join(words("outcome_domains", o) for o in s.outcomes)
    kind = words("intervention_types", s.intervention)
    organisations = len({x.organisation for x in s.studies})
    many = "evaluation" if s.n_independent == 1 else "evaluations"
    basis = f"{s.n_independent} independent {many} by {organisations} organisation{'' if organisations == 1 else 's'}"
    estimate = s.estimate
    if estimate is None or s.prediction is None:
        return f"{kind}; {outcome}: no pooled effect, because there is only {basis}; each is listed with its own."
    lead = (
        f"{change(estimate.value)} on average ({s.level:.0%} interval {change(estimate.low)} to {change(estimate.high)}), "
        f"and in one more area anything from {change(s.prediction.low)} to {change(s.prediction.high)} "
        f"({s.level:.0%} prediction interval)."
    )
    return f"{lead[0].upper()}{lead[1:]} {outcome}; {kind}. From {basis}."


def change(log_ratio: float | None) -> str:
    """ "12% fewer", "3% more", "2.4 times as many", "no change"."""
    if log_ratio is None:
        return "no limit"
    ratio = math.exp(min(log_ratio, 50.0))
    if ratio >= 2:
        return "more than 100 times as many" if ratio > 100 else f"{ratio:,.1f} times as many"
    percent = 100 * abs(ratio - 1)
    shown = f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"
    if shown == "0.0":
        return "no change"
    return f"{shown}% {'fewer' if ratio < 1 else 'more'}"


def words(vocabulary: str, code: str) -> str:
    """The vocabulary's label of a code, or the code with spaces."""
    term = VOCABULARIES[vocabulary]["terms"].get(code)
    return str(term["label"]) if term else code.replace("_", " ")
