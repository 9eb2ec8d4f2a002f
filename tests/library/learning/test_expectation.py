"""What my area should expect: figures that add up, chances, and refusals."""

import math
from collections.abc import Callable

import pytest

from vru.errors import LibraryError, RefusedError
from vru.library import StoredRecord
from vru.library.expectation import Expectation, expect, read_baseline
from vru.library.synthesis import Synthesis, syntheses
from vru.stats.expectation import sample_needed
from vru.stats.prediction import below

Shelf = Callable[..., list[StoredRecord]]
FIVE = ((-0.31, 0.1), (-0.12, 0.14), (0.05, 0.12), (-0.22, 0.09), (-0.4, 0.22))


@pytest.fixture
def known(shelf: Shelf) -> Synthesis:
    return syntheses(shelf(*FIVE))[0]


def answer(known: Synthesis, **changes: float) -> Expectation:
    return expect(known, read_baseline([240], 12), **changes)  # type: ignore[arg-type]


def test_figures_add_up(known: Synthesis) -> None:
    found = answer(known)
    assert known.law is not None
    assert known.pooled is not None
    assert found.expected == 240
    assert found.p_benefit + found.p_harm == pytest.approx(1)
    assert found.p_benefit == pytest.approx(below(known.law, 0.0))
    assert found.p_worthwhile == pytest.approx(below(known.law, math.log(0.9)))
    assert found.p_worthwhile < found.p_benefit
    assert found.prevented.low < found.prevented.middle < found.prevented.high < 240 * 1.2
    assert found.prevented.middle == pytest.approx(240 * -math.expm1(known.pooled.value), rel=0.2)
    assert found.to_find_smallest == sample_needed(0.9, 20.0, 1.0, months=12)
    for words in ("240 events expected over 12 months", "Chance that it helps", "80% power"):
        assert words in found.sentence


def test_twice_the_months_twice_the_events(known: Synthesis) -> None:
    one, two = answer(known), answer(known, months=24)
    assert two.expected == 480
    assert two.prevented.middle == pytest.approx(2 * one.prevented.middle, rel=1e-4)


def test_where_more_is_better_the_chances_change_sides(shelf: Shelf) -> None:
    up = [s for s in shelf(*((-y, se) for y, se in FIVE))]
    for s in up:
        changed = s.record.outcomes[0].model_copy(update={"direction": "increase"})
        object.__setattr__(s.record, "outcomes", [changed])
    found = answer(syntheses(up)[0])
    mirrored = answer(syntheses(shelf(*FIVE))[0])
    assert found.p_benefit == pytest.approx(mirrored.p_benefit, abs=1e-6)
    assert found.prevented.middle < 0


def test_two_evaluations_promise_nothing(shelf: Shelf) -> None:
    few = syntheses(shelf(*FIVE[:2]))[0]
    with pytest.raises(RefusedError, match="2 independent evaluations say nothing of another area"):
        answer(few)


def test_monthly_counts_say_how_much_they_vary() -> None:
    counts = [20, 31, 9, 14, 40, 12, 8, 25]
    found = read_baseline(counts, None)
    mean = sum(counts) / 8
    assert found.phi == pytest.approx(sum((c - mean) ** 2 for c in counts) / mean / 7)
    assert (found.events, found.months) == (159, 8)
    assert read_baseline([20, 20, 20, 20, 20, 20], None).phi == 1
    assert read_baseline([20, 30], None).phi_from.startswith("assumed")
    assert read_baseline([20], 4, phi=2.5).phi == 2.5


@pytest.mark.parametrize(
    ("counts", "months", "said"),
    [
        ([-1], 12, "-1 is not a count"),
        ([2.5], 12, "2.5 is not a count"),
        ([math.nan], 12, "nan is not a count"),
        ([0], 12, "no event was counted"),
        ([12, 14], 12, "2 counts for 12 months"),
        ([240], None, "over how many months"),
        ([240], 0, "over how many months"),
    ],
)
def test_baselines_that_make_no_sense(counts: list[float], months: int | None, said: str) -> None:
    with pytest.raises(LibraryError, match=said):
        read_baseline(counts, months)


def test_questions_that_make_no_sense(known: Synthesis) -> None:
    with pytest.raises(LibraryError, match="not a number of months"):
        answer(known, months=0)
    with pytest.raises(LibraryError, match="not a smallest effect"):
        answer(known, smallest=1.0)
    with pytest.raises(LibraryError, match="not a dispersion"):
        read_baseline([240], 12, phi=0.0)
    with pytest.raises(LibraryError, match="not a number of areas"):
        read_baseline([240], 12, areas=0)
