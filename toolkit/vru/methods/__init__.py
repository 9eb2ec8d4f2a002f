"""The estimators, by name. To add one: a file that exports METHOD, and its name here."""

from vru.methods import (
    before_after,
    controlled_interrupted_series,
    interrupted_series,
    poisson_did,
    relative_rate_ratio,
    structural_series,
    weighted_displacement,
)
from vru.methods.method import Method

METHODS: dict[str, Method] = {
    m.METHOD.name: m.METHOD
    for m in (
        before_after,
        weighted_displacement,
        relative_rate_ratio,
        poisson_did,
        interrupted_series,
        controlled_interrupted_series,
        structural_series,
    )
}
