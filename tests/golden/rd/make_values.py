"""Makes data.csv and values.json with rdrobust and rddensity, which the project does not depend on.

    pip install rdrobust==2.1.1 rddensity==3.0 && python tests/golden/rd/make_values.py

The US Senate figures are computed from the illustration data inside rdrobust; only summaries are kept.
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from rddensity import rddensity
from rdrobust import rdrobust

HERE = Path(__file__).parent


def simulate() -> pd.DataFrame:
    rng = np.random.default_rng(20261125)
    n = 500
    score = np.round(rng.normal(-0.2, 1.0, n), 3)
    age = rng.normal(0, 1, n)
    group = np.arange(n) % 45
    received = (rng.random(n) < np.where(score >= 0, 0.75, 0.2)).astype(int)
    y = 0.6 * score + 0.4 * score**2 - 0.8 * received + 0.5 * age + rng.normal(0, 0.8, n)
    return pd.DataFrame(
        {
            "score": score,
            "whole": np.round(score * 8).astype(int),
            "received": received,
            "age": np.round(age, 4),
            "group": group,
            "y": np.round(y, 4),
        }
    )


def numbers(x: np.ndarray, y: np.ndarray, **options: object) -> dict[str, float]:
    r = rdrobust(y, x, **options)
    return {
        "h": r.bws.iloc[0, 0],
        "b": r.bws.iloc[1, 0],
        "uncorrected": r.coef.iloc[0, 0],
        "uncorrected_se": r.se.iloc[0, 0],
        "corrected": r.coef.iloc[1, 0],
        "robust_se": r.se.iloc[2, 0],
        "robust_low": r.ci.iloc[2, 0],
        "robust_high": r.ci.iloc[2, 1],
        "p": r.pv.iloc[2, 0],
    }


def main() -> None:
    frame = simulate()
    frame.to_csv(HERE / "data.csv", index=False)
    x, y = frame.score.to_numpy(float), frame.y.to_numpy(float)
    d, whole = frame.received.to_numpy(float), frame.whole.to_numpy(float)
    group, age = frame.group.to_numpy(), frame[["age"]].to_numpy(float)
    values: dict[str, object] = {
        "sharp": numbers(x, y),
        "sharp_hc0": numbers(x, y, vce="hc0"),
        "sharp_uniform": numbers(x, y, kernel="uni"),
        "sharp_epanechnikov": numbers(x, y, kernel="epa"),
        "sharp_order_2": numbers(x, y, p=2),
        "sharp_clustered": numbers(x, y, cluster=group, vce="cr1"),
        "sharp_lumpy": numbers(whole, y),
        "sharp_fixed": numbers(x, y, h=0.9, b=1.4),
        "covariates_fixed": numbers(x, y, h=0.9, b=1.4, covs=age),
        "fuzzy": numbers(x, y, fuzzy=d, sharpbw=True),
        "fuzzy_fixed": numbers(x, y, fuzzy=d, h=0.9, b=1.4),
    }
    senate = pd.read_csv(files("rdrobust") / "data" / "rdrobust_RDsenate.csv")[["margin", "vote", "state"]].dropna()
    m, v = senate.margin.to_numpy(float), senate.vote.to_numpy(float)
    values["senate"] = numbers(m, v) | {"n": len(m)}
    values["senate_clustered_by_state"] = numbers(m, v, cluster=senate.state.to_numpy(), vce="cr1")
    for name, at in (("density", x), ("senate_density", m)):
        for h in (0.8, 1.2) if name == "density" else (20.0,):
            r = rddensity(at, c=0, h=[h, h], massPoints=False)
            values[f"{name}_{h:g}"] = {
                "below": float(r.hat["left"]),
                "above": float(r.hat["right"]),
                "se": float(r.sd_jk["diff"]),
                "p": float(r.test["p_jk"]),
            }
    text = json.dumps(values, indent=1, default=float)
    (HERE / "values.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
