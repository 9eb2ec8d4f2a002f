"""How often checks on one part, anticipation and negative controls speak, with their defect there and not.

    python benchmarks/validity_checks.py --reps 200 > benchmarks/validity_checks.md

Made-up panels: 20 against 20 areas, 24 months before and 12 after, 20 offences an area and month with areas of unlike level
and some dispersion, a true fall of 25%; analysed by poisson_did with the cluster-robust error.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from vru.checks import CHECKS, Case
from vru.methods import METHODS
from vru.panel import Panel
from vru.protocol import load
from vru.results import Estimate

PROTOCOL = load(Path(__file__).resolve().parents[1] / "evaluations" / "merseyside-placebo")
METHOD = METHODS["poisson_did"]
PRE, POST, ARM = 24, 12, 20


def panel(rng: np.random.Generator, defect: str) -> Panel:
    treated = np.arange(2 * ARM) < ARM
    rate = 20 * np.exp(rng.normal(0, 0.4, 2 * ARM))[:, None] * rng.gamma(20, 0.05, (2 * ARM, PRE + POST))
    calm = rate.copy()
    rate[:ARM, PRE:] *= 0.75
    if defect == "anticipation":
        rate[:ARM, PRE - 3 : PRE] *= 0.75
    if defect == "leave_one_out":
        rate[:ARM, PRE:] /= 0.75
        rate[0] = 600 * np.where(np.arange(PRE + POST) < PRE, 1.0, 0.3)
    if defect == "placebo_outcome":
        calm[:ARM, PRE:] *= 0.75
    months = tuple(str(m) for m in np.datetime64("2019-01", "M") + np.arange(PRE + POST))
    counts = {"violence": rng.poisson(rate).astype(float), "untouched": rng.poisson(calm).astype(float)}
    return Panel(
        units=tuple(f"a{i:02d}" for i in range(2 * ARM)),
        periods=months,
        counts=counts,
        role=tuple("treated" if t else "comparison" for t in treated),
        starts=tuple(months[PRE] if t else None for t in treated),
        missing=np.zeros(rate.shape, dtype=bool),
    )


def refit(data: Panel) -> Estimate:
    return METHOD.fit(data, "violence", METHOD.options(inference="cluster"), np.random.default_rng(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reps", type=int, default=200)
    reps = parser.parse_args().reps
    options = {"leave_one_out": {"most": 5}, "anticipation": {}, "placebo_outcome": {"outcomes": ("untouched",)}}
    print(f"# Checks with and without their defect\n\n{reps} draws a line, verdicts in 100.\n")
    print("| check | defect | pass | concern | fail |\n|---|---|---|---|---|")
    for name, chosen in options.items():
        for defect in ("", name):
            said = {"pass": 0, "concern": 0, "fail": 0, "not_run": 0}
            for rep in range(reps):
                data = panel(np.random.default_rng([rep, len(defect)]), defect)
                case = Case(PROTOCOL, data, replace(refit(data), analysis="did"), None, refit)  # type: ignore[arg-type]
                found = CHECKS[name].run(case, CHECKS[name].options(**chosen), np.random.default_rng(rep))
                said[found.verdict] += 1
            shares = " | ".join(f"{100 * said[v] / reps:.1f}" for v in ("pass", "concern", "fail"))
            print(f"| {name} | {'there' if defect else 'none'} | {shares} |")


if __name__ == "__main__":
    main()
