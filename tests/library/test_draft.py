import csv
import io
import json
import math
from dataclasses import replace

import pytest

from vru.errors import LibraryError
from vru.library import draft_record, effects_csv, next_version, succeed
from vru.library.effects import COLUMNS
from vru.library.summary import MAX_WORDS, plain_summary
from vru.library.vocabulary import DESIGNS, design_codes, method_code
from vru.record import dump_record, load_record
from vru.results import Rating, from_json


def test_the_draft_carries_plan_and_result_whole_and_round_trips(plan, outcome, record):
    assert load_record(dump_record(record), "here") == record
    assert record.version == "1.0"
    assert record.supersedes is None
    assert from_json(json.dumps(record.result)) == outcome
    assert record.protocol == plan.model_dump(mode="json")
    assert record.protocol_digest == outcome.protocol_digest
    assert record.data_digests == dict(outcome.provenance.data)


def test_numbers_reach_the_record_unchanged(outcome, record):
    for effect, estimate in zip(record.effects, outcome.estimates, strict=True):
        assert (effect.estimate, effect.se, effect.ci_low, effect.ci_high, effect.p) == (
            estimate.value,
            estimate.se,
            estimate.low,
            estimate.high,
            estimate.p,
        )
    assert record.effects[0].events_prevented == 280.0
    assert (record.effects[0].events_prevented_low, record.effects[0].events_prevented_high) == (150.0, 400.0)
    assert record.effects[1].events_prevented is None


def test_the_record_says_what_was_done_and_what_is_not_known(record):
    assert record.intervention.items["fidelity_planned"] == "Visits logged by radio"
    assert record.intervention.items["fidelity_actual"] == "not reported"
    assert record.learning.lessons == "not reported"
    assert "£42,000 (2021 prices)" in record.learning.cost
    assert "Assumes: People notice the visits" in record.learning.mechanism


def test_the_summary_starts_with_the_disclaimer_and_gives_the_interval(plan, record):
    lines = record.summary.splitlines()
    assert lines[0] == plan.disclaimer
    # exp(-0.2231) = 0.8000, exp(-0.3211) = 0.7254, exp(-0.1251) = 0.8824.
    assert "was associated with this difference in violence offences: 20% fewer than expected without it" in lines[1]
    assert "(95% interval from 27% fewer to 12% fewer)" in lines[1]
    assert "significan" not in record.summary
    assert len(record.summary.split()) <= MAX_WORDS


@pytest.mark.parametrize(
    ("verbs", "expected", "forbidden"),
    [
        (("caused",), "The estimated effect of Night bus patrols", "cannot say"),
        (("is associated with",), "was associated with", "effect of"),
        (("changed",), "cannot say that the intervention made the difference", "associated"),
        (("caused", "changed"), "cannot say that the intervention made the difference", "associated"),
        ((), "cannot say that the intervention made the difference", "associated"),
    ],
)
def test_the_weakest_rating_sets_the_verb(plan, make_outcome, verbs, expected, forbidden):
    ratings = tuple(Rating(f"scale {i}", "violence", 3, "label", (), verb) for i, verb in enumerate(verbs))
    text = plain_summary(plan, make_outcome(ratings=ratings))
    assert expected in text
    assert forbidden not in text


def test_an_interval_over_both_directions_claims_neither(plan, make_outcome):
    ratings = (Rating("scale", "violence", 5, "lot", (), "caused"),)
    text = plain_summary(plan, make_outcome(primary={"low": -0.3, "high": 0.1}, ratings=ratings))
    assert "from 26% fewer to 11% more" in text
    assert "fit with both fewer and more" in text
    assert "effect of" not in text


def test_a_difference_of_counts_and_a_missing_interval_are_said_as_such(plan, make_outcome):
    change = {"scale": "count_difference", "value": -118.0, "low": None, "high": None}
    text = plain_summary(plan, make_outcome(primary=change))
    assert "118 fewer than expected without it (no interval available)" in text


def test_a_long_plan_never_pushes_out_disclaimer_or_effect(make_plan, plan, make_outcome):
    long = make_plan(
        disclaimer=" ".join(["word"] * 55),
        intervention={**plan.intervention.model_dump(mode="json"), "name": " ".join(["patrol"] * 60)},
    )
    text = plain_summary(long, make_outcome(preregistered="changed"))
    assert len(text.split()) <= MAX_WORDS
    assert text.startswith("word word")
    assert "20% fewer" in text


def test_what_cannot_be_published_is_named(make_plan, outcome, make_outcome):
    with pytest.raises(LibraryError, match="no estimate"):
        draft_record(make_plan(), make_outcome(estimates=()))
    with pytest.raises(LibraryError, match="data_digests"):
        draft_record(make_plan(), make_outcome(provenance=replace(outcome.provenance, data={"crimes": "not a digest"})))


def test_an_exercise_is_called_one_whatever_its_rating(make_plan, make_outcome, outcome):
    known = make_outcome(provenance=replace(outcome.provenance, truth={"rate_ratio": 0.8}))
    assert "an exercise in which the truth is known" in draft_record(make_plan(), known).summary


def test_long_titles_are_clipped_not_refused(make_plan, outcome):
    assert len(draft_record(make_plan(title="t" * 1000), outcome).title) == 300


def test_design_codes_are_the_registrys(plan, make_plan, outcome):
    assert design_codes(plan, outcome) == ("difference",)
    drawn = make_plan(
        units={
            "kind": "lsoa11",
            "selection": {
                "rule": "top",
                "outcome": "violence",
                "first": "2018-01",
                "last": "2018-12",
                "top": 24,
                "assign": "random_pairs",
            },
        }
    )
    assert design_codes(drawn, outcome) == ("cluster", "difference")


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("poisson_did", "difference"),
        ("synthetic_did", "synthetic"),
        ("synthetic_control", "synthetic"),
        ("interrupted_series", "interrupted"),
        ("controlled_interrupted_series", "interrupted"),
        ("structural_series", "interrupted"),
        ("staggered_did", "difference"),
        ("before_after", "other_impact"),
        ("weighted_displacement", "other_quasi_experimental"),
        ("relative_rate_ratio", "other_quasi_experimental"),
        ("crossover_trial", "rct"),
        ("dose_response", "instrumental"),
        ("parallel_trial", "individual_rct"),
        ("cluster_trial", "cluster"),
        ("adjusted_comparison", "propensity"),
        ("instrumented", "instrumental"),
        ("regression_discontinuity", "regression"),
        ("something_new", "other_quasi_experimental"),
    ],
)
def test_every_method_has_a_code_of_the_registry(method, code):
    assert method_code(method) == code
    assert code in DESIGNS


def test_every_registered_method_maps_to_a_design_of_its_own_kind():
    from vru.methods import METHODS

    for name, method in METHODS.items():
        assert method_code(name) in DESIGNS
        if method.design == "before_after":
            assert method_code(name) in ("other_impact", "interrupted"), name


def test_effects_csv_reads_back_to_the_numbers(record):
    rows = list(csv.DictReader(io.StringIO(effects_csv(record))))
    assert tuple(rows[0]) == COLUMNS
    assert float(rows[0]["estimate"]) == record.effects[0].estimate
    assert rows[1]["events_prevented"] == ""
    assert {r["record"] for r in rows} == {record.id}


def test_a_spreadsheet_runs_no_cell_of_effects_csv(record):
    effect = record.effects[0].model_copy(update={"estimand": '=HYPERLINK("http://x")', "estimate": -0.5})
    rows = list(csv.DictReader(io.StringIO(effects_csv(record.model_copy(update={"effects": [effect]})))))
    assert rows[0]["estimand"].startswith("'=")
    assert rows[0]["estimate"] == "-0.5"


def test_next_version_none_minor_major(record, make_plan, outcome, make_outcome):
    assert next_version(record, record.model_copy(update={"version": "7.7", "supersedes": "7.6"})) is None
    reworded = draft_record(make_plan(title="Another title"), outcome)
    assert next_version(record, reworded) == "1.1"
    other = draft_record(make_plan(), make_outcome(primary={"value": -0.2232}))
    assert next_version(record, other) == "2.0"
    last_digit = draft_record(make_plan(), make_outcome(primary={"value": math.nextafter(-0.2231, 0)}))
    assert next_version(record, last_digit) == "1.1"


@pytest.mark.parametrize(
    "change",
    [
        {"window": {"first": "2019-02", "last": "2021-12"}},
        {"outcomes": [{"id": "violence", "measure": "Other", "primary": True, "filter": {"crime_type": ["Robbery"]}}]},
    ],
)
def test_outcome_and_date_changes_are_major(record, make_plan, outcome, change):
    assert next_version(record, draft_record(make_plan(**change), outcome)) == "2.0"


def test_versions_count_as_numbers(record, make_plan, outcome):
    ninth = record.model_copy(update={"version": "1.9"})
    tenth = succeed(ninth, draft_record(make_plan(title="Another title"), outcome))
    assert (tenth.version, tenth.supersedes) == ("1.10", "1.9")
    assert succeed(ninth, ninth) is ninth


def test_a_sum_by_harm_stays_in_the_result(plan, make_outcome, outcome):
    """A record's effects are read as offences, so units of harm are not among them; the result inside keeps them."""
    second = replace(outcome.estimates[1], unit="days of sentence")
    made = replace(outcome, estimates=(outcome.estimates[0], second, *outcome.estimates[2:]))
    record = draft_record(plan, made)
    assert [e.analysis for e in record.effects] == [e.analysis for e in outcome.estimates if e != outcome.estimates[1]]
    assert [e["unit"] for e in record.result["estimates"]][1] == "days of sentence"
