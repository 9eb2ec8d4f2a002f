"""What the records of a library say together, as the site built from it shows it."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from vru.cli import main
from vru.library import scan
from vru.library.planned import announce
from vru.protocol import Protocol, load, register
from vru.record import LearningRecord
from vru.run.pooling import pooled_views
from vru.stats.pool import pool

Evaluation = Callable[..., LearningRecord]
Write = Callable[[list[LearningRecord]], Path]
EFFECTS = ((-0.31, 0.1), (-0.12, 0.14), (0.05, 0.12), (-0.22, 0.09))
KIND = "interventions/hot-spot-policing.html"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def library(evaluation: Evaluation, write_library: Write) -> Path:
    records = [evaluation(f"trial-{i:02d}", y, se, audience="network") for i, (y, se) in enumerate(EFFECTS)]
    return write_library([*records, evaluation("demo", disclaimer="No patrols took place", audience="network")])


def site_of(library: Path, out: Path, audience: str = "network") -> Path:
    assert main(["site", "--library", str(library), "--out", str(out), "--audience", audience]) == 0
    return out


def test_the_pooled_figure_is_the_one_that_the_arithmetic_gives(library: Path) -> None:
    import numpy as np

    y, se = np.array(EFFECTS).T
    expected = pool(y, se**2, method="reml", knapp_hartung="not_narrower")
    view = pooled_views(scan(library).records, "network", "")["hot_spot_policing"].outcomes[0]
    assert view.pooled is not None
    assert view.pooled.k == len(view.rows) == 4
    assert view.pooled.estimate == pytest.approx(expected.value)
    assert (view.pooled.low, view.pooled.high) == pytest.approx((expected.low, expected.high))
    assert view.pooled.prediction_low is not None
    assert view.pooled.prediction_low < view.pooled.low


def test_the_page_leads_with_it_and_leaves_the_exercise_apart(library: Path, tmp_path: Path) -> None:
    page = (site_of(library, tmp_path / "site") / KIND).read_text(encoding="utf-8")
    view = pooled_views(scan(library).records, "network", "")["hot_spot_policing"].outcomes[0]
    assert view.pooled is not None
    assert f"{100 * (1 - math.exp(view.pooled.estimate)):.0f}% fewer, over 4 evaluations together" in page
    assert "In a new area the effect may lie anywhere" in page
    assert page.index("No patrols took place") > page.index('id="exercises"')


def test_one_outcome_under_two_ids_is_pooled_and_shown_in_one_place(
    evaluation: Evaluation, write_library: Write, tmp_path: Path
) -> None:
    other = [{"id": "police_recorded_violence", "measure": "Violence", "direction": "decrease", "primary": True}]
    records = [evaluation(f"trial-{i}", y, se, audience="network") for i, (y, se) in enumerate(EFFECTS[:2])]
    third = evaluation("trial-2", *EFFECTS[2], audience="network")
    raw = third.model_dump(mode="json")
    for row in (*raw["effects"], *raw["result"]["estimates"]):
        row["outcome"] = "police_recorded_violence"
    raw["result"]["ratings"] = []
    library = write_library([*records, LearningRecord.model_validate(raw | {"outcomes": other, "ratings": []})])
    page = (site_of(library, tmp_path / "site") / KIND).read_text(encoding="utf-8")
    assert page.count('id="outcome-police-recorded-violence"') == 1
    assert "over 3 evaluations together" in page
    assert "left out" not in page


def test_a_page_says_what_another_area_may_expect(library: Path, tmp_path: Path) -> None:
    from vru.library.expectation import events_in_words, expect, read_baseline
    from vru.library.synthesis import syntheses

    page = (site_of(library, tmp_path / "site") / KIND).read_text(encoding="utf-8")
    (known,) = syntheses(scan(library).records)
    answer = expect(known, read_baseline([250], 12))
    told = page.split('id="outcome-police-recorded-violence-expected"')[1].split("</pre>")[0]
    assert events_in_words(answer.prevented.middle) in told
    assert f"{events_in_words(answer.prevented.low)} to {events_in_words(answer.prevented.high)}" in told
    assert f"the good way is {answer.p_benefit:.0%}" in told
    assert f"the wrong way is {answer.p_harm:.0%}" in told
    assert f"about {answer.to_find_smallest.areas:,} such areas" in told
    assert "vru library expect --library LIBRARY --intervention hot_spot_policing" in told


def test_an_audience_sees_only_what_is_pooled_from_its_own_copy(library: Path, tmp_path: Path) -> None:
    assert pooled_views(scan(library).records, "public", "") == {}
    assert not (site_of(library, tmp_path / "public", "public") / KIND).exists()


def test_two_evaluations_are_listed_not_pooled(evaluation: Evaluation, write_library: Write, tmp_path: Path) -> None:
    two = write_library([evaluation(f"trial-{i}", -0.2, 0.1, audience="network") for i in range(2)])
    page = (site_of(two, tmp_path / "site") / KIND).read_text(encoding="utf-8")
    assert "together" not in page.split('id="outcomes"')[1].split("vru-result")[1]
    assert "3 are needed for a pooled effect" in page


def test_the_feed_and_what_is_announced_and_not_reported(library: Path, tmp_path: Path) -> None:
    plan = load(ROOT / "evaluations" / "op-grip-demo").model_dump(mode="json")
    protocol = Protocol.model_validate(plan | {"id": "late", "audience": "network", "title": "A late evaluation"})
    (tmp_path / "late").mkdir()
    register(tmp_path / "late", protocol, datetime(2021, 1, 1, tzinfo=UTC), "1")
    announce(library, protocol, "VRU analyst", datetime(2021, 1, 2, tzinfo=UTC))
    site = site_of(library, tmp_path / "site")
    feed = ElementTree.fromstring((site / "feed.xml").read_bytes())
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 5
    home = (site / "index.html").read_text(encoding="utf-8")
    assert "Announced and not reported: A late evaluation (simshire-demo/late), overdue since 2022-06-23" in home


def test_search_needs_every_word(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "search", "TRIAL-02", "violence", "--library", str(library)]) == 0
    assert "found: 1," in capsys.readouterr().out
    assert main(["library", "search", "trial-02", "burglary", "--library", str(library)]) == 0
    assert "found: 0," in capsys.readouterr().out
