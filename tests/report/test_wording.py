import pytest

from vru.report import wording as w
from vru.results import Interval


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.75, "25% fewer"),
        (1.08, "8% more"),
        (1.0, "no change"),
        (1.0004, "no change"),
        (0.996, "0.4% fewer"),
        (1.0095, "1% more"),
        (0.001, "more than 99% fewer"),
        (3.0, "3 times as many"),
        (25.0, "25 times as many"),
    ],
)
def test_rate_ratio_in_words(ratio, words):
    assert w.percent_change(ratio) == words


def test_interval_of_a_ratio():
    assert w.percent_interval(Interval(0.75, 0.70, 0.81)) == "between 30% fewer and 19% fewer"
    assert w.percent_interval(Interval(0.95, 0.80, 1.13)) == "between 20% fewer and 13% more"
    assert w.percent_interval(Interval(0.95, None, None)) == "interval not available"
    assert w.percent_interval(Interval(0.95, None, 1.1)) == "no lower limit, up to 10% more"
    assert w.percent_interval(Interval(0.95, 0.9, None)) == "from 10% fewer, no upper limit"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1234567.0, 0, "1,234,567"), (-0.004, 2, "0.00"), (-12.5, 1, "−12.5"), (None, 2, "not available")],
)
def test_number(value, digits, text):
    assert w.number(value, digits) == text


def test_number_never_shows_nan():
    assert w.number(float("nan")) == w.number(float("inf")) == w.count(float("nan")) == "not available"


@pytest.mark.parametrize(
    ("value", "text"), [(1204331, "1,204,331"), (3.4, "3.4"), (3.0, "3"), (9.97, "10"), (-412.3, "−412"), (0, "0")]
)
def test_count(value, text):
    assert w.count(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0, "less than 0.001"), (0.0123, "0.012"), (0.0994, "0.099"), (0.52, "0.52"), (None, "not available")],
)
def test_pvalue_is_never_zero(p, text):
    assert w.pvalue(p) == text


def test_prevented_is_said_only_where_it_is_licensed():
    assert w.prevented_change(553, causal=True) == "553 offences prevented"
    assert w.prevented_change(553, causal=False) == "553 fewer offences than expected"
    assert w.prevented_change(-24, causal=True) == "24 more offences than expected"
    assert w.prevented_change(1, causal=True) == "1 offence prevented"
    assert w.prevented_change(0.02, causal=True) == "no difference in offences"


def test_interval_of_offences():
    assert w.prevented_interval(Interval(80, 40, 180), True) == "between 40 and 180 offences prevented"
    assert w.prevented_interval(Interval(-80, -180, -40), True) == "between 40 and 180 more offences than expected"
    assert (
        w.prevented_interval(Interval(45, -20, 110), False)
        == "between 20 more offences than expected and 110 fewer offences than expected"
    )
    assert w.prevented_interval(Interval(45, None, None), False) == "interval not available"


def test_differences():
    assert w.difference(-118) == "118 fewer offences"
    assert w.difference_interval(-196, -40) == "between 40 and 196 fewer offences"
    assert w.difference_interval(-20, 40) == "between 20 fewer offences and 40 more offences"


def test_months_lists_and_shares():
    assert w.month("2021-04") == "April 2021"
    assert w.month("during the run") == "during the run"
    assert w.month("2021-13") == "2021-13"
    assert w.listing([]) == "none"
    assert w.listing(["a", "b", "c"]) == "a, b and c"
    assert w.percent(0.1) == "10%"
    assert w.percent(0.025) == "2.5%"
    assert w.level(0.95) == "95%"
    assert w.sentence("  it holds") == "It holds."
