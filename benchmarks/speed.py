"""Speed and memory, side by side with the fastest library: each way runs in a process of its own.

    python benchmarks/speed.py --data DIR [--peer PYTHON]

DIR holds reference/prop99_abadie.csv. PYTHON is an interpreter that has diff-diff and CausalPy; without one their rows
are left out. inference.py prints this table too.
"""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ASSIGNED, UNITS, PERIODS, STATES = 10_000, 2000, 60, 39
Make = Callable[[Path], Callable[[], str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``times``: how often the work measured fits into the work named."""

    work: str
    way: str
    name: str
    peer: bool = False
    times: float = 1
    note: str = "measured"


REASSIGN = "10,000 reassignments, 40 areas x 156 weeks"
SPACE, NESTED = "Proposition 99, all 39 in-space placebos, outcomes alone", "the same, nested V"
STAGGERED = "staggered starts, 2,000 units x 60 periods, 999 bootstraps"
SDID, SERIES = "synthetic DiD, Proposition 99, 1,000 placebos", "one series, 60 months before and 12 after, one control"
ROWS = (
    Row(REASSIGN, "vru, interval too", "reassign"),
    Row(
        REASSIGN, "pandas group-by per assignment, p only", "loop pandas", times=ASSIGNED / 20, note="20 of 10,000 run"
    ),
    Row(REASSIGN, "pyfixest.fepois per assignment, p only", "loop pyfixest", times=ASSIGNED / 10, note="10 run"),
    Row(REASSIGN, "statsmodels GLM per assignment, p only", "loop statsmodels", times=ASSIGNED / 2, note="2 run"),
    Row(SPACE, "vru", "control"),
    Row(SPACE, "diff-diff", "control", peer=True),
    Row(NESTED, "vru", "nested", times=STATES, note="California alone run"),
    Row(NESTED, "vru, corners=True", "nested corners", times=STATES, note="California alone run"),
    Row(NESTED, "diff-diff, 4 starts", "nested", peer=True, times=STATES, note="California alone run"),
    Row(STAGGERED, "vru", "staggered"),
    Row(STAGGERED, "diff-diff", "staggered", peer=True),
    Row(SDID, "vru, the 38 there are listed once", "synthetic_did"),
    Row(SDID, "diff-diff, drawn", "synthetic_did", peer=True),
    Row(SERIES, "vru, structural_series", "series"),
    Row(SERIES, "CausalPy, linear regression, 4 x 1,000 draws", "interrupted", peer=True),
)


def reassign(data: Path) -> Callable[[], str]:
    from inference import AREAS, START, counts

    from vru.stats.permutation import randomisation_test

    y, treated = counts(np.random.default_rng(1)), np.arange(AREAS) < AREAS // 2

    def work() -> str:
        before, after = y[:, :START].sum(axis=1), y[:, START:].sum(axis=1)
        found = randomisation_test(before, after, treated, 0.95, ASSIGNED, np.random.default_rng(2))
        return f"p {found.p:.3f}"

    return work


def loop(kind: str, n: int) -> Make:
    def make(data: Path) -> Callable[[], str]:
        import inference

        fit = {"pandas": inference.with_pandas, "pyfixest": inference.with_pyfixest}
        one = fit.get(kind, inference.with_statsmodels)
        rng = np.random.default_rng(1)
        y = inference.counts(rng)
        one(inference.frame(y, np.arange(inference.AREAS) < 20))

        def work() -> str:
            for _ in range(n):
                one(inference.frame(y, rng.permutation(inference.AREAS) < inference.AREAS // 2))
            return ""

        return work

    return make


def control(data: Path) -> Callable[[], str]:
    from synthetic import N_PRE, matrices

    from vru.stats.synthetic import in_space

    _, y, _ = matrices(pd.read_csv(data / "reference" / "prop99_abadie.csv"))

    def work() -> str:
        found = in_space(y, 0, N_PRE)
        return f"sum of losses {sum(f.rmspe_before**2 for f in found.fits):,.1f}, p {found.p:.4f}"

    return work


def nested(corners: bool) -> Make:
    def make(data: Path) -> Callable[[], str]:
        from synthetic import N_PRE, matrices

        from vru.stats.synthetic_nested import nested_weights

        _, y, x = matrices(pd.read_csv(data / "reference" / "prop99_abadie.csv"))

        def work() -> str:
            rng = np.random.default_rng(1)
            found = nested_weights(x[1:], x[0], y[1:, :N_PRE], y[0, :N_PRE], rng, corners=corners)
            return f"loss of California {found.loss:.4f}"

        return work

    return make


def staggered(data: Path) -> Callable[[], str]:
    from staggered_speed import ours

    frame = pd.read_parquet(data)
    counts = frame.pivot(index="unit", columns="t", values="y").to_numpy(float)
    first = frame.groupby("unit")["first"].first().to_numpy()
    start = np.where(first > 0, first - 1, counts.shape[1])
    return lambda: f"effect {ours(counts, start, 999, np.random.default_rng(1)):.8f}"


def synthetic_did(data: Path) -> Callable[[], str]:
    from synthetic import N_PRE, matrices

    from vru.stats.synthetic_did import placebo_effects
    from vru.stats.synthetic_did import synthetic_did as fit

    _, y, _ = matrices(pd.read_csv(data / "reference" / "prop99_abadie.csv"))

    def work() -> str:
        effect = fit(y[1:], y[0], N_PRE, 1).effect
        spread = placebo_effects(y[1:], N_PRE, 1, 1000, np.random.default_rng(1), "exact")
        return f"effect {effect:.4f}, standard error {spread.se:.2f}"

    return work


def series(data: Path) -> Callable[[], str]:
    from vru.methods import METHODS
    from vru.panel import Panel

    frame = pd.read_parquet(data)
    counts = frame[["count", "control"]].to_numpy(float).T
    periods = tuple(frame.index.strftime("%Y-%m"))
    start = periods[int((~frame["post"]).sum())]
    panel = Panel(
        ("a", "b"), periods, {"y": counts}, ("treated", "comparison"), (start, None), np.zeros(counts.shape, dtype=bool)
    )
    method = METHODS["structural_series"]

    def work() -> str:
        found = method.fit(panel, "y", method.options(), np.random.default_rng(1)).ratio
        assert found is not None
        return f"ratio {found.value:.3f} ({found.low:.3f}-{found.high:.3f})"

    return work


WAYS: dict[str, tuple[Make, int]] = {
    "reassign": (reassign, 5),
    "loop pandas": (loop("pandas", 20), 0),
    "loop pyfixest": (loop("pyfixest", 10), 0),
    "loop statsmodels": (loop("statsmodels", 2), 0),
    "control": (control, 5),
    "nested": (nested(corners=False), 0),
    "nested corners": (nested(corners=True), 0),
    "staggered": (staggered, 5),
    "synthetic_did": (synthetic_did, 5),
    "series": (series, 5),
}


def write_inputs(folder: Path) -> dict[str, Path]:
    """The simulated data that both sides read: name of the way -> file."""
    from staggered_speed import simulate

    counts, first = simulate(UNITS, PERIODS, np.random.default_rng(1))
    long = {
        "y": counts.ravel(),
        "unit": np.repeat(np.arange(UNITS), PERIODS),
        "t": np.tile(np.arange(1, PERIODS + 1), UNITS),
    }
    long["first"] = np.repeat(np.where(first < PERIODS, first + 1, 0), PERIODS)
    pd.DataFrame(long).to_parquet(folder / "staggered.parquet")
    rng, t = np.random.default_rng(1), np.arange(72)
    rate = np.exp(0.15 * np.sin(2 * np.pi * t / 12) + np.cumsum(rng.normal(0, 0.02, 72)))
    own, other = rng.poisson(60 * rate), rng.poisson(300 * rate)
    course = np.log(other + 0.5)
    frame = {"count": own, "control": other, "y": np.log(own + 0.5), "c": course - course[:60].mean(), "post": t >= 60}
    for k in (1, 2):
        frame |= {f"s{k}": np.sin(2 * np.pi * k * t / 12), f"k{k}": np.cos(2 * np.pi * k * t / 12)}
    pd.DataFrame(frame, index=pd.date_range("2015-01-01", periods=72, freq="MS")).to_parquet(folder / "series.parquet")
    both = folder / "series.parquet"
    return {"staggered": folder / "staggered.parquet", "series": both, "interrupted": both}


def run(row: Row, data: Path, peer: str | None) -> dict[str, float | str] | None:
    if row.peer and peer is None:
        return None
    script = ["peers.py", row.name] if row.peer else ["speed.py", "--child", row.name]
    command = [peer if row.peer and peer else sys.executable, str(HERE / script[0]), *script[1:], "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{row.way} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table(data: Path, peer: str | None) -> str:
    lines = ["| work | way | CPU seconds | ratio | peak memory, MB | found | |", "|---|---|---|---|---|---|---|"]
    base = 1.0
    with tempfile.TemporaryDirectory() as folder:
        inputs = write_inputs(Path(folder))
        for row in ROWS:
            found = run(row, inputs.get(row.name, data), peer)
            if found is None:
                continue
            seconds = float(found["cpu"]) * row.times
            base = seconds if row.way.startswith("vru") else base
            cells = (
                f"{seconds:,.3g} | {seconds / base:,.0f}"
                if seconds < 1000
                else f"{seconds:,.0f} | {seconds / base:,.0f}"
            )
            memory = f"{float(found['megabytes']):,.0f}"
            lines.append(f"| {row.work} | {row.way} | {cells} | {memory} | {found['found']} | {row.note} |")
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", help="a Python that has diff-diff and CausalPy")
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.child:
        from peers import measured

        make, repeat = WAYS[args.child]
        print(json.dumps(measured(make(args.data), repeat)))
        return
    print(f"{datetime.date.today():%d %B %Y}\n\n{table(args.data, args.peer)}")


if __name__ == "__main__":
    main()
