"""How often the wording gate cries wolf and how often it sleeps: sentences as units write them, and as they should not.

The first two lists were at hand when the rules were written; of the held-back ones, written before the rules were run on
them, 2 of 40 were flagged and 1 of 20 was missed at first. Before the rules about delivery, 63 of the first 199 were flagged.
"""

from pathlib import Path

import pytest

from vru.rating import overclaims
from vru.results import Rating

LISTS = Path(__file__).parent / "wording"
WEAK = Rating("Maryland Scientific Methods Scale", "violence", 2, "Compared with others", (), "changed")


def sentences(name: str) -> list[str]:
    return (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("name", "most"), [("innocent", 0.03), ("held_back_innocent", 0.06)])
def test_few_innocent_sentences_are_flagged(name: str, most: float) -> None:
    said = sentences(name)
    flagged = [s for s in said if overclaims(s, WEAK)]
    assert len(flagged) / len(said) <= most, flagged


@pytest.mark.parametrize("name", ["overclaiming", "held_back_overclaiming"])
def test_no_overclaiming_sentence_is_missed(name: str) -> None:
    assert [s for s in sentences(name) if not overclaims(s, WEAK)] == []


@pytest.mark.parametrize("sentence", sentences("overclaiming"))
def test_a_claim_beside_talk_of_delivery_is_still_a_claim(sentence: str) -> None:
    beside = f"Staff held sessions and kept a log, and {sentence[0].lower()}{sentence[1:]}"
    assert overclaims(beside, WEAK)


def test_what_to_write_instead_is_said() -> None:
    told = overclaims("The patrols reduced violence.", WEAK)
    assert len(told) == 1
    assert 'write that offences "changed"' in told[0]
