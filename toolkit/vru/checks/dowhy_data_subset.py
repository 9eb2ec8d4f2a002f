"""DoWhy: does the effect hold when a fifth of the rows is left out at random?"""

from numpy.random import Generator
from pydantic import Field
from scipy.stats import hypergeom

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.dowhy_model import RowTable, refute, row_model, words
from vru.checks.findings import finding, guarded, not_run, percent
from vru.checks.row_table import row_table
from vru.results import Finding, Verdict

NAME = "dowhy_data_subset"


class Options(CheckOptions):
    """``simulations``: how many subsets; ``share``: of rows kept in each."""

    simulations: int = Field(50, ge=20, le=2000)
    share: float = Field(0.8, ge=0.5, le=0.95)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Estimate again on random subsets of rows; the effect should stay about the same.

    One row per area, outcome the change in log mean monthly count (see ``area_table``), or one per person. A subset
    without one treated or one comparison row would silently give DoWhy an effect of nothing, so
    the check is not run where that could happen.
    """
    assert isinstance(options, Options)
    table = row_table(case)
    unfit = _unfit(table, options)
    if unfit:
        return not_run(NAME, case, unfit)
    built = row_model(table)
    said = refute(built, "data_subset_refuter", rng, options.simulations, subset_fraction=options.share)
    moved = abs(said.effect - built.effect)
    size = moved / built.se if built.se > 0 else 0.0
    verdict: Verdict = "pass"
    if size > 0.5 or (said.p is not None and said.p < 0.05 and size > 0.25):
        verdict = "fail"
    elif size > 0.25:
        verdict = "concern"
    text = (
        f"On {options.simulations} random subsets holding {percent(options.share)} of the {table.noun}, DoWhy's effect was on "
        f"average {words(table, said.effect)}, against {words(table, built.effect)} on all {len(table.treated)} "
        f"{table.noun}: a move of {size:.2f} standard errors."
    )
    numbers = {
        "effect": built.effect,
        "se": built.se,
        "subset_effect": said.effect,
        "moved_in_se": size,
        "p": said.p,
        "simulations": options.simulations,
        "share": options.share,
        table.noun: len(table.treated),
    }
    threshold = "concern: the effect moves by more than a quarter of its standard error; fail: by more than half"
    return finding(NAME, case, verdict, text, numbers, threshold)


def _unfit(table: RowTable, options: Options) -> str:
    if table.clusters:
        return (
            f"{table.noun} share {table.clusters} clusters, and DoWhy leaves {table.noun} out one by one; row_subset leaves "
            "out whole clusters."
        )
    if options.simulations * _chance_of_losing_a_group(table, options.share) > 0.001:
        treated, comparison = table.arms
        return (
            f"with {treated} treated and {comparison} comparison {table.noun}, leaving {percent(1 - options.share)} out could "
            "leave a whole group out."
        )
    return ""


def _chance_of_losing_a_group(table: RowTable, share: float) -> float:
    n = len(table.treated)
    kept = round(n * share)
    # Fewer than two of a group left is no comparison either.
    return float(sum(hypergeom.cdf(1, n, size, kept) for size in table.arms))


CHECK = Check(
    name=NAME,
    label="DoWhy: subsets",
    question="Does the effect hold when some of those compared are left out?",
    source="DoWhy 0.14 data_subset_refuter; Sharma & Kiciman (2020) arXiv:2011.04216",
    options=Options,
    run=guarded(NAME, _run),
    takes=("areas", "people"),
)
