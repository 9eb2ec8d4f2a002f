"""Pooling records: refusals, the list under three, shared data, sentences, subgroups and doses."""

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vru.errors import LibraryError, RefusedError
from vru.library import StoredRecord
from vru.library.moderators import moderated
from vru.library.studies import gather
from vru.library.synthesis import Synthesis, collapsed, select, syntheses, synthesise, to_plain
from vru.library.synthesis_words import change
from vru.record import LearningRecord
from vru.stats.pool import pool

Evaluation = Callable[..., LearningRecord]
Stored = Callable[..., StoredRecord]
Shelf = Callable[..., list[StoredRecord]]
FIVE = ((-0.31, 0.1), (-0.12, 0.14), (0.05, 0.12), (-0.22, 0.09), (-0.4, 0.22))


def only(records: list[StoredRecord]) -> Synthesis:
    (found,) = syntheses(records)
    return found


def test_five_evaluations_are_pooled_as_the_arrays_are(shelf: Shelf) -> None:
    found = only(shelf(*FIVE))
    want = pool(np.array([y for y, _ in FIVE]), np.array([s**2 for _, s in FIVE]), knapp_hartung="not_narrower")
    assert found.pooled == want
    assert found.estimate is found.pooled
    assert [w.reference for w in found.without] == [s.reference for s in found.studies]
    assert found.without[0].pooled.value == pytest.approx(
        pool(np.array([y for y, _ in FIVE[1:]]), np.array([s**2 for _, s in FIVE[1:]])).value
    )
    assert found.small is None
    y, v = np.array([y for y, _ in FIVE]), np.array([s**2 for _, s in FIVE])
    assert [p.method for p in found.others] == ["fixed", "dl", "pm"]
    assert found.others[0].value == pytest.approx(float(np.sum(y / v) / np.sum(1 / v)))
    assert found.others[0].se == pytest.approx(float(np.sum(1 / v) ** -0.5))
    assert found.others[1] == pool(y, v, method="dl", knapp_hartung="not_narrower")
    assert len({round(p.spread.tau2, 6) for p in (found.pooled, *found.others) if p}) == 4


def test_the_sentence_leads_with_estimate_and_prediction(shelf: Shelf) -> None:
    found = only(shelf(*FIVE))
    assert found.estimate is not None
    assert found.prediction is not None
    assert found.sentence.startswith(f"{change(found.estimate.value)} on average (95% interval")
    assert f"anything from {change(found.prediction.low)} to {change(found.prediction.high)}" in found.sentence
    assert found.sentence.endswith("From 5 independent evaluations by 5 organisations.")


@pytest.mark.parametrize("n", [1, 2])
def test_under_three_there_is_a_list_and_no_mean(n: int, shelf: Shelf) -> None:
    found = only(shelf(*FIVE[:n]))
    assert (found.pooled, found.robust, found.prediction, found.without) == (None, None, None, ())
    assert len(found.studies) == n
    assert "no pooled effect" in found.sentence


def test_different_questions_are_kept_apart_and_refused_together(evaluation: Evaluation, stored: Stored) -> None:
    naive = "rate of offences in treated units after the start over the rate before it"
    records = [stored(evaluation(f"t-{i:02d}")) for i in range(3)] + [stored(evaluation("n-00", estimand=naive))]
    assert sorted(len(s.studies) for s in syntheses(records)) == [1, 3]
    studies = gather(records).studies
    with pytest.raises(RefusedError, match="different estimands are not pooled"):
        synthesise(studies)
    with pytest.raises(RefusedError, match="different scales are not pooled"):
        synthesise([studies[1], replace(studies[2], scale="count_difference")])
    with pytest.raises(RefusedError, match="different directions"):
        synthesise([studies[1], replace(studies[2], direction="increase")])
    with pytest.raises(LibraryError, match="no study to pool"):
        synthesise([])


def test_select_names_what_there_is(shelf: Shelf) -> None:
    records = shelf(*FIVE)
    assert len(select(records, "hot_spot_policing", ["violence"])) == 1
    assert len(select(records, "hot_spot_policing", ["police_recorded_violence"], "COMPARISON areas")) == 1
    with pytest.raises(LibraryError, match="hot_spot_policing on police_recorded_violence"):
        select(records, "mentoring", ["violence"])


def test_shared_data_widen_the_interval_and_count_once(shelf: Shelf) -> None:
    same = {"data_digests": {"x": "sha256:" + "7" * 64}}
    apart = shelf(*FIVE)
    records = [
        replace(s, record=s.record.model_copy(update=same)) if s.record.id in ("trial-00", "trial-01") else s
        for s in apart
    ]
    found = only(records)
    assert found.n_independent == 4
    assert found.robust is not None
    assert found.robust.value == pytest.approx(found.pooled.value if found.pooled else 0)
    assert found.estimate is found.robust
    assert len(found.without) == 4
    assert "4 independent sources" in found.notes[0]
    # Three records on one file are one source: a list.
    all_same = [replace(s, record=s.record.model_copy(update=same)) for s in apart]
    assert only(all_same).pooled is None


def test_collapsing_takes_plain_means() -> None:
    y, v = collapsed(np.array([1.0, 3.0, 5.0]), np.array([0.1, 0.3, 0.5]), ["a", "a", "b"])
    assert y == pytest.approx([2, 5])
    assert v == pytest.approx([0.2, 0.5])


def test_order_does_not_matter_and_json_has_no_law(shelf: Shelf) -> None:
    records = shelf(*FIVE)
    one, two = only(records), only(records[::-1])
    assert to_plain(one) == to_plain(two)
    text = json.dumps(to_plain(one), allow_nan=False)
    assert '"law"' not in text


def test_subgroups_and_doses_only_where_there_are_enough(evaluation: Evaluation, stored: Stored) -> None:
    rng = np.random.default_rng(9)
    months = np.arange(6, 18)
    records = [
        stored(
            evaluation(
                f"t-{m:02d}",
                float(-0.03 * m + rng.normal(0, 0.02)),
                0.02,
                n_post=int(m),
                design=["cluster", "interrupted"][: 1 + m % 2][-1:],
            )
        )
        for m in months
    ]
    found = only(records)
    slope = moderated(found, "months_after").slope
    assert slope is not None
    assert slope.low <= -0.03 <= slope.high
    assert slope.value == pytest.approx(-0.03, abs=0.008)
    by = moderated(found, "design")
    assert [len(g.references) for g in by.groups] == [6, 6]
    assert by.between is not None
    assert found.small is None or found.small.k == 12
    assert "same in all" in moderated(found, "areas_treated").refusal
    few = only(records[:5])
    assert moderated(few, "months_after").refusal == "5 independent evaluations have it; 10 are needed"
    assert "fewer than two groups" in moderated(few, "unit_kind").refusal
    own = {f"{s.reference.split('@')[0]}": float(s.n_post) for s in found.studies}
    again = moderated(found, "hours", own).slope
    assert again is not None
    assert again.value == pytest.approx(slope.value)
    with pytest.raises(LibraryError, match="months_after"):
        moderated(found, "weather")


@pytest.mark.parametrize(
    ("log_ratio", "said"),
    [
        (math.log(0.88), "12% fewer"),
        (math.log(1.031), "3.1% more"),
        (math.log(2.4), "2.4 times as many"),
        (0.0, "no change"),
        (40.0, "more than 100 times as many"),
        (None, "no limit"),
    ],
)
def test_changes_in_words(log_ratio: float | None, said: str) -> None:
    assert change(log_ratio) == said
