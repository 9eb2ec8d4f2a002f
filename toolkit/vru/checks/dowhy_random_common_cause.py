"""DoWhy: does adjusting for a cause that is pure noise leave the effect as it was?"""

from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.dowhy_model import refute, row_model, words
from vru.checks.findings import finding, guarded
from vru.checks.row_table import row_table
from vru.results import Finding, Verdict

NAME = "dowhy_random_common_cause"


class Options(CheckOptions):
    """``simulations``: how many made-up causes are tried."""

    simulations: int = Field(50, ge=20, le=2000)


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Adjust for a column of random numbers; the effect should not move.

    One row per area, outcome the change in log mean monthly count (see ``area_table``), or one per person.
    """
    assert isinstance(options, Options)
    built = row_model(row_table(case))
    said = refute(built, "random_common_cause", rng, options.simulations)
    moved = abs(said.effect - built.effect)
    size = moved / built.se if built.se > 0 else 0.0
    verdict: Verdict = "fail" if size > 0.5 else "concern" if size > 0.25 else "pass"
    text = (
        f"Adjusting for a made-up cause, {options.simulations} times over, DoWhy's effect was on average "
        f"{words(built.table, said.effect)}, against {words(built.table, built.effect)} without it: a move of {size:.2f} "
        "standard errors."
    )
    numbers = {
        "effect": built.effect,
        "se": built.se,
        "new_effect": said.effect,
        "moved_in_se": size,
        "p": said.p,
        "simulations": options.simulations,
        built.table.noun: len(built.table.treated),
    }
    threshold = "concern: the effect moves by more than a quarter of its standard error; fail: by more than half"
    return finding(NAME, case, verdict, text, numbers, threshold)


CHECK = Check(
    name=NAME,
    label="DoWhy: random common cause",
    question="Does adjusting for a cause that is pure noise leave the effect alone?",
    source="DoWhy 0.14 random_common_cause; Sharma & Kiciman (2020) arXiv:2011.04216",
    options=Options,
    run=guarded(NAME, _run),
    takes=("areas", "people"),
)
