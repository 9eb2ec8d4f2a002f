"""Independent values for the staggered methods, from diff-diff 3.13.0 (MIT) on a simulated panel.

    pip install diff-diff==3.13.0 && python tests/golden/staggered/make_values.py

Writes panel.csv and values.json beside this file. diff-diff is no dependency of the toolkit or its tests.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna, WooldridgeDiD

HERE = Path(__file__).parent


def simulate() -> pd.DataFrame:
    rng = np.random.default_rng(20261124)
    first = np.array([5] * 6 + [7] * 5 + [9] * 4 + [0] * 15)
    t = np.arange(1, 13)
    since = np.where(first[:, None] > 0, t[None, :] - first[:, None], -1)
    rate = 9 * np.exp(rng.normal(0, 0.4, len(first)))[:, None] * (1 + 0.2 * np.sin(t))[None, :]
    rate = rate * np.where(since >= 0, np.exp(-0.1 * (since + 1)), 1.0)
    counts = rng.poisson(rate)
    n, p = counts.shape
    return pd.DataFrame(
        {"unit": np.repeat(np.arange(n), p), "t": np.tile(t, n), "first": np.repeat(first, p), "y": counts.ravel()}
    )


def callaway_santanna(data: pd.DataFrame, control: str) -> dict[str, object]:
    found = CallawaySantAnna(control_group=control, base_period="universal").fit(
        data, outcome="y", unit="unit", time="t", first_treat="first", aggregate="all"
    )
    return {
        "overall": found.overall_att,
        "cells": {f"{g},{t}": v["effect"] for (g, t), v in found.group_time_effects.items()},
        "event": {str(e): v["effect"] for e, v in found.event_study_effects.items()},
        "cell_se": {f"{g},{t}": v["se"] for (g, t), v in found.group_time_effects.items()},
    }


def main() -> None:
    warnings.simplefilter("ignore")
    data = simulate()
    data.to_csv(HERE / "panel.csv", index=False)
    values: dict[str, object] = {name: callaway_santanna(data, name) for name in ("never_treated", "not_yet_treated")}
    poisson = WooldridgeDiD(method="poisson").fit(data, outcome="y", unit="unit", time="t", cohort="first")
    values["poisson_etwfe_overall"] = poisson.overall_att
    (HERE / "values.json").write_text(json.dumps(values, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
