"""From a cohort to rows with an offer, a receipt and an outcome; and what to refuse."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.people.rows import Rows, take_rows

FEW = 10


@dataclass(frozen=True, slots=True)
class Offers:
    """``rows``: split by offer. received : float 0/1 ``(n,)``. fixed : ``(n, k)``, a constant, strata, covariates.

    y : ``(n,)``, the outcome, for counts with an exposure the rate; w : ``(n,)``, its weights.
    uptake : share that received it, among offered and among others.
    """

    rows: Rows
    received: np.ndarray
    y: np.ndarray
    w: np.ndarray
    fixed: np.ndarray
    uptake: tuple[float, float]

    @property
    def time(self) -> float:
        """Rows offered, or for rates their exposure: what an effect per row is multiplied by."""
        return float(self.w[self.rows.treated].sum())


def take_offers(cohort: Cohort, outcome: str, covariates: Sequence[str], strata: bool) -> Offers:
    """Rows with an observed outcome. Raises MethodError naming everything that makes the comparison impossible."""
    if cohort.received is None:
        hint = "name the column that says who took part; without it only parallel_trial's effect of the offer is known"
        raise MethodError(Problem("is not in the data", where="cohort: received", hint=hint))
    rows = take_rows(cohort, outcome, "assigned", covariates)
    received = np.asarray(cohort.received[rows.at], dtype=float)
    rate = rows.kind == "count" and rows.exposure is not None
    w = rows.exposure if rate and rows.exposure is not None else np.ones(len(rows))
    found = Offers(
        rows=rows,
        received=received,
        y=rows.y / w if rate else rows.y,
        w=w,
        fixed=_fixed(rows, strata),
        uptake=(float(received[rows.treated].mean()), float(received[~rows.treated].mean())),
    )
    _refuse(found)
    return found


def _fixed(rows: Rows, strata: bool) -> np.ndarray:
    parts = [np.ones((len(rows), 1)), rows.x]
    if strata and rows.stratum is not None:
        parts.append(np.eye(int(rows.stratum.max()) + 1)[rows.stratum][:, 1:])
    return np.hstack(parts)


def _refuse(o: Offers) -> None:
    rows, problems = o.rows, []
    sides = (("offered", rows.treated), ("not offered", ~rows.treated))
    problems += [
        Problem(
            f"{int(side.sum())} {name} rows have an observed outcome",
            where="cohort: assigned",
            allowed=f"{FEW} or more",
        )
        for name, side in sides
        if side.sum() < FEW
    ]
    if abs(o.uptake[0] - o.uptake[1]) < 1e-12:
        hint = "an offer that moves nobody says nothing about taking part; report the effect of the offer itself"
        problems.append(
            Problem(
                f"the offer does not move receipt ({o.uptake[0]:.0%} of both arms took part)",
                "cohort: received",
                hint=hint,
            )
        )
    elif _puts_off(o):
        what = (
            f"the offer lowers receipt: {o.uptake[0]:.0%} of those offered took part, {o.uptake[1]:.0%} of the others"
        )
        hint = "an offer may put nobody off (monotonicity); check whether the two values of the offer changed places"
        problems.append(Problem(what, "cohort: assigned", hint=hint))
    if len(rows) <= o.fixed.shape[1] + FEW:
        problems.append(
            Problem(f"{len(rows)} rows cannot carry {o.fixed.shape[1]} covariates and strata", "covariates")
        )
    if rows.cluster is not None:
        groups = [len(np.unique(rows.cluster[side])) for _, side in sides]
        problems += [
            Problem(f"{g} {name} clusters: their spread cannot be judged", "cohort: cluster", "2 or more")
            for g, (name, _) in zip(groups, sides, strict=True)
            if g < 2
        ]
    if problems:
        raise MethodError(*problems)


def _puts_off(o: Offers) -> bool:
    """Whether the offer lowers receipt by more than chance would (p below .01, one side, clusters not counted)."""
    n = int(o.rows.treated.sum()), int((~o.rows.treated).sum())
    spread = sum(u * (1 - u) / k for u, k in zip(o.uptake, n, strict=True))
    return o.uptake[0] - o.uptake[1] < -2.33 * math.sqrt(spread)


def by_cluster(rows: Rows) -> bool:
    """Whether every cluster is wholly offered or wholly not."""
    if rows.cluster is None:
        return False
    share = np.bincount(rows.cluster, rows.treated) / np.bincount(rows.cluster)
    return bool(np.isin(share, (0.0, 1.0)).all())


def of_clusters(o: Offers) -> tuple[np.ndarray, np.ndarray] | None:
    """Each cluster's offer (0/1) and stratum code; None where a cluster lies in several strata or arms."""
    rows = o.rows
    if rows.cluster is None or not by_cluster(rows):
        return None
    first = np.unique(rows.cluster, return_index=True)[1]
    stratum = np.zeros(len(rows), dtype=int) if rows.stratum is None else rows.stratum
    if (stratum != stratum[first][rows.cluster]).any():
        return None
    return rows.treated[first].astype(float), stratum[first]
