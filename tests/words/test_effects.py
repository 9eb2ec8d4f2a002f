"""One effect, one wording, wherever it is said."""

import math

import pytest

from vru.checks.findings import in_words
from vru.library.synthesis_words import change as pool_words
from vru.report.wording import percent_change
from vru.site.wording import change as site_words
from vru.words.effects import rate_change


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (1.0004, "no change"),
        (0.9952, "0.5% fewer"),
        (1.004, "0.4% more"),
        (0.951, "4.9% fewer"),
        (0.95, "5% fewer"),
        (0.904, "9.6% fewer"),
        (0.896, "10% fewer"),
        (0.0051, "99% fewer"),
        (0.0049, "more than 99% fewer"),
        (1.9, "90% more"),
        (2.0, "2 times as many"),
        (2.44, "2.4 times as many"),
        (1e9, "more than 100 times as many"),
    ],
)
def test_every_room_says_the_same(ratio: float, said: str) -> None:
    value = math.log(ratio)
    rooms = (
        rate_change(value),
        in_words("log_rate_ratio", value),
        percent_change(ratio),
        site_words(value, "log_rate_ratio"),
        pool_words(value),
    )
    assert set(rooms) == {said}


def test_what_has_no_limit_and_what_is_no_ratio() -> None:
    assert rate_change(None) == "no limit"
    assert percent_change(0.0) == "more than 99% fewer"
    with pytest.raises(ValueError, match="no log rate ratio"):
        rate_change(0.1, "count_difference")
