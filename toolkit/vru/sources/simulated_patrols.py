"""The source ``simulated_patrols``: a made-up patrol trial with a known effect, as schedule or events, read as extracts."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from numpy.random import Generator
from pydantic import Field

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.sources import extract
from vru.sources.source import Request, Source, SourceOptions

_STREAM = 1_990_003


class PatrolOptions(SourceOptions):
    """The trial's size and truth; ``part`` says which of its two tables this source hands over.

    ``per_day``: areas drawn for patrol each day. ``daily_mean``: events in an area on a day without patrol.
    ``rate_ratio``: events on drawn days over what they would have been.
    """

    part: Literal["schedule", "events"]
    areas: int = Field(20, ge=4, le=500)
    first: str = "2021-06-01"
    days: int = Field(90, ge=14, le=1000)
    per_day: int = Field(8, ge=1)
    daily_mean: float = Field(0.35, gt=0, le=50)
    rate_ratio: float = Field(0.75, gt=0.05, le=1.5)
    compliance: float = Field(0.95, gt=0.2, le=1)


def read(request: Request, options: SourceOptions) -> Table:
    """Simulate from the protocol's seed, write a CSV into the cache, read it as an extract is read.

    Raises DataError where a path was given, more areas are drawn than there are, or the cache cannot be written.
    """
    if not isinstance(options, PatrolOptions):
        raise TypeError(f"simulated_patrols takes PatrolOptions, not {type(options).__name__}")
    if request.path is not None:
        what = f"simulated_patrols makes its own data and would not read {request.path.name}"
        raise DataError(Problem(what, "data[].path", "no path", "remove path, or choose the source extract"))
    if options.per_day >= options.areas:
        raise DataError(Problem(f"per_day ({options.per_day}) must be below areas ({options.areas})", "data[].options"))
    schedule, events = simulate(options, np.random.default_rng([_STREAM, request.seed]))
    frame = schedule if options.part == "schedule" else events
    table = extract.read_frame(frame, f"simulated-patrol-{options.part}.csv", request)
    note = f"SIMULATED: areas, patrols and events are made up; the true rate ratio is {options.rate_ratio:g}"
    return replace(
        table, log=(DataNote("simulated_patrols", note), *table.log), truth={"rate_ratio": options.rate_ratio}
    )


def simulate(o: PatrolOptions, rng: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Schedule (area, date, drawn, minutes, visits) and events (area, when, offence) of the same trial."""
    days = [date.fromisoformat(o.first) + timedelta(i) for i in range(o.days)]
    drawn = np.zeros((o.areas, o.days), dtype=bool)
    for j in range(o.days):
        drawn[rng.permutation(o.areas)[: o.per_day], j] = True
    level = np.exp(rng.normal(0, 0.4, o.areas) - 0.08)
    weekday = np.array([1.3 if d.weekday() >= 4 else 0.9 for d in days])
    mean = o.daily_mean * level[:, None] * weekday[None, :] * rng.gamma(10, 0.1, o.days)[None, :]
    counts = rng.poisson(mean * np.where(drawn, o.rate_ratio, 1.0))
    went = drawn & (rng.random(drawn.shape) < o.compliance)
    visits = np.where(went, rng.integers(2, 5, drawn.shape), 0)
    minutes = np.where(went, np.round(visits * rng.uniform(11, 18, drawn.shape)), 0).astype(int)
    names = [f"Hot spot {i + 1:02d}" for i in range(o.areas)]
    rows = [(i, j) for i in range(o.areas) for j in range(o.days)]
    schedule = pd.DataFrame(
        {
            "area": [names[i] for i, _ in rows],
            "date": [days[j].isoformat() for _, j in rows],
            "drawn": ["patrol" if drawn[i, j] else "none" for i, j in rows],
            "minutes": [int(minutes[i, j]) for i, j in rows],
            "visits": [int(visits[i, j]) for i, j in rows],
        }
    )
    happened = [(i, j) for i, j in rows for _ in range(int(counts[i, j]))]
    clock = rng.integers(0, 24 * 60, len(happened))
    events = pd.DataFrame(
        {
            "area": [names[i] for i, _ in happened],
            "when": [
                f"{days[j].isoformat()} {m // 60:02d}:{m % 60:02d}" for (_, j), m in zip(happened, clock, strict=True)
            ],
            "offence": rng.choice(["assault", "robbery", "affray"], len(happened), p=[0.7, 0.2, 0.1]),
        }
    )
    return schedule, events


SOURCE = Source(
    name="simulated_patrols",
    label="A made-up patrol trial with a known effect, written and read as extracts",
    needs_path=False,
    options=PatrolOptions,
    read=read,
    gives="table",
)
