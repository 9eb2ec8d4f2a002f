"""DoWhy: with the treated label dealt out at random, does the effect go away?"""

from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.dowhy_model import refute, row_model, words
from vru.checks.findings import finding, guarded, not_run
from vru.checks.row_table import row_table
from vru.results import Finding, Verdict
from vru.words.p_value import p_is

NAME = "dowhy_placebo_treatment"


class Options(CheckOptions):
    """``simulations``: how often the labels are shuffled."""

    simulations: int = Field(50, ge=20, le=2000)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Shuffle which areas or people are called treated; the effect should be nothing on average.

    One row per area, outcome the change in log mean monthly count (see ``area_table``), or one per person. Labels are
    permuted, since DoWhy's default draws half of all rows whatever the real number was, and
    ignores the seed.
    """
    assert isinstance(options, Options)
    table = row_table(case)
    if table.clusters:
        return not_run(
            NAME,
            case,
            f"{table.noun} share {table.clusters} clusters, and DoWhy shuffles {table.noun} one by one; placebo_treatment "
            "shuffles as treatment came about.",
        )
    built = row_model(table)
    said = refute(built, "placebo_treatment_refuter", rng, options.simulations, placebo_type="permute")
    if said.p is None:
        return not_run(NAME, case, "every shuffle of the labels gave the same effect, so there is nothing to compare.")
    # The mean of many shuffles is near nothing by chance alone if it is within about two of its standard errors.
    size = abs(said.effect) / built.se if built.se > 0 else float("inf")
    verdict: Verdict = "fail" if said.p < 0.05 else "concern" if size > 0.5 else "pass"
    text = (
        f"With the treated label dealt out at random {options.simulations} times, DoWhy's effect was on average "
        f"{words(table, said.effect)} (it should be close to none; {p_is(said.p)}), against {words(table, built.effect)} "
        f"with the real labels ({table.arms[0]} treated and {table.arms[1]} comparison {table.noun}, one row each)."
    )
    numbers = {
        "effect": built.effect,
        "se": built.se,
        "placebo_effect": said.effect,
        "p": said.p,
        "simulations": options.simulations,
        table.noun: len(table.treated),
    }
    threshold = (
        "fail: no effect is outside what the shuffles give (p below 0.05); "
        "concern: their mean exceeds half a standard error"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="DoWhy: shuffled treatment",
    question="Does the effect vanish when the treated label is dealt out at random?",
    source="DoWhy 0.14 placebo_treatment_refuter; Sharma & Kiciman (2020) arXiv:2011.04216",
    options=Options,
    run=guarded(NAME, _run),
    takes=("areas", "people"),
    bears_on=("design",),
)
