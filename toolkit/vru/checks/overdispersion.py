"""Do counts vary more than chance alone would make them?"""

import math

from numpy.random import Generator
from scipy.stats import chi2

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.findings import finding, guarded, not_run, percent
from vru.checks.windows import before_start, whole_window
from vru.results import Finding, Verdict
from vru.stats.spread import pearson_dispersion

NAME = "overdispersion"
HIGH = 1.5
SMALL = 1.0


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Pearson dispersion of counts about area and month effects, before the start where there are enough months."""
    seen = before_start(case.panel, case.estimate.outcome)
    where = "before the start"
    if len(seen.at) < 3:
        whole = whole_window(case.panel, case.estimate.outcome)
        seen = type(whole)(whole.values[~whole.treated], whole.treated[~whole.treated], whole.at, whole.dropped)
        where = "in comparison areas"
    units, months = seen.values.shape
    if units < 2 or months < 3:
        return not_run(NAME, case, f"{units} areas over {months} complete months are too few to measure spread.")
    if seen.values.sum() == 0:
        return not_run(NAME, case, f"there are no offences {where}.")
    spread = pearson_dispersion(seen.values)
    if spread.df < 1:
        return not_run(NAME, case, "too few areas and months hold any offences.")
    mean, empty = float(seen.values.mean()), float((seen.values == 0).mean())
    chance = float(chi2.sf(spread.phi * spread.df, spread.df))
    small = mean < SMALL
    verdict: Verdict = "concern" if spread.phi > HIGH or small else "pass"
    wide = math.sqrt(max(spread.phi, 1.0))
    text = (
        f"Monthly counts {where} vary {spread.phi:.2f} times as much as chance alone would make them, once each area's "
        f"level and each month's level are allowed for ({units} areas, {months} months). {_meaning(spread.phi, wide)} "
        f"The average count is {mean:.1f} an area a month and {percent(empty)} of area-months have none"
    )
    text += ": so small that single incidents matter, and that clustering is hard to see." if small else "."
    numbers = {
        "dispersion": spread.phi,
        "df": spread.df,
        "p": chance,
        "widen_intervals_by": wide,
        "mean_count": mean,
        "share_zero": empty,
    }
    threshold = f"concern: dispersion above {HIGH}, or fewer than {SMALL:g} offences an area a month on average"
    return finding(NAME, case, verdict, text, numbers, threshold)


def _meaning(phi: float, wide: float) -> str:
    if phi > HIGH:
        return f"Intervals that assume pure chance would have to be {wide:.2f} times as wide."
    return "Intervals that assume pure chance are about right." if phi > 1 else "There is no sign of clustering."


CHECK = Check(
    name=NAME,
    label="Spread of counts",
    question="Do counts vary more than chance alone would make them?",
    source="McCullagh & Nelder (1989) Generalized Linear Models, section 6.2.3; Farrington et al. (2007)",
    options=CheckOptions,
    run=guarded(NAME, _run),
)
