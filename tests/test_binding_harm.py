"""Outcomes that an analysis weighs together by harm: unknown, overlapping, or standing as the main answer."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from vru.binding import resolve
from vru.errors import ProtocolError
from vru.protocol import Protocol

EXAMPLE = Path(__file__).parent / "library" / "example" / "protocol.yaml"
OUTCOMES = [
    {
        "id": "violence",
        "measure": "Violence",
        "filter": {"crime_type": ["Violence and sexual offences"]},
        "primary": True,
    },
    {"id": "robbery", "measure": "Robbery", "filter": {"crime_type": ["Robbery"]}},
    {"id": "street", "measure": "Robbery and theft", "filter": {"crime_type": ["Robbery", "Theft from the person"]}},
]
WEIGHTS = {"violence": 10, "robbery": 365}


def plan(role: str = "secondary", outcome: str = "violence", **options: Any) -> Protocol:
    """The example's plan with a primary count and one analysis weighted by harm."""
    raw = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    count = {"id": "count", "role": "primary", "method": "relative_rate_ratio", "outcome": "violence"}
    harm = {
        "id": "harm",
        "role": role,
        "method": "weighted_displacement",
        "outcome": outcome,
        "options": {"harm_weights": WEIGHTS, "harm_source": "Cambridge Crime Harm Index, 2026"} | options,
    }
    both = [harm] if role == "primary" else [count, harm]
    return Protocol.model_validate(raw | {"outcomes": OUTCOMES, "analyses": both, "checks": []})


def test_a_plan_weighted_by_harm_is_bound() -> None:
    bound = resolve(plan(harm_unit="days of sentence")).analyses[1]
    assert bound.options.outcomes == ("violence", "robbery")
    assert bound.options.unit == "days of sentence"
    assert resolve(plan(harm_weights={}, harm_source="")).analyses[1].options.unit == "offences"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"harm_weights": {"violence": 10, "robery": 365}},
            r"'robery' is not an outcome.*allowed: violence.*did you mean",
        ),
        ({"harm_weights": {"robbery": 365}}, "the analysis is of violence, which is not among them"),
        ({"harm_weights": WEIGHTS | {"street": 9}}, "robbery and street may count the same offences"),
        ({"role": "primary"}, "cannot be the primary analysis"),
        ({"harm_source": ""}, "need harm_source"),
        ({"harm_weights": {"violence": -1}}, r"options.harm_weights.violence: -1: input should be greater than 0"),
        ({"harm_wieghts": {}}, r"options.harm_wieghts: is not an option.*did you mean 'harm_weights'"),
        ({"area_weights": {"treated": 0}}, r"options.area_weights.treated: 0: input should be greater than 0"),
        (
            {"area_weights": {"treatd": 2}},
            r"area_weights.treatd: is not an option.*allowed: buffer, .*did you mean 'treated'",
        ),
        ({"level": 95}, r"options.level: 95: input should be less than or equal to 0.999"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtocolError, match=f"(?s){words}"):
        resolve(plan(**changed))
