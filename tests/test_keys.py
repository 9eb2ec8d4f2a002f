"""One way to compare text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vru.keys import fold, groups, near_twins, skeleton, spaced


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Violence And Sexual Offences", "Violence and sexual offences"),
        ("St Mary\u00a0High", "St  Mary High"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("\ufeffNorth", "north "),
        ("ﬁrst", "First"),
        ("a\u200bb", "AB"),
    ],
)
def test_spellings_that_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St Marys", "St Mary's"),
        ("01", "1"),
        ("1000", "1000.0"),
        ("A01", "a1"),
        ("Saint-Denis", "saint denis"),
        ("Zoë", "Zoe"),
    ],
)
def test_near_twins_are_not_one_and_are_found(one: str, other: str) -> None:
    assert fold(one) != fold(other)
    (found,) = near_twins({fold(one): 3, fold(other): 4})
    assert (found.n_one, found.n_other) == (3, 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("100", "10"),
        ("10", "1"),
        ("1001", "101"),
        ("1.5", "15"),
        ("North 1", "North 11"),
        ("a", "b"),
        ("2021-01", "2021-10"),
        ("1.05", "1.5"),
        ("-1", "1"),
        ("10-12", "1012"),
        ("1/2", "12"),
    ],
)
def test_what_is_no_twin(one: str, other: str) -> None:
    assert near_twins({fold(one): 1, fold(other): 1}) == []


def test_ids_keep_their_case() -> None:
    assert spaced(" a1\u00a0 b ") == "a1 b"
    assert spaced("a1") != spaced("A1")


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert skeleton(fold(text)) == skeleton(text)


@given(st.lists(st.text(max_size=8), max_size=12))
def test_every_spelling_is_in_one_group(texts: list[str]) -> None:
    found = groups(texts)
    assert sorted(s for spellings in found.values() for s in spellings) == sorted(set(texts))
