"""Were treated and comparison areas alike before the start, or could a classifier tell them apart?"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.checks.windows import Counts, before_start
from vru.results import Finding, Verdict
from vru.words.p_value import p_is

NAME = "comparability"
FEATURES = ("level", "trend", "unsteadiness")
LARGE = 0.25
FEWEST = 5


class Options(CheckOptions):
    """``permutations``: relabellings behind the p-value of the classifier test."""

    permutations: int = Field(49, ge=19, le=2000)


@dataclass(frozen=True, slots=True)
class Separation:
    """How well treated areas can be told from comparison areas they were not fitted on.

    auc : cross-validated area under the ROC curve (0.5 = cannot be told apart).
    p : share of relabellings that separate as well.
    overlap : share of treated areas whose propensity lies within the range of comparison areas'.
    """

    auc: float
    p: float
    overlap: float


def features(seen: Counts, a_year: float = 12.0) -> np.ndarray:
    """``(n_units, 3)``: log mean count, log change a year (of ``a_year`` periods), and spread over the Poisson one."""
    values = seen.values
    mean, least = values.mean(axis=1), 0.5 * 12 / a_year
    time = seen.at - seen.at.mean()
    slope = a_year * (values @ time) / (time @ time) / np.maximum(mean, least)
    spread = values.var(axis=1, ddof=1) / np.maximum(mean, least)
    return np.column_stack([np.log(np.maximum(mean, 0.5 / len(time))), slope, np.log(spread + 0.1)])


def standardised_differences(x: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Difference of means over the pooled standard deviation, per feature; 0 where nothing varies."""
    a, b = x[treated], x[~treated]
    pooled = np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / 2)
    scaled: np.ndarray = np.divide(a.mean(axis=0) - b.mean(axis=0), pooled, out=np.zeros(x.shape[1]), where=pooled > 0)
    return scaled


def separation(x: np.ndarray, treated: np.ndarray, permutations: int, seed: int) -> Separation:
    """Classifier two-sample test with cross-fitted logistic propensities (scikit-learn)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict, permutation_test_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    label = treated.astype(int)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    score, _, p = permutation_test_score(
        model, x, label, cv=folds, scoring="roc_auc", n_permutations=permutations, random_state=seed
    )
    propensity = cross_val_predict(model, x, label, cv=folds, method="predict_proba")[:, 1]
    low, high = propensity[~treated].min(), propensity[~treated].max()
    inside = (propensity[treated] >= low) & (propensity[treated] <= high)
    return Separation(float(score), float(p), float(inside.mean()))


def _run(case: Case, options: Options, rng: Generator) -> Finding:
    seen = before_start(case.panel, case.estimate.outcome)
    arms, months = seen.arms, len(seen.at)
    if min(arms) < FEWEST or months < 6:
        reason = f"{arms[0]} treated and {arms[1]} comparison areas over {months} complete months before the start; "
        return not_run(NAME, case, reason + f"at least {FEWEST} of each and 6 months are needed.")
    if seen.values.sum() == 0:
        return not_run(NAME, case, "there are no offences before the start.")
    x = features(seen, case.panel.calendar.a_year)
    differences = dict(zip(FEATURES, standardised_differences(x, seen.treated), strict=True))
    told = separation(x, seen.treated, options.permutations, int(rng.integers(2**31)))
    worst = max(differences, key=lambda name: abs(differences[name]))
    apart = abs(differences[worst]) >= LARGE
    verdict: Verdict = "concern" if apart or told.p < 0.05 or told.overlap < 0.8 else "pass"
    listed = ", ".join(f"{name} {value:+.2f}" for name, value in differences.items())
    able = "could" if told.p < 0.05 else "could not"
    text = (
        f"Before the start, treated areas differed from comparison areas by (in standard deviations) {listed}. A classifier "
        f"that had not seen an area {able} tell from these which kind it was (AUC {told.auc:.2f}, 0.5 is guessing, "
        f"{p_is(told.p)}), and {percent(told.overlap)} of treated areas have comparison areas like them."
    )
    if verdict == "concern":
        text += " Different levels do not bias a difference-in-differences by themselves, but unlike areas may also trend apart."
    numbers = {f"difference_{k}": v for k, v in differences.items()}
    numbers |= {"auc": told.auc, "p": told.p, "overlap": told.overlap, "n_treated": arms[0], "n_comparison": arms[1]}
    threshold = f"concern: any difference of {LARGE} or more, p below 0.05, or overlap below 80%"
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Comparability before the start",
    question="Were treated and comparison areas alike before the start?",
    source=(
        "Stuart (2010), Statistical Science 25:1-21, for standardised differences; Lopez-Paz and Oquab (2017), ICLR, "
        "for the classifier two-sample test"
    ),
    options=Options,
    run=guarded(NAME, _run),  # type: ignore[arg-type]
    bears_on=("level",),
)
