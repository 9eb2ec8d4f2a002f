import re
import zipfile

import docx
import pytest

from vru.report import write_docx

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def written(document, tmp_path_factory):
    path = tmp_path_factory.mktemp("word") / "report.docx"
    write_docx(document, path)
    return path


def test_first_line_headings_and_language(written):
    opened = docx.Document(str(written))
    assert opened.paragraphs[0].text.startswith("Made-up example")
    assert [p.text for p in opened.paragraphs if p.style.name == "Heading 1"] == ["Hot-spot patrols in Anytown"]
    assert "Costs" in [p.text for p in opened.paragraphs if p.style.name == "Heading 2"]
    assert opened.core_properties.title == "Hot-spot patrols in Anytown"
    assert opened.core_properties.language == "en-GB"


def test_every_picture_has_its_text_alternative(written, document):
    xml = docx.Document(str(written)).element.xml
    alts = re.findall(r'<wp:docPr [^>]*descr="([^"]*)"', xml)
    assert len(alts) == 8
    assert all(len(a) > 30 for a in alts)
    assert "data:image" not in xml


def test_header_rows_are_flagged(written):
    tables = docx.Document(str(written)).tables
    assert len(tables) > 15
    for table in tables:
        assert table.rows[0]._tr.trPr.find(f"{WORD}tblHeader") is not None


def test_data_of_every_figure_are_in_the_annex(written, document):
    captions = [p.text for p in docx.Document(str(written)).paragraphs]
    assert "Rate ratios of all analyses on that scale" in captions
    assert "The variables of the causal graph" in captions


def test_no_author_no_comments_no_dates(written):
    opened = docx.Document(str(written))
    assert opened.core_properties.author == ""
    assert opened.core_properties.created.year == 1980
    with zipfile.ZipFile(written) as archive:
        assert not [n for n in archive.namelist() if "comment" in n]
        assert {i.date_time[0] for i in archive.infolist()} == {1980}


def test_hostile_text_stays_text(written):
    opened = docx.Document(str(written))
    text = "\n".join(c.text for t in opened.tables for r in t.rows for c in r.cells)
    assert '<script>alert("x")</script> & $a_b$' in text
    assert "[link](javascript:alert(1))" in text


def test_the_same_report_twice_is_the_same_bytes(written, document, tmp_path):
    again = tmp_path / "again.docx"
    write_docx(document, again)
    assert again.read_bytes() == written.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.docx"]
