"""The source ``simulated_programme``: made-up people in a programme with a known effect, written and read as an extract."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.random import Generator
from pydantic import Field

from vru.errors import DataError, Problem
from vru.events import DataNote, Table
from vru.sources import extract
from vru.sources.source import Request, Source, SourceOptions

_STREAM = 1_990_002
_BASE = 0.35


class ProgrammeOptions(SourceOptions):
    """How people came to be treated, how many they are, and the truth.

    ``risk_ratio``: of offending again within a year, treated over not. ``allocation``: lot (people), clusters (schools
    drawn by lot), referral (those with more need are likelier to be treated), offer (an offer by lot that not all
    take), threshold (a risk score of 50 or more). ``lost``: share whose outcome is not known.
    """

    allocation: Literal["lot", "clusters", "referral", "offer", "threshold"] = "referral"
    people: int = Field(800, ge=40, le=200_000)
    schools: int = Field(40, ge=4, le=2000)
    risk_ratio: float = Field(0.7, gt=0.05, le=1.5)
    lost: float = Field(0.03, ge=0, lt=0.5)


def read(request: Request, options: SourceOptions) -> Table:
    """Simulate from the protocol's seed, write a CSV into the cache, read it as an extract is read.

    Raises DataError where a path was given or the cache cannot be written.
    """
    if not isinstance(options, ProgrammeOptions):
        raise TypeError(f"simulated_programme takes ProgrammeOptions, not {type(options).__name__}")
    if request.path is not None:
        what = f"simulated_programme makes its own data and would not read {request.path.name}"
        raise DataError(Problem(what, "data[].path", "no path", "remove path, or choose the source extract"))
    frame = simulate(options, np.random.default_rng([_STREAM, request.seed]))
    table = extract.read_frame(frame, "simulated-programme.csv", request)
    note = f"SIMULATED: people, schools and outcomes are made up; the true risk ratio is {options.risk_ratio:g}"
    return replace(
        table, log=(DataNote("simulated_programme", note), *table.log), truth={"rate_ratio": options.risk_ratio}
    )


def simulate(o: ProgrammeOptions, rng: Generator) -> pd.DataFrame:
    """One row per person: ref, school, age, prior_offences, excluded, risk_score, allocated, attended, reoffended, arrests."""
    n = o.people
    school = np.arange(n) % o.schools
    age = rng.integers(13, 25, n)
    prior = rng.poisson(1.2, n)
    excluded = rng.random(n) < 0.25
    # Motivation is not in the data: it is what an offer gets round and a referral does not.
    motivation = rng.normal(0, 1, n)
    need = (prior - 1.2) / 1.1 + 0.8 * (excluded - 0.25)
    score = np.clip(np.round(50 + 14 * need + rng.normal(0, 10, n)), 0, 100)
    allocated, attended = _allocate(o, rng, school, need, motivation, score)
    hidden = 0.25 * motivation if o.allocation == "offer" else 0.0
    shock = rng.normal(0, 0.15, o.schools)[school] if o.allocation == "clusters" else 0.0
    risk = _BASE * np.exp(0.25 * need - 0.03 * (age - 18) - hidden + shock - 0.05)
    risk = np.minimum(risk, 0.95) * np.where(attended, o.risk_ratio, 1.0)
    again = rng.random(n) < np.minimum(risk, 0.98)
    known = rng.random(n) >= o.lost
    return pd.DataFrame(
        {
            "ref": [f"R{i:06d}" for i in range(1, n + 1)],
            "school": [f"School {s + 1:03d}" for s in school],
            "age": age,
            "prior_offences": prior,
            "excluded": np.where(excluded, "yes", "no"),
            "risk_score": score.astype(int),
            "allocated": np.where(allocated, "programme", "usual support"),
            "attended": np.where(attended, "yes", "no"),
            "reoffended": np.where(known, again.astype(int).astype(str), ""),
            "arrests": np.where(known, (again * (1 + rng.poisson(0.4, n))).astype(str), ""),
        }
    )


def _allocate(
    o: ProgrammeOptions,
    rng: Generator,
    school: np.ndarray,
    need: np.ndarray,
    motivation: np.ndarray,
    score: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Who was allocated and who attended, bool ``(n,)`` each."""
    n = len(school)
    if o.allocation == "lot":
        drawn = rng.permutation(np.arange(n) % 2) == 1
        return drawn, drawn
    if o.allocation == "clusters":
        drawn = (rng.permutation(np.arange(o.schools) % 2) == 1)[school]
        return drawn, drawn
    if o.allocation == "offer":
        drawn = rng.permutation(np.arange(n) % 2) == 1
        return drawn, drawn & (rng.random(n) < 1 / (1 + np.exp(-0.6 - 0.9 * motivation)))
    if o.allocation == "threshold":
        return score >= 50, score >= 50
    taken = rng.random(n) < 1 / (1 + np.exp(-(0.7 * need - 0.3)))
    return taken, taken


SOURCE = Source(
    name="simulated_programme",
    label="A made-up programme with a known effect on people, written and read as an extract",
    needs_path=False,
    options=ProgrammeOptions,
    read=read,
    gives="table",
)
