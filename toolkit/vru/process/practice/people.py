"""Made-up people, cases and schools: unlike needs, groups that share their luck, outcomes that are lost where need is high."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from vru.process.practice.made import Practice, csv

_LOST = 0.05


def _person(n: int) -> np.ndarray:
    return np.array([f"R{i:05d}" for i in range(1, n + 1)])


def _chance(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _yes(found: np.ndarray) -> np.ndarray:
    return np.where(found, "yes", "no")


def _lost(rng: Generator, need: np.ndarray) -> np.ndarray:
    """Who could not be followed up, likelier where need is high."""
    return np.asarray(rng.random(len(need)) < np.clip(_LOST * np.exp(0.4 * need), 0, 0.4))


def _known(values: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Whole numbers as text, empty where nobody knows."""
    return np.where(lost, "", values.astype(int).astype(str))


def focused_deterrence(rng: Generator) -> Practice:
    """900 members of 60 groups; those with more behind them are likelier to be called in; a group's feud moves them all."""
    n, ratio = 900, 0.7
    group = rng.integers(0, 60, n)
    feud, luck = (rng.random(60) < 0.4)[group], rng.normal(0, 0.15, 60)[group]
    age, prior = rng.integers(15, 30, n), rng.poisson(1.5, n)
    custody = rng.random(n) < 0.3
    need = 0.45 * (prior - 1.5) + 0.5 * (custody - 0.3) + 0.4 * (feud - 0.4)
    called = rng.random(n) < _chance(0.6 * need - 0.03 * (age - 22) - 0.2)
    risk = 0.33 * np.exp(0.35 * need - 0.02 * (age - 22) + luck - 0.09)
    risk = np.minimum(risk, 0.97) * np.where(called, ratio, 1.0)
    again = rng.random(n) < risk
    number = again * (1 + rng.poisson(0.5, n))
    lost = _lost(rng, need)
    frame = pd.DataFrame({"ref": _person(n), "group": [f"Group {g + 1:02d}" for g in group], "age": age})
    frame = frame.assign(prior_violence=prior, custody=_yes(custody), group_conflict=_yes(feud), called_in=_yes(called))
    frame = frame.assign(violence=_known(again, lost), violent_offences=_known(number, lost))
    told = f"the true ratio of the share in a violent offence, called in over not, is {ratio:g}"
    return _practice("Focused deterrence", {"people.csv": csv(frame)}, {"rate_ratio": ratio}, told)


def navigator(rng: Generator) -> Practice:
    """3,000 attendances on shifts with and without a navigator; those ready for help accept it and would do better anyway."""
    n, ratio = 3000, 0.6
    age, prior = rng.integers(11, 25, n), rng.poisson(0.8, n)
    weapon, ready = rng.random(n) < 0.35, rng.normal(0, 1, n)
    shift = rng.permutation(np.arange(n) % 2) == 1
    would = rng.random(n) < _chance(0.7 + 0.8 * ready)
    met = shift & would
    need = 0.4 * (prior - 0.8) + 0.4 * (weapon - 0.35)
    risk = np.minimum(0.3 * np.exp(0.5 * need - 0.25 * ready - 0.1), 0.97)
    again = rng.random(n) < risk * np.where(met, ratio, 1.0)
    frame = pd.DataFrame({"ref": _person(n), "age": age, "prior_attendances": prior, "weapon": _yes(weapon)})
    frame = frame.assign(on_shift=_yes(shift), engaged=_yes(met))
    frame = frame.assign(reattended=_known(again, _lost(rng, need)))
    difference = float(((ratio - 1) * risk)[would].mean())
    told = f"among those who meet a navigator if there is one, the true change in the share attending again is {difference:.3f}"
    return _practice("Navigators", {"people.csv": csv(frame)}, {"risk_difference": difference}, told)


def waiting_list(rng: Generator) -> Practice:
    """600 young people at 8 sites, half of each site drawn to start now; a score of difficulties before and after."""
    n, change, ratio = 600, -2.0, 0.75
    site = np.arange(n) % 8
    drawn = np.zeros(n, dtype=bool)
    for s in range(8):
        members = np.flatnonzero(site == s)
        drawn[rng.permutation(members)[: len(members) // 2]] = True
    usual = rng.normal(18, 5, n) + rng.normal(0, 1, 8)[site]
    before = np.clip(np.round(usual + rng.normal(0, 3, n)), 0, 40).astype(int)
    # Whole points between 0 and 40; the clip touches next to nobody, so that the true difference is the change.
    after = np.clip(np.round(usual - 1 + rng.normal(0, 3, n) + change * drawn), 0, 40).astype(int)
    arrested = rng.random(n) < np.minimum(0.2 * np.exp(0.04 * (usual - 18)), 0.97) * np.where(drawn, ratio, 1.0)
    lost = _lost(rng, (usual - 18) / 5)
    frame = pd.DataFrame({"ref": _person(n), "site": [f"Site {s + 1}" for s in site], "age": rng.integers(11, 18, n)})
    frame = frame.assign(score_before=before, drawn=np.where(drawn, "start now", "waiting list"))
    frame = frame.assign(score_after=_known(after, lost), arrested=_known(arrested, lost))
    told = f"the true difference in the score of difficulties is {change:g} points"
    return _practice("Mentoring with a waiting list", {"people.csv": csv(frame)}, {"mean_difference": change}, told)


def schools(rng: Generator) -> Practice:
    """Sixteen schools over five terms; four start in each term from the second on, in an order drawn by lot."""
    terms = ["2020-09", "2021-01", "2021-04", "2021-09", "2022-01"]
    ratio, step = 0.75, rng.permutation(np.repeat([1, 2, 3, 4], 4))
    pupils = rng.integers(700, 1400, 16)
    level = 0.03 * rng.gamma(10, 1 / 10, 16)
    rows = []
    for j, term in enumerate(terms):
        of_term = np.exp(rng.normal(0.05 * j, 0.08))
        for i in range(16):
            on = j >= step[i]
            mean = pupils[i] * level[i] * of_term * np.exp(rng.normal(0, 0.1) - 0.005) * (ratio if on else 1.0)
            name = f"School {i + 1:02d}"
            rows.append((f"{name} {term}", name, term, "yes" if on else "no", pupils[i], rng.poisson(mean)))
    frame = pd.DataFrame(rows, columns=["ref", "school", "term", "programme", "pupils", "suspensions"])
    told = f"the true ratio of suspensions in terms with the programme to what they would have been is {ratio:g}"
    return _practice("A programme in schools", {"terms.csv": csv(frame)}, {"rate_ratio": ratio}, told, " of PLACE")


def diversion(rng: Generator) -> Practice:
    """1,600 cases; lighter ones that were admitted are likelier to be diverted."""
    n, ratio = 1600, 0.8
    age, prior = rng.integers(11, 18, n), rng.poisson(0.7, n)
    score, admitted = rng.choice([2, 3, 4], n, p=[0.5, 0.35, 0.15]), rng.random(n) < 0.6
    need = 0.5 * (prior - 0.7) + 0.2 * (score - 2.7) - 0.2 * (admitted - 0.6)
    diverted = rng.random(n) < _chance(-0.8 * need + 0.5 * (admitted - 0.6) - 0.1 * (age - 14))
    risk = np.minimum(0.33 * np.exp(0.5 * need - 0.02 * (age - 14) - 0.06), 0.97)
    again = rng.random(n) < risk * np.where(diverted, ratio, 1.0)
    violent = again & (rng.random(n) < 0.4)
    frame = pd.DataFrame({"ref": _person(n), "age": age, "prior_offences": prior, "offence_score": score})
    frame = frame.assign(admitted=_yes(admitted), decision=np.where(diverted, "outcome 22", "charged"))
    lost = _lost(rng, need)
    frame = frame.assign(reoffended=_known(again, lost), violent=_known(violent, lost))
    told = f"the true ratio of the share who offend again, diverted over charged, is {ratio:g}"
    return _practice("Diversion under outcome 22", {"cases.csv": csv(frame)}, {"rate_ratio": ratio}, told)


def _practice(
    title: str, files: dict[str, bytes], truth: dict[str, float], told: str, place: str = " in PLACE"
) -> Practice:
    words = {
        "organisation: my-vru ": "organisation: simulated-vru ",
        f"title: {title}{place}": f"title: {title} in a made-up town",
        "MONTH YEAR to MONTH YEAR": "made-up months",
        'disclaimer: ""': 'disclaimer: "SIMULATED DATA: no such programme, person or outcome exists."',
    }
    return Practice(files, words, truth, told)
