"""A trial's rows as allocated: strata that can tell arms apart, covariates as listed, and who was lost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vru.cohort import Cohort
from vru.errors import MethodError, Problem
from vru.methods.people.describe import LARGE, balance
from vru.methods.people.rows import Rows, take_rows
from vru.results import Balance
from vru.stats.score_risks import TwoRisks, score_p
from vru.stats.wedge import dummies
from vru.words.p_value import p_is


@dataclass(frozen=True, slots=True)
class Trial:
    """Rows with an outcome, by allocated arm.

    x : covariates listed in the plan ``(n, k)``. stratum : int codes ``(n,)``, all 0 without strata.
    exposure : ``(n,)``, 1 where none is recorded. balance : of every covariate the cohort has.
    """

    rows: Rows
    x: np.ndarray
    stratum: np.ndarray
    exposure: np.ndarray
    balance: tuple[Balance, ...]
    attrition_p: float | None
    notes: tuple[str, ...]

    @property
    def treated(self) -> np.ndarray:
        """Bool ``(n,)``: allocated to the intervention."""
        return self.rows.treated

    @property
    def y(self) -> np.ndarray:
        """Outcome ``(n,)``."""
        return self.rows.y

    @property
    def blocks(self) -> np.ndarray:
        """Strata as columns ``(n, n_strata - 1)``."""
        return dummies(self.stratum)

    @property
    def terms(self) -> np.ndarray:
        """Strata and covariates as columns: what a model adjusts for besides the arm."""
        return np.column_stack([self.blocks, self.x])

    @property
    def small_arm(self) -> int:
        """Rows in the smaller arm."""
        return int(min(self.treated.sum(), (~self.treated).sum()))


def take_trial(cohort: Cohort, outcome: str, covariates: Sequence[str], *, timed: bool = False) -> Trial:
    """The trial's rows for one outcome, by intention to treat.

    Raises MethodError where an arm is empty, a covariate is unknown, or no stratum has both arms.
    """
    kept, dropped = _both_arms(cohort, outcome)
    rows = take_rows(kept, outcome, "assigned", tuple(covariates), timed=timed)
    known = balance(take_rows(kept, outcome, "assigned", timed=timed))
    attrition = None
    if sum(rows.lost):
        n1, n0 = (int(side.sum()) + lost for side, lost in zip((rows.treated, ~rows.treated), rows.lost, strict=True))
        attrition = score_p(TwoRisks(rows.lost[0], n1, rows.lost[1], n0))
    return Trial(
        rows=rows,
        x=rows.x,
        stratum=np.zeros(len(rows), dtype=int) if rows.stratum is None else rows.stratum,
        exposure=np.ones(len(rows)) if rows.exposure is None else rows.exposure,
        balance=known,
        attrition_p=attrition,
        notes=(*rows.notes, *_notes(rows, known, covariates, attrition, dropped)),
    )


def _both_arms(cohort: Cohort, outcome: str) -> tuple[Cohort, int]:
    """Leave out strata in which one arm has no observed outcome: nothing there can be compared."""
    y = cohort.outcomes.get(outcome)
    if cohort.stratum is None or cohort.assigned is None or y is None:
        return cohort, 0
    stratum = np.asarray(cohort.stratum, dtype=str)
    seen = ~np.isnan(y)
    sides = [set(stratum[seen & (cohort.assigned == a)]) for a in (0, 1)]
    usable = sides[0] & sides[1]
    if not usable:
        # An empty arm has its own message.
        if not sides[0] or not sides[1]:
            return cohort, 0
        raise MethodError(
            Problem(
                "no stratum has observed outcomes in both arms, so nothing can be compared within strata",
                where="cohort: stratum",
                hint="name the column that allocation was done within, or none",
            )
        )
    keep = np.isin(stratum, sorted(usable))
    return (cohort, 0) if keep.all() else (cohort.subset(keep), int((~keep & seen).sum()))


def _notes(
    rows: Rows, known: tuple[Balance, ...], covariates: Sequence[str], attrition: float | None, dropped: int
) -> list[str]:
    notes = ["By intention to treat: rows are compared as allocated, whatever they received."]
    if dropped:
        notes.append(f"{dropped:,} {rows.noun} in strata where one arm has no observed outcome are left out.")
    if attrition is not None:
        word = "differs" if attrition < 0.05 else "does not differ"
        notes.append(
            f"The share lost {word} between arms beyond chance ({p_is(attrition)}, rows taken as independent); that the "
            "shares are alike would not show that the same kind of people were lost."
        )
    if rows.exposure is not None and rows.kind not in ("count", "time"):
        notes.append(
            "Follow-up time is not used: it bears on counts only. Unequal follow-up would bias this comparison."
        )
    if known:
        worst = max(known, key=lambda b: abs(b.before))
        used = (
            f"The model adjusts for {', '.join(covariates)}."
            if covariates
            else "No covariate was listed, so none is used."
        )
        large = " That is worth a second look." if abs(worst.before) > 2.5 * LARGE else ""
        notes.append(
            f"Largest standardised difference beforehand: {worst.covariate} {worst.before:+.2f}.{large} {used}"
        )
    elif covariates:
        notes.append(f"The model adjusts for {', '.join(covariates)}.")
    return notes
