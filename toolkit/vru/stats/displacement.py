"""The weighted displacement difference: net change in counts, with its spill into buffers."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two counts of one area (or group of areas), before and after.

    weight : the area's size; counts are divided by it, variances by its square.
    """

    before: float
    after: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of counts and its standard error under independent Poisson counts."""

    value: float
    se: float


@dataclass(frozen=True, slots=True)
class WeightedDisplacement:
    """Local change, change in the buffers (None where there are none) and their sum, in offences."""

    local: Difference
    displacement: Difference | None
    total: Difference


def net_change(target: BeforeAfter, control: BeforeAfter | None, time: float = 1.0) -> Difference:
    """Change in the target less change in its control.

    time : periods observed before over periods after; counts before are divided by it, so the
        result is in offences over the period after.
    """
    value = _change(target, time)
    variance = _variance(target, time)
    if control is not None:
        value -= _change(control, time)
        variance += _variance(control, time)
    return Difference(value, float(np.sqrt(variance)))


def weighted_displacement(
    treated: BeforeAfter,
    control: BeforeAfter,
    buffer: BeforeAfter | None = None,
    buffer_control: BeforeAfter | None = None,
    *,
    time: float = 1.0,
) -> WeightedDisplacement:
    """Weighted displacement difference: local change plus displaced change, each net of control.

    Source: Wheeler & Ratcliffe (2018) Crime Science 7:11, equations 2-4. Reference implementation:
    ``ptools::wdd`` (R). ``time`` is theirs with the later weight fixed at 1.
    """
    local = net_change(treated, control, time)
    if buffer is None:
        return WeightedDisplacement(local, None, local)
    spill = net_change(buffer, buffer_control, time)
    total = Difference(local.value + spill.value, float(np.hypot(local.se, spill.se)))
    return WeightedDisplacement(local, spill, total)


def harm_weighted(weights: np.ndarray, parts: tuple[Difference, ...]) -> Difference:
    """Sum of displacement differences by offence type, each weighted by its harm.

    weights : shape ``(n_types,)``, harm per offence (for example days of sentence).
    Source: Wheeler & Ratcliffe (2018) with independent offence types; reference ``ptools::wdd_harm``.
    """
    values = np.array([p.value for p in parts])
    errors = np.array([p.se for p in parts])
    return Difference(float(weights @ values), float(np.sqrt(weights**2 @ errors**2)))


def _change(area: BeforeAfter, time: float) -> float:
    return (area.after - area.before / time) / area.weight


def _variance(area: BeforeAfter, time: float) -> float:
    return (area.after + area.before / time**2) / area.weight**2
