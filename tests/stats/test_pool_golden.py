"""Synthesis against metafor and clubSandwich, run side by side (tests/golden/meta/meta.R), to 1e-6."""

import csv
import math
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from vru.stats.heterogeneity import Estimator
from vru.stats.mantel_haenszel import mantel_haenszel
from vru.stats.meta_regression import Knapp, between_groups, moderation, regress
from vru.stats.pool import Pooled, leave_one_out, pool, prediction_bounds
from vru.stats.robust import robust
from vru.stats.small_study import small_studies

GOLDEN = Path(__file__).parents[1] / "golden" / "meta"
CLOSE = {"rel": 1e-6, "abs": 1e-6}
TESTS: dict[str, Knapp] = {"z": "no", "knha": "yes", "adhoc": "not_narrower"}


@cache
def wanted() -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with (GOLDEN / "values.csv").open() as f:
        for row in csv.DictReader(f):
            found[row["set"], row["fit"]][row["name"]] = float(row["value"])
    return found


@cache
def table(name: str, of: str) -> dict[str, list[str]]:
    with (GOLDEN / f"{name}.csv").open() as f:
        rows = [row for row in csv.DictReader(f) if row["set"] == of]
    return {key: [row[key] for row in rows] for key in rows[0]}


def numbers(of: str, column: str, name: str = "data") -> np.ndarray:
    return np.array([float(x) for x in table(name, of)[column]])


SETS = sorted({s for s, fit in wanted() if fit == "FE:z"})


def test_there_are_enough_sets_of_real_data() -> None:
    assert len(set(SETS) - {"three", "alike"}) >= 6


@pytest.mark.parametrize(("of", "fit"), [k for k in wanted() if k[1].split(":")[0] in {"FE", "REML", "DL", "PM"}])
def test_pooled_effect(of: str, fit: str) -> None:
    y, v, (estimator, test) = numbers(of, "y"), numbers(of, "v"), fit.split(":")
    method: Estimator = {"FE": "fixed", "REML": "reml", "DL": "dl", "PM": "pm"}[estimator]  # type: ignore[assignment]
    found = pool(y, v, method=method, knapp_hartung=TESTS[test])
    got = _as_metafor(found)
    want = wanted()[of, fit]
    assert {name: got[name] for name in want} == pytest.approx(want, **CLOSE)


def _as_metafor(found: Pooled) -> dict[str, float | None]:
    s = found.spread
    got = {"value": found.value, "se": found.se, "low": found.low, "high": found.high, "p": found.p}
    got |= {"tau2": s.tau2, "q": s.q, "q_p": s.q_p, "i2": s.i2, "h2": s.h2}
    if found.higgins is not None:
        usual = prediction_bounds(found.value, found.se, s.tau2, found.level, found.df)
        got |= {"prediction_low": found.higgins.low, "prediction_high": found.higgins.high}
        got |= {"metafor_prediction_low": usual.low, "metafor_prediction_high": usual.high}
    return got | {"tau2_low": s.tau2_low, "tau2_high": s.tau2_high}


@pytest.mark.parametrize("of", ["bcg", "raudenbush", "three"])
def test_leave_one_out(of: str) -> None:
    for i, found in enumerate(leave_one_out(numbers(of, "y"), numbers(of, "v"))):
        got = {"value": found.value, "low": found.low, "high": found.high, "tau2": found.spread.tau2}
        assert got == pytest.approx(wanted()[of, f"without:{i + 1}"], **CLOSE)


@pytest.mark.parametrize(("of", "fit"), [k for k in wanted() if k[1].startswith("x:")])
def test_meta_regression(of: str, fit: str) -> None:
    _, estimator, test = fit.split(":")
    y, v = numbers(of, "y"), numbers(of, "v")
    x = np.column_stack([np.ones(len(y)), numbers(of, "x")])
    method: Estimator = estimator.lower()  # type: ignore[assignment]
    found = regress(y, v, x, ("mean", "x"), method=method, knapp_hartung=TESTS[test])
    (b0, b1), s, tested = found.coefficients, found.spread, moderation(found)
    got: dict[str, float | None] = {"b0": b0.value, "b1": b1.value, "se0": b0.se, "se1": b1.se, "low1": b1.low}
    got |= {"high1": b1.high, "p1": b1.p, "tau2": s.tau2, "qe": s.q, "qm": tested.statistic, "qm_p": tested.p}
    got |= {"i2": s.i2, "k": found.k, "tau2_low": s.tau2_low, "tau2_high": s.tau2_high}
    want = wanted()[of, fit]
    assert {name: got[name] for name in want} == pytest.approx(want, **CLOSE)


@pytest.mark.parametrize("of", ["bcg", "raudenbush", "delinquency"])
def test_subgroups(of: str) -> None:
    y, v, g = numbers(of, "y"), numbers(of, "v"), np.array(table("data", of)["g"])
    parts = {name: pool(y[g == name], v[g == name], knapp_hartung="no") for name in sorted(set(g))}
    for name, found in parts.items():
        got = {"value": found.value, "se": found.se, "tau2": found.spread.tau2}
        assert got == pytest.approx(wanted()[of, f"group:{name}"], **CLOSE)
    tested = between_groups(np.array([p.value for p in parts.values()]), np.array([p.se for p in parts.values()]))
    assert {"q": tested.statistic, "p": tested.p} == pytest.approx(wanted()[of, "groups"], **CLOSE)


@pytest.mark.parametrize("of", ["schools", "delinquency"])
@pytest.mark.parametrize("correction", ["cr1", "cr2"])
@pytest.mark.parametrize("design", ["mean", "x"])
def test_robust_variance(of: str, correction: str, design: str) -> None:
    y, v = numbers(of, "y"), numbers(of, "v")
    columns = [np.ones(len(y))] if design == "mean" else [np.ones(len(y)), numbers(of, "x")]
    x = np.column_stack(columns)
    fit = regress(y, v, x, ("mean", "x")[: x.shape[1]], knapp_hartung="no")
    found = robust(fit, y, v, x, table("data", of)["cluster"], correction=correction)[-1]  # type: ignore[arg-type]
    want = wanted()[of, f"{correction}:{design}"]
    assert {name: getattr(found, name) for name in want} == pytest.approx(want, **CLOSE)


@pytest.mark.parametrize("of", [s for s, fit in wanted() if fit == "small"])
def test_small_studies(of: str) -> None:
    found = small_studies(numbers(of, "y"), numbers(of, "v"))
    assert found is not None
    got = {"t": found.slope.value / found.slope.se, "p": found.slope.p, "limit": found.limit.value}
    want = wanted()[of, "small"]
    assert got == pytest.approx({name: want[name] for name in got}, **CLOSE)


@pytest.mark.parametrize("of", ["scared", "bcg", "magnesium", "zero"])
def test_mantel_haenszel(of: str) -> None:
    found = mantel_haenszel(*(numbers(of, c, "tables") for c in ("ai", "n1i", "ci", "n2i")))
    want = wanted()[of, "mh"]
    assert {name: getattr(found, name) for name in want} == pytest.approx(want, **CLOSE)


def test_published_figures() -> None:
    """Prison visits (Petrosino et al.): odds ratio 1.68, 1.20 to 2.36; random effects 1.72, 1.13 to 2.62."""
    found = mantel_haenszel(*(numbers("scared", c, "tables") for c in ("ai", "n1i", "ci", "n2i")))
    assert [round(math.exp(x), 2) for x in (found.value, found.low, found.high)] == [1.68, 1.20, 2.36]
    assert found.q_p == pytest.approx(0.2039, abs=5e-5)
    assert found.i2 == pytest.approx(29.4, abs=0.05)
    random = pool(numbers("scared", "y"), numbers("scared", "v"), method="dl", knapp_hartung="no")
    # Printed as 1.724 (1.134-2.621): R's meta measures Q around the Mantel-Haenszel estimate. Ours, as metafor's, does not.
    assert [round(math.exp(x), 3) for x in (random.value, random.low, random.high)] == [1.724, 1.134, 2.619]
    w = 1 / numbers("scared", "v")
    tau2 = (found.q - found.q_df) / (w.sum() - (w**2).sum() / w.sum())
    w = 1 / (1 / w + tau2)
    middle, half = (w * numbers("scared", "y")).sum() / w.sum(), 1.959963985 / math.sqrt(w.sum())
    assert [round(math.exp(x), 3) for x in (middle, middle - half, middle + half)] == [1.724, 1.134, 2.621]
    first = pool(numbers("scared", "y")[:1], numbers("scared", "v")[:1])
    assert [round(math.exp(x), 2) for x in (first.value, first.low, first.high)] == [5.45, 1.65, 18.02]
    vaccine = pool(numbers("bcg", "y"), numbers("bcg", "v"), knapp_hartung="no")
    assert [round(x, 4) for x in (vaccine.value, vaccine.se, vaccine.spread.tau2)] == [-0.7145, 0.1798, 0.3132]
    assert (round(vaccine.spread.q, 3), round(vaccine.spread.i2 or 0, 2)) == (152.233, 92.22)
    assert (round(vaccine.spread.tau2_low or 0, 3), round(vaccine.spread.tau2_high or 0, 3)) == (0.120, 1.111)
