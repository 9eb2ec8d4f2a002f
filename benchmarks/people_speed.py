"""How long an interval for an adjusted comparison of people takes: influence functions against DoWhy's bootstrap.

python benchmarks/people_speed.py > benchmarks/people_speed.md
"""

import argparse
import datetime
import logging
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vru.methods.adjusted.crossfit import Fitting
from vru.methods.adjusted.estimators import residual_on_residual, robust_twice
from vru.methods.adjusted.sample import Sample, take_sample
from vru.methods.people.rows import Rows
from vru.stats.counterfactual import difference, effective_size, spread, standardise, weigh
from vru.stats.score_matching import find_matches, matching_spread

UNCLIPPED = {"min_ps_score": 1e-12, "max_ps_score": 1 - 1e-12, "weighting_scheme": "ips_normalized_weight"}


@dataclass(frozen=True, slots=True)
class Found:
    value: float
    half_width: float


@dataclass(frozen=True, slots=True)
class Timed:
    found: Found
    seconds: float
    megabytes: float


def simulate(n: int, rng: np.random.Generator) -> pd.DataFrame:
    x = rng.normal(size=(n, 4))
    t = (rng.random(n) < 1 / (1 + np.exp(-(0.6 * x[:, 0] + 0.4 * x[:, 1] - 0.8)))).astype(int)
    frame = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    return frame.assign(t=t, y=x @ [0.5, 0.4, 0.2, 0.0] - 0.5 * t + rng.normal(size=n))


def sample_of(frame: pd.DataFrame) -> Sample:
    x = frame[["a", "b", "c", "d"]].to_numpy()
    d = frame.t.to_numpy() == 1
    y = frame.y.to_numpy()
    rows = Rows(np.arange(len(y)), d, y, "continuous", "people", x, tuple("abcd"), *[None] * 4, (0, 0), ())
    return take_sample(rows, 0.0, "att")


def weighting(frame: pd.DataFrame) -> Found:
    s = sample_of(frame)
    pair = weigh(s.rows.y, s.rows.treated, s.design, s.logit, "att")
    assert pair.weights is not None
    sizes = float(s.arms[0]), effective_size(pair.weights[~s.rows.treated])
    found = difference(pair)
    return Found(found.value, 1.96 * spread(found.influence, s.rows.treated, sizes).se)


def regression(frame: pd.DataFrame) -> Found:
    s = sample_of(frame)
    found = difference(standardise("gaussian", s.rows.y, s.rows.treated, s.design, None, "att"))
    return Found(found.value, 1.96 * spread(found.influence, s.rows.treated, (1.0, 1.0), None, 6).se)


def matching(frame: pd.DataFrame) -> Found:
    s = sample_of(frame)
    d, y = s.rows.treated, s.rows.y
    found = find_matches(s.propensity, d, "att")
    w = found.weights
    one, none = (float(w[side] @ y[side] / w[side].sum()) for side in (d, ~d))
    u = np.where(d, y - one, y - none)
    return Found(one - none, 1.96 * matching_spread(u, found, s.propensity, s.design, s.logit).se)


def cross_fitted(frame: pd.DataFrame) -> Found:
    found = robust_twice(sample_of(frame), "att", Fitting("linear", 5, 5), np.random.default_rng(1)).difference
    return Found(found.value, 1.96 * found.se)


def double_ml(frame: pd.DataFrame) -> Found:
    found = residual_on_residual(sample_of(frame), Fitting("linear", 5, 5), np.random.default_rng(1)).difference
    return Found(found.value, 1.96 * found.se)


def dowhy(frame: pd.DataFrame, method: str, draws: int, params: dict[str, object] | None = None) -> Found:
    from dowhy import CausalModel
    from sklearn.linear_model import LogisticRegression

    ask = dict(params or {})
    if method != "linear_regression":
        ask["propensity_score_model"] = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000)
    model = CausalModel(frame.copy(), "t", "y", common_causes=list("abcd"))
    estimand = model.identify_effect(proceed_when_unidentifiable=True)
    found = model.estimate_effect(
        estimand,
        method_name=f"backdoor.{method}",
        target_units="att",
        effect_modifiers=[],
        method_params={"init_params": ask},
    )
    np.random.seed(1)
    low, high = np.ravel(
        found.get_confidence_intervals(method="bootstrap", num_simulations=draws, sample_size_fraction=1)
    )
    return Found(float(found.value), float(high - low) / 2)


def timed(work: Callable[[], Found], times: int, smaller: Callable[[], Found] | None = None) -> Timed:
    """Seconds of ``work``; memory of ``smaller`` where given, since tracing is slow and draws do not add up in memory."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    tracemalloc.start()
    (smaller or work)()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Timed(found, float(np.median(seconds)), peak / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=199)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("dowhy").setLevel(logging.ERROR)
    frame = simulate(args.rows, np.random.default_rng(1))
    dowhy(frame.head(200), "linear_regression", 2)
    pairs = (
        ("regression", regression, "linear_regression", None),
        ("weighting", weighting, "propensity_score_weighting", UNCLIPPED),
        ("matching", matching, "propensity_score_matching", None),
    )
    print("# Speed of intervals for people\n")
    print(
        f"{datetime.date.today():%d %B %Y}; `python benchmarks/people_speed.py --rows {args.rows} --draws {args.draws}`\n"
    )
    print(
        f"{args.rows:,} people, four covariates, effect among the treated; 95% interval from influence functions (ours) and"
    )
    print(f"from DoWhy 0.14's bootstrap of {args.draws} draws. One core of a shared machine: read the ratios.")
    print("Memory: peak traced (DoWhy's over 5 draws).\n")
    print("| work | seconds | ratio | peak MB | effect | half-width |\n|---|---|---|---|---|---|")
    for name, ours, method, params in pairs:
        mine = timed(lambda ours=ours: ours(frame), 5)
        theirs = timed(
            lambda m=method, p=params: dowhy(frame, m, args.draws, p),
            1,
            lambda m=method, p=params: dowhy(frame, m, 5, p),
        )
        for label, t in ((f"{name}: ours", mine), (f"{name}: DoWhy, bootstrap", theirs)):
            print(row(label, t, mine.seconds), flush=True)
    print(
        row(
            "doubly robust, cross-fitted 5 x 5: ours (DoWhy has no such effect)",
            timed(lambda: cross_fitted(frame), 3),
            0,
        )
    )
    print(
        row("double machine learning, cross-fitted 5 x 5: ours (DoWhy has none)", timed(lambda: double_ml(frame), 3), 0)
    )
    print(
        "\nA bootstrap of matching is not valid (Abadie & Imbens 2008, Econometrica 76), so its width need not agree."
    )


def row(label: str, t: Timed, base: float) -> str:
    ratio = f"{t.seconds / base:,.0f}" if base else ""
    return (
        f"| {label} | {t.seconds:.4f} | {ratio} | {t.megabytes:.1f} | {t.found.value:.6f} | {t.found.half_width:.4f} |"
    )


if __name__ == "__main__":
    main()
