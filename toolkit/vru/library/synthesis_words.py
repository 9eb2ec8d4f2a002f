"""A synthesis in a sentence: the estimate and the prediction interval first, and what is not known."""

from typing import TYPE_CHECKING

from vru.library.vocabulary import VOCABULARIES
from vru.words.effects import rate_change as change

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


def words(vocabulary: str, code: str) -> str:
    """The vocabulary's label of a code, or the code with spaces."""
    term = VOCABULARIES[vocabulary]["terms"].get(code)
    return str(term["label"]) if term else code.replace("_", " ")
