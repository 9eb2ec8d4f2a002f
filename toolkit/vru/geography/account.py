"""The account of recording that a panel carries: arms, months, and what happened to rows on their way to a count."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vru.events import Events
from vru.geography.coverage import matrix
from vru.geography.feeds import Kinds
from vru.geography.tally import Tally
from vru.keys import fold
from vru.panel import Role
from vru.protocol.fields import Outcome
from vru.recording import ARMS, Recording


def account(
    tallies: Sequence[Tally],
    kinds: Mapping[str, Kinds],
    outcomes: Sequence[Outcome],
    units: Sequence[str],
    periods: Sequence[str],
    roles: Mapping[str, Role],
    forces: Mapping[str, str],
    suspects: Sequence[str],
) -> Recording:
    """Lay out how the rows of every source were recorded; arrays as ``Recording`` says."""
    by_outcome = {o: t for t in tallies for o in t.outcomes}
    weights = {o.id: _weights(by_outcome[o.id].frame, o.id, roles, forces) for o in outcomes}
    total: dict[str, dict[str, np.ndarray]] = {}
    unplaced: dict[str, dict[str, np.ndarray]] = {}
    for o in outcomes:
        frame = by_outcome[o.id].frame
        total[o.id] = {a: _by_force(frame, o.id, periods, weights[o.id][a]) for a in ARMS}
        lost = frame[~frame["placed"].astype(bool)]
        unplaced[o.id] = {a: _by_force(lost, o.id, periods, weights[o.id][a]) for a in ARMS}
    rows = sum((matrix(t.frame, units, periods, "rows") for t in tallies), np.zeros((len(units), len(periods))))
    main = outcomes[0]
    return Recording(
        forces={a: tuple(sorted({forces[u] for u in units if roles[u] == a})) for a in ARMS},
        total=total,
        unplaced=unplaced,
        rows=rows,
        other={o.id: rows - matrix(by_outcome[o.id].frame, units, periods, o.id) for o in outcomes},
        repeats={a: _in_arm(tallies, periods, roles, a, "repeats") for a in ARMS},
        kinds={o.id: _kinds(kinds[o.data].frame, o, periods, weights[o.id], "alone") for o in outcomes},
        nameless={o.id: _nameless(kinds[o.data].frame, o, periods, weights[o.id]) for o in outcomes},
        dropped={a: _dropped([t.events for t in tallies], periods, weights[main.id][a]) for a in ARMS},
        suspects=tuple(suspects),
    )


Weights = dict[str, dict[str, float]]


def _weights(frame: pd.DataFrame, outcome: str, roles: Mapping[str, Role], forces: Mapping[str, str]) -> Weights:
    """Arm -> force -> the share of the force's placed events that lie in the arm's units."""
    whole = frame.loc[frame["placed"].astype(bool)].groupby("force")[outcome].sum().to_dict()
    found: Weights = {}
    for arm in ARMS:
        mine = [u for u, r in roles.items() if r == arm]
        own = frame[frame["unit"].isin(mine)].groupby("force")[outcome].sum().to_dict()
        covering = {forces[u] for u in mine if u in forces}
        found[arm] = {f: float(own.get(f, 0.0)) / max(float(whole.get(f, 0.0)), 1.0) for f in sorted(covering)}
    return found


def _by_force(frame: pd.DataFrame, column: str, periods: Sequence[str], weights: Mapping[str, float]) -> np.ndarray:
    out = np.zeros(len(periods))
    for force, weight in weights.items():
        by_month = frame.loc[frame["force"] == force].groupby("period")[column].sum()
        out += weight * by_month.reindex(list(periods), fill_value=0.0).to_numpy(dtype=float)
    return out


def _in_arm(
    tallies: Sequence[Tally], periods: Sequence[str], roles: Mapping[str, Role], arm: str, what: str
) -> np.ndarray:
    mine = [u for u, r in roles.items() if r == arm]
    return sum((matrix(t.frame, mine, periods, what).sum(axis=0) for t in tallies), np.zeros(len(periods)))


def _kinds(
    frame: pd.DataFrame, o: Outcome, periods: Sequence[str], weights: Weights, column: str
) -> dict[str, dict[str, np.ndarray]]:
    counted = {fold(v) for v in o.filter.get("crime_type", ())}
    rest = [k for k in dict.fromkeys(frame["kind"]) if fold(k) not in counted] if counted else []
    return {str(k): {a: _by_force(frame[frame["kind"] == k], column, periods, weights[a]) for a in ARMS} for k in rest}


def _nameless(frame: pd.DataFrame, o: Outcome, periods: Sequence[str], weights: Weights) -> dict[str, np.ndarray]:
    counted = {fold(v) for v in o.filter.get("crime_type", ())}
    own = frame[[not counted or fold(k) in counted for k in frame["kind"]]]
    return {a: _by_force(own, "nameless", periods, weights[a]) for a in ARMS}


def _dropped(sources: Sequence[Events], periods: Sequence[str], weights: Mapping[str, float]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for events in sources:
        for force, weight in weights.items():
            for month, reasons in events.dropped.get(force, {}).items():
                for reason, n in reasons.items():
                    if month in periods:
                        found.setdefault(reason, np.zeros(len(periods)))[periods.index(month)] += weight * n
    return found
