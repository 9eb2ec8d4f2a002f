"""Few areas and small counts, the normal case here: every method answers or refuses in words, and never guesses.

A newcomer in METHODS that takes areas is picked up by itself.
"""

import dataclasses
import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from vru.errors import MethodError
from vru.methods import METHODS
from vru.methods.method import Method
from vru.panel import Panel, Role, SelectionHistory
from vru.results import Estimate

PRE, POST = 24, 12
ROLES: tuple[Role, ...] = ("treated", "comparison", "buffer", "buffer_comparison")
Cells = dict[str, np.ndarray]

areas = [m for m in METHODS.values() if m.takes == "areas"]
every = pytest.mark.parametrize("method", areas, ids=[m.name for m in areas])


def counts(treated: int, comparison: int, mean: float = 5.0, seed: int = 1) -> Cells:
    """Poisson counts by role, ``(n, 36)`` each, two buffers of either kind, no effect."""
    rng = np.random.default_rng(seed)
    number = dict(zip(ROLES, (treated, comparison, 2, 2), strict=True))
    level = {r: mean * np.exp(rng.normal(0, 0.4, (n, 1))) for r, n in number.items()}
    return {r: rng.poisson(v * np.ones((1, PRE + POST))).astype(float) for r, v in level.items()}


def panel(cells: Cells) -> Panel:
    role: tuple[Role, ...] = tuple(r for r in ROLES for _ in cells[r])
    periods = tuple(f"{2019 + j // 12}-{j % 12 + 1:02d}" for j in range(PRE + POST))
    stacked = np.concatenate([cells[r] for r in ROLES])
    units = tuple(f"U{i}" for i in range(len(role)))
    year = tuple(f"2018-{m:02d}" for m in range(1, 13))
    mean = stacked.mean(axis=1, keepdims=True)
    before = np.random.default_rng(3).poisson(np.repeat(mean, 12, axis=1)).astype(float)
    return Panel(
        units=units,
        selection=SelectionHistory("violence", year, units, before, np.ones(len(units), dtype=bool)),
        periods=periods,
        counts={"violence": stacked},
        role=role,
        starts=tuple(periods[PRE] if r == "treated" else None for r in role),
        missing=np.zeros(stacked.shape, dtype=bool),
    )


def emptied(*cells: tuple[Role, str, slice], mean: float = 5.0) -> Cells:
    """3 v 5 with some rows of a role silent before or after."""
    found = counts(3, 5, mean)
    for role, phase, rows in cells:
        found[role][rows, :PRE] *= phase != "before"
        found[role][rows, PRE:] *= phase != "after"
    return found


def lonely(treated: int, comparison: int) -> Cells:
    """Two offences in all: one in a treated and one in a comparison unit, in these months."""
    found = {r: v * 0 for r, v in counts(3, 5).items()}
    found["treated"][0, treated] = 1
    found["comparison"][2, comparison] = 1
    return found


ALL = slice(None)
CASES: dict[str, Callable[[], Cells]] = {
    "1 v 12": lambda: counts(1, 12),
    "1 v 3": lambda: counts(1, 3),
    "1 v 1": lambda: counts(1, 1),
    "2 v 2": lambda: counts(2, 2),
    "3 v 3": lambda: counts(3, 3),
    "all-zero areas": lambda: {r: v * (np.arange(len(v)) > 0)[:, None] for r, v in counts(4, 6).items()},
    "treated silent before": lambda: emptied(("treated", "before", ALL)),
    "treated silent after": lambda: emptied(("treated", "after", ALL)),
    "comparison silent before": lambda: emptied(("comparison", "before", ALL)),
    "comparison silent after": lambda: emptied(("comparison", "after", ALL)),
    "buffers silent before": lambda: emptied(("buffer", "before", ALL)),
    "buffers silent after": lambda: emptied(("buffer", "after", ALL)),
    "buffers silent throughout": lambda: emptied(("buffer", "before", ALL), ("buffer", "after", ALL)),
    "separated by unit": lambda: emptied(
        ("treated", "after", slice(0, 1)), ("treated", "before", slice(1, 2)), ("comparison", "after", slice(1, 2))
    ),
    "treated silent after, comparison before": lambda: emptied(
        ("treated", "after", ALL), ("comparison", "before", ALL)
    ),
    "0.1 a month, 1": lambda: counts(3, 5, 0.1, seed=0),
    "0.1 a month, 2": lambda: counts(3, 5, 0.1, seed=1),
    "0.1 a month, 3": lambda: counts(3, 5, 0.1, seed=5),
    "0.1 a month, 1 v 4": lambda: counts(1, 4, 0.1, seed=3),
    "two offences, treated before": lambda: lonely(3, 30),
    "two offences, treated after": lambda: lonely(30, 3),
    "two offences, both before": lambda: lonely(3, 5),
}
cases = pytest.mark.parametrize("case", CASES)


def numbers(value: object, where: str = "estimate") -> Iterator[tuple[str, float]]:
    if dataclasses.is_dataclass(value):
        for f in dataclasses.fields(value):
            yield from numbers(getattr(value, f.name), f"{where}.{f.name}")
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from numbers(v, f"{where}.{k}")
    elif isinstance(value, tuple):
        for i, v in enumerate(value):
            yield from numbers(v, f"{where}[{i}]")
    elif isinstance(value, float):
        yield where, value


def answer(method: Method, data: Panel, **options: object) -> Estimate | MethodError:
    """The estimate, or the refusal; a warning from the arithmetic is a failure, as is any other error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return method.fit(data, "violence", method.options.model_validate(options), np.random.default_rng(1))
        except MethodError as refused:
            return refused


@every
@cases
def test_answers_or_refuses_in_words(method: Method, case: str) -> None:
    data = panel(CASES[case]())
    found = answer(method, data)
    if isinstance(found, MethodError):
        assert all(len(p.what) > 20 and p.where for p in found.problems)
        return
    assert [w for w, v in numbers(found) if not math.isfinite(v)] == []
    assert found.se is None or found.se > 0
    assert (found.low if found.low is not None else -math.inf) <= found.value
    assert (found.high if found.high is not None else math.inf) >= found.value
    if found.low is None or found.high is None:
        assert any("interval" in n or "0.5 added" in n for n in (*found.notes, found.inference))
    prevented = found.events_prevented
    if prevented is not None and prevented.low is not None and prevented.high is not None:
        assert prevented.low <= prevented.value <= prevented.high


@every
@cases
def test_interval_and_p_agree(method: Method, case: str) -> None:
    found = answer(method, panel(CASES[case]()))
    if isinstance(found, MethodError) or found.p is None or found.low is None or found.high is None:
        return
    assert (found.low > 0 or found.high < 0) == (found.p <= 1 - found.level + 1e-9)


@every
@cases
def test_claims_nothing_strong_from_a_handful_of_offences(method: Method, case: str) -> None:
    data = panel(CASES[case]())
    kept = data.is_role("treated", "comparison")
    if float(data.counts["violence"][kept].sum()) > 40:
        return
    found = answer(method, data)
    if isinstance(found, Estimate):
        assert found.p is None or found.p > 0.01 or any("Only" in n or "small" in n for n in found.notes)


@every
def test_small_counts_are_said(method: Method) -> None:
    found = answer(method, panel(counts(3, 5, 0.1, seed=0)))
    if isinstance(found, Estimate):
        assert any("Only" in n or "small" in n or "few" in n for n in found.notes), found.notes


@every
@pytest.mark.parametrize("arms", [(1, 12), (2, 2), (3, 3), (8, 12), (10, 19)])
def test_no_cluster_error_under_thirty_clusters_by_default(method: Method, arms: tuple[int, int]) -> None:
    found = answer(method, panel(counts(*arms)))
    if isinstance(found, Estimate):
        assert "cluster" not in found.inference


@pytest.mark.parametrize("method", [m for m in areas if "inference" in m.options.model_fields], ids=lambda m: m.name)
def test_a_cluster_error_asked_for_is_not_left_alone(method: Method) -> None:
    """Registered nevertheless with few units, it comes with a note that it is unsteady."""
    try:
        method.options.model_validate({"inference": "cluster"})
    except ValueError:
        return
    found = answer(method, panel(counts(4, 8)), inference="cluster")
    assert isinstance(found, Estimate)
    assert any("narrow" in n or "randomisation" in n for n in found.notes), found.notes


def test_an_empty_comparison_gives_no_number_of_offences() -> None:
    found = answer(METHODS["relative_rate_ratio"], panel(emptied(("comparison", "after", ALL))))
    assert isinstance(found, Estimate)
    assert found.events_prevented is None
    assert found.path == ()
    assert any("comparison units after the start" in n and "0.5" in n for n in found.notes)
    refused = answer(METHODS["relative_rate_ratio"], panel(emptied(("comparison", "before", ALL))))
    assert isinstance(refused, MethodError)
