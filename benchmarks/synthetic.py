"""Synthetic control and synthetic DiD on Proposition 99: speed and loss against the fastest library.

    python benchmarks/synthetic.py --data DIR > benchmarks/synthetic.md

DIR holds reference/prop99_abadie.csv. Without diff-diff (pip install diff-diff==3.13.0) its rows are left out.
"""

import argparse
import datetime
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from vru.stats.synthetic import from_weights, in_space, rank_fits
from vru.stats.synthetic_did import placebo_effects, synthetic_did
from vru.stats.synthetic_nested import nested_weights

N_PRE, YEARS, BEER = 19, list(range(1980, 1989)), list(range(1984, 1989))
SPECIAL = [
    ("lnincome", YEARS, "mean"),
    ("beer", BEER, "mean"),
    ("age15to24", YEARS, "mean"),
    ("retprice", YEARS, "mean"),
    ("cigsale", [1975], "mean"),
    ("cigsale", [1980], "mean"),
    ("cigsale", [1988], "mean"),
]
Row = tuple[str, float, str, str]


def matrices(data: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """States (California first), sales ``(39, 31)``, predictors ``(39, 7)``."""
    wide = {c: data.pivot(index="state", columns="year", values=c) for c in ("cigsale", *(s[0] for s in SPECIAL[:4]))}
    states = ["California", *[s for s in wide["cigsale"].index if s != "California"]]
    predictors = [wide[name].loc[states, years].mean(axis=1) for name, years, _ in SPECIAL]
    return states, wide["cigsale"].loc[states].to_numpy(), np.column_stack(predictors)


def timed(run: Callable[[], object], repeat: int) -> float:
    run()
    best = np.inf
    for _ in range(repeat):
        started = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - started)
    return float(best)


def nested(y: np.ndarray, x: np.ndarray, corners: bool) -> tuple[float, np.ndarray, float]:
    """Seconds for all 39 units, loss of each, rank p."""
    started, fits, losses = time.perf_counter(), [], []
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        rng = np.random.default_rng(1)
        found = nested_weights(x[rest], x[i], y[rest, :N_PRE], y[i, :N_PRE], rng, corners=corners)
        fits.append(from_weights(found.weights, y[rest], y[i], N_PRE))
        losses.append(found.loss)
    seconds = time.perf_counter() - started
    return seconds, np.array(losses), rank_fits(tuple(fits), 0).p


def library_control(data: pd.DataFrame, states: list[str], nested_starts: int) -> tuple[float, np.ndarray, float]:
    """diff-diff: seconds for the fit and all placebos, loss of each state, rank p; 0 starts = outcomes alone."""
    from diff_diff import SyntheticControl

    frame = data.assign(treated=((data["state"] == "California") & (data["year"] >= 1989)).astype(int))
    kind = {"outcome": "cigsale", "treatment": "treated", "unit": "state", "time": "year"}
    after = {"post_periods": list(range(1989, 2001))}
    if nested_starts:
        model = SyntheticControl(n_starts=nested_starts, seed=1)
        how = {"special_predictors": SPECIAL}
    else:
        model = SyntheticControl(v_method="custom", custom_v=np.ones(N_PRE), standardize="none")
        how = {"pre_period_outcomes": "all"}
    started = time.perf_counter()
    result = model.fit(frame, **kind, **after, **how)
    result.in_space_placebo()
    seconds = time.perf_counter() - started
    losses = result.get_placebo_df().set_index("unit").loc[states, "pre_mspe"].to_numpy()
    return seconds, losses, float(result.placebo_p_value)


def library_did(data: pd.DataFrame, draws: int) -> tuple[float, float, float]:
    from diff_diff import SyntheticDiD

    frame = data.assign(treated=(data["state"] == "California").astype(int))
    started = time.perf_counter()
    found = SyntheticDiD(variance_method="placebo", n_bootstrap=draws, seed=1).fit(
        frame, "cigsale", "treated", "state", "year", post_periods=list(range(1989, 2001))
    )
    return time.perf_counter() - started, float(found.att), float(found.se)


def control_rows(data: pd.DataFrame, theirs: bool) -> None:
    states, y, x = matrices(data)
    # California may be a donor to the placebos here; the library's losses agree with that state by state.
    plain = in_space(y, 0, N_PRE)
    ours = timed(lambda: in_space(y, 0, N_PRE), 5)
    loss = np.array([f.rmspe_before**2 for f in plain.fits])
    print("## Synthetic control, all 39 in-space placebos\n")
    print("| way | seconds | ratio | loss, California | sum of losses | states with a lower loss than ours | p |")
    print("|---|---|---|---|---|---|---|")
    row("outcomes alone, vru", ours, ours, loss, loss, plain.p)
    if theirs:
        library_control(data, states, 0)
        seconds, other, p = min((library_control(data, states, 0) for _ in range(3)), key=lambda r: r[0])
        row("outcomes alone, diff-diff", seconds, ours, other, loss, p)
    own, loose, p = nested(y, x, corners=False)
    row("nested V, vru", own, own, loose, loose, p)
    cornered, tight, p_cornered = nested(y, x, corners=True)
    row("nested V, vru, corners=True", cornered, cornered, tight, tight, p_cornered)
    if theirs:
        seconds, other, p = library_control(data, states, 4)
        row("nested V, diff-diff, 4 starts (ratio and states against corners=True)", seconds, cornered, other, tight, p)
        print(f"\nAgainst our default, {int((other < loose * 0.9995).sum())} states have a lower loss in diff-diff.")


def row(name: str, seconds: float, base: float, loss: np.ndarray, ours: np.ndarray, p: float) -> None:
    lower = int((loss < ours * (1 - 5e-4)).sum())
    shown = f"{loss[0]:.4f} | {loss.sum():,.1f} | {lower} | {p:.4f}"
    print(f"| {name} | {seconds:.3g} | {seconds / base:.0f} | {shown} |", flush=True)


def did_rows(data: pd.DataFrame, theirs: bool, draws: int) -> None:
    _, y, _ = matrices(data)
    donors, treated = y[1:], y[0]
    rng = np.random.default_rng(1)
    ours = timed(lambda: placebo_effects(donors, N_PRE, 1, draws, rng, "exact"), 3)
    print(f"\n## Synthetic difference-in-differences, {draws:,} placebos\n")
    print("| way | seconds, placebos included | ratio | effect | placebo standard error |\n|---|---|---|---|---|")
    for solver in ("frank_wolfe", "exact"):
        point = timed(lambda s=solver: synthetic_did(donors, treated, N_PRE, 1, s), 3)
        se = placebo_effects(donors, N_PRE, 1, draws, rng, "exact").se
        base = point + ours if solver == "frank_wolfe" else base  # noqa: F821
        effect = synthetic_did(donors, treated, N_PRE, 1, solver).effect
        name = f"vru, {solver}, placebos exact, the 38 there are listed once"
        print(f"| {name} | {point + ours:.3g} | {(point + ours) / base:.1f} | {effect:.4f} | {se:.3f} |")
    started = time.perf_counter()
    se = placebo_effects(donors, N_PRE, 1, draws, rng, "frank_wolfe").se
    took = time.perf_counter() - started
    print(f"| vru, frank_wolfe throughout, 38 listed once | {took:.3g} | {took / base:.1f} | | {se:.3f} |")
    each = np.mean([timed(lambda: synthetic_did(np.delete(donors, 0, 0), donors[0], N_PRE, 1, "exact"), 20)])
    print(
        f"| vru, exact, {draws:,} drawn one by one (one timed) | {each * draws:.3g} | {each * draws / base:.1f} | | |"
    )
    if theirs:
        seconds, effect, se = library_did(data, draws)
        print(f"| diff-diff, {draws:,} drawn | {seconds:.3g} | {seconds / base:.1f} | {effect:.4f} | {se:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=1000)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        import diff_diff

        peer = f"diff-diff {diff_diff.__version__}"
    except ImportError:
        peer = ""
    data = pd.read_csv(args.data / "reference" / "prop99_abadie.csv")
    print("# Synthetic control and synthetic difference-in-differences: speed and loss\n")
    print(
        f"{datetime.date.today():%d %B %Y}; `python benchmarks/synthetic.py --data DIR`; one core, a shared machine: trust"
    )
    print(
        f"ratios. Against {peer or 'nothing: diff-diff is not installed'}. Loss is the mean squared gap before 1989.\n"
    )
    control_rows(data, bool(peer))
    did_rows(data, bool(peer), args.draws)
    print("""
Ratio: their seconds over ours in the same block. `corners=True` also tries V on one predictor with ties broken by the outcome;
its losses are the lowest there are, but the other predictors then no longer count, so our default keeps every
predictor in play and reproduces the published weights (loss 3.0767). diff-diff with another seed gives California 3.08,
3.47 or 17.6; pysyncon, mlsynth and R are not run here: earlier measurements took minutes for the placebos.""")


if __name__ == "__main__":
    main()
