"""Other libraries at the same work, for speed.py: run by a Python that has them, which need not have the toolkit.

    PYTHON benchmarks/peers.py NAME --data DIR

Prints one line of JSON: CPU seconds of this process and its children, peak memory above what imports took, what was found.
Written against diff-diff 3.13.0 and CausalPy 0.9.0.
"""

import argparse
import json
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

YEARS, BEER = list(range(1980, 1989)), list(range(1984, 1989))
SPECIAL = [
    ("lnincome", YEARS, "mean"),
    ("beer", BEER, "mean"),
    ("age15to24", YEARS, "mean"),
    ("retprice", YEARS, "mean"),
]
SPECIAL += [("cigsale", [year], "mean") for year in (1975, 1980, 1988)]
N_PRE = 19
Work = Callable[[], str]


def cpu() -> float:
    """Seconds of this process and of children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measured(work: Work, repeat: int) -> dict[str, object]:
    """The fastest of ``repeat`` runs after one that does not count; a single run where ``repeat`` is 0."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    start = pages * resource.getpagesize() / 2**20
    if repeat:
        work()
    seconds, found = [], ""
    for _ in range(max(repeat, 1)):
        before, began = cpu(), time.perf_counter()
        found = work()
        seconds.append((cpu() - before, time.perf_counter() - began))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    used, clock = min(seconds)
    return {"cpu": used, "seconds": clock, "megabytes": max(peak - start, 0.0), "found": found}


def smoking(data: Path) -> pd.DataFrame:
    frame = pd.read_csv(data / "reference" / "prop99_abadie.csv")
    california = frame["state"] == "California"
    return frame.assign(ever=california.astype(int), treated=(california & (frame["year"] >= 1989)).astype(int))


def control(frame: pd.DataFrame) -> Work:
    from diff_diff import SyntheticControl

    def work() -> str:
        model = SyntheticControl(v_method="custom", custom_v=np.ones(N_PRE), standardize="none")
        found = model.fit(
            frame,
            "cigsale",
            "treated",
            "state",
            "year",
            post_periods=list(range(1989, 2001)),
            pre_period_outcomes="all",
        )
        found.in_space_placebo()
        return f"sum of losses {found.get_placebo_df()['pre_mspe'].sum():,.1f}, p {found.placebo_p_value:.4f}"

    return work


def nested(frame: pd.DataFrame) -> Work:
    from diff_diff import SyntheticControl

    def work() -> str:
        found = SyntheticControl(n_starts=4, seed=1).fit(
            frame,
            "cigsale",
            "treated",
            "state",
            "year",
            post_periods=list(range(1989, 2001)),
            special_predictors=SPECIAL,
        )
        return f"loss of California {found.pre_rmspe**2:.4f}"

    return work


def synthetic_did(frame: pd.DataFrame) -> Work:
    from diff_diff import SyntheticDiD

    def work() -> str:
        found = SyntheticDiD(variance_method="placebo", n_bootstrap=1000, seed=1).fit(
            frame, "cigsale", "ever", "state", "year", post_periods=list(range(1989, 2001))
        )
        return f"effect {found.att:.4f}, standard error {found.se:.2f}"

    return work


def staggered(data: Path) -> Work:
    from diff_diff import CallawaySantAnna

    frame = pd.read_parquet(data)

    def work() -> str:
        model = CallawaySantAnna(control_group="never_treated", n_bootstrap=999, seed=1, base_period="universal")
        found = model.fit(frame, outcome="y", unit="unit", time="t", first_treat="first", aggregate="all")
        return f"effect {found.overall_att:.8f}"

    return work


def interrupted(data: Path) -> Work:
    """CausalPy's interrupted series: level, comparison's log course and two harmonics, by NUTS."""
    import causalpy

    frame = pd.read_parquet(data)
    after = frame["post"].to_numpy()

    def work() -> str:
        sampling = {"draws": 1000, "tune": 1000, "chains": 4, "cores": 1, "random_seed": 1, "progressbar": False}
        model = causalpy.pymc_models.LinearRegression(sample_kwargs=sampling)
        formula = "y ~ 1 + c + s1 + k1 + s2 + k2"
        found = causalpy.InterruptedTimeSeries(frame, frame.index[after][0], formula=formula, model=model)
        means = found.post_pred.transpose("chain", "draw", "obs_ind", "treated_units")
        paths = np.exp(np.asarray(means)).reshape(-1, int(after.sum())) - 0.5
        ratio = np.quantile((np.exp(frame["y"][after]) - 0.5).sum() / paths.sum(axis=1), [0.5, 0.025, 0.975])
        return "ratio {:.3f} ({:.3f}-{:.3f})".format(*ratio)

    return work


WAYS: dict[str, tuple[Callable[[Path], Work], int]] = {
    "control": (lambda data: control(smoking(data)), 1),
    "nested": (lambda data: nested(smoking(data)), 0),
    "synthetic_did": (lambda data: synthetic_did(smoking(data)), 1),
    "staggered": (staggered, 2),
    "interrupted": (interrupted, 0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=WAYS)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    make, repeat = WAYS[args.name]
    print(json.dumps(measured(make(args.data), repeat)))


if __name__ == "__main__":
    main()
