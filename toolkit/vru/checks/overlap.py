"""Is there someone to compare each treated person with?"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.cohort_rows import CohortRows, cohort_rows
from vru.checks.findings import finding, guarded, not_run, percent
from vru.results import Finding, Verdict

NAME = "overlap"
FEWEST = 10
EXTREME = 0.9


class Options(CheckOptions):
    """``folds``: each person's propensity comes from a model of the other folds."""

    folds: int = Field(5, ge=2, le=20)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of the treated: share whose propensity no comparison row reaches, and share above 0.9.

    worth : how many equally weighted rows the comparison is worth after weighting by the odds; largest : one row's share.
    """

    outside: float
    extreme: float
    worth: float
    largest: float


def overlap(propensity: np.ndarray, treated: np.ndarray) -> Overlap:
    """What ``propensity`` ``(n,)`` says of the comparison of ``treated`` (bool) with the others."""
    p1, p0 = propensity[treated], propensity[~treated]
    odds = p0 / (1 - p0)
    return Overlap(
        outside=float((p1 > p0.max() + 1e-9).mean()),
        extreme=float((p1 > EXTREME).mean()),
        worth=float(odds.sum() ** 2 / (odds**2).sum()),
        largest=float(odds.max() / odds.sum()),
    )


def _propensity(rows: CohortRows, folds: int, seed: int) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    groups = None if rows.cluster is None else np.asarray(rows.cluster)
    if groups is None:
        split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    else:
        split = GroupKFold(min(folds, len(np.unique(groups))), shuffle=True, random_state=seed)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=2.0, max_iter=1000))
    label = rows.treated.astype(int)
    p = cross_val_predict(model, rows.x, label, groups=groups, cv=split, method="predict_proba")[:, 1]
    return np.asarray(np.clip(p, 1e-9, 1 - 1e-9))


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Cross-fitted logistic propensities: range, extremes, and what the comparison is worth after weighting."""
    assert isinstance(options, Options)
    rows, noun = cohort_rows(case), case.cohort.noun
    arms = int(rows.treated.sum()), int((~rows.treated).sum())
    if min(arms) < FEWEST:
        return not_run(NAME, case, f"{arms[0]} treated and {arms[1]} comparison {noun}; {FEWEST} of each are needed.")
    if not rows.names:
        return not_run(NAME, case, "nothing is known beforehand that could tell the arms apart.")
    found = overlap(_propensity(rows, options.folds, int(rng.integers(2**31))), rows.treated)
    verdict: Verdict = "pass"
    if found.outside > 0.1 or found.worth < FEWEST:
        verdict = "fail"
    elif found.outside > 0.02 or found.extreme > 0.05 or found.largest > 0.1:
        verdict = "concern"
    text = (
        f"For {percent(1 - found.outside)} of the treated {noun} there are comparison {noun} at least as likely to have been "
        f"treated, by models that had not seen them. {percent(found.extreme)} of the treated were more than "
        f"{percent(EXTREME)} likely to be. Weighted to look like the treated, the {arms[1]:,} compared are worth "
        f"{found.worth:,.0f}, and one of them carries {percent(found.largest, 1)} of the weight."
    )
    numbers = {
        "treated_outside": found.outside,
        "treated_above_0.9": found.extreme,
        "effective_comparison": found.worth,
        "largest_weight_share": found.largest,
        "n_treated": arms[0],
        "n_comparison": arms[1],
    }
    threshold = (
        "concern: more than 2% of the treated outside the comparison's range, more than 5% with a propensity above 0.9, or "
        f"one row with over 10% of the weight; fail: more than 10% outside, or a comparison worth fewer than {FEWEST}"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Overlap",
    question="Is there someone to compare each treated person with?",
    source=(
        "Range: Dehejia & Wahba (1999) JASA 94:1053; 0.9: Crump, Hotz, Imbens & Mitnik (2009) Biometrika 96:187; effective "
        "size: Kish (1965) Survey Sampling. The shares at which it warns are our own"
    ),
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("design",),
)
