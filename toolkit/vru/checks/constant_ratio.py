"""Is the ratio of hazards the same early and late in follow-up? One number for all of it rests on that."""

from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run
from vru.results import Finding
from vru.words.p_value import p_is

NAME = "constant_ratio"


class Options(CheckOptions):
    """``alpha``: the p-value below which the ratio is taken to change."""

    alpha: float = Field(0.05, gt=0, lt=0.5)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    assert isinstance(options, Options)
    p = case.estimate.counts.get("constant_ratio_p")
    if p is None:
        return not_run(NAME, case, "the estimate is no hazard ratio, or has too few events to tell.")
    threshold = f"concern: p below {options.alpha:g}, by Schoenfeld residuals over ranks of the times"
    numbers = {"p": p}
    if p >= options.alpha:
        text = f"The ratio of hazards did not change visibly over follow-up ({p_is(p)}); with few events a change can hide."
        return finding(NAME, case, "pass", text, numbers, threshold)
    text = (
        f"The ratio of hazards changed over follow-up ({p_is(p)}), so one ratio is an average whose weights depend on who was "
        "followed how long. The difference in restricted means does not rest on a constant ratio."
    )
    return finding(NAME, case, "concern", text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Constant ratio of hazards",
    question="Is the ratio of hazards the same early and late in follow-up?",
    source="Grambsch & Therneau (1994) Biometrika 81",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
)
