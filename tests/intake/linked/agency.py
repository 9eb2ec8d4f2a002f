"""A mentoring programme as an agency exports it: a list of people, their offences and their spells in custody. Made up."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

COVERS = ("2017-01-01", "2022-12-31")
FIRST, LAST = np.datetime64("2020-01-01"), np.datetime64("2021-12-31")
DAYS = 365


@dataclass(frozen=True)
class Exported:
    people: pd.DataFrame
    offences: pd.DataFrame
    custody: pd.DataFrame
    risk_ratio: float
    """Of an offence within a year of follow-up in the same people, with the programme over without it."""
    free_days: float
    """Difference in mean days at risk until the first offence, of 365 at most, in those same people."""

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.people.to_csv(folder / "participants.csv", index=False)
        self.offences.to_csv(folder / "offences.csv", index=False)
        self.custody.to_csv(folder / "custody.csv", index=False)


def export(rng: Generator, n: int = 1200, ratio: float = 0.6, *, by_lot: bool = False, spells: bool = True) -> Exported:
    """ratio : of the rate of offending per day at risk, with the programme over without it; the same for everybody."""
    need = rng.normal(0, 1, n)
    age = rng.integers(14, 25, n)
    rate = np.exp(-6.9 + 0.45 * need - 0.05 * (age - 18))
    chance = np.full(n, 0.5) if by_lot else 1 / (1 + np.exp(-0.8 * need))
    treated = rng.random(n) < chance
    start = FIRST + rng.integers(0, 731, n).astype("timedelta64[D]")
    ref = np.array([f"YP-{i:05d}" for i in rng.permutation(np.arange(10_000, 10_000 + n))])
    left = np.where(rng.random(n) < 0.06, rng.integers(20, 900, n), 10**6)
    rows, held = [], []
    for i in range(n):
        first_day = int((np.datetime64(COVERS[0]) - start[i]).astype(int))
        last_day = min(int((np.datetime64(COVERS[1]) - start[i]).astype(int)), int(left[i]))
        in_custody = (
            [(a, a + int(rng.integers(20, 120))) for a in rng.integers(-900, 500, 2)] if rng.random() < 0.08 else []
        )
        inside = in_custody if spells else []
        held += [(ref[i], start[i] + np.timedelta64(a, "D"), start[i] + np.timedelta64(b, "D")) for a, b in inside]
        for day in _offences(rng, rate[i], ratio if treated[i] else 1.0, first_day, last_day, inside):
            rows.append((ref[i], start[i] + np.timedelta64(day, "D")))
    people = pd.DataFrame(
        {
            "ref": ref,
            "referred": start.astype("datetime64[D]").astype(str),
            "group": np.where(treated, "Mentoring", "Usual support"),
            "age": age,
            "need_score": np.round(50 + 10 * need, 1),
            "moved_on": [
                str(s + np.timedelta64(int(d), "D")) if d < 10**6 else "" for s, d in zip(start, left, strict=True)
            ],
        }
    )
    offences = _charged(rng, rows, n)
    spells_ = pd.DataFrame(held, columns=["ref", "in", "out"]).astype(str)
    p1, p0 = (float(np.mean(1 - np.exp(-rate[treated] * r * DAYS))) for r in (ratio, 1.0))
    free = [float(np.mean((1 - np.exp(-rate[treated] * r * DAYS)) / (rate[treated] * r))) for r in (ratio, 1.0)]
    return Exported(people, offences, spells_, p1 / p0, free[0] - free[1])


def _offences(
    rng: Generator, rate: float, ratio: float, first: int, last: int, inside: list[tuple[int, int]]
) -> list[int]:
    """Days after the start with an offence: a constant rate, other from the day after the start on, none in custody."""
    days = np.arange(first, last + 1)
    chance = rate * np.where(days >= 1, ratio, 1.0)
    for a, b in inside:
        chance[(days >= a) & (days < b)] = 0.0
    return days[rng.random(len(days)) < 1 - np.exp(-chance)].tolist()


def _charged(rng: Generator, rows: list[tuple[str, np.datetime64]], n: int) -> pd.DataFrame:
    """One row a charge: some offences have two; and offences of people who are not in the list."""
    listed = [(ref, day, f"C{i:06d}", kind) for i, (ref, day) in enumerate(rows) for kind in _charges(rng)]
    others = [
        (f"YP-{90_000 + i}", np.datetime64("2017-01-01") + np.timedelta64(int(d), "D"), f"D{i:06d}", "theft")
        for i, d in enumerate(rng.integers(0, 2190, n // 2))
    ]
    frame = pd.DataFrame([*listed, *others], columns=["person_ref", "offence_date", "crime_no", "offence_group"])
    return frame.astype(str).sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True)


def _charges(rng: Generator) -> list[str]:
    one = str(rng.choice(["violence", "robbery", "theft"]))
    return [one, "weapon"] if rng.random() < 0.2 else [one]
