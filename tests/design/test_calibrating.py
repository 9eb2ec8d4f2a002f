"""A calibration against worlds in which the truth is known: error rates, power, its own p, and what it refuses to say."""

import math
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from vru.calibration import Calibration, Seen
from vru.design.calibrating import scene_for, summarise
from vru.design.placebos import scene_of
from vru.design.replaying import Replayed, Task, replay_all
from vru.disclosure.kinds import kind_of
from vru.errors import RefusedError
from vru.protocol.fields import Protocol
from vru.results import Estimate
from vru.words.calibration import alarm_words, own_words, smallest_words


def plan(assign: str | None = "random_half") -> Protocol:
    selection = SimpleNamespace(assign=assign, first="2015-01", last="2015-12")
    return SimpleNamespace(units=SimpleNamespace(selection=selection))  # type: ignore[return-value]


def calibrated(
    worlds: SimpleNamespace, panel, analysis, n: int = 120, assign: str | None = "random_half"
) -> Calibration:  # type: ignore[no-untyped-def]
    estimate = own(panel, analysis)
    task = Task(1, analysis, scene_for(plan(assign), estimate, panel), 3)
    return summarise(task, estimate, list(replay_all(task, range(n), 1)), plan(assign), {"seed": "1"})


def own(panel, analysis) -> Estimate:  # type: ignore[no-untyped-def]
    found = analysis.method.fit(panel, "violence", analysis.options, np.random.default_rng(1))
    return replace(found, analysis="main", role="primary")


def test_an_honest_analysis_keeps_its_word_and_a_lying_one_is_caught(worlds: SimpleNamespace) -> None:
    """Overdispersed counts: between areas poisson_did knows it, the published Poisson variance does not."""
    panel = worlds.areas(15, 15, phi=4.0, mean=25.0)
    honest = calibrated(worlds, panel, worlds.analysis("poisson_did", draws=499), 160)
    lying = calibrated(worlds, panel, worlds.analysis("weighted_displacement", variance="as_published"), 160)
    assert honest.rate_low < 0.05 < honest.rate_high
    assert lying.rate_low > 0.05
    assert "claim too much" in alarm_words(lying)
    assert honest.covered == pytest.approx(1 - honest.rate, abs=2e-4)
    assert lying.p is not None
    nominal = own(panel, worlds.analysis("weighted_displacement", variance="as_published"))
    assert lying.high - lying.low > 1.4 * (nominal.high - nominal.low)


def test_power_put_in_is_power_by_theory(worlds: SimpleNamespace) -> None:
    """Poisson counts, 15 areas an arm: the log ratio has variance (1/b + 1/a) for each arm, whatever the season."""
    panel = worlds.areas(15, 15, mean=20.0)
    found = calibrated(worlds, panel, worlds.analysis("poisson_did", draws=499), 240)
    counts = [
        panel.counts["violence"][panel.is_role(r)][:, s].sum()
        for r in ("treated", "comparison")
        for s in (~panel.post(), panel.post())
    ]
    error = math.sqrt(sum(1 / c for c in counts))
    for seen in found.seen:
        z = abs(math.log(seen.ratio)) / error
        theory = 0.5 * math.erfc((1.96 - z) / math.sqrt(2))
        assert seen.low - 0.1 <= theory <= seen.high + 0.1
    assert found.smallest_fall == pytest.approx(-2.8 * error, rel=0.3)
    assert found.smallest_rise == pytest.approx(2.8 * error, rel=0.3)


def test_a_true_effect_stands_out_and_nothing_does_not(worlds: SimpleNamespace) -> None:
    there = calibrated(worlds, worlds.areas(15, 15, ratio=0.7), worlds.analysis("weighted_displacement"))
    nothing = calibrated(worlds, worlds.areas(15, 15), worlds.analysis("weighted_displacement"))
    assert there.p is not None
    assert there.p <= 1.01 / (1 + there.effective)
    assert there.high < 0
    assert "as low as" in own_words(there)
    assert nothing.p is not None
    assert nothing.p > 0.05
    assert nothing.low < 0 < nothing.high


def test_without_a_lot_only_dates_count_and_few_calibrate_nothing(worlds: SimpleNamespace) -> None:
    found = calibrated(worlds, worlds.ranked(), worlds.analysis("weighted_displacement"), 120, None)
    assert found.effective_dates < 20
    assert (found.p, found.low, found.high, found.reach) == (None, None, None, None)
    assert "not drawn by lot" in found.withheld
    assert "places in a ranking" in found.drawn
    assert set(found.frames) == {"arms", "ranked"}


def test_chosen_at_their_peak_is_seen_by_replays_that_are_chosen_so_too(worlds: SimpleNamespace) -> None:
    """The selection window moved inside the months before: the areas fall by themselves, in life and in replays."""
    base = worlds.ranked(pool=200, top=15)
    counts = base.selection.record.counts
    months = base.selection.record.periods
    rng = np.random.default_rng(5)
    flat = rng.poisson(4.0, counts.shape).astype(float)
    peak = slice(44, 48)
    order = np.argsort(-flat[:, peak].sum(axis=1), kind="stable")
    rows = np.sort(order[:30])
    treated = set(order[:15].tolist())
    history = replace(
        base.selection,
        periods=months[peak],
        counts=flat[:, peak],
        chosen=np.isin(np.arange(200), rows),
        record=replace(base.selection.record, counts=flat),
    )
    panel = replace(
        base,
        units=tuple(history.pool[i] for i in rows),
        counts={"violence": flat[rows, 12:]},
        role=tuple("treated" if i in treated else "comparison" for i in rows.tolist()),
        starts=tuple(months[48] if i in treated else None for i in rows.tolist()),
        selection=history,
    )
    task = Task(1, worlds.analysis("before_after"), scene_of(panel, "violence", None), 10**9)
    after = len(task.scene.windows)
    ranked = [r for r in replay_all(task, range(after, after + 60), 1) if not r.refused]
    assert np.mean([r.distance for r in ranked]) < -1


def test_as_many_processors_as_there_are_give_the_same(worlds: SimpleNamespace) -> None:
    panel, analysis = worlds.areas(6, 6), worlds.analysis("weighted_displacement")
    task = Task(7, analysis, scene_of(panel, "violence", "random_half"), 5)
    alone = list(replay_all(task, range(24), 1))
    together = sorted(replay_all(task, range(24), 2), key=lambda r: r.which)
    assert alone == together


def test_rows_and_labels_do_not_matter_to_the_answer(worlds: SimpleNamespace) -> None:
    """A panel in another order has other draws of the same law: rates agree within what chance allows."""
    panel = worlds.areas(12, 12)
    turned = replace(
        panel.subset(np.ones(24, dtype=bool)),
        units=tuple(f"x{u}" for u in panel.units[::-1]),
        counts={"violence": panel.counts["violence"][::-1].copy()},
        role=panel.role[::-1],
        starts=panel.starts[::-1],
    )
    one, other = (calibrated(worlds, p, worlds.analysis("weighted_displacement"), 200) for p in (panel, turned))
    assert abs(one.rate - other.rate) < 0.08
    assert one.smallest_fall == pytest.approx(other.smallest_fall, rel=0.2)
    assert one.own == pytest.approx(other.own)


def test_too_few_answers_are_no_calibration(worlds: SimpleNamespace) -> None:
    panel, analysis = worlds.areas(6, 6), worlds.analysis()
    task = Task(1, analysis, scene_of(panel, "violence", "random_half"), 5)
    refused = [Replayed(i, "before", refused="no offences were recorded.") for i in range(50)]
    with pytest.raises(RefusedError, match=r"0 of 50 replays gave an answer.*no offences were recorded"):
        summarise(task, own(panel, analysis), refused, plan(), {})


def test_the_lean_answer_is_the_answer(worlds: SimpleNamespace) -> None:
    for panel in (worlds.areas(6, 6), worlds.areas(30, 30)):
        a = worlds.analysis("poisson_did", draws=499)
        whole = a.method.fit(panel, "violence", a.options, np.random.default_rng(3))
        lean = a.method.lean(panel, "violence", a.options, np.random.default_rng(3))
        assert (lean.value, lean.se, lean.low, lean.high, lean.p) == (
            whole.value,
            whole.se,
            whole.low,
            whole.high,
            whole.p,
        )
        assert whole.event_study
        assert not lean.event_study


def test_every_number_of_a_calibration_is_registered_for_disclosure() -> None:
    words = {"analysis", "method", "outcome", "drawn", "withheld", "notes", "bound", "seen"}
    names = {f.name for kind in (Calibration, Seen) for f in fields(kind)} - words
    assert {n: kind_of(n) for n in names if kind_of(n) not in ("design", "statistic")} == {}


def test_no_single_placebo_is_published(worlds: SimpleNamespace) -> None:
    """Estimates of hundreds of known sets of areas would give each area's counts away: only bins leave."""
    found = calibrated(worlds, worlds.areas(6, 6), worlds.analysis("weighted_displacement"), 60)
    assert sum(found.bins) == 60
    assert len(found.bins) == len(found.edges) - 1 == 16
    assert all(len(getattr(found, f.name)) <= 20 for f in fields(found) if isinstance(getattr(found, f.name), tuple))


def test_what_was_not_seen_is_said_in_words(worlds: SimpleNamespace) -> None:
    found = calibrated(
        worlds, worlds.areas(4, 4, mean=0.8, n_pre=12, n_post=4), worlds.analysis("weighted_displacement"), 60
    )
    assert "larger than 50%, the largest that was tried" in smallest_words(found)
    assert "may be there and not be found" in smallest_words(found)
