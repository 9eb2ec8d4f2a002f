"""Made-up counts of places over months: unlike levels, own trends, season, shocks that all share, months that hang together."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from vru.process.practice.made import Practice, csv, listed

_SEASON = 0.12
_COMMON, _COMMON_PERSISTS = 0.05, 0.5
_OWN, _OWN_PERSISTS = 0.18, 0.3
_TREND, _OWN_TREND = -0.02, 0.03
_NO_PLACE = 0.02


def months(first: str, last: str) -> list[str]:
    """Months as YYYY-MM, first and last included."""
    return [str(m) for m in np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)]


def monthly(rng: Generator, level: np.ndarray, when: list[str], ratio: np.ndarray) -> np.ndarray:
    """Counts ``(n_places, n_months)``; ``ratio`` is the true effect in each place and month.

    A Poisson count about a mean that is itself uncertain: a walk that all places share, one of each place's own, a trend of
    each, and season. The variance of a place's month is about 1.03 times its mean plus 0.03 times its square.
    """
    n, t = len(level), len(when)
    years = np.arange(t) / 12
    season = _SEASON * np.cos(2 * np.pi * (np.array([int(m[5:]) for m in when]) - 7) / 12)
    common = _persisting(rng, 1, t, _COMMON, _COMMON_PERSISTS)
    own = _persisting(rng, n, t, _OWN, _OWN_PERSISTS)
    trend = (_TREND + rng.normal(0, _OWN_TREND, n))[:, None] * years[None, :]
    mean = level[:, None] * np.exp(season[None, :] + common + own - _OWN**2 / 2 + trend)
    return np.asarray(rng.poisson(mean * ratio))


def _persisting(rng: Generator, n: int, t: int, spread: float, persists: float) -> np.ndarray:
    """``n`` series of standard deviation ``spread`` in which a month leans on the one before."""
    found = np.empty((n, t))
    found[:, 0] = rng.normal(0, spread, n)
    for j in range(1, t):
        found[:, j] = persists * found[:, j - 1] + rng.normal(0, spread * np.sqrt(1 - persists**2), n)
    return found


def _effect(n: int, treated: int, when: list[str], start: str, ratio: float) -> np.ndarray:
    on = (np.arange(n) < treated)[:, None] & (np.array(when) >= start)[None, :]
    return np.where(on, ratio, 1.0)


def _rows(
    rng: Generator, counts: np.ndarray, names: list[str], when: list[str], column: str, kinds: list[str]
) -> bytes:
    """One row per offence, in no order; a few without a place, as extracts have them."""
    place, month = (np.repeat(a.ravel(), counts.ravel()) for a in np.indices(counts.shape))
    n = len(place)
    days = rng.integers(1, 29, n)
    clock = [f"{h:02d}:{m:02d}" for h, m in zip(rng.choice(24, n, p=_by_hour()), rng.integers(0, 60, n), strict=True)]
    frame = pd.DataFrame(
        {
            "ref": [f"S{i:06d}" for i in rng.permutation(n) + 1],
            "occurred": [f"{when[m]}-{d:02d} {c}" for m, d, c in zip(month, days, clock, strict=True)],
            column: [names[i] for i in place],
            "offence": rng.choice(kinds, n),
        }
    )
    lost = frame.sample(frac=_NO_PLACE, random_state=int(rng.integers(2**31)))
    lost = lost.assign(ref=[f"N{i:06d}" for i in range(1, len(lost) + 1)], **{column: ""})
    return csv(pd.concat([frame, lost]).sort_values("ref"))


def _by_hour() -> np.ndarray:
    late = 1 + 1.5 * np.cos(2 * np.pi * (np.arange(24) - 22) / 24).clip(0)
    return np.asarray(late / late.sum())


def problem_oriented_place(rng: Generator) -> Practice:
    """Eight of sixty places worked on, chosen by people among those with most violence in a year before the window."""
    ratio, when = 0.7, months("2019-01", "2022-12")
    everywhere = monthly(rng, 7 * rng.gamma(8, 1 / 8, 60), when, np.ones((60, 1)))
    # Chosen on the counts of 2019, which are partly luck; the treated are any eight of the sixteen hottest.
    chosen = np.argsort(-everywhere[:, :12].sum(axis=1), kind="stable")[:32]
    treated = np.sort(rng.choice(16, 8, replace=False))
    order = np.concatenate([chosen[treated], np.delete(chosen, treated), np.setdiff1d(np.arange(60), chosen)])
    counts = rng.binomial(everywhere[order], _effect(60, 8, when, "2022-01", ratio))
    names = [f"Place {i:02d}" for i in rng.permutation(60) + 1]
    data = _rows(rng, counts, names, when, "place", ["Violence with injury", "Robbery", "Affray"])
    filled = {
        "  treated: []                   # names of the places worked on": f"  treated: {listed(sorted(names[:8]))}",
        "  comparison: []                # names of ": f"  comparison: {listed(sorted(names[8:32]))}  # ",
    }
    return _practice(
        "Problem-oriented work at places", {"offences.csv": data}, filled, ratio, "offences in the treated places"
    )


def street_outreach(rng: Generator) -> Practice:
    """One ward of twenty-five, whose course the others together foretell."""
    ratio, when = 0.7, months("2018-01", "2022-12")
    level = 18 * rng.gamma(12, 1 / 12, 25)
    counts = monthly(rng, level, when, _effect(25, 1, when, "2022-01", ratio))
    names = [f"Ward {i:02d}" for i in rng.permutation(25) + 1]
    data = _rows(rng, counts, names, when, "ward", ["Violence with injury"])
    filled = {
        "  treated: []                   # one or a few": f"  treated: {listed(names[:1])}",
        "  comparison: []                # at least 19": f"  comparison: {listed(sorted(names[1:]))}  # at least 19",
    }
    return _practice("Street outreach", {"offences.csv": data}, filled, ratio, "offences in the treated ward")


def area_programme(rng: Generator) -> Practice:
    """Eighteen districts in three waves, twenty-four without; admissions to hospital by month."""
    ratio, when = 0.88, months("2017-04", "2023-03")
    starts = np.repeat(["2020-04", "2020-10", "2021-04"], 6)
    level = 45 * rng.gamma(10, 1 / 10, 42)
    effect = np.ones((42, len(when)))
    effect[:18] = np.where(np.array(when)[None, :] >= starts[:, None], ratio, 1.0)
    counts = monthly(rng, level, when, effect)
    names = [f"District {i:02d}" for i in rng.permutation(42) + 1]
    data = _table(counts, names, when, "district", "admissions")
    later = ", ".join(f"{n}: {s}" for n, s in zip(names[6:18], starts[6:], strict=True))
    filled = {
        "  treated: []\n": f"  treated: {listed(names[:18])}\n",
        "  comparison: []\n": f"  comparison: {listed(sorted(names[18:]))}\n",
        "  starts: {}  ": f"  starts: {{{later}}}  ",
    }
    return _practice("A programme across the areas", {"admissions.csv": data}, filled, ratio, "admissions", " of PLACE")


def training(rng: Generator) -> Practice:
    """Six teams that were all trained in the same month; referrals they make."""
    ratio, when = 1.3, months("2019-01", "2022-12")
    counts = monthly(rng, 14 * rng.gamma(15, 1 / 15, 6), when, _effect(6, 6, when, "2022-01", ratio))
    names = [f"Team {letter}" for letter in "ABCDEF"]
    filled = {"  treated: []                   # trained teams": f"  treated: {listed(names)}  # trained teams"}
    files = {"practice.csv": _table(counts, names, when, "team", "referrals")}
    return _practice("Trauma-informed training of staff", files, filled, ratio, "referrals by the trained teams")


def simple_before_after(rng: Generator) -> Practice:
    """Five areas and nothing beside them."""
    ratio, when = 0.85, months("2019-01", "2022-12")
    counts = monthly(rng, 16 * rng.gamma(15, 1 / 15, 5), when, _effect(5, 5, when, "2022-01", ratio))
    names = [f"Area {letter}" for letter in "ABCDE"]
    data = _rows(rng, counts, names, when, "area", ["Violence with injury"])
    filled = {"  treated: []\n": f"  treated: {listed(names)}\n"}
    return _practice(
        "Violence before and after PROGRAMME", {"offences.csv": data}, filled, ratio, "offences in the areas"
    )


def _table(counts: np.ndarray, names: list[str], when: list[str], area: str, counted: str) -> bytes:
    rows = [(n, m, int(counts[i, j])) for i, n in enumerate(names) for j, m in enumerate(when)]
    return csv(pd.DataFrame(rows, columns=[area, "month", counted]).sort_values([area, "month"]))


def _practice(
    title: str, files: dict[str, bytes], filled: dict[str, str], ratio: float, what: str, place: str = " in PLACE"
) -> Practice:
    words = {
        "organisation: my-vru ": "organisation: simulated-vru ",
        f"title: {title}{place}": f"title: {title.replace('PROGRAMME', 'a programme')} of a made-up town",
        "MONTH YEAR to MONTH YEAR": "made-up months",
        'disclaimer: ""': 'disclaimer: "SIMULATED DATA: no such place, programme or offence exists."',
    }
    told = f"the true ratio of {what} to what they would have been is {ratio:g}"
    return Practice(files, words | filled, {"rate_ratio": ratio}, told)
