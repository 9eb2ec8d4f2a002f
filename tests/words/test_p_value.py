"""P-values in words."""

import pytest

from vru.words.p_value import p_is


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "p = 1.00"),
        (0.0995, "p = 0.10"),
        (0.0994, "p = 0.099"),
        (0.001, "p = 0.001"),
        (0.00099, "p < 0.001"),
        (0.0, "p < 0.001"),
        (None, "no p-value"),
    ],
)
def test_never_nought(p: float | None, said: str) -> None:
    assert p_is(p) == said
