import pytest

from vru.errors import VruError
from vru.report.document import Figure, Table

DATA = Table("Offences by month", ("Month", "Offences"), (("April 2021", "12"),))
ALT = "Line chart of offences by month, falling from 12 to 9."


def test_a_figure_without_text_alternative_is_refused():
    with pytest.raises(VruError, match="text alternative"):
        Figure("<svg></svg>", b"", "chart", "Offences fell", "Offences by month", DATA)


def test_a_figure_without_data_is_refused():
    with pytest.raises(VruError, match="table of its data"):
        Figure("<svg></svg>", b"", ALT, "Offences fell", "Offences by month", Table("Empty", ("Month",), ()))


def test_a_figure_without_headline_is_refused():
    with pytest.raises(VruError, match="headline"):
        Figure("<svg></svg>", b"", ALT, " ", "Offences by month", DATA)


def test_all_faults_of_a_figure_are_named_at_once():
    with pytest.raises(VruError) as caught:
        Figure("<svg></svg>", b"", "", "", "", Table("Empty", ("Month",), ()))
    assert len(caught.value.problems) == 3


def test_a_table_whose_rows_do_not_fit_is_refused():
    with pytest.raises(VruError, match="row 1 has 1 cells"):
        Table("Offences", ("Month", "Offences"), (("April", "1"), ("May",)))


def test_a_table_needs_caption_and_headings():
    with pytest.raises(VruError, match="no caption"):
        Table(" ", ("Month",), ())
    with pytest.raises(VruError, match="without a heading"):
        Table("Offences", ("Month", ""), ())
