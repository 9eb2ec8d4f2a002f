"""How often does the primary interval of each template hold the truth of its practice data?

    python benchmarks/templates_cover.py --draws 200 > benchmarks/templates_cover.md

The plan is the template's own; its data are made by code that shares nothing with the methods. A rate is judged by the
99% Monte Carlo interval of what was measured: it should meet 93 to 97%. Before-after templates claim no effect; their row
shows what would happen to somebody who did.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import yaml
from scipy import stats

from vru.evaluation import fit
from vru.process.practice import PRACTICE, practice, written
from vru.process.practice.made import MARK, mark
from vru.resources import template_text
from vru.run.study import build, load_study

NO_CLAIM = {"simple_before_after", "trauma_informed_training"}


def truth_of(truth: dict[str, float]) -> float:
    """The true value on the estimate's own scale."""
    return float(np.log(truth["rate_ratio"])) if "rate_ratio" in truth else float(next(iter(truth.values())))


def one(template: str, seed: int, folder: Path) -> tuple[float, float | None, float | None, float]:
    """Estimate, its interval and the truth, of one draw."""
    made = practice(template, seed)
    plan = written(template_text(template), made).replace("id: my-evaluation", "id: practice", 1)
    primary = next(a for a in yaml.safe_load(plan)["analyses"] if a["role"] == "primary")["id"]
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "protocol.yaml").write_text(plan, encoding="utf-8")
    for name, data in {**made.files, MARK: mark(made, seed)}.items():
        (folder / "data" / name).write_bytes(data)
    study = load_study(folder)
    built = build(study, lambda what, done, total: None)
    bound = next(a for a in study.plan.analyses if a.plan.id == primary)
    e = fit(study.plan.protocol, bound, built.data)
    return e.value, e.low, e.high, truth_of(dict(made.truth))


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--draws", type=int, default=200)
    ask.add_argument("--only", nargs="*", default=sorted(PRACTICE))
    given = ask.parse_args()
    print("| template | draws | mean error | interval holds the truth | 99% Monte Carlo | meets 93-97% |")
    print("|---|---|---|---|---|---|")
    for template in given.only:
        rows = []
        for seed in range(given.draws):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(one(template, seed + 10, Path(folder)))
        held = sum(low is not None and high is not None and low <= t <= high for _, low, high, t in rows)
        span = stats.binomtest(held, len(rows)).proportion_ci(0.99)
        meets = (
            "claims no effect" if template in NO_CLAIM else "yes" if span.low <= 0.97 and span.high >= 0.93 else "no"
        )
        error = np.mean([v - t for v, _, _, t in rows])
        rate = f"{held / len(rows):.1%} | {span.low:.1%} to {span.high:.1%}"
        said = f"| {template} | {len(rows)} | {error:+.3f} | {rate} | {meets} |"
        print(said, flush=True)


if __name__ == "__main__":
    main()
