"""Interval from a standard error that holds whatever the correlation between an area's days."""

import math

from vru.methods.days.rows import AreaDays
from vru.methods.inference import Inference
from vru.stats.crossed import Crossed, cluster_covariance
from vru.stats.intervals import Bounds, two_sided_p, wald

FEWEST, FEW = 5, 30


def by_area(model: Crossed, rows: AreaDays, at: int, level: float) -> Inference:
    """t interval of term ``at`` with areas with events minus 1 degrees of freedom; none under five such areas."""
    areas = int((model.fitted.sum(axis=1) > 0).sum())
    covariance = cluster_covariance(model, rows.counts, rows.weight, rows.code)
    if areas < FEWEST or covariance is None:
        note = f"No cluster-robust interval: {areas} areas with offences are fewer than {FEWEST}."
        return Inference(Bounds(None, None), None, None, "none", (note,))
    value, se = float(model.value[at]), math.sqrt(max(float(covariance[at, at]), 0.0))
    words = f"cluster-robust by area (CRV1), t with {areas - 1} degrees of freedom"
    return Inference(wald(value, se, level, areas - 1), se, two_sided_p(value, se, areas - 1), words)


def few_areas(rows: AreaDays, clustered: bool) -> tuple[str, ...]:
    """A warning where the cluster-robust interval is the one reported and areas are few."""
    areas = int((rows.counts.sum(axis=1) > 0).sum())
    if not clustered or areas >= FEW:
        return ()
    return (
        f"{areas} areas are few for a cluster-robust standard error, which then tends to be too small: rely on "
        "inference: randomisation.",
    )
