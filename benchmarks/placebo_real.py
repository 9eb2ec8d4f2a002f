"""How often does each method find an effect where there was none? Real violence, areas and dates drawn by lot.

    python benchmarks/placebo_real.py --data DIR > benchmarks/placebo_real.md

DIR (or $VRU_DATA, or ../shared/data) holds police_uk/ and context/. Nothing was done to any of the areas drawn, so
every p below .05 is a false alarm and every 95% interval that excludes no effect is a miss.
"""

import argparse
import datetime
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy import stats

from vru.errors import MethodError
from vru.geography import build_panel
from vru.methods import METHODS
from vru.panel import Panel
from vru.protocol.fields import Protocol
from vru.results import Estimate
from vru.sources import SOURCES, Request

WINDOW = ("2018-01", "2022-03")
SETS = ((1, 20), (5, 30), (15, 45))
PER_AREA: dict[str, object] = {"area_weights": "number of areas"}
COMPARED: dict[str, tuple[str, dict[str, object]]] = {
    "weighted_displacement": ("weighted_displacement", {}),
    "weighted_displacement, per area": ("weighted_displacement", PER_AREA),
    "weighted_displacement, per area, overdispersed": (
        "weighted_displacement",
        PER_AREA | {"variance": "overdispersed"},
    ),
    "relative_rate_ratio": ("relative_rate_ratio", {}),
    "poisson_did": ("poisson_did", {"draws": 1999}),
    "staggered_did": ("staggered_did", {"draws": 299}),
    "staggered_poisson": ("staggered_poisson", {"draws": 299}),
    "synthetic_control": ("synthetic_control", {"draws": 199}),
    "synthetic_control, index": ("synthetic_control", {"draws": 199, "matching": "index"}),
    "synthetic_did": ("synthetic_did", {"draws": 50}),
    "synthetic_did, index": ("synthetic_did", {"draws": 50, "matching": "index"}),
    "calibrated_weights": ("calibrated_weights", {"draws": 199}),
    "controlled_interrupted_series": ("controlled_interrupted_series", {}),
    "structural_series": ("structural_series", {"draws": 999}),
}
ALONE: dict[str, tuple[str, dict[str, object]]] = {
    "before_after": ("before_after", {}),
    "interrupted_series": ("interrupted_series", {}),
    "structural_series, no comparison": ("structural_series", {"draws": 999, "controls": "none"}),
}
STAGGERED = ("staggered_did", "staggered_poisson")


@dataclass(frozen=True, slots=True)
class Run:
    """Months of one force that are used, and the months from which starts are drawn."""

    name: str
    force: str
    first: str
    start_from: str
    start_to: str


RUNS = (
    Run("Merseyside", "merseyside", "2018-01", "2020-01", "2021-03"),
    Run("Essex, all 25 months", "essex", "2018-01", "2021-06", "2021-11"),
    Run("Essex, last 13 months", "essex", "2021-03", "2021-08", "2021-11"),
)


@dataclass(slots=True)
class Tally:
    """One entry for each placebo evaluation that was answered."""

    alarm: list[bool] = field(default_factory=list)
    excluded: list[bool] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    refused: int = 0
    no_interval: int = 0


def protocol(force: str, data: Path) -> Protocol:
    """A plan over every LSOA of the force; who is treated is decided later, draw by draw."""
    features = json.loads((data / f"context/boundaries_lsoa11/lsoa11_{force}.geojson").read_text())["features"]
    codes = sorted(f["properties"]["lsoa11_code"] for f in features)
    text = "a benchmark, not an evaluation"
    tidier = ("why", "materials", "procedures", "who_provided", "how", "where", "when_and_how_much")
    violence = {"id": "violence", "measure": text, "filter": {"crime_type": ["Violence and sexual offences"]}}
    return Protocol.model_validate(
        {
            "id": "benchmark",
            "title": text,
            "template": "benchmark",
            "organisation": "benchmark",
            "roles": dict.fromkeys(("commissioner", "analyst", "assurer", "approver"), text),
            "definition_of_violence": text,
            "intervention": {"type": "none", "name": text, "start": WINDOW[1], **dict.fromkeys(tidier, text)},
            "theory_of_change": {k: [text] for k in ("inputs", "activities", "outputs", "outcomes", "assumptions")},
            "question": {"population": text, "comparator": text, "smallest_effect": 0.1},
            "units": {"kind": "lsoa11", "treated": codes[:1], "comparison": codes[1:]},
            "window": {"first": WINDOW[0], "last": WINDOW[1]},
            "outcomes": [violence],
            "data": [{"id": "crimes", "source": "police_uk"}],
            "graph": {"treatment": "none", "outcome": "violence", "adjustment": [], "edges": ["none -> violence"]},
            "analyses": [{"id": "main", "role": "primary", "method": "poisson_did", "outcome": "violence"}],
            "equity": {"plan": text},
            "seed": 1,
        }
    )


def read_force(force: str, data: Path, cache: Path) -> Panel:
    """Violence by LSOA and month of the whole window; months without a file are missing."""
    source = SOURCES["police_uk"]
    archive = data / "police_uk" / f"{force}_2018-01_2022-03.zip"
    events = source.read(Request(archive, cache, 1, lambda *at: None), source.options())
    return build_panel(protocol(force, data), {"crimes": events}, data).panel


def draw(whole: Panel, run: Run, sizes: tuple[int, int], rng: np.random.Generator) -> tuple[Panel, Panel]:
    """Areas and start by lot: all treated areas at one start, and the same areas each at a start of its own."""
    treated, comparison = sizes
    seen = whole.between(np.array([m >= run.first for m in whole.periods]))
    picked = rng.choice(len(seen.units), treated + comparison, replace=False)
    months = [m for m in seen.periods if run.start_from <= m <= run.start_to]
    own = {int(i): months[int(rng.integers(len(months)))] for i in picked[:treated]}
    shared = next(iter(own.values()))
    keep = np.isin(np.arange(len(seen.units)), picked)
    everyone = range(len(seen.units))
    named = replace(
        seen,
        role=tuple("treated" if i in own else "comparison" for i in everyone),
        starts=tuple(shared if i in own else None for i in everyone),
    )
    return named.subset(keep), replace(named, starts=tuple(own.get(i) for i in everyone)).subset(keep)


def fit(column: str, panel: Panel, sizes: tuple[int, int], rng: np.random.Generator) -> Estimate:
    name, options = (COMPARED | ALONE)[column]
    if "area_weights" in options:
        options = options | {"area_weights": {"treated": sizes[0], "comparison": sizes[1]}}
    return METHODS[name].fit(panel, "violence", METHODS[name].options.model_validate(options), rng)


def add(tally: Tally, e: Estimate, treated: int) -> None:
    tally.size.append(treated)
    tally.alarm.append(e.p is not None and e.p < 0.05)
    if e.low is None and e.high is None:
        tally.no_interval += 1
        return
    tally.excluded.append((e.low is not None and e.low > 0) or (e.high is not None and e.high < 0))


def evaluate(whole: Panel, run: Run, reps: int, only: str, rng: np.random.Generator) -> dict[str, Tally]:
    """``reps`` placebo evaluations by every method, the sizes of the sets in turn.

    Every method has draws of its own, so that leaving some out changes none of the others' figures.
    """
    found: dict[str, Tally] = defaultdict(Tally)
    for i, own in enumerate(rng.spawn(reps)):
        sizes = SETS[i % len(SETS)]
        together, staggered = draw(whole, run, sizes, own)
        for column, lot in zip(COMPARED | ALONE, own.spawn(len(COMPARED | ALONE)), strict=True):
            if not re.search(only, column):
                continue
            try:
                e = fit(column, staggered if column in STAGGERED else together, sizes, lot)
            except MethodError:
                found[column].refused += 1
                continue
            add(found[column], e, sizes[0])
    return found


def share(hits: list[bool]) -> str:
    return f"{100 * float(np.mean(hits)):.1f}" if hits else "-"


def row(run: Run, column: str, tally: Tally) -> str:
    sizes = [share([a for a, n in zip(tally.alarm, tally.size, strict=True) if n == t]) for t, _ in SETS]
    silent = "; ".join(
        f"{n} {what}" for n, what in ((tally.refused, "refused"), (tally.no_interval, "no interval")) if n
    )
    cells = [
        column,
        run.name,
        str(len(tally.alarm)),
        share(tally.alarm),
        share(tally.excluded),
        " / ".join(sizes),
        silent,
    ]
    return f"| {' | '.join(cells)} |"


def table(columns: dict[str, tuple[str, dict[str, object]]], results: dict[Run, dict[str, Tally]]) -> str:
    sets = " / ".join(str(t) for t, _ in SETS)
    head = (
        f"| method | run | answered | p < .05, % | 95% interval excludes no effect, % | p < .05 with {sets} treated | |"
    )
    return "\n".join(
        [
            head,
            "|---|---|---|---|---|---|---|",
            *(row(r, c, found[c]) for c in columns for r, found in results.items() if c in found),
        ]
    )


def binomial_range(n: int) -> str:
    low, high = (100 * float(q) / n for q in stats.binom.ppf((0.025, 0.975), n, 0.05))
    return f"{low:.1f} to {high:.1f}"


def page(args: argparse.Namespace, results: dict[Run, dict[str, Tally]], panels: dict[str, Panel], cpu: float) -> str:
    per_set, sets = args.reps // len(SETS), "; ".join(f"{t} treated and {c} comparison" for t, c in SETS)
    levels = "; ".join(
        f"{f.capitalize()}: {p.shape[0]:,} LSOAs, {int((~p.missing.all(axis=0)).sum())} of {p.shape[1]} months, "
        f"{float(np.nanmean(p.counts['violence'])):.1f} offences per LSOA-month"
        for f, p in panels.items()
    )
    runs = "\n".join(
        f"- {r.name}: months from {r.first} to {WINDOW[1]}, starts from {r.start_from} to {r.start_to}." for r in RUNS
    )
    return f"""# False alarms on real violence

{datetime.date.today():%d %B %Y}; `python benchmarks/placebo_real.py --data DIR --reps {args.reps} --seed {args.seed}`;
{cpu:.0f} seconds of one core. Contains public sector information licensed under the Open Government Licence v3.0.

Recorded violence and sexual offences (data.police.uk). {levels}.

{args.reps} placebo evaluations by each method in each run, in turn with {sets} LSOAs.
Areas are drawn by lot from the whole force, and so is the start. Nothing was done to any of them, so a method that keeps its
promise has 5% of p below .05 and of intervals that exclude no effect: nineteen times in twenty {binomial_range(args.reps)}% of
{args.reps} evaluations, and {binomial_range(per_set)}% of the {per_set} with sets of one size. Evaluations of one force share its
months, so they are not independent and the true range is wider. "No interval": neither end is bounded.

{runs}

Months that a force did not publish are missing, never zero: 2019-07 in Merseyside; in Essex all but 2018-01 to 07, 2018-10 to
2019-02 and 2021-03 to 2022-03, the last being its longest run. The window holds the lockdowns of 2020 and 2021 and a rise of
about half in Merseyside. staggered_did and staggered_poisson give each treated area a start of its own; all others share one.
Fewer draws than by default: poisson_did 1,999, staggered 299, placebos 199 (synthetic_did 50), structural_series 999.
"Per area": each arm's counts divided by its number of areas (`area_weights`).

## Methods with a comparison

{table(COMPARED, results)}

## Methods without one

Any change of the whole force is in their figure, so these are no failures of arithmetic: they are what a change that has nothing
to do with a programme looks like when nobody else is looked at.

{table(ALONE, results)}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VRU_DATA", beside)))
    parser.add_argument("--reps", type=int, default=200, help="placebo evaluations by each method in each run")
    parser.add_argument("--only", default="", help="regular expression: methods whose rows are wanted")
    parser.add_argument("--seed", type=int, default=20261125)
    args = parser.parse_args()
    if not (args.data / "police_uk").is_dir():
        parser.error(f"no police_uk/ in {args.data}: give --data or set VRU_DATA")
    warnings.simplefilter("ignore")
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        panels = {f: read_force(f, args.data, Path(folder)) for f in dict.fromkeys(r.force for r in RUNS)}
    results = {}
    for run, rng in zip(RUNS, np.random.default_rng(args.seed).spawn(len(RUNS)), strict=True):
        results[run] = evaluate(panels[run.force], run, args.reps, args.only, rng)
        print(f"{time.process_time() - started:6.0f} s  {run.name}", file=sys.stderr, flush=True)
    print(page(args, results, panels, time.process_time() - started))


if __name__ == "__main__":
    main()
