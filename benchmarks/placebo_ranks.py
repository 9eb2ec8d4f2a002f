"""Hot spots against the next hottest, nothing done: how often is an effect found, and how often is it called caused?

    python benchmarks/placebo_ranks.py --data DIR > benchmarks/placebo_ranks.md

DIR (or $VRU_DATA, or ../shared/data) holds police_uk/ and context/. Areas are ranked on the first ten or twelve months, which
are then left out; ranks 1 to k are called treated and k+1 to 2k comparison. Every start month is tried that leaves six months
before it and six from it on. The whole plan of the template hotspot_patrol is evaluated, with every check of it.
"""

import argparse
import datetime
import os
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vru.binding import resolve
from vru.errors import MethodError
from vru.evaluation import Inputs, evaluate, fit
from vru.geography import build_panel
from vru.graph import identify
from vru.panel import Panel
from vru.protocol import Registration
from vru.protocol.fields import Protocol
from vru.replay import from_record, ranking
from vru.resources import template_text
from vru.sources import SOURCES, Request
from vru.words.evidence import strength

EDGE = 6
SIZES = (10, 20, 40)
OUTCOMES = {"violence": "Violence and sexual offences", "robbery": "Robbery"}
COMPARED = ("level_adjusted_did", "poisson_did", "relative_rate_ratio", "weighted_displacement")
TRUE, THINNED = 0.7, 4


@dataclass(frozen=True, slots=True)
class Force:
    """Months on which areas are ranked, and the first and last month of the window."""

    name: str
    ranked: tuple[str, str]
    window: tuple[str, str]


FORCES = (
    Force("merseyside", ("2018-01", "2018-12"), ("2019-01", "2022-03")),
    Force("essex", ("2018-01", "2018-10"), ("2018-11", "2022-03")),
)


@dataclass(slots=True)
class Tally:
    """What one method said, start by start."""

    alarm: list[bool] = field(default_factory=list)
    size: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    refused: int = 0


@dataclass(slots=True)
class Said:
    """What the template's reports said of nothing."""

    words: list[str] = field(default_factory=list)
    level: list[int] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VRU_DATA", beside)))
    parser.add_argument("--every", type=int, default=1, help="evaluate the whole plan at every so-manieth start")
    parser.add_argument("--seed", type=int, default=20261127)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.process_time()
    rows: list[str] = []
    said: list[str] = []
    rng = np.random.default_rng(args.seed)
    for force in FORCES:
        for outcome, kind in OUTCOMES.items():
            for size in SIZES:
                methods, words = measure(args.data, force, outcome, kind, size, args.every, rng)
                label = f"{force.name.capitalize()}, {outcome}, {size} v {size}"
                rows += [row(label, m, t) for m, t in methods.items()]
                said.append(said_row(label, words))
                print(f"{time.process_time() - started:6.0f} s  {label}", file=sys.stderr, flush=True)
    print(page(args, rows, said, time.process_time() - started))


def measure(
    data: Path, force: Force, outcome: str, kind: str, size: int, every: int, rng: np.random.Generator
) -> tuple[dict[str, Tally], Said]:
    """Every start of one force, outcome and size of set: methods alone, and the whole plan."""
    whole, plan = read(data, force, outcome, kind)
    history = whole.selection
    assert history is not None
    order = [int(i) for i in ranking(history)]
    arms = order[:size], order[size : 2 * size]
    months = [m for m in whole.periods if force.window[0] <= m <= force.window[1]]
    seen = [m for m in months if not whole.missing[:, whole.periods.index(m)].all()]
    methods, words = {m: Tally() for m in COMPARED}, Said()
    for j, start in enumerate(seen[EDGE : len(seen) - EDGE + 1]):
        panel = from_record(history, arms, months, start)
        named = plan_of(plan, history.pool, arms, start)
        for method, tally in methods.items():
            alone(method, named, panel, outcome, tally, rng)
        if j % every == 0:
            bound = resolve(named)
            inputs = Inputs(Registration("yes"), identify(named.graph), (), {}, {}, {})
            result = evaluate(bound, panel, inputs)
            words.words.append(strength(result, outcome) if claims(result.primary) else "nothing")
            words.level.append(result.ratings[0].level)
    return methods, words


def claims(estimate: object) -> bool:
    return estimate.low is not None and (estimate.low > 0 or estimate.high < 0)  # type: ignore[attr-defined]


def alone(method: str, plan: Protocol, panel: Panel, outcome: str, tally: Tally, rng: np.random.Generator) -> None:
    """One method where nothing was done, and where a third of treated offences after the start is taken away."""
    bound = next(a for a in resolve(as_primary(plan, method)).analyses if a.plan.role == "primary")
    try:
        found = fit(plan, bound, panel)
    except MethodError:
        tally.refused += 1
        return
    tally.alarm.append(found.p is not None and found.p < 0.05)
    if found.scale == "log_rate_ratio":
        tally.size.append(found.value)
        for _ in range(THINNED):
            thinned = fit(plan, bound, fewer(panel, outcome, rng))
            tally.covered.append(thinned.low is not None and thinned.low <= np.log(TRUE) <= thinned.high)
            tally.found.append(thinned.high is not None and thinned.high < 0)


def fewer(panel: Panel, outcome: str, rng: np.random.Generator) -> Panel:
    treated = panel.treated_periods() & ~panel.missing
    counts = panel.counts[outcome].copy()
    counts[treated] = rng.binomial(counts[treated].astype(int), TRUE)
    return replace(panel, counts={outcome: counts})


def as_primary(plan: Protocol, method: str) -> Protocol:
    analysis = plan.analyses[0].model_copy(update={"method": method, "options": {}})
    return plan.model_copy(update={"analyses": [analysis], "checks": []})


def plan_of(plan: Protocol, pool: tuple[str, ...], arms: tuple[list[int], list[int]], start: str) -> Protocol:
    treated, comparison = ([pool[i] for i in rows] for rows in arms)
    units = plan.units.model_copy(update={"treated": treated, "comparison": comparison})
    intervention = plan.intervention.model_copy(update={"start": start})
    return plan.model_copy(update={"units": units, "intervention": intervention})


def read(data: Path, force: Force, outcome: str, kind: str) -> tuple[Panel, Protocol]:
    """The template's plan for one force and outcome, and a panel whose record holds every area of the force."""
    import yaml

    text = template_text("hotspot_patrol")
    typed = yaml.safe_load(text)
    archive = data / "police_uk" / f"{force.name}_2018-01_2022-03.zip"
    source = SOURCES["police_uk"]
    with tempfile.TemporaryDirectory() as cache:
        events = source.read(Request(archive, Path(cache), 1, lambda *at: None), source.options())
        import duckdb

        sql = "SELECT lsoa_code FROM read_parquet(?) WHERE lsoa_code NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 60"
        codes = [c for (c,) in duckdb.execute(sql, [str(events.path)]).fetchall()]
        typed["organisation"], typed["title"] = "benchmark", "a benchmark"
        typed["units"] |= {"treated": codes[:30], "comparison": codes[30:], "buffers": {}}
        typed["units"]["selection"] |= {"outcome": outcome, "first": force.ranked[0], "last": force.ranked[1]}
        typed["window"] = {"first": force.window[0], "last": force.window[1], "period": "month"}
        typed["intervention"]["start"] = "2021-06"
        typed["outcomes"][0] |= {"id": outcome, "filter": {"crime_type": [kind]}}
        for analysis in typed["analyses"]:
            analysis["outcome"] = outcome
        plan = Protocol.model_validate(typed)
        return build_panel(plan, {"crimes": events}, data).panel, plan


def share(hits: list[bool]) -> str:
    return f"{100 * float(np.mean(hits)):.0f}" if hits else "-"


def row(label: str, method: str, tally: Tally) -> str:
    typical = f"{np.exp(np.mean(tally.size)):.2f}" if tally.size else "-"
    cells = [
        label,
        method,
        str(len(tally.alarm)),
        share(tally.alarm),
        typical,
        share(tally.covered),
        share(tally.found),
    ]
    return f"| {' | '.join(cells)} |"


def said_row(label: str, said: Said) -> str:
    n = len(said.words)
    counted = [str(said.words.count(w)) for w in ("nothing", "change", "associated", "caused")]
    return f"| {label} | {n} | {' | '.join(counted)} | {min(said.level)} to {max(said.level)} |"


def page(args: argparse.Namespace, rows: list[str], said: list[str], cpu: float) -> str:
    return f"""# Hot spots against the next hottest, nothing done

{datetime.date.today():%d %B %Y}; `python benchmarks/placebo_ranks.py --data DIR --every {args.every} --seed {args.seed}`;
{cpu:.0f} seconds of one core. Contains public sector information licensed under the Open Government Licence v3.0.

Areas are ranked on a year (Essex: the ten months published of it) that is then left out of the window. Ranks 1 to k are called
treated and k+1 to 2k comparison, as a force would choose them. Every start is tried that leaves six months before it and six from
it on. Nothing was done in any area. Starts of one force share one history, so a row holds about one or two independent draws,
not as many as it has starts: read the rows together.

## What the template's report says of nothing

The whole plan, all its checks, at one start in {args.every}. "Nothing": the interval holds no effect, and the report says that
it is not clear.

| case | starts | nothing | changed | is associated with | caused | Maryland level |
|---|---|---|---|---|---|---|
{chr(10).join(said)}

## Methods alone

False alarms: p below .05. Typical: geometric mean of the ratio, 1 where no effect is found. Then the same with a true fall of
30% made by taking treated offences after the start away at random, {THINNED} times a start: how often the interval holds it,
and how often the whole interval lies below no effect.

| case | method | starts | false alarms, % | typical ratio | 30% fall covered, % | 30% fall found, % |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    main()
