"""What all evaluations of one kind say together: the pooled effect, what another area may expect, and how firm it is."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from vru.errors import LibraryError, Problem, RefusedError
from vru.library.reading import StoredRecord
from vru.library.studies import LeftOut, Study, domain, gather
from vru.library.synthesis_words import synthesis_sentence
from vru.stats.heterogeneity import Estimator
from vru.stats.intervals import Bounds
from vru.stats.meta_regression import regress
from vru.stats.pool import Pooled, leave_one_out, pool
from vru.stats.prediction import Law, prediction_interval, predictive
from vru.stats.robust import Robust, robust
from vru.stats.small_study import SmallStudies, small_studies

FEWEST = 3
OTHERS: tuple[Estimator, ...] = ("fixed", "dl", "pm")
_ONE_QUANTITY = ("intervention", "scale", "estimand", "direction")


@dataclass(frozen=True, slots=True)
class Without:
    """The pooled effect without one evaluation (and without whatever shares its data)."""

    reference: str
    pooled: Pooled


@dataclass(frozen=True, slots=True)
class Synthesis:
    """Evaluations of one intervention, with one estimand, on one scale: a list, and from three on a pooled effect.

    n_independent : evaluations that share no data with each other.
    pooled : None under three independent evaluations; ``pooled.higgins`` is the interval that takes tau2 as known.
    robust : the same mean with an interval that allows for shared data; None where none is shared.
    law, prediction : of the true effect in one more area, with tau2 itself uncertain.
    without : leave-one-out. others : the mean by a common (fixed) effect, DerSimonian-Laird and Paule-Mandel, so
        that a reader sees whether the answer hangs on the estimator; the pooled effect is REML's.
    small : None under ten evaluations or where evaluations share data.
    """

    intervention: str
    outcomes: tuple[str, ...]
    scale: str
    estimand: str
    direction: str
    level: float
    studies: tuple[Study, ...]
    left_out: tuple[LeftOut, ...]
    n_independent: int
    pooled: Pooled | None
    robust: Robust | None
    law: Law | None
    prediction: Bounds | None
    without: tuple[Without, ...]
    others: tuple[Pooled, ...]
    small: SmallStudies | None
    notes: tuple[str, ...]
    sentence: str = ""

    @property
    def estimate(self) -> Pooled | Robust | None:
        """What to quote: value, se, low, high, p."""
        return self.robust if self.robust is not None else self.pooled


def syntheses(stored: Iterable[StoredRecord], level: float = 0.95, thorough: bool = True) -> tuple[Synthesis, ...]:
    """One synthesis per intervention, outcome and estimand that the library holds, in alphabetical order.

    thorough : with the pooled effect without each evaluation, and by other estimators; a site shows neither.
    """
    gathered = gather(stored)
    groups: dict[tuple[str, ...], list[Study]] = {}
    for study in gathered.studies:
        groups.setdefault((study.intervention, study.outcome, study.estimand, study.direction), []).append(study)
    return tuple(synthesise(groups[key], gathered.left_out, level, thorough) for key in sorted(groups))


def select(
    stored: Iterable[StoredRecord],
    intervention: str,
    outcomes: Sequence[str],
    estimand: str = "",
    level: float = 0.95,
) -> tuple[Synthesis, ...]:
    """Syntheses of one intervention on the outcomes named (all of them together), one per estimand.

    estimand : words that the estimand must contain; empty for every estimand.
    Raises LibraryError, naming what there is, where nothing fits.
    """
    gathered, wanted = gather(stored), {domain(o) for o in outcomes}
    fits = [s for s in gathered.studies if s.intervention == intervention and s.outcome in wanted]
    fits = [s for s in fits if estimand.casefold() in s.estimand.casefold()]
    if not fits:
        there = sorted({f"{s.intervention} on {s.outcome}" for s in gathered.studies})
        raise LibraryError(
            Problem(
                f"no evaluation of {intervention} on {', '.join(outcomes)} can be pooled",
                where="library",
                allowed="; ".join(there) or "nothing: no record holds a rate ratio with a standard error",
                hint=f"{len(gathered.left_out)} were left out; vru library gaps lists what there is and why",
            )
        )
    groups: dict[tuple[str, str], list[Study]] = {}
    for study in fits:
        groups.setdefault((study.estimand, study.direction), []).append(study)
    return tuple(synthesise(groups[key], gathered.left_out, level) for key in sorted(groups))


def synthesise(
    studies: Sequence[Study], left_out: Sequence[LeftOut] = (), level: float = 0.95, thorough: bool = True
) -> Synthesis:
    """Pool studies of one quantity by REML with Knapp and Hartung's interval, never narrower than the usual one.

    Raises RefusedError where studies differ in intervention, scale, estimand or direction of good:
    their mean would be the mean of nothing. Raises LibraryError where there is none.
    """
    _refuse_mixture(studies)
    first = studies[0]
    clusters = list(dict.fromkeys(s.cluster for s in studies))
    bare = Synthesis(
        intervention=first.intervention,
        outcomes=tuple(sorted({s.outcome for s in studies})),
        scale=first.scale,
        estimand=first.estimand,
        direction=first.direction,
        level=level,
        studies=tuple(sorted(studies, key=lambda s: (s.reference, s.outcome))),
        left_out=tuple(left_out),
        n_independent=len(clusters),
        pooled=None,
        robust=None,
        law=None,
        prediction=None,
        without=(),
        others=(),
        small=None,
        notes=(),
    )
    done = bare if len(clusters) < FEWEST else _pooled(bare, thorough)
    done = replace(done, notes=_notes(done))
    return replace(done, sentence=synthesis_sentence(done))


def to_plain(synthesis: Synthesis) -> dict[str, Any]:
    """The synthesis as JSON-ready data; the law is left out, its interval stays."""
    plain = asdict(replace(synthesis, law=None))
    del plain["law"]
    return plain


def _pooled(bare: Synthesis, thorough: bool) -> Synthesis:
    y, v = arrays(bare.studies)
    labels = [s.cluster for s in bare.studies]
    shared = bare.n_independent < len(labels)
    held, own_y, own_v = None, y, v
    if shared:
        x = np.ones((len(y), 1))
        # The prediction is of one more evaluation, so each counts once.
        own_y, own_v = collapsed(y, v, labels)
        held = robust(regress(y, v, x, ("mean",), knapp_hartung="no"), y, v, x, labels, level=bare.level)[0]
    law = predictive(own_y, own_v)
    return replace(
        bare,
        pooled=pool(y, v, knapp_hartung="not_narrower", level=bare.level),
        robust=held,
        law=law,
        prediction=prediction_interval(law, bare.level),
        without=_without(bare, own_y, own_v, shared) if thorough else (),
        others=tuple(
            pool(own_y, own_v, method=m, knapp_hartung="no" if m == "fixed" else "not_narrower", level=bare.level)
            for m in (OTHERS if thorough else ())
        ),
        small=None if shared else small_studies(y, v, bare.level),
    )


def arrays(studies: Sequence[Study]) -> tuple[np.ndarray, np.ndarray]:
    """Effects and sampling variances, each ``(k,)``."""
    return np.array([s.value for s in studies]), np.array([s.se**2 for s in studies])


def collapsed(y: np.ndarray, v: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """One effect and variance per cluster, as if effects inside it were wholly correlated: plain means of both."""
    names, at = list(dict.fromkeys(labels)), np.array(labels)
    return np.array([y[at == n].mean() for n in names]), np.array([v[at == n].mean() for n in names])


def _without(bare: Synthesis, y: np.ndarray, v: np.ndarray, shared: bool) -> tuple[Without, ...]:
    names = list(dict.fromkeys(s.cluster for s in bare.studies)) if shared else [s.reference for s in bare.studies]
    found = leave_one_out(y, v, knapp_hartung="not_narrower", level=bare.level)
    return tuple(Without(name, one) for name, one in zip(names, found, strict=True))


def _refuse_mixture(studies: Sequence[Study]) -> None:
    if not studies:
        raise LibraryError(Problem("there is no study to pool", where="synthesis"))
    problems = []
    for name in _ONE_QUANTITY:
        values = sorted({str(getattr(s, name)) for s in studies})
        if len(values) > 1:
            problems.append(
                Problem(
                    f"different {name}s are not pooled: " + "; ".join(values),
                    where="synthesis",
                    hint="pool each by itself: their mean would answer no question",
                )
            )
    if problems:
        raise RefusedError(*problems)


def _notes(done: Synthesis) -> tuple[str, ...]:
    notes = []
    shared = len(done.studies) - done.n_independent
    if shared:
        notes.append(
            f"{len(done.studies)} effects come from {done.n_independent} independent sources: effects of one "
            "evaluation, or of evaluations with the same data file, may share their errors"
            + ("; the interval allows for that (CR2)" if done.robust else "")
        )
    measures = {s.measure for s in done.studies}
    if len(measures) > 1:
        notes.append(f"the outcome was measured in {len(measures)} ways; the list says how")
    if done.pooled is None:
        notes.append(f"{done.n_independent} independent evaluations; {FEWEST} are needed for a pooled effect")
    elif done.small is None:
        notes.append("no test for small-study effects: it needs ten evaluations that share no data")
    if done.robust is not None and done.robust.df < 4:
        notes.append(f"the robust interval rests on {done.robust.df:.1f} degrees of freedom: read it with care")
    return tuple(notes)
