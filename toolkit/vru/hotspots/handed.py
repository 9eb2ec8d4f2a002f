"""What a search hands over: areas as GeoJSON, candidates as a table, numbers as JSON, and a block of plan to paste."""

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import yaml

from vru.hotspots.board import Board
from vru.hotspots.cells import geojson
from vru.hotspots.find import FEWEST_AFTER, Found
from vru.periods import months_between
from vru.stats.foresight import Foresight, Trial

INTERNAL = (
    "INTERNAL: places and small counts. Not to be published or sent on; what a plan over these areas publishes passes the "
    "checks of disclosure by itself."
)
IGNORE = "# Small counts and places: only the map that a plan names may enter a repository.\n*\n!areas.geojson\n"
AREAS, CHOSEN, CANDIDATES, NUMBERS, PLAN = (
    "areas.geojson",
    "chosen.geojson",
    "candidates.csv",
    "hotspots.json",
    "plan.yaml",
)


def files_of(found: Found, board: Board, block: str) -> dict[str, bytes]:
    """Every file but the page and the map, by name."""
    files = {
        ".gitignore": IGNORE,
        CANDIDATES: _candidates(found, board),
        PLAN: block,
        NUMBERS: _json(numbers(found, board)),
    }
    if board.shapes is not None:
        ranks = list(range(1, len(found.chosen) + 1))
        files[AREAS] = geojson(board.ids, board.shapes, INTERNAL)
        files[CHOSEN] = geojson([board.ids[i] for i in found.chosen], board.shapes[found.chosen], INTERNAL, ranks)
    return {name: text.encode() for name, text in files.items()}


def _json(content: Any) -> str:
    import json

    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def numbers(found: Found, board: Board) -> dict[str, Any]:
    """All that was found, as JSON-safe values: the same bytes for the same search."""
    asked = {k: v for k, v in asdict(found.asked).items() if k != "shapes"}
    asked["kinds"], asked["shapes"] = list(found.asked.kinds), found.asked.shapes and found.asked.shapes.name
    return {
        "note": INTERNAL,
        "asked": asked,
        "data": board.sha256,
        "candidates": len(board.ids),
        "events_in_window": float(found.within.sum()),
        "selection": {"first": board.months[found.first], "last": board.months[found.last]},
        "chosen": [board.ids[i] for i in found.chosen],
        "expected_fall": found.expected_fall,
        "earlier_windows": {"n": len(found.own.each), "apart": found.own.apart, "reach_beyond": found.reaching},
        "after": _foresight(found.direct) if found.direct else None,
        "after_months": list(found.after_months),
        "lengths": [_trial(t) for t in found.lengths],
        "years": [
            {
                "first": board.months[y.first], "last": board.months[y.last], "share": y.share, "kept": y.kept,
                "rank_correlation": y.rank_correlation,
            }
            for y in found.years
        ],
        "log": [{"text": n.text, "count": n.count, "severity": n.severity} for n in found.notes],
    }  # fmt: skip


def _foresight(f: Foresight) -> dict[str, float | None]:
    return {
        "share_before": f.share_before, "hit_rate": f.share_after, "area_share": f.area_share, "pai": f.accuracy,
        "pei": f.efficiency, "fall": f.fall,
    }  # fmt: skip


def _trial(t: Trial) -> dict[str, Any]:
    means = {
        "hit_rate": t.mean(lambda f: f.share_after), "pai": t.mean(lambda f: f.accuracy),
        "pei": t.mean(lambda f: f.efficiency), "fall": t.mean(lambda f: f.fall),
    }  # fmt: skip
    return {"months": t.length, "ahead": t.ahead, "windows": len(t.each), "apart": t.apart, **means}


def _candidates(found: Found, board: Board) -> str:
    """One row an area: its rank and counts. Internal."""
    rank = {int(i): r for r, i in enumerate(found.chosen, start=1)}
    tops = np.zeros(len(board.ids), dtype=int)
    for year in found.years:
        tops[year.chosen] += 1
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    head = ["id", "rank", "events_in_selection_window", "score", "years_among_the_top", "years"]
    table.writerow([*head, *(["events_after"] if found.after is not None else []), *(["q"] if found.clusters else [])])
    for i, name in enumerate(board.ids):
        row: list[object] = [name, rank.get(i, ""), f"{found.within[i]:g}", f"{found.scores[i]:.6g}", tops[i]]
        row.append(len(found.years))
        row += [f"{found.after[i]:g}"] if found.after is not None else []
        row += [f"{found.clusters.q[i]:.4g}"] if found.clusters else []
        table.writerow(row)
    return text.getvalue()


def plan_block(found: Found, board: Board, source: Mapping[str, Any] | None, areas: str) -> str:
    """YAML to paste: units, window, outcomes and, where the search did not begin from a plan, data.

    source : the entry of ``data``, or None. areas : where the plan finds the map.
    """
    asked, months = found.asked, board.months
    span = {"first": months[found.first], "last": months[found.last]}
    ranked = asked.method == "count" and not asked.weights and asked.at_least is None and len(found.chosen) >= 2
    lsoa = "lsoa21" if any(i[1:] > "01033768" for i in board.ids) else "lsoa11"
    units: dict[str, Any] = {"kind": lsoa if asked.by == "lsoa" else "polygon"}
    if asked.by != "lsoa":
        units |= {"boundaries": areas, "id_field": "id"}
    if ranked:
        top = {"rule": "top", "outcome": asked.outcome, **span, "top": len(found.chosen), "assign": "random_half"}
        units["selection"] = top
    else:
        treated, comparison = _by_lot(found, board)
        units |= {"treated": treated, "comparison": comparison}
        units["selection"] = {"rule": "listed", "outcome": asked.outcome, **span}
    block: dict[str, Any] = {"units": units}
    follows = months_between(months[found.last], months[-1])[1:]
    if len(follows) > FEWEST_AFTER:
        block["window"] = {"first": follows[0], "last": follows[-1], "period": "month"}
    if source is not None:
        counted = {"crime_type": list(asked.kinds)} if asked.kinds else {}
        what = f"{', '.join(asked.kinds) or 'Events'}, by month and area"
        outcome = {"id": asked.outcome, "measure": what, "data": source["id"], "filter": counted}
        block |= {"outcomes": [{**outcome, "direction": "decrease", "primary": True}], "data": [dict(source)]}
    return _said(found, ranked, len(follows)) + str(
        yaml.safe_dump(block, sort_keys=False, allow_unicode=True, width=110)
    )


def _said(found: Found, ranked: bool, follows: int) -> str:
    lines = [f"chosen by vru hotspots: {found.asked.words}"]
    if ranked:
        lines.append("the toolkit chooses the same areas again when it runs, and half of them by lot")
    else:
        lines.append(f"treated and comparison were drawn by lot among the chosen areas (seed {found.asked.seed});")
        lines.append("where officers decide, move the names, and say under deviations why")
    if found.asked.weights:
        lines.append("chosen on harm; the outcome below counts events")
    if follows <= FEWEST_AFTER:
        lines.append("window: the months after the selection are not in these data yet; write it once they are")
    else:
        lines.append(
            "window begins after the months chosen on; intervention.start lies within it, at least 3 months in"
        )
    return "".join(f"# {line}\n" for line in lines)


def _by_lot(found: Found, board: Board) -> tuple[list[str], list[str]]:
    names = [board.ids[i] for i in found.chosen]
    drawn = np.random.default_rng([found.asked.seed, 1]).permutation(len(names))
    treated = set(drawn[: max(1, len(names) // 2)].tolist())
    return (
        sorted(n for i, n in enumerate(names) if i in treated),
        sorted(n for i, n in enumerate(names) if i not in treated),
    )
