"""The causal graph of a protocol: which adjustment sets it licenses, and what DoWhy identifies from it."""

from vru.graph.identification import Identification
from vru.graph.identify import identify
from vru.graph.licence import after_treatment, license_adjustment
from vru.graph.parse import parse_edges

__all__ = ["Identification", "after_treatment", "identify", "license_adjustment", "parse_edges"]
