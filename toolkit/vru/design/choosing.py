"""What a choice does to the analysis and to its panel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from vru.binding import BoundAnalysis, Plan
from vru.errors import DataError
from vru.methods import METHODS
from vru.panel import Panel, Role
from vru.protocol.choices import ComparisonChoice, Specifications, WindowChoice


@dataclass(frozen=True, slots=True)
class Choice:
    """What is done to the panel; None leaves it as registered. together : so many periods counted as one."""

    window: WindowChoice | None = None
    comparison: ComparisonChoice | None = None
    together: int = 1
    buffers: float | None = None


@dataclass(frozen=True, slots=True)
class Relabelled:
    """slot ``(n_units,)``: the position whose role and start each unit is given."""

    slot: np.ndarray


Apply = Callable[[BoundAnalysis, Choice], tuple[BoundAnalysis, Choice]]


@dataclass(frozen=True, slots=True)
class Step:
    """One value of one dimension: what it changes, and in words."""

    dimension: str
    words: str
    apply: Apply


def dimensions(plan: Plan) -> tuple[tuple[Step, ...], ...]:
    """Every dimension with its values, the registered one first."""
    wanted = plan.protocol.specifications
    if wanted is None:
        return ()
    own = next(a for a in plan.analyses if a.plan.role == "primary")
    window = plan.protocol.window
    return (
        (Step("method", _method(own), _keep), *(_another(own, m.method, m.options) for m in wanted.methods)),
        (Step("outcome", own.plan.outcome, _keep), *(_outcome(o) for o in wanted.outcomes)),
        (Step("window", f"{window.first} to {window.last}", _keep), *(_window(w) for w in wanted.windows)),
        (Step("comparison", "all", _keep), *(_comparison(c) for c in wanted.comparison)),
        (Step("periods", "as counted", _keep), *(_together(k) for k in wanted.together)),
        (Step("buffers", "apart", _keep), *_buffers(wanted)),
    )


def _keep(analysis: BoundAnalysis, choice: Choice) -> tuple[BoundAnalysis, Choice]:
    return analysis, choice


def _method(analysis: BoundAnalysis) -> str:
    return f"{analysis.plan.method}{_said(analysis.plan.options)}"


def _said(options: Mapping[str, object]) -> str:
    return f" ({', '.join(f'{k}: {v}' for k, v in options.items())})" if options else ""


def _another(own: BoundAnalysis, name: str, options: dict[str, object]) -> Step:
    method = METHODS[name]
    bound = method.options.model_validate({"level": own.options.level, **options})

    def apply(analysis: BoundAnalysis, choice: Choice) -> tuple[BoundAnalysis, Choice]:
        changed = analysis.plan.model_copy(update={"method": name, "options": options})
        return BoundAnalysis(changed, method, bound), choice

    return Step("method", f"{name}{_said(options)}", apply)


def _outcome(name: str) -> Step:
    def apply(analysis: BoundAnalysis, choice: Choice) -> tuple[BoundAnalysis, Choice]:
        return replace(analysis, plan=analysis.plan.model_copy(update={"outcome": name})), choice

    return Step("outcome", name, apply)


def _window(window: WindowChoice) -> Step:
    return Step("window", f"{window.first} to {window.last}", lambda a, c: (a, replace(c, window=window)))


def _comparison(wanted: ComparisonChoice) -> Step:
    words = f"the {wanted.closest} closest" if wanted.closest else f"without {_listed(wanted.without)}"
    return Step("comparison", words, lambda a, c: (a, replace(c, comparison=wanted)))


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def _together(k: int) -> Step:
    return Step("periods", f"{k} as one", lambda a, c: (a, replace(c, together=k)))


def _buffers(wanted: Specifications) -> tuple[Step, ...]:
    def step(distance: float) -> Step:
        words = f"within {distance:g} m counted in" if distance else "listed neighbours counted in"
        return Step("buffers", words, lambda a, c: (a, replace(c, buffers=distance)))

    return tuple(step(d) for d in wanted.buffers)


def chosen_panel(
    panels: Mapping[float | None, Panel], choice: Choice, outcome: str, labels: Relabelled | None
) -> Panel:
    """The panel that a choice asks for. Raises DataError where nothing is left of it."""
    panel = panels[choice.buffers]
    names: tuple[str, ...] = panel.units
    if labels is not None:
        names = tuple(panel.units[i] for i in labels.slot)
        panel = replace(
            panel,
            role=tuple(panel.role[i] for i in labels.slot),
            starts=tuple(panel.starts[i] for i in labels.slot),
            recording=None,
            spans={},
        )
    if choice.window is not None:
        panel = within(panel, choice.window)
    if choice.comparison is not None:
        panel = panel.subset(~_left_out(panel, names, choice.comparison, outcome))
    if choice.buffers is not None:
        panel = joined(panel)
    return counted_together(panel, choice.together) if choice.together > 1 else panel


def within(panel: Panel, window: WindowChoice) -> Panel:
    """Only the periods of a shorter window. Raises DataError where no start lies inside it with a period before it."""
    keep = np.array([window.first <= p <= window.last for p in panel.periods])
    if not keep.any():
        raise DataError("no period of the data lies in that window")
    cut = panel.between(keep)
    lost = [u for u, a, b in zip(panel.units, panel.starts, cut.starts, strict=True) if a is not None and b is None]
    if lost or min(s for s in cut.starts if s is not None) == cut.periods[0]:
        raise DataError("the start does not lie inside that window, with a period before it")
    return cut


def _left_out(panel: Panel, names: tuple[str, ...], wanted: ComparisonChoice, outcome: str) -> np.ndarray:
    comparison = panel.is_role("comparison")
    if wanted.closest is None:
        return comparison & np.isin(np.asarray(names), wanted.without)
    before = np.where(panel.missing | panel.post()[None, :], np.nan, panel.counts[outcome])
    seen = ~np.isnan(before)
    mean = np.nansum(before, axis=1) / np.maximum(seen.sum(axis=1), 1)
    gap = np.abs(mean - mean[panel.is_role("treated")].mean())
    rows = np.flatnonzero(comparison)
    order = rows[np.lexsort((np.asarray(panel.units)[rows], gap[rows]))]
    left: np.ndarray = np.isin(np.arange(len(panel.units)), order[wanted.closest :])
    return left


def joined(panel: Panel) -> Panel:
    """Buffers counted with the arm that they lie round. Raises DataError without buffers or with several starts."""
    starts = {s for s in panel.starts if s is not None}
    if not panel.is_role("buffer", "buffer_comparison").any():
        raise DataError("the panel has no buffers")
    if len(starts) != 1:
        raise DataError("areas start at different times, so buffers have no start of their own")
    into: dict[Role, Role] = {"buffer": "treated", "buffer_comparison": "comparison"}
    role: tuple[Role, ...] = tuple(into.get(r, r) for r in panel.role)
    start = starts.pop()
    return replace(
        panel, role=role, starts=tuple(start if r == "treated" else None for r in role), recording=None, spans={}
    )


def counted_together(panel: Panel, k: int) -> Panel:
    """``k`` periods counted as one, a group beginning at the start; what is left over at either end is left out.

    A group of which a period is missing is missing. Raises DataError with several starts, or where a side has no whole group.
    """
    starts = {s for s in panel.starts if s is not None}
    if len(starts) != 1:
        raise DataError("areas start at different times, so periods cannot be counted together round one start")
    at = panel.periods.index(starts.pop())
    first = at % k
    groups = (len(panel.periods) - first) // k
    if at < k or groups <= at // k:
        raise DataError(f"fewer than {k} periods lie before or after the start")

    def summed(values: np.ndarray) -> np.ndarray:
        return np.asarray(values[:, first : first + groups * k].reshape(len(values), groups, k).sum(axis=2))

    missing = summed(panel.missing.astype(float)) > 0
    return replace(
        panel,
        periods=panel.periods[first : first + groups * k : k],
        counts={o: np.where(missing, np.nan, summed(v)) for o, v in panel.counts.items()},
        missing=missing,
        exposure=None if panel.exposure is None else summed(panel.exposure),
        recording=None,
        spans={},
    )
