"""How strong would something that nobody measured have to be to explain the effect away?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.checks.check import Case, Check, CheckOptions
from vru.checks.dowhy_model import RowModel, RowTable, quiet, row_model, seeded, table_frame, words
from vru.checks.findings import excludes_none, finding, guarded, percent
from vru.checks.row_table import row_table
from vru.checks.windows import before_start
from vru.panel import Panel
from vru.results import Finding, Verdict
from vru.stats.sensitivity import Benchmark, as_strong_as, benchmark, bias, e_value, e_value_of_limit, robustness_value

NAME = "dowhy_unobserved_common_cause"


class Options(CheckOptions):
    """``simulations``: how many hidden causes DoWhy makes up."""

    simulations: int = Field(20, ge=5, le=500)


@dataclass(frozen=True, slots=True)
class _Strongest:
    """The known characteristic that as a hidden cause would move the effect most."""

    name: str
    strength: Benchmark
    bias: float
    simulated: float


def _run(case: Case, options: CheckOptions, rng: Generator) -> Finding:
    """Three readings of one question, the first two on one row per area or person (see ``row_table``).

    1. The robustness value: the least share of what is unexplained in both treatment and outcome that
       a hidden cause must explain, set beside what known characteristics explain.
    2. DoWhy's own simulation, adding a made-up cause as strong as the strongest of those. Its effect on
       treatment is "linear": DoWhy's default flips labels up and down alike, which in balanced designs
       dilutes the effect but confounds nothing.
    3. The E-value of the analysis's own rate ratio. DoWhy's E-value goes through a standardised mean
       difference, which is not this scale.
    """
    assert isinstance(options, Options)
    built = row_model(row_table(case))
    if built.se <= 0:
        raise ValueError(f"the {built.table.noun} leave nothing unexplained")
    strongest = _strongest(case, built, rng, options.simulations)
    robustness = robustness_value(built.effect / built.se, built.df)
    return _judge(case, built, strongest, robustness)


def _known(case: Case, built: RowModel) -> Mapping[str, np.ndarray]:
    """Characteristics to compare a hidden cause with: what was adjusted for, and areas' past level and trend."""
    known = {name: np.array(v) for name, v in zip(built.table.adjustment, built.table.covariates, strict=True)}
    if not isinstance(case.data, Panel):
        return known
    before = before_start(case.panel, case.estimate.outcome)
    if len(before.at):
        known["level before the start"] = np.log(before.values.sum(axis=1) + 0.5)
    if len(before.at) >= 6:
        half = len(before.at) // 2
        early, late = before.values[:, :half].sum(axis=1), before.values[:, half:].sum(axis=1)
        known["trend before the start"] = np.log(late + 0.5) - np.log(early + 0.5)
    return known


def _strongest(case: Case, built: RowModel, rng: Generator, simulations: int) -> _Strongest:
    table = built.table
    outcome, treated = np.array(table.values), np.array(table.treated, dtype=float)
    best: tuple[float, str, Benchmark] = (-1.0, "", Benchmark(0.0, 0.0))
    for name, values in _known(case, built).items():
        others = [np.array(c) for n, c in zip(table.adjustment, table.covariates, strict=True) if n != name]
        adjusted = np.column_stack(others) if others else np.empty((len(outcome), 0))
        known = benchmark(outcome, treated, values, adjusted)
        hidden = as_strong_as(known)
        moved = math.inf if hidden is None else bias(hidden, built.se, built.df)
        best = max(best, (moved, name, known), key=lambda f: (f[0], f[2].with_treatment * f[2].with_outcome))
    moved, name, known = best
    return _Strongest(name, known, moved, _simulated(built, as_strong_as(known) or known, rng, simulations))


def _simulated(built: RowModel, known: Benchmark, rng: Generator, simulations: int) -> float:
    """DoWhy's effect, averaged over made-up causes of a given strength that work against the effect."""
    frame = table_frame(built.table)
    spread = float(frame[built.table.treatment].std(ddof=0))
    # The outcome's residual spread, read back from the coefficient's standard error.
    residual = built.se * math.sqrt(built.df) * spread
    on_treatment = math.sqrt(known.with_treatment) * spread
    on_outcome = math.copysign(math.sqrt(known.with_outcome) * residual, built.effect)
    effects = []
    with quiet(), seeded(rng):
        for _ in range(simulations):
            said = built.model.refute_estimate(
                built.estimand,
                built.estimate,
                method_name="add_unobserved_common_cause",
                confounders_effect_on_treatment="linear",
                confounders_effect_on_outcome="linear",
                effect_strength_on_treatment=on_treatment,
                effect_strength_on_outcome=on_outcome,
                plotmethod=None,
            )
            effects.append(float(said.new_effect))
    return float(np.mean(effects))


def _judge(case: Case, built: RowModel, strongest: _Strongest, robustness: float) -> Finding:
    estimate, table = case.estimate, built.table
    sure = excludes_none(estimate.low, estimate.high, estimate.p, estimate.level)
    left = math.copysign(max(abs(built.effect) - strongest.bias, 0.0), built.effect)
    verdict: Verdict = "pass"
    if sure and strongest.bias >= abs(built.effect):
        verdict = "fail"
    elif not sure or strongest.bias >= abs(built.effect) / 2:
        verdict = "concern"
    text = (
        f"A hidden cause would have to explain at least {percent(robustness)} of what is left unexplained, both in "
        f"which {table.noun} were treated and in {_ended(table)}, to bring DoWhy's effect of "
        f"{words(table, built.effect)} to nothing. "
    )
    if strongest.name:
        text += (
            f"Of what is known about the {table.noun}, the {strongest.name.replace('_', ' ')} comes nearest: it explains "
            f"{percent(strongest.strength.with_treatment)} and {percent(strongest.strength.with_outcome)}, and a "
            f"hidden cause as strong, which explains more of what is then left, would leave an effect of {words(table, left)} "
            f"({words(table, strongest.simulated)} in DoWhy's simulation). "
        )
    values = _e_values(case)
    text += _e_text(values, sure)
    numbers = {
        "effect": built.effect,
        "se": built.se,
        "robustness_value": robustness,
        "benchmark": strongest.name or None,
        "benchmark_r2_treatment": strongest.strength.with_treatment,
        "benchmark_r2_outcome": strongest.strength.with_outcome,
        "effect_left": left,
        "effect_simulated": strongest.simulated,
        table.noun: len(table.treated),
        **values,
    }
    threshold = (
        "fail: a hidden cause as strong as the strongest known characteristic would bring the effect to nothing; "
        "concern: it would take half of it, or the estimate cannot be told from no effect anyway"
    )
    return finding(NAME, case, verdict, text, numbers, threshold)


def _ended(table: RowTable) -> str:
    return "how their offences changed" if table.noun == "areas" else "how they ended"


def _e_values(case: Case) -> dict[str, float | None]:
    ratio = case.estimate.ratio
    if ratio is None:
        return {"e_value": None, "e_value_limit": None}
    limit = None if ratio.low is None or ratio.high is None else e_value_of_limit(ratio.low, ratio.high)
    return {"e_value": e_value(ratio.value), "e_value_limit": limit}


def _e_text(values: Mapping[str, float | None], sure: bool | None) -> str:
    e, limit = values["e_value"], values["e_value_limit"]
    if e is None:
        return "The estimate is a difference, so it has no E-value."
    text = (
        f"As ratios (E-value), it would have to be linked to both treatment and outcome {e:.1f}-fold to explain the "
        "estimate"
    )
    if sure is None:
        return f"{text}; the analysis gives no interval."
    if not sure:
        return f"{text}; but the interval already includes no effect, so there is little to explain away."
    return f"{text}, and {limit:.1f}-fold to move the interval to include no effect." if limit else f"{text}."


CHECK = Check(
    name=NAME,
    label="DoWhy: hidden common cause",
    question="How strong would an unmeasured cause have to be to explain the effect away?",
    source=(
        "Cinelli & Hazlett (2020) JRSS-B 82:39; VanderWeele & Ding (2017) Ann Intern Med 167:268; "
        "DoWhy 0.14 add_unobserved_common_cause"
    ),
    options=Options,
    run=guarded(NAME, _run),
    takes=("areas", "people"),
    bears_on=("hidden_causes",),
)
