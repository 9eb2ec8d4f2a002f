"""Calibrated weights: many small comparison areas weighted to the treated areas' totals before the start."""

import math

import numpy as np
from numpy.random import Generator
from pydantic import Field

from vru.errors import MethodError, Problem
from vru.methods.arms import common_window, take_arms
from vru.methods.method import Method, MethodOptions
from vru.methods.weighted.answer import Answer, complete, log_ratio
from vru.methods.weighted.inference import Asked, from_placebos, relative_fit, run_placebos
from vru.methods.weighted.matching import Setting, Share, settle
from vru.panel import Panel
from vru.results import Estimate
from vru.stats.calibration import Calibrated, calibrate
from vru.stats.permutation import draw_assignments
from vru.stats.reassigned import Statistic

OUT_OF_BALANCE = 0.01
MANY_UNITS, FINE, COARSE = 100, 3, 12
BY_CHANCE = 0.05
"""Bias of the ratio, as a log, from which weights that follow chance are refused."""


class Options(MethodOptions):
    """What is balanced and how the answer is judged.

    match_number : weights also sum to the number of treated units.
    months_per_block : time before the start is balanced in blocks of about so many months, the last block full; by
        default 3 with at least 100 comparison units, else 12, as few units cannot balance much.
    predictors : columns of the panel's covariates whose totals are balanced too.
    statistic, draws : of the permutation test, as in synthetic_control.
    """

    match_number: bool = False
    months_per_block: int | None = Field(None, ge=1, le=60)
    predictors: tuple[str, ...] = ()
    statistic: Statistic = "ratio"
    draws: int = Field(499, ge=199, le=200_000)


def fit(panel: Panel, outcome: str, options: MethodOptions, rng: Generator) -> Estimate:
    """Log ratio of what treated units recorded after the start to what the weighted comparison units did.

    Raises MethodError without comparison units, with staggered starts, where a predictor is missing, or
    where treated units have no offence before the start or the weighted comparison none after.
    """
    opts = Options.model_validate(options.model_dump())
    arms = common_window(take_arms(panel, outcome, ("treated", "comparison"), keep_empty=True))
    setting = settle(panel, outcome, arms, "counts", opts.predictors)
    treated = setting.arms.treated
    if setting.counts[~treated, : setting.n_pre].sum() == 0:
        raise MethodError(
            Problem(
                "no offences were recorded in comparison units before the start, so no weights can balance them",
                where=f"outcome {outcome}",
                hint="use a broader outcome, more comparison units or a longer window before the start",
            )
        )
    bias = _refuse_chance(setting, opts)
    ways = draw_assignments(treated, opts.draws, rng)
    made = _balance(setting, opts, treated, ~treated)
    share = _share(setting, opts)
    weights = share(treated, ~treated, setting.n_pre)
    expected = setting.expected(treated, weights) @ setting.counts
    value = log_ratio(setting, expected, outcome)
    found = run_placebos(setting, share, ways)
    asked = Asked(value.value if value.recorded else None, value.scale, opts.level)
    closeness = relative_fit(setting, found)
    return complete(
        Answer(
            METHOD.name,
            outcome,
            "rate ratio of treated units after the start to comparison units weighted to the same totals before it",
            opts.level,
            setting,
            weights * int(treated.sum()),
            expected,
            value.value,
            from_placebos(setting, found, asked, opts.statistic),
            {"imbalance": made.imbalance, "effective_units": made.effective, "fit_before": closeness},
            (*_notes(setting, opts, made, closeness), bias),
        )
    )


def _refuse_chance(setting: Setting, opts: Options) -> str:
    """What weights fitted on every other month before the start make of the months between, as a note.

    Where areas hardly ever have an offence and treated ones are busier, the areas that match them were busy by chance and
    are not again: every month then looks like more in the treated. With half the months chance counts twice.

    Raises MethodError where half of what is missed is over 5% and more than twice its standard error.
    """
    treated, before = setting.arms.treated, setting.counts[:, : setting.n_pre]
    if setting.n_pre < 4:
        return "Too few months before the start to see whether the weights follow chance."
    got = due = spread = 0.0
    for first in (0, 1):
        fitted, other = before[:, first::2], before[:, 1 - first :: 2].sum(axis=1)
        features = _blocks(fitted, max(1, _length(setting, opts) // 2))
        if setting.covariates is not None:
            features = np.column_stack([features, setting.covariates])
        number = int(treated.sum())
        target = features[treated].sum(axis=0)
        weights = calibrate(features[~treated], target, number, match_number=opts.match_number).weights
        got, due = got + float(other[treated].sum()), due + float(weights @ other[~treated])
        spread += float(weights**2 @ other[~treated])
    if min(got, due) <= 0:
        return "Too few offences before the start to see whether the weights follow chance."
    gap, se = math.log(got / due), math.sqrt(1 / got + spread / due**2)
    if abs(gap) / 2 > BY_CHANCE and abs(gap) > 2 * se:
        raise MethodError(
            Problem(
                f"weights fitted on every other month before the start miss the months between by {math.expm1(gap):+.0%}: "
                "they follow chance and not the areas' level",
                where="method calibrated_weights",
                hint="use poisson_did or level_adjusted_did, longer months_per_block, or a broader outcome",
            )
        )
    return (
        f"Weights fitted on every other month before the start miss the months between by {math.expm1(gap):+.1%} "
        f"(standard error {se:.1%}): about twice the bias to expect where areas are matched by chance."
    )


def _share(setting: Setting, opts: Options) -> Share:
    def share(chosen: np.ndarray, pool: np.ndarray, n_pre: int) -> np.ndarray:
        found = np.zeros(len(pool))
        found[pool] = _balance(setting, opts, chosen, pool).weights / int(chosen.sum())
        return found

    return share


def _balance(setting: Setting, opts: Options, chosen: np.ndarray, pool: np.ndarray) -> Calibrated:
    features = _blocks(setting.counts[:, : setting.n_pre], _length(setting, opts))
    if setting.covariates is not None:
        features = np.column_stack([features, setting.covariates])
    return calibrate(features[pool], features[chosen].sum(axis=0), int(chosen.sum()), match_number=opts.match_number)


def _length(setting: Setting, opts: Options) -> int:
    """Periods to a block."""
    usual = FINE if int((~setting.arms.treated).sum()) >= MANY_UNITS else COARSE
    return setting.arms.calendar.months(opts.months_per_block or usual)


def _blocks(before: np.ndarray, length: int) -> np.ndarray:
    """Sums over blocks counted back from the start, ``(n_units, n_blocks)``; a first, shorter block is kept."""
    edges = np.arange(before.shape[1], 0, -length)[::-1] - length
    return np.add.reduceat(before, np.maximum(edges, 0), axis=1)


def _notes(setting: Setting, opts: Options, made: Calibrated, closeness: float) -> tuple[str, ...]:
    number = int((~setting.arms.treated).sum())
    matched = "offences before the start" + (f" and {', '.join(opts.predictors)}" if opts.predictors else "")
    notes = [
        f"{number} comparison units weighted to the treated units' total {matched} (blocks of "
        f"{_length(setting, opts)} months); they carry as much information as {made.effective:.0f} equally weighted "
        f"ones. In a typical month before the start they miss by {closeness:.0%} of the mean."
    ]
    if made.imbalance > OUT_OF_BALANCE:
        notes.append(
            f"No weights balance everything: the largest difference left is {made.imbalance:.0%} of the feature's "
            "typical size. What is not balanced can bias the ratio: use longer blocks, fewer predictors or more "
            "comparison units."
        )
    return tuple(notes)


METHOD = Method(
    name="calibrated_weights",
    family="causal",
    design="panel",
    label="Calibrated weights (many small areas)",
    source="Robbins, Saunders & Kilmer (2017) J. Am. Stat. Assoc. 112; Deville & Sarndal (1992)",
    options=Options,
    fit=fit,
    adjusts_for=("unit", "period", "level"),
)
