"""How often does each method find an effect where there was none? Real violence, areas drawn as they are chosen in life.

    python benchmarks/placebo_real.py --data DIR --json toolkit/vru/methods/measured.json > benchmarks/placebo_real.md

DIR (or $VRU_DATA, or ../shared/data) holds police_uk/ and context/. Nothing was done to any of the areas drawn, so
every p below .05 is a false alarm and every 95% interval that excludes no effect is a miss. What ``--json`` writes is what
the methods' own notes and ``vru check`` say of their error rates.
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
from vru.panel import Panel, SelectionHistory
from vru.protocol.fields import Protocol
from vru.results import Estimate
from vru.sources import SOURCES, Request

WINDOW = ("2018-01", "2022-03")
SETS = ((1, 20), (5, 30), (15, 45))
HOT = 20
PEAK_MONTHS = 3
WAYS = {
    "force_lot": "by lot from the whole force",
    "hot_lot": f"the {2 * HOT} hottest of the year before the window, half of them by lot",
    "rank": f"ranks 1 to {HOT} of the year before the window against ranks {HOT + 1} to {2 * HOT}",
    "peak": f"ranks 1 to {HOT} of the {PEAK_MONTHS} months before the start against ranks {HOT + 1} to {2 * HOT}",
    "district": f"the {HOT} hottest of a district drawn by lot against the {HOT} hottest of the others",
}
"""How the areas called treated, and those they are compared with, are drawn."""
PER_AREA: dict[str, object] = {"area_weights": "number of areas"}
COMPARED: dict[str, tuple[str, dict[str, object]]] = {
    "weighted_displacement": ("weighted_displacement", {}),
    "weighted_displacement, per area": ("weighted_displacement", PER_AREA),
    "weighted_displacement, as published": ("weighted_displacement", {"variance": "as_published"}),
    "weighted_displacement, per area, as published": (
        "weighted_displacement",
        PER_AREA | {"variance": "as_published"},
    ),
    "weighted_displacement, per area, overdispersed": (
        "weighted_displacement",
        PER_AREA | {"variance": "overdispersed"},
    ),
    "relative_rate_ratio": ("relative_rate_ratio", {"draws": 1999}),
    "relative_rate_ratio, as published": ("relative_rate_ratio", {"variance": "as_published"}),
    "poisson_did": ("poisson_did", {"draws": 1999}),
    "level_adjusted_did": ("level_adjusted_did", {}),
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
    """Months of one force that are used, the months before them on which areas are ranked, and those of starts."""

    name: str
    force: str
    ranked: tuple[str, str]
    first: str
    start_from: str
    start_to: str


RUNS = (
    Run("Merseyside", "merseyside", ("2018-01", "2018-12"), "2019-01", "2020-01", "2021-03"),
    Run("Essex", "essex", ("2018-01", "2018-10"), "2018-11", "2021-06", "2021-11"),
    Run("Essex, last 13 months", "essex", ("2018-01", "2018-10"), "2021-03", "2021-08", "2021-11"),
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


@dataclass(frozen=True, slots=True)
class Drawn:
    """Positions of the areas called treated and of those compared, the start, and the months of the ranking."""

    treated: list[int]
    comparison: list[int]
    start: str
    ranked: tuple[str, ...]


def draw(way: str, whole: Panel, run: Run, districts: np.ndarray, i: int, rng: np.random.Generator) -> Drawn:
    """Areas and start of one placebo evaluation."""
    seen = [m for j, m in enumerate(whole.periods) if not whole.missing[:, j].all()]
    months = [m for m in seen if run.start_from <= m <= run.start_to]
    start = months[int(rng.integers(len(months)))]
    ranked = tuple(m for m in seen if run.ranked[0] <= m <= run.ranked[1])
    if way == "force_lot":
        treated, comparison = SETS[i % len(SETS)]
        picked = [int(u) for u in rng.choice(len(whole.units), treated + comparison, replace=False)]
        return Drawn(picked[:treated], picked[treated:], start, ranked)
    if way == "peak":
        ranked = tuple([m for m in seen if run.first <= m < start][-PEAK_MONTHS:])
    order = by_rank(whole, ranked)
    if way == "district":
        own = districts == rng.choice(np.unique(districts[order[: 10 * HOT]]))
        return Drawn([u for u in order if own[u]][:HOT], [u for u in order if not own[u]][:HOT], start, ranked)
    top = order[: 2 * HOT]
    if way == "hot_lot":
        top = [top[int(j)] for j in rng.permutation(2 * HOT)]
    return Drawn(top[:HOT], top[HOT:], start, ranked)


def by_rank(whole: Panel, months: tuple[str, ...]) -> list[int]:
    at = [whole.periods.index(m) for m in months]
    return [int(u) for u in np.argsort(-whole.counts["violence"][:, at].sum(axis=1), kind="stable")]


def panels(whole: Panel, run: Run, drawn: Drawn, rng: np.random.Generator) -> tuple[Panel, Panel]:
    """All treated areas at one start, and the same areas each at a start of its own."""
    at = [whole.periods.index(m) for m in drawn.ranked]
    chosen = np.isin(np.arange(len(whole.units)), [*drawn.treated, *drawn.comparison])
    history = SelectionHistory("violence", drawn.ranked, whole.units, whole.counts["violence"][:, at], chosen)
    seen = whole.between(np.array([m >= run.first for m in whole.periods]))
    months = [m for m in seen.periods if run.start_from <= m <= run.start_to]
    own = {u: months[int(rng.integers(len(months)))] for u in drawn.treated}
    everyone = range(len(seen.units))
    named = replace(
        seen,
        selection=history,
        role=tuple("treated" if i in own else "comparison" for i in everyone),
        starts=tuple(drawn.start if i in own else None for i in everyone),
    )
    return named.subset(chosen), replace(named, starts=tuple(own.get(i) for i in everyone)).subset(chosen)


def fit(column: str, panel: Panel, rng: np.random.Generator) -> Estimate:
    name, options = (COMPARED | ALONE)[column]
    if "area_weights" in options:
        arms = {r: int(panel.is_role(r).sum()) for r in ("treated", "comparison")}
        options = options | {"area_weights": arms}
    return METHODS[name].fit(panel, "violence", METHODS[name].options.model_validate(options), rng)


def add(tally: Tally, e: Estimate, treated: int) -> None:
    tally.size.append(treated)
    tally.alarm.append(e.p is not None and e.p < 0.05)
    if e.low is None and e.high is None:
        tally.no_interval += 1
        return
    tally.excluded.append((e.low is not None and e.low > 0) or (e.high is not None and e.high < 0))


def evaluate(
    way: str, whole: Panel, run: Run, districts: np.ndarray, reps: int, only: str, rng: np.random.Generator
) -> dict[str, Tally]:
    """``reps`` placebo evaluations by every method; of the whole force, the sizes of the sets in turn.

    Every method has draws of its own, so that leaving some out changes none of the others' figures.
    """
    found: dict[str, Tally] = defaultdict(Tally)
    for i, own in enumerate(rng.spawn(reps)):
        drawn = draw(way, whole, run, districts, i, own)
        together, staggered = panels(whole, run, drawn, own)
        for column, lot in zip(COMPARED | ALONE, own.spawn(len(COMPARED | ALONE)), strict=True):
            if not re.search(only, column):
                continue
            try:
                e = fit(column, staggered if column in STAGGERED else together, lot)
            except MethodError:
                found[column].refused += 1
                continue
            add(found[column], e, len(drawn.treated))
    return found


def share(hits: list[bool]) -> str:
    return f"{100 * float(np.mean(hits)):.1f}" if hits else "-"


Found = dict[str, dict[Run, dict[str, Tally]]]


def cell(tally: Tally | None) -> str:
    if tally is None or not (tally.alarm or tally.refused):
        return ""
    if not tally.alarm:
        return "refused"
    return share(tally.alarm) + ("*" if tally.refused or tally.no_interval else "")


def table(columns: dict[str, tuple[str, dict[str, object]]], found: Found, pick: str) -> str:
    head = (
        "| method | " + " | ".join(f"{w.replace('_', ' ')}: {r.name}" for w, runs in found.items() for r in runs) + " |"
    )
    lines = [head, "|---" * (1 + sum(len(r) for r in found.values())) + "|"]
    for c in columns:
        cells = []
        for runs in found.values():
            for tallies in runs.values():
                t = tallies.get(c)
                cells.append(cell(t) if pick == "alarm" else "" if t is None else share(t.excluded))
        lines.append(f"| {c} | {' | '.join(cells)} |")
    return "\n".join(lines)


def by_size(found: Found) -> str:
    """False alarms by number of treated areas, where areas are drawn from the whole force."""
    sets = " / ".join(str(t) for t, _ in SETS)
    lines = ["| method | " + " | ".join(f"{r.name}: {sets} treated" for r in found["force_lot"]) + " |"]
    lines.append("|---" * (1 + len(found["force_lot"])) + "|")
    for c in COMPARED:
        cells = []
        for tallies in found["force_lot"].values():
            t = tallies.get(c, Tally())
            cells.append(
                " / ".join(share([a for a, n in zip(t.alarm, t.size, strict=True) if n == k]) for k, _ in SETS)
            )
        lines.append(f"| {c} | {' | '.join(cells)} |")
    return "\n".join(lines)


def binomial_range(n: int) -> str:
    low, high = (100 * float(q) / n for q in stats.binom.ppf((0.025, 0.975), n, 0.05))
    return f"{low:.1f} to {high:.1f}"


def page(args: argparse.Namespace, found: Found, panels: dict[str, Panel], cpu: float) -> str:
    levels = "; ".join(
        f"{f.capitalize()}: {p.shape[0]:,} LSOAs, {int((~p.missing.all(axis=0)).sum())} of {p.shape[1]} months, "
        f"{float(np.nanmean(p.counts['violence'])):.1f} offences per LSOA-month"
        for f, p in panels.items()
    )
    runs = "\n".join(
        f"- {r.name}: ranked on {r.ranked[0]} to {r.ranked[1]}, months from {r.first} to {WINDOW[1]}, starts from "
        f"{r.start_from} to {r.start_to}."
        for r in RUNS
    )
    ways = "\n".join(f"- {name.replace('_', ' ')}: {text}." for name, text in WAYS.items())
    return f"""# False alarms on real violence

{datetime.date.today():%d %B %Y}; `python benchmarks/placebo_real.py --data DIR --reps {args.reps} --seed {args.seed}`;
{cpu:.0f} seconds of one core. Contains public sector information licensed under the Open Government Licence v3.0.

Recorded violence and sexual offences (data.police.uk). {levels}.

{args.reps} placebo evaluations by each method in each run and for each way in which areas are drawn:

{ways}

Sets from the whole force are in turn {"; ".join(f"{t} treated and {c} comparison" for t, c in SETS)} LSOAs. Nothing was
done to any of them, so a method that keeps its promise has 5% of p below .05: nineteen times in twenty
{binomial_range(args.reps)}% of {args.reps} evaluations. By rank and by peak only the start varies between draws, and
evaluations of one force share its months, so those columns are one history each and not {args.reps} independent draws;
`benchmarks/placebo_ranks.md` has more of them.

{runs}

Months that a force did not publish are missing, never zero: 2019-07 in Merseyside; in Essex all but 2018-01 to 07, 2018-10 to
2019-02 and 2021-03 to 2022-03, the last being its longest run. The window holds the lockdowns of 2020 and 2021 and a rise of
about half in Merseyside. staggered_did and staggered_poisson give each treated area a start of its own; all others share one.
Fewer draws than by default: poisson_did and relative_rate_ratio 1,999, staggered 299, placebos 199 (synthetic_did 50),
structural_series 999.
"Per area": each arm's counts divided by its number of areas (`area_weights`). A star: some evaluations were refused or had no
interval.

## p below .05, in per cent: methods with a comparison

{table(COMPARED, found, "alarm")}

## 95% interval excludes no effect, in per cent

{table(COMPARED, found, "excluded")}

## By number of treated areas, drawn from the whole force

{by_size(found)}

## p below .05, in per cent: methods without a comparison

Any change of the whole force is in their figure, so these are no failures of arithmetic: they are what a change that has nothing
to do with a programme looks like when nobody else is looked at.

{table(ALONE, found, "alarm")}"""


def measured(args: argparse.Namespace, found: Found) -> str:
    """For the methods' notes: method -> way -> run -> how many of how many had p below .05; default options only."""
    plain = {c: m for c, (m, options) in (COMPARED | ALONE).items() if not set(options) - {"draws"}}
    rates: dict[str, dict[str, dict[str, list[int]]]] = {}
    for way, runs in found.items():
        for run, tallies in runs.items():
            for column, method in plain.items():
                t = tallies.get(column)
                if t is not None and t.alarm:
                    rates.setdefault(method, {}).setdefault(way, {})[run.name] = [sum(t.alarm), len(t.alarm)]
    about = {"made_on": f"{datetime.date.today():%Y-%m-%d}", "reps": args.reps, "seed": args.seed}
    return json.dumps({"about": about, "ways": WAYS, "false_alarms": rates}, indent=1) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VRU_DATA", beside)))
    parser.add_argument("--reps", type=int, default=200, help="placebo evaluations by each method, run and way")
    parser.add_argument("--only", default="", help="regular expression: methods whose rows are wanted")
    parser.add_argument("--json", type=Path, help="where to write the rates that the methods' notes quote")
    parser.add_argument("--seed", type=int, default=20261127)
    args = parser.parse_args()
    if not (args.data / "police_uk").is_dir():
        parser.error(f"no police_uk/ in {args.data}: give --data or set VRU_DATA")
    warnings.simplefilter("ignore")
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        wholes = {f: read_force(f, args.data, Path(folder)) for f in dict.fromkeys(r.force for r in RUNS)}
    districts = {f: districts_of(f, w, args.data) for f, w in wholes.items()}
    found: Found = {}
    for way, rngs in zip(WAYS, np.random.default_rng(args.seed).spawn(len(WAYS)), strict=True):
        for run, rng in zip(RUNS, rngs.spawn(len(RUNS)), strict=True):
            if way == "peak" and run.first > "2021":
                continue
            tallies = evaluate(way, wholes[run.force], run, districts[run.force], args.reps, args.only, rng)
            found.setdefault(way, {})[run] = tallies
            print(f"{time.process_time() - started:6.0f} s  {way}: {run.name}", file=sys.stderr, flush=True)
    if args.json:
        args.json.write_text(measured(args, found), encoding="utf-8")
    print(page(args, found, wholes, time.process_time() - started))


def districts_of(force: str, whole: Panel, data: Path) -> np.ndarray:
    """The district of every LSOA, ``(n_units,)``."""
    import pandas as pd

    frame = pd.read_csv(data / "context/lsoa11_attributes_EW.csv.gz")
    named = dict(zip(frame["lsoa11_code"], frame["ltla21_name"].astype(str), strict=True))
    return np.array([named.get(u, "") for u in whole.units])


if __name__ == "__main__":
    main()
