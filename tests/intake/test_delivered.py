"""What was delivered beside a panel of areas: read, looked at, and told in the report."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vru.checks import CHECKS
from vru.errors import DataError
from vru.events import Table
from vru.intake import add_delivered
from vru.panel import Panel
from vru.protocol.units import Delivered
from vru.report.sections.what_was_done import _delivered
from vru.results import Finding

PLAN = {"data": "delivery", "minutes": "minutes", "planned_minutes": "planned"}


def rows(panel: Panel, dose: Callable[[str, bool], float], planned: float = 60.0) -> pd.DataFrame:
    post = panel.post()
    made = [
        (u, p, dose(r, bool(a)), planned if r == "treated" and a else 0.0)
        for u, r in zip(panel.units, panel.role, strict=True)
        for p, a in zip(panel.periods, post, strict=True)
    ]
    return pd.DataFrame(made, columns=["area", "period", "minutes", "planned"]).astype(str)


def read(panel: Panel, frame: pd.DataFrame, **plan: Any) -> Panel:
    return add_delivered(panel, Delivered.model_validate(PLAN | plan), Table("delivered.csv", frame, "sha256:1"))[0]


def look(panel: Panel) -> Finding:
    case = SimpleNamespace(panel=panel, data=panel, estimate=SimpleNamespace(analysis="main", outcome="violence"))
    check = CHECKS["delivery"]
    return check.run(case, check.options(), np.random.default_rng(1))  # type: ignore[arg-type]


def dose(treated_before: float, treated: float, comparison: float) -> Callable[[str, bool], float]:
    return lambda role, post: (treated if post else treated_before) if role == "treated" else comparison


@pytest.mark.parametrize(
    ("amounts", "verdict", "said"),
    [
        (
            (5.0, 60.0, 6.0),
            "pass",
            "60.0 minutes an area and period from the start on, 5.0 before it, 6.0 in comparison areas",
        ),
        ((5.0, 40.0, 2.0), "concern", "67% of what was planned"),
        ((5.0, 60.0, 20.0), "fail", "Comparison areas had so much"),
        ((60.0, 60.0, 0.0), "fail", "nothing was introduced"),
    ],
)
def test_dose_by_arm(
    make_panel: Callable[..., Panel], amounts: tuple[float, float, float], verdict: str, said: str
) -> None:
    panel = make_panel()
    found = look(read(panel, rows(panel, dose(*amounts))))
    assert found.verdict == verdict
    assert said in found.text
    (block,) = _delivered(SimpleNamespace(findings=(found,)), "month")  # type: ignore[arg-type]
    assert ("Treated areas from the start on", "minutes an area and month", f"{amounts[1]:.1f}") in block.rows  # type: ignore[union-attr]


def test_order_and_rows_of_others_do_not_matter_and_what_is_absent_is_not_known(
    make_panel: Callable[..., Panel],
) -> None:
    panel = make_panel()
    frame = rows(panel, dose(5, 60, 6))
    more = pd.concat([frame, frame.head(1).assign(area="elsewhere"), frame.head(1).assign(period="1999-01")])
    first, second = read(panel, frame), read(panel, more.sample(frac=1, random_state=1))
    np.testing.assert_array_equal(first.delivered["minutes"], second.delivered["minutes"])
    gone = read(panel, frame.iloc[1:])
    assert np.isnan(gone.delivered["minutes"]).sum() == 1
    assert not panel.subset(np.ones(len(panel.units), dtype=bool)).delivered


def test_bad_input(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel()
    frame = rows(panel, dose(5, 60, 6))
    treated = panel.units[0]
    for broken, said in (
        (frame.rename(columns={"minutes": "mins"}), "there is no column 'minutes'"),
        (frame.assign(period="June"), "no row is of a period of the window"),
        (frame[frame["area"] != treated], "1 treated areas have no row"),
        (pd.concat([frame, frame.head(1)]), "1 rows repeat an area and period"),
        (frame.assign(minutes="-1"), "rows are below 0"),
        (frame.assign(minutes="many"), "rows are not numbers"),
    ):
        with pytest.raises(DataError, match=said):
            read(panel, broken)
