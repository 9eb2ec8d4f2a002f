"""Before an evaluation: power that is foretold is power that is had, what cannot be used is said, and leaks are allowed for."""

import math
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from vru.design.assurance import assurance
from vru.design.designing import (
    Leaks,
    Prospect,
    Size,
    chances,
    net_of_displacement,
    prospect,
    ranked,
    rehearsal,
    relative,
    variants,
)
from vru.design.forecast import lines, prior_lines
from vru.design.replaying import RATIOS, Task, claims, replay_all
from vru.library.synthesis import Synthesis
from vru.replay import with_effect
from vru.stats.precision import Precision, precision
from vru.stats.prediction import below, predictive

LOT = ("random_half", ())


def before(panel):  # type: ignore[no-untyped-def]
    return replace(panel, starts=(None,) * len(panel.units)).between(~panel.post())


def test_the_error_of_a_comparison_is_foretold_from_before(worlds: SimpleNamespace) -> None:
    """Poisson counts of mean m have noise 1/m (and a little for unlike levels) and nothing that lasts."""
    found = precision(worlds.areas(40, 40, n_pre=36, mean=10.0).counts["violence"][:, :36])
    assert found.noise == pytest.approx(0.1 * 8 / 8, rel=0.35)
    assert found.lasting < 0.004
    assert Precision(0.1, 0.0).variance(20, 10, 10, 10) == pytest.approx(0.1 * 0.15 * 0.2)
    assert Precision(0.0, 0.01).variance(20, 10, 5, 10) == pytest.approx(0.01 * 0.3)


def test_levels_that_move_for_good_do_not_average_away() -> None:
    rng = np.random.default_rng(1)
    level = np.repeat(np.exp(0.3 * rng.normal(size=(200, 6))), 6, axis=1)
    found = precision(rng.poisson(30 * level).astype(float))
    assert found.lasting > 0.02


def test_power_foretold_is_power_had(worlds: SimpleNamespace) -> None:
    """20 worlds: what the months before foretell against how often the whole evaluation, run, finds the effect."""
    analysis = worlds.analysis("poisson_did", draws=199)
    foretold, had, runs = [], 0, 0
    for seed in range(20):
        panel = worlds.areas(12, 12, mean=8.0, seed=seed)
        made = rehearsal(before(panel), "violence", LOT, 12, Leaks())
        task = Task(seed, analysis, made.scene, 1, (0.9, 0.85, 0.8))
        p = prospect(analysis, made, list(replay_all(task, range(40), 1)), 0.85, 20)
        foretold.append(p.power.share)
        for k in range(5):
            rng = np.random.default_rng([seed, k])
            world = with_effect(worlds.areas(12, 12, mean=8.0, seed=100 * seed + k), 0.85, rng)
            found = analysis.method.fit(world, "violence", analysis.options, rng)
            had += bool(claims(found)) and found.value < 0
            runs += 1
    error = math.sqrt(np.mean(foretold) * (1 - np.mean(foretold)) / runs)
    assert abs(np.mean(foretold) - had / runs) < 0.05 + 2 * error


def test_nothing_after_the_start_is_read(worlds: SimpleNamespace) -> None:
    panel = worlds.areas()
    poisoned = replace(panel, counts={"violence": np.where(panel.post()[None, :], 1e6, panel.counts["violence"])})
    one, other = (rehearsal(before(p), "violence", LOT, 12, Leaks()) for p in (panel, poisoned))
    assert one.spread == other.spread
    task = Task(1, worlds.analysis("weighted_displacement"), one.scene, 1)
    again = replace(task, scene=other.scene)
    assert list(replay_all(task, range(10), 1)) == list(replay_all(again, range(10), 1))


def test_more_areas_and_more_time_see_smaller_effects(worlds: SimpleNamespace) -> None:
    made = rehearsal(before(worlds.areas(12, 12)), "violence", LOT, 12, Leaks())
    analysis = worlds.analysis("weighted_displacement")
    runs = list(replay_all(Task(1, analysis, made.scene, 1), range(60), 1))
    told = {(v.size.n_treated, v.size.after): abs(v.smallest_fall) for v in variants(made, runs, 0.9, 20)}
    assert told[6, 12] > told[12, 12] > told[24, 12] > told[36, 12]
    assert told[12, 6] > told[12, 12] > told[12, 24]


def test_four_times_the_areas_halve_the_effect_that_is_seen(worlds: SimpleNamespace) -> None:
    made = rehearsal(before(worlds.areas(40, 40)), "violence", LOT, 12, Leaks())
    ratio = relative(made, replace(made.had, n_treated=160, n_comparison=160)) / relative(made, made.had)
    assert relative(made, made.had) == pytest.approx(1.0)
    assert ratio == pytest.approx(0.5, rel=0.02)


def test_leaks_make_larger_effects_needed(worlds: SimpleNamespace) -> None:
    panel = before(worlds.areas(12, 12))
    tight, leaky = (rehearsal(panel, "violence", LOT, 12, leaks) for leaks in (Leaks(), Leaks(0.25, 0.5)))
    assert relative(leaky, leaky.had) == pytest.approx(relative(tight, tight.had) / 0.75)
    assert net_of_displacement(math.log(0.8), Leaks(displacement=0.5)) == pytest.approx(math.log(0.9))
    assert net_of_displacement(math.log(1.2), Leaks(displacement=0.5)) == pytest.approx(math.log(1.2))
    analysis = worlds.analysis("weighted_displacement")
    p = prospect(analysis, leaky, list(replay_all(Task(1, analysis, leaky.scene, 1), range(40), 1)), 0.9, 20)
    text = " ".join(lines(leaky, [p], (), 0.9))
    assert "25% of the effect reaches comparison areas" in text
    assert "net of what moves elsewhere" in text


def test_what_cannot_be_used_stands_last_with_its_reason(worlds: SimpleNamespace) -> None:
    bad = Prospect("synthetic_control", "x", "panel", 3, "it needs more periods")
    wolf = Prospect("b", "x", "panel", 4, "", 100, SimpleNamespace(low=0.1), None, (), -0.05)  # type: ignore[arg-type]
    weak = Prospect("c", "x", "before_after", 1, "", 100, SimpleNamespace(low=0.01), None, (), -0.05)  # type: ignore[arg-type]
    good = Prospect("d", "x", "randomised", 4, "", 100, SimpleNamespace(low=0.01), None, (), -0.2)  # type: ignore[arg-type]
    assert [p.method for p in ranked([bad, wolf, weak, good])] == ["d", "c", "b", "synthetic_control"]
    made = rehearsal(before(worlds.areas(12, 12)), "violence", LOT, 12, Leaks())
    assert "cannot be used: it needs more periods" in " ".join(lines(made, [bad], (), 0.9))


def synthesis(y: list[float]) -> Synthesis:
    law = predictive(np.array(y), np.full(len(y), 0.01))
    return SimpleNamespace(law=law, direction="decrease", level=0.95, studies=y, sentence="pooled")  # type: ignore[return-value]


def test_assurance_is_power_averaged_over_what_the_library_foretells() -> None:
    held = synthesis([-0.3, -0.2, -0.1, -0.25, -0.15])
    all_seen = assurance(held, (np.array([-3.0, 0.0, 3.0]), np.array([1.0, 1.0, 1.0])), math.log(0.9))
    assert all_seen is not None
    assert all_seen.finds_good == pytest.approx(below(held.law, 0.0), abs=0.01)
    assert all_seen.is_worthwhile == pytest.approx(below(held.law, math.log(0.9)), abs=0.01)
    assert all_seen.misses == pytest.approx(0.0, abs=1e-9)
    half = assurance(held, (np.array([-3.0, 0.0, 3.0]), np.array([0.5, 0.5, 0.5])), math.log(0.9))
    assert half.finds_good == pytest.approx(all_seen.finds_good / 2)
    assert half.finds_worthwhile + half.misses == pytest.approx(half.is_worthwhile)
    text = " ".join(prior_lines(half, "", 0.9))
    assert "5 evaluations in the library" in text


def test_assurance_against_a_simulation_of_the_same_law() -> None:
    held = synthesis([-0.5, -0.2, 0.1, -0.3])
    at, power = chances({r: min(1.0, abs(math.log(r)) * 3) for r in RATIOS}, 0.05)
    found = assurance(held, (at, power), math.log(0.9))
    rng = np.random.default_rng(1)
    k = rng.integers(0, len(held.law.centres), 200_000)
    true = rng.normal(held.law.centres[k], held.law.scales[k])
    seen = rng.random(200_000) < np.interp(true, at, power)
    assert found.finds_good == pytest.approx((seen & (true < 0)).mean(), abs=0.006)
    assert found.finds_harm == pytest.approx((seen & (true > 0)).mean(), abs=0.006)
    assert found.finds_worthwhile == pytest.approx((seen & (true <= math.log(0.9))).mean(), abs=0.006)


def test_a_library_that_foretells_nothing_gives_no_assurance() -> None:
    bare = SimpleNamespace(law=None)
    assert assurance(bare, (np.zeros(1), np.zeros(1)), 0.0) is None  # type: ignore[arg-type]
    assert asdict(Size(1, 2, 3, 4)) == {"before": 1, "after": 2, "n_treated": 3, "n_comparison": 4}
    assert "assurance: none, as no library" in prior_lines(None, "no library was named (--library DIR)", 0.9)[0]
