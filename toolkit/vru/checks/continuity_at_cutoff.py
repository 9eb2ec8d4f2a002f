"""Do things settled beforehand jump at the cutoff too?"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.cutoffs import cutoff_of, without_receipt
from vru.checks.findings import finding, guarded, not_run
from vru.cohort import Cohort
from vru.errors import MethodError
from vru.results import Finding, Verdict

NAME = "continuity_at_cutoff"


class Options(CheckOptions):
    """``most``: columns tried at most, each level of a text column being one."""

    most: int = Field(20, ge=1, le=200)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """The registered analysis with a covariate in the outcome's place and no covariate held fixed."""
    assert isinstance(options, Options)
    cutoff_of(case)
    columns = _without_score(_columns(case.cohort.covariates), case.cohort.running)
    if not columns:
        return not_run(NAME, case, "the cohort has no covariate that varies.")
    p: dict[str, float] = {}
    sizes: dict[str, float] = {}
    reason = ""
    for name, values in list(columns.items())[: options.most]:
        try:
            found = case.refit(_swapped(case.cohort, case.estimate.outcome, values))
        except MethodError as error:
            reason = str(error.problems[0].what)
            continue
        if found.p is not None:
            p[name], sizes[name] = found.p, found.value / float(np.nanstd(values))
    if not p:
        return not_run(NAME, case, reason or "the method gives no p-value.")
    return _judge(case, p, sizes, len(columns) - len(p))


def _columns(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Covariates as numbers, NaN where not recorded: a text column gives one of 0 and 1 for each level but the commonest."""
    made = {}
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            made[str(name)] = values.to_numpy(dtype=float, na_value=np.nan)
            continue
        text = values.astype("string")
        for level in sorted(map(str, text.value_counts().index[1:])):
            made[f"{name}: {level}"] = np.where(text.isna(), np.nan, (text == level).fillna(False).astype(float))
    return {k: v for k, v in made.items() if (~np.isnan(v)).any() and np.nanstd(v) > 0}


def _without_score(columns: dict[str, np.ndarray], score: np.ndarray | None) -> dict[str, np.ndarray]:
    """The columns that are not the score itself: a straight line leaves nothing of it, so any rounding would be a jump."""
    if score is None:
        return columns
    kept = {}
    for name, values in columns.items():
        known = ~np.isnan(values)
        same = (
            known.sum() > 2
            and np.ptp(score[known]) > 0
            and abs(np.corrcoef(values[known], score[known])[0, 1]) > 1 - 1e-9
        )
        if not same:
            kept[name] = values
    return kept


def _swapped(cohort: Cohort, outcome: str, values: np.ndarray) -> Cohort:
    # Columns that never vary are held fixed by no method; dropping them would break options that name them.
    still = pd.DataFrame(0.0, index=cohort.covariates.index, columns=cohort.covariates.columns)
    changed = replace(
        cohort, outcomes={outcome: values}, kinds={outcome: "continuous"}, covariates=still, exposure=None
    )
    return without_receipt(changed)


def holm(p: dict[str, float]) -> dict[str, float]:
    """P-values that allow for the number tried. Source: Holm (1979) Scandinavian Journal of Statistics 6."""
    made, worst = {}, 0.0
    for rank, name in enumerate(sorted(p, key=lambda k: p[k])):
        worst = max(worst, min(1.0, p[name] * (len(p) - rank)))
        made[name] = worst
    return made


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "under 0.001"


def _judge(case: Case, p: dict[str, float], sizes: dict[str, float], left: int) -> Finding:
    allowed = holm(p)
    jumps = [name for name in p if allowed[name] < 0.05]
    verdict: Verdict = "fail" if min(allowed.values()) < 0.001 else "concern" if jumps else "pass"
    least = min(p, key=lambda k: p[k])
    text = (
        f"{len(p)} covariates settled beforehand were put in the outcome's place. "
        f"{len(jumps)} of them jump at the cutoff, allowing for the number tried"
        + (f" ({', '.join(jumps)})." if jumps else ".")
        + f" The smallest p-value is that of {least}: {_p(p[least])}, {_p(allowed[least])} allowing for the number tried, for "
        f"a jump of {sizes[least]:+.2f} standard deviations."
    )
    if jumps:
        text += " Then people just above and just below the cutoff were not alike before the start."
    text += f" {left} further covariates were not tried, or could not be." if left else ""
    numbers: dict[str, object] = {"covariates": len(p), "jumps": len(jumps), "smallest_p": p[least]}
    numbers |= {"smallest_adjusted_p": allowed[least], "largest_jump_sd": max(map(abs, sizes.values()))}
    threshold = "concern: any p below 0.05 by Holm's method; fail: any below 0.001"
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Covariates at the cutoff",
    question="Do things settled beforehand jump at the cutoff as well?",
    source="Lee (2008) Journal of Econometrics 142; Imbens & Lemieux (2008) section 7",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("design",),
)
