"""Estimate, offences prevented, path and sentence of one answer say the same, whatever options are set."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from vru.methods import METHODS
from vru.panel import Panel
from vru.report import claim
from vru.results import Estimate

MakePanel = Callable[..., Panel]
SIZES = {"treated": 3.0, "comparison": 2.0, "buffer": 4.0, "buffer_comparison": 2.0}
CASES: tuple[tuple[str, dict[str, object]], ...] = (
    ("before_after", {}),
    ("before_after", {"interval": "exact"}),
    ("weighted_displacement", {}),
    ("weighted_displacement", {"area_weights": SIZES}),
    ("weighted_displacement", {"area_weights": {k: v * 1e6 for k, v in SIZES.items()}}),
    ("weighted_displacement", {"variance": "as_published", "area_weights": SIZES}),
    ("weighted_displacement_quotient", {}),
    ("relative_rate_ratio", {}),
    ("relative_rate_ratio", {"variance": "as_published"}),
    ("poisson_did", {}),
    ("staggered_poisson", {}),
    ("staggered_did", {}),
    ("staggered_did", {"reference": "last_before"}),
    ("synthetic_control", {}),
    ("synthetic_did", {}),
    ("calibrated_weights", {}),
)


def fit(name: str, options: dict[str, object], make_panel: MakePanel) -> Estimate:
    method = METHODS[name]
    panel = make_panel(ratio=0.7, mean=20, treated=10, comparison=12, buffers=3)
    return method.fit(panel, "violence", method.options.model_validate(options), np.random.default_rng(1))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_one_answer_in_one_unit(name: str, options: dict[str, object], make_panel: MakePanel) -> None:
    found = fit(name, options, make_panel)
    saved = found.events_prevented
    assert saved is not None
    assert found.unit == "offences"
    late = [p for p in found.path if p.period >= "2021-01"]
    observed, expected = (sum(getattr(p, side) for p in late) for side in ("observed", "expected"))
    assert observed == pytest.approx(found.counts["T1"])
    assert expected - observed == pytest.approx(saved.value, rel=1e-6)
    if found.scale == "log_rate_ratio":
        assert observed / expected == pytest.approx(math.exp(found.value), rel=1e-6)
        assert f"{100 * (1 - math.exp(found.value)):.0f}%" in claim.effect(found).replace(
            ".0%", "%"
        ) or "." in claim.effect(found)
    else:
        local = found.components["local"].value if "local" in found.components else found.value
        assert saved.value == pytest.approx(-local)
        said = re.search(r"([\d,]+(?:\.\d)?) (fewer|more) offences", claim.effect(found))
        assert said is not None
        assert float(said[1].replace(",", "")) == pytest.approx(abs(found.value), abs=0.51)
    # The true fall is 30%: of some 2,300 offences expected in 12 months some 700, whatever sizes are counted in.
    assert 0.15 < saved.value / (saved.value + observed) < 0.45
