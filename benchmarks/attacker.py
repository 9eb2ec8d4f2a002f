"""Who holds everything that was published tries to bound every hidden small count: 300 simulated evaluations.

    python benchmarks/attacker.py [--evaluations 300]

writes ``benchmarks/attacker.md``. The attacker and the simulation are those of ``tests/disclosure`` (``attacker.py``,
``simulated.py``), where fewer are run; each evaluation has two versions, two records, three nested outcomes and two groups.
"""

import argparse
import runpy
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import process_time

import numpy as np
import yaml

from vru.disclosure import PROFILES
from vru.protocol import Protocol
from vru.results import EvaluationResult, from_json

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "disclosure"
sys.path.insert(0, str(TESTS))
SIMULATED = runpy.run_path(str(TESTS / "simulated.py"))
FEW = runpy.run_path(str(TESTS / "test_few.py"))


def example() -> tuple[Protocol, EvaluationResult]:
    folder = ROOT / "tests" / "library" / "example"
    plan = Protocol.model_validate(yaml.safe_load((folder / "protocol.yaml").read_text(encoding="utf-8")))
    return plan, from_json((folder / "result.json").read_text(encoding="utf-8"))


def areas(evaluations: int) -> Iterator[str]:
    """Rows of the table of areas by month."""
    plan, outcome = example()
    # Rounded counts hang together over the whole window, and cost the attacker ten times as long.
    for profile, many in (("police_local", evaluations - evaluations // 10), ("nhs_hes_ecds", evaluations // 10)):
        rng, tally = np.random.default_rng(20261128), SIMULATED["Tally"]()
        for _ in range(many):
            SIMULATED["attacked"](plan, outcome, SIMULATED["world"](rng, profile), tally)
        yield (
            f"| {profile} | {many} | {tally.second} | {tally.others} | {tally.hidden:,} | {tally.recovered} "
            f"| {tally.undecided} | {tally.alone / tally.cells:.0%} | {tally.runs / tally.cells:.0%} "
            f"| {tally.told / tally.offences:.0%} | {tally.plain / tally.cells:.0%} | {tally.plainly / tally.offences:.0%} |"
        )


def trials(evaluations: int) -> Iterator[str]:
    """Rows of the table of trials of people with few events in an arm."""
    plan, outcome = example()
    again = plan.outcomes[0].model_copy(update={"id": "again", "kind": "binary"})
    for profile in ("police_local", "nhs_hes_ecds"):
        rng, tally = np.random.default_rng(11), SIMULATED["Tally"]()
        held = plan.model_copy(
            update={"outcomes": [again], "disclosure": plan.disclosure.model_copy(update={"profile": profile})}
        )
        for _ in range(evaluations // 2):
            n, others = int(rng.integers(60, 300)), int(rng.integers(12, 30))
            events = int(rng.integers(1, (PROFILES[profile].largest or 0) + 1))
            scale = ("risk_difference", "log_rate_ratio")[int(rng.integers(2))]

            def full(k: int, n: int = n, others: int = others, scale: str = scale) -> EvaluationResult:
                made: EvaluationResult = FEW["trial"](outcome, k, others, n, scale if k else "risk_difference")
                return made

            SIMULATED["trial_attacked"](held, full(events), full, events, tally)
        yield f"| {profile} | {evaluations // 2} | {tally.hidden} | {tally.recovered} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--evaluations", type=int, default=300)
    n, began = parser.parse_args().evaluations, process_time()
    by_month, of_people = list(areas(n)), list(trials(n // 3))
    lines = (
        "# The attacker",
        "",
        f"{date.today():%-d %B %Y}; `python benchmarks/attacker.py --evaluations {n}`; CPU {process_time() - began:.0f} s.",
        "",
        "Areas by month, three outcomes of which two are parts of the first, treated and comparison areas, 22 to 30 months.",
        "Each evaluation offers a second version with a longer window and another record with one area fewer; what the checks",
        "let through is published, and attacked together by integer programming. Hidden are small counts of a group, of an",
        "area that one record has beyond another, and of what is left of an outcome beside its parts. Recovered is a count",
        "bounded within less than the rule's own range. Under the health profile counts are rounded to five as well.",
        "",
        "| profile | evaluations | second versions out | other records out | small counts hidden | recovered | undecided "
        "| months shown alone | sums shown, of months | offences in sums | plain rule: months shown | its offences |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *by_month,
        "",
        "The plain rule leaves out a month with a small count in every group and outcome, and a second one where a part of the",
        "window has but one; it publishes no sums over months.",
        "",
        "Trials of people with few events in an arm; the attacker runs the whole rule on every number of events:",
        "",
        "| profile | trials | hidden | recovered |",
        "|---|---|---|---|",
        *of_people,
        "",
    )
    (ROOT / "benchmarks" / "attacker.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
