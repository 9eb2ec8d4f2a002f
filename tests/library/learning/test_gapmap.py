"""The evidence gap map: every combination is there, and counts follow the records."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vru.library import StoredRecord, read_prior_evidence
from vru.library.gapmap import gap_map
from vru.library.vocabulary import VOCABULARIES
from vru.record import LearningRecord

Evaluation = Callable[..., LearningRecord]
Stored = Callable[..., StoredRecord]


def test_an_empty_library_is_all_gaps() -> None:
    found = gap_map([])
    kinds, domains = VOCABULARIES["intervention_types"]["terms"], VOCABULARIES["outcome_domains"]["terms"]
    assert len(found.cells) == len(kinds) * len(domains)
    assert {c.text for c in found.cells} == {"no evaluation"}


def test_cells_count_evaluations_organisations_strength_and_direction(evaluation: Evaluation, stored: Stored) -> None:
    rating = {"instrument": "Maryland Scientific Methods Scale", "outcome": "violence", "label": "x", "reasons": []}
    records = [
        evaluation("one", -0.5, 0.1, ratings=[rating | {"level": 3}]),
        evaluation("two", 0.5, 0.1, ratings=[rating | {"level": 4}, rating | {"level": 9, "instrument": "other"}]),
        evaluation("three", 0.0, None, ratings=[], organisation="two-vru"),
        evaluation("four", -0.5, 0.1, disclaimer="An exercise"),
    ]
    found = gap_map([*map(stored, records), stored(evaluation("five"), "retract")])
    cell = found.cell("hot_spot_policing", "police_recorded_violence")
    assert (cell.organisations, cell.strongest, cell.better, cell.worse, cell.unclear) == (2, 4, 1, 1, 1)
    assert cell.text == (
        "3 evaluations by 2 organisations; strongest at level 4 of 5; 1 for the better, 1 for the worse, 1 cannot tell"
    )
    assert sum(bool(c.references) for c in found.cells) == 1
    assert {x.reference for x in found.left_out} == {"four-vru/four@v1.0", "five-vru/five@v1.0"}
    with pytest.raises(KeyError):
        found.cell("hot_spot_policing", "weather")


def test_words_outside_the_vocabulary_get_their_own_row_and_column(evaluation: Evaluation, stored: Stored) -> None:
    record = evaluation("one")
    odd = record.model_copy(
        update={
            "intervention": record.intervention.model_copy(update={"type": "street_lights"}),
            "outcomes": [record.outcomes[0].model_copy(update={"id": "arson"})],
        }
    )
    found = gap_map([stored(odd)])
    assert found.cell("street_lights", "arson").text.startswith("1 evaluation by 1 organisation; not rated")
    assert found.interventions[-1].label == "street lights"


def test_the_map_follows_the_records(evaluation: Evaluation, stored: Stored) -> None:
    one = stored(evaluation("one"))
    assert len(gap_map([one]).cell("hot_spot_policing", "police_recorded_violence").references) == 1
    gone = stored(evaluation("one"), "retract")
    assert gap_map([gone]).cell("hot_spot_policing", "police_recorded_violence").references == ()


def test_published_literature_is_counted_apart_and_by_no_organisation(evaluation: Evaluation, stored: Stored) -> None:
    folder = Path(__file__).resolve().parents[3] / "shared_learning" / "prior_evidence"
    retold = [r for r in read_prior_evidence(folder) if r.intervention.type == "hot_spot_policing"]
    cell = gap_map([*map(stored, retold)]).cell("hot_spot_policing", "police_recorded_violence")
    assert (cell.published, cell.organisations) == (5, 0)
    assert cell.text == "5 published reports; not rated; 5 cannot tell"
    both = gap_map([*map(stored, [*retold, evaluation("one")])]).cell("hot_spot_policing", "police_recorded_violence")
    assert both.text.startswith("1 evaluation by 1 organisation and 5 published reports; strongest at level ")
