"""Published numbers through the methods themselves, from the reference data: tests/golden/PUBLISHED.md lists them all."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vru.methods import METHODS
from vru.panel import Panel
from vru.results import Estimate
from vru.stats.pool import pool

pytestmark = pytest.mark.realdata
SPECIAL = {"lnincome": range(1980, 1989), "beer": range(1984, 1989), "age15to24": range(1980, 1989)}
SPECIAL |= {"retprice": range(1980, 1989)}


def fit(name: str, panel: Panel, **options: object) -> Estimate:
    method = METHODS[name]
    return method.fit(panel, "y", method.options.model_validate(options), np.random.default_rng(1))


def panel_of(wide: pd.DataFrame, starts: dict[str, str], covariates: pd.DataFrame | None = None) -> Panel:
    """Units as rows, periods (YYYY-MM) as columns; ``starts`` names the treated."""
    return Panel(
        units=tuple(wide.index),
        periods=tuple(wide.columns),
        counts={"y": wide.to_numpy(float)},
        role=tuple("treated" if u in starts else "comparison" for u in wide.index),
        starts=tuple(starts.get(u) for u in wide.index),
        missing=np.zeros(wide.shape, dtype=bool),
        covariates=covariates,
    )


def gap(found: Estimate, since: str) -> float:
    return float(np.mean([p.observed - p.expected for p in found.path if p.period >= since]))


@pytest.fixture
def smoking(data_dir: Path) -> Panel:
    wide = pd.read_csv(data_dir / "reference" / "california_prop99.csv").set_index("Year").T
    return panel_of(wide.set_axis([f"{y}-01" for y in wide.columns], axis=1), {"California": "1989-01"})


def test_proposition_99_difference_in_differences(smoking: Panel) -> None:
    """Arkhangelsky et al. (2021), table 1: -27.3 by difference-in-differences; -27.349 in full."""
    found = fit("staggered_did", smoking)
    assert found.counts["per_unit_month"] == pytest.approx(-27.349, abs=5e-4)


def test_proposition_99_synthetic_control_and_synthetic_did(smoking: Panel) -> None:
    """The same table: -19.6 by synthetic control (their solver stops early: -19.62), -15.6 by synthetic DiD."""
    assert gap(fit("synthetic_control", smoking), "1989") == pytest.approx(-19.6, abs=0.1)
    assert round(gap(fit("synthetic_did", smoking), "1989"), 1) == -15.6


@pytest.mark.slow
def test_abadie_2010_through_the_method(data_dir: Path) -> None:
    """Their predictors and years: weights to 0.01 of table 2, gap in 2000 about -26, the largest ratio of 39 states."""
    data = pd.read_csv(data_dir / "reference" / "prop99_abadie.csv")
    wide = {c: data.pivot(index="state", columns="year", values=c) for c in ("cigsale", *SPECIAL)}
    known = {c: wide[c][list(years)].mean(axis=1) for c, years in SPECIAL.items()}
    known |= {f"sales {y}": wide["cigsale"][y] for y in (1975, 1980, 1988)}
    sales = wide["cigsale"].set_axis([f"{y}-01" for y in wide["cigsale"].columns], axis=1)
    panel = panel_of(sales, {"California": "1989-01"}, pd.DataFrame(known))
    found = fit("synthetic_control", panel, predictors=tuple(known), outcome_means="none", statistic="rmspe")
    published = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}
    assert {u: w for u, w in found.weights.items() if w > 0.01} == pytest.approx(published, abs=0.01)
    assert gap(found, "2000") == pytest.approx(-25.7, abs=0.1)
    assert found.p == pytest.approx(1 / 39)


def test_kansas_through_the_method(data_dir: Path) -> None:
    """Ben-Michael, Feller & Rothstein (2021): log GDP per head after the tax cuts of 2012; ridge in stats/test_synthetic.py."""
    data = pd.read_csv(data_dir / "reference" / "augsynth_kansas.csv")
    wide = data.pivot(index="abb", columns="year_qtr", values="lngdpcapita")
    wide = wide.set_axis([f"{int(q)}-{int(1 + 12 * (q % 1)):02d}" for q in wide.columns], axis=1)
    found = fit("synthetic_control", panel_of(wide, {"KS": "2012-04"}), draws=199)
    assert round(gap(found, "2012-04"), 4) == -0.0294


@pytest.fixture
def counties(data_dir: Path) -> Panel:
    data = pd.read_csv(data_dir / "reference" / "mpdta.csv").astype({"countyreal": str})
    wide = data.pivot(index="countyreal", columns="year", values="lemp")
    start = data.groupby("countyreal")["first.treat"].first()
    panel = wide.set_axis([f"{y}-01" for y in wide.columns], axis=1)
    return panel_of(panel, {u: f"{int(s)}-01" for u, s in start.items() if s})


def test_callaway_santanna_2021_through_the_method(counties: Panel) -> None:
    """Employment of the young and minimum wages: simple and dynamic averages, and the event study."""
    simple = fit("staggered_did", counties, reference="last_before", inference="cluster", draws=199)
    assert round(simple.counts["per_unit_month"], 4) == -0.0400
    points = {p.event_time: p.value for p in simple.event_study}
    assert [round(points[e], 4) for e in (0, 1, 2, 3)] == [-0.0199, -0.0510, -0.1373, -0.1008]
    dynamic = fit(
        "staggered_did", counties, reference="last_before", aggregation="dynamic", inference="cluster", draws=199
    )
    assert round(dynamic.value / dynamic.counts["treated_unit_months"], 4) == -0.0772


def test_vaccine_trials_from_the_reference_file(data_dir: Path) -> None:
    """Colditz et al. (1994) as in metafor: log risk ratio by REML and DerSimonian-Laird."""
    with (data_dir / "reference" / "metadat_dat.bcg.csv").open() as f:
        rows = [{k: float(r[k]) for k in ("tpos", "tneg", "cpos", "cneg")} for r in csv.DictReader(f)]
    a, b, c, d = (np.array([r[k] for r in rows]) for k in ("tpos", "tneg", "cpos", "cneg"))
    y, v = np.log(a / (a + b) * (c + d) / c), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    found = pool(y, v, knapp_hartung="no")
    assert (round(found.value, 4), round(found.se, 4), round(found.spread.tau2, 4)) == (-0.7145, 0.1798, 0.3132)
    assert (round(found.spread.i2 or 0, 2), round(found.spread.q, 3)) == (92.22, 152.233)
    assert round(pool(y, v, method="dl").spread.tau2, 4) == 0.3088
