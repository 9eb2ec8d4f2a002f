"""``vru lots``: draw who is treated and when, keep the draw beside the plan, and print what to paste into the plan."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from vru.design.lots import Lots, Scheme, blocks_by_level, draw_blocks, draw_days, draw_restricted, draw_steps
from vru.errors import Problem, ProtocolError, RefusedError
from vru.panel import Panel
from vru.protocol import Protocol
from vru.run.designing import before_start
from vru.run.lots_file import write_lots
from vru.run.study import Study, load_study
from vru.sources.source import Progress


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn. block : areas in a block, or days in one. steps, every : of a stepped start."""

    scheme: Scheme
    seed: int | None = None
    block: int = 4
    steps: int = 3
    every: int = 2
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A draw, where it is kept, and the lines to paste into the plan (or the schedule as rows)."""

    lots: Lots
    path: Path
    paste: tuple[str, ...]


def draw_lots(folder: Path, wanted: Wanted, data: Path | None, now: datetime, progress: Progress) -> Kept:
    """Draw and keep. Raises ProtocolError or RefusedError; nothing is kept then."""
    study = load_study(folder, None, data)
    protocol = study.plan.protocol
    if protocol.units.selection is not None and protocol.units.selection.assign is not None:
        hint = "vru run draws it from the plan's seed"
        raise RefusedError(Problem("the plan draws its own lot", "units.selection.assign", hint=hint))
    seed = protocol.seed if wanted.seed is None else wanted.seed
    if seed < 0:
        raise ProtocolError(Problem(f"{seed} is no seed", "--seed", "0 or more"))
    lots = _days(protocol, seed, wanted) if wanted.scheme == "crossover" else _areas(study, seed, wanted, progress)
    return Kept(lots, write_lots(folder, lots, now), tuple(paste(lots)))


def _areas(study: Study, seed: int, wanted: Wanted, progress: Progress) -> Lots:
    protocol = study.plan.protocol
    units = sorted({*protocol.units.treated, *protocol.units.comparison})
    if protocol.units.shape != "areas" or len(units) < 4:
        what = f"{len(units)} areas are listed under units.treated and units.comparison"
        raise ProtocolError(
            Problem(what, "units", "4 or more, of which the lot draws", "list all areas that may be treated")
        )
    if wanted.scheme == "stepped":
        periods = protocol.calendar.between(protocol.intervention.start, protocol.window.last)
        return draw_steps(seed, units, periods, wanted.steps, wanted.every)
    size = 2 if wanted.scheme == "paired" else wanted.block
    if not 2 <= size <= len(units):
        raise ProtocolError(Problem(f"{size} areas are no block", "--block", f"2 to {len(units)}"))
    panel = before_start(study, progress)
    outcome = next(a.plan.outcome for a in study.plan.analyses if a.plan.role == "primary")
    if wanted.scheme == "restricted":
        return draw_restricted(seed, *_measures(panel, outcome))
    level = dict(zip(panel.units, np.nanmean(panel.counts[outcome], axis=1).tolist(), strict=True))
    return draw_blocks(wanted.scheme, seed, blocks_by_level({u: level[u] for u in units}, size))


def _measures(panel: Panel, outcome: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Level and course of each area before the start."""
    arms = panel.subset(panel.is_role("treated", "comparison"))
    counts = arms.counts[outcome]
    half = counts.shape[1] // 2
    first, last = np.nanmean(counts[:, :half], axis=1), np.nanmean(counts[:, half:], axis=1)
    return arms.units, np.column_stack([np.log(first + last + 0.5), last - first])


def _days(protocol: Protocol, seed: int, wanted: Wanted) -> Lots:
    if protocol.window.period != "day":
        raise ProtocolError(Problem("days are drawn for a plan by day", "window.period", "day"))
    if not wanted.units:
        raise ProtocolError(Problem("names no areas", "--units", "a file with one name a line"))
    first, last = date.fromisoformat(protocol.window.first), date.fromisoformat(protocol.window.last)
    days = [(first + timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]
    return draw_days(seed, wanted.units, days, wanted.block)


def paste(lots: Lots) -> list[str]:
    """Lines of the plan's units, or of the schedule as CSV."""
    if lots.days:
        every = sorted({d for days in lots.days.values() for d in days})
        span = [every[0], every[-1]]
        whole = (date.fromisoformat(span[1]) - date.fromisoformat(span[0])).days
        days = [(date.fromisoformat(span[0]) + timedelta(days=i)).isoformat() for i in range(whole + 1)]
        rows = [(u, d, "treated" if d in set(mine) else "comparison") for u, mine in lots.days.items() for d in days]
        return ["area,date,drawn", *(",".join(r) for r in rows)]
    if lots.starts:
        listed = "\n".join(f"    {_quoted(u)}: {s}" for u, s in lots.starts.items())
        return ["  treated: [" + ", ".join(map(_quoted, lots.starts)) + "]", "  starts:", *listed.splitlines()]
    return [
        f"  {arm}: [" + ", ".join(_quoted(u) for u, a in lots.arms.items() if a == arm) + "]"
        for arm in ("treated", "comparison")
    ]


def _quoted(text: str) -> str:
    return text if text.isalnum() and not text.isdigit() else json.dumps(text, ensure_ascii=False)


def read_units(path: Path) -> tuple[str, ...]:
    """One name a line, empty lines left out. Raises ProtocolError where it cannot be read or a name stands twice."""
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise ProtocolError(Problem("cannot be read as text", f"--units {path}", "UTF-8, one name a line")) from None
    if len(set(names)) != len(names) or len(names) < 2:
        raise ProtocolError(Problem("needs two names or more, each once", f"--units {path}"))
    if any("," in n or '"' in n for n in names):
        raise ProtocolError(Problem("a name holds a comma or a quotation mark", f"--units {path}"))
    return tuple(names)
