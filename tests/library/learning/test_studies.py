"""What of a library is pooled: one effect per evaluation and outcome, no exercise, nothing retracted."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vru.library import StoredRecord
from vru.library.studies import AGAINST_COMPARISON, ESTIMANDS, exercise, gather, share_data
from vru.methods import METHODS
from vru.panel import Panel
from vru.record import LearningRecord

Evaluation = Callable[..., LearningRecord]
Stored = Callable[..., StoredRecord]


def why(one: StoredRecord) -> str:
    found = gather([one])
    assert not found.studies
    return found.left_out[0].reason


def test_an_evaluation_becomes_a_study(evaluation: Evaluation, stored: Stored) -> None:
    (study,) = gather([stored(evaluation("trial", -0.2, 0.1))]).studies
    assert (study.reference, study.value, study.se) == ("trial-vru/trial@v1.0", -0.2, 0.1)
    assert (study.intervention, study.outcome) == ("hot_spot_policing", "police_recorded_violence")
    assert study.estimand == AGAINST_COMPARISON


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"organisation": "toolkit-exercises"}, "published by toolkit-exercises"),
        ({"protocol": {"artificial_effect": {"keep_share": 0.75}}}, "made by thinning"),
        ({"result": {"provenance": {"truth": {"rate_ratio": 0.8}}}}, "truth is known"),
        ({"protocol": {"data": [{"source": "simulated"}]}}, "simulated"),
        ({"disclaimer": "No patrols took place"}, 'disclaimer: "No patrols took place"'),
        ({"scale": "count_difference"}, "difference of counts"),
        ({"se": None}, "no standard error"),
        ({"se": 1e-200}, "cannot be a log rate ratio's"),
        ({"se": 1e200}, "cannot be a log rate ratio's"),
        ({"value": 700.0}, "cannot be a log rate ratio's"),
        ({"role": "sensitivity"}, "only sensitivity or exploratory"),
        ({"role": "exploratory"}, "only sensitivity or exploratory"),
    ],
)
def test_what_is_left_out_and_why(changes: dict[str, Any], said: str, evaluation: Evaluation, stored: Stored) -> None:
    assert said in why(stored(evaluation("trial", **changes)))


def test_hostile_records_are_only_left_out(evaluation: Evaluation) -> None:
    for content in ({"provenance": 3}, {"provenance": {"truth": "x"}}, {}):
        exercise(evaluation("trial", result=content, protocol={"data": [1, None], "units": 4}))
    odd = evaluation("trial", protocol={"units": {"treated": [[], {}], "comparison": [None]}})
    assert share_data(odd, odd)


def test_a_level_beyond_the_scale_is_no_rating(evaluation: Evaluation, stored: Stored) -> None:
    wild = {"instrument": "Maryland Scientific Methods Scale", "outcome": "violence", "level": 99}
    record = evaluation("trial", ratings=[wild | {"label": "best", "reasons": []}])
    assert gather([stored(record)]).studies[0].rating is None


def test_only_the_newest_version_speaks_and_a_retraction_silences(evaluation: Evaluation, stored: Stored) -> None:
    old, new = evaluation("trial", -0.9), evaluation("trial", -0.1, version="1.10", supersedes="1.9")
    middle = evaluation("trial", -0.5, version="1.9", supersedes="1.0")
    assert [s.value for s in gather([stored(old), stored(new), stored(middle)]).studies] == [-0.1]
    assert why(stored(new, "publish", "retract")) == "retracted"
    assert not gather([stored(old), stored(new, "retract")]).studies


def test_a_count_difference_gives_way_to_a_registered_ratio(evaluation: Evaluation, stored: Stored) -> None:
    record = evaluation("trial", -0.2)
    ratio = record.effects[0].model_copy(update={"role": "secondary", "analysis": "did"})
    count = record.effects[0].model_copy(update={"scale": "count_difference", "estimate": -40.0})
    (study,) = gather([stored(record.model_copy(update={"effects": [count, ratio]}))]).studies
    assert (study.analysis, study.value) == ("did", -0.2)


def test_shared_data_make_one_cluster(evaluation: Evaluation, stored: Stored) -> None:
    same = {"data_digests": {"x": "sha256:" + "7" * 64}}
    found = gather([stored(evaluation(n, **same)) for n in ("one", "two")] + [stored(evaluation("three"))]).studies
    assert len({s.cluster for s in found}) == 2
    units = [{"units": {"treated": [f"E{i}"], "comparison": [f"F{i}"]}} for i in range(2)]
    apart = [evaluation(n, **same, protocol=u) for n, u in zip(("one", "two"), units, strict=True)]
    assert not share_data(*apart)
    assert len({s.cluster for s in gather([stored(r) for r in apart]).studies}) == 2


def test_clusters_are_the_chains_of_records_that_share_data(evaluation: Evaluation, stored: Stored) -> None:
    """Against asking every pair, and joining until nothing changes."""
    rng = random.Random(3)
    for case in range(25):
        records = []
        for i in range(9):
            units = {"treated": [f"E{rng.randrange(6)}"], "comparison": [f"E{rng.randrange(6)}"]}
            plan = {"units": {} if rng.random() < 0.15 else units}
            digests = {f"d{j}": f"sha256:{rng.randrange(3):064x}" for j in range(rng.choice((1, 1, 2)))}
            one = evaluation(f"trial-{i}", data_digests=digests)
            kind = rng.choice(("lsoa11", "lsoa11", "lsoa11", "polygon")) if case % 2 else "lsoa11"
            setting = one.setting.model_copy(update={"unit_kind": kind})
            records.append(one.model_copy(update={"protocol": {**(one.protocol or {}), **plan}, "setting": setting}))
        label = list(range(9))
        for _ in range(9):
            for i, j in itertools.product(range(9), repeat=2):
                if share_data(records[i], records[j]):
                    label[i] = label[j] = min(label[i], label[j])
        found = {s.reference: s.cluster for s in gather([stored(r) for r in records]).studies}
        assert len(found) == 9
        for i, j in itertools.combinations(range(9), 2):
            same = found[f"trial-{i}-vru/trial-{i}@v1.0"] == found[f"trial-{j}-vru/trial-{j}@v1.0"]
            assert same == (label[i] == label[j]), (case, i, j)


def test_estimands_that_stand_together_are_the_same_number(make_panel: Callable[..., Panel]) -> None:
    panel, rng = make_panel(ratio=0.8, dispersion=0.2), np.random.default_rng(1)
    found = []
    for name in ("poisson_did", "relative_rate_ratio"):
        method = METHODS[name]
        found.append(method.fit(panel, "violence", method.options.model_validate({}), rng))
    assert {ESTIMANDS[e.estimand] for e in found} == {AGAINST_COMPARISON}
    assert found[0].value == pytest.approx(found[1].value, abs=1e-9)
