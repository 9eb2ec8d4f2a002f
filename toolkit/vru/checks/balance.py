"""After adjustment, are the arms alike in what was known beforehand?"""

from numpy.random import Generator

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run
from vru.results import Finding, Verdict

NAME = "balance"
SMALL = 0.1
LARGE = 0.25


class Options(CheckOptions):
    """No options: the thresholds are the published ones."""


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Standardised mean differences that the estimate reports, after its weights."""
    known = case.estimate.balance
    if not known:
        return not_run(NAME, case, "the analysis adjusts for nothing, so there is no balance to look at.")
    after = {b.covariate: b.after for b in known if b.after is not None}
    worst_before = max(known, key=lambda b: abs(b.before))
    if not after:
        return not_run(
            NAME,
            case,
            f"the analysis balances nothing by weights; as found, the arms differ most in {worst_before.covariate} "
            f"({worst_before.before:+.2f} standard deviations).",
        )
    worst = max(after, key=lambda name: abs(after[name]))
    size = abs(after[worst])
    left = sum(abs(v) > SMALL for v in after.values())
    verdict: Verdict = "fail" if size > LARGE else "concern" if size > SMALL else "pass"
    text = (
        f"As found, the arms differed most in {worst_before.covariate} ({worst_before.before:+.2f} standard deviations). "
        f"After adjustment they differ most in {worst} ({after[worst]:+.2f}); {left} of {len(after)} measures differ by more "
        f"than {SMALL:g}."
    )
    numbers = {
        "worst_before": worst_before.before,
        "worst_after": after[worst],
        "worst_covariate": worst,
        "above_0.1": left,
        "covariates": len(after),
    }
    threshold = f"concern: any difference above {SMALL:g} after adjustment; fail: any above {LARGE:g}"
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="Balance after adjustment",
    question="After adjustment, are the arms alike in what was known beforehand?",
    source="0.1: Austin (2009) Statistics in Medicine 28:3083; 0.25: Stuart (2010) Statistical Science 25:1",
    options=Options,
    run=guarded(NAME, _run),
    takes=("people",),
    bears_on=("design",),
)
