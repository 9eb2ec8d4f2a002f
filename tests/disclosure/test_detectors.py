import pytest

from vru.disclosure.personal import masked
from vru.disclosure.personal.numbers import is_nhs_number

NHS = "943 476 5919"
HEX = "3f8a" * 16


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("nhs_number", f"Patient {NHS} attended"),
        ("nhs_number", "9434765919"),
        ("nhs_number", "NHS no.9434765919."),
        ("nhs_number", "943-476-5919"),
        ("national_insurance", "NI AB 12 34 56 C on file"),
        ("national_insurance", "ab123456c"),
        ("email", "write to jo.bloggs@norchester.police.uk please"),
        ("phone", "call 07700 900123"),
        ("phone", "on +44 7700 900 123."),
        ("phone", "020 7946 0018"),
        ("phone", "(0113) 496 0123"),
        ("phone", "01632960123"),
        ("postcode", "lives at 4 High St, L1 8JQ"),
        ("postcode", "SW1A1AA"),
        ("vehicle", "a blue AB12 CDE"),
        ("vehicle", "LK68XYZ"),
        ("birth_date", "DOB: 03/04/2006"),
        ("birth_date", "born on 3 April 2015"),
        ("birth_date", "23/11/1998"),
        ("birth_date", "1998-11-23"),
        ("coordinates", "at 53.40841, -2.99157"),
        ("coordinates", "POINT(-2.99157 53.40841)"),
        ("grid_reference", "found at SJ 3456 9012"),
        ("grid_reference", "SJ345901"),
        ("file_path", "/home/jbloggs/data/crimes.csv"),
        ("file_path", r"C:\Users\jbloggs\crimes.csv"),
        ("file_path", r"\\force-server\share$\crimes.csv"),
        ("file_path", "file:///Users/jbloggs/x"),
        ("pnc_id", "PNC 2001/0123456Q"),
        ("pupil_number", "H801200001001"),
        ("crime_id", f"offence {HEX}"),
        ("crime_id", f"Crime ID:{HEX}"),
    ],
)
def test_what_identifies_somebody_is_found_in_every_kind_of_file(reviewed, check, text):
    pages = {
        "report.html": f"<!DOCTYPE html><p>Before</p><p>{text}</p>",
        "cell.html": f"<table><tr><th>A</th></tr><tr><td>{text}</td></tr></table>",
        "alt.html": f"<svg viewBox='0 0 9 9'><title>{text}</title></svg>",
        "comment.html": f"<p>x</p><!-- {text} -->",
        "script.html": f"<script>var x = '{text}';</script>",
        "notes.txt": f"line\n\n{text}\n",
        "table.csv": f'month,note\n2021-01,"{text}"\n',
        "attribute.html": f'<p data-note="{text}">x</p>',
    }
    for name, page in pages.items():
        finding = reviewed(name, page)[check]
        assert finding.verdict == "fail", name
        assert name in finding.text
        assert text not in finding.text


@pytest.mark.parametrize("text", [NHS, "jo.bloggs@norchester.police.uk", "AB123456C", "L1 8JQ", HEX])
def test_no_finding_shows_what_it_found(reviewed, text):
    for finding in reviewed("notes.txt", f"see {text} now").values():
        assert text not in finding.text
        assert text[3:] not in finding.text
    assert masked(text).startswith(text[:1])


def test_words_broken_over_lines_and_tags_are_still_found(reviewed):
    assert reviewed("a.html", "<p>Patient 943\n  476\n 5919</p>")["nhs_number"].verdict == "fail"
    assert reviewed("a.html", "<p>Patient <b>943</b> 476 <i>5919</i></p>")["nhs_number"].verdict == "fail"
    assert reviewed("a.txt", "Patient 943\n476 5919")["nhs_number"].verdict == "fail"


def test_numbers_in_neighbouring_cells_are_not_put_together(failures):
    assert failures("a.html", "<table><tr><td>943</td><td>476</td><td>5919</td></tr></table>") == []
    assert failures("a.html", "<table><tr><td>52.12345</td><td>-1.23456</td></tr></table>") == []


@pytest.mark.parametrize(
    ("number", "sound"),
    [
        ("9434765919", True),
        ("9434765918", False),
        ("4010232137", True),
        ("943476591", False),
        ("0000000000", False),
        ("9999999999", False),
    ],
)
def test_check_digit_of_nhs_numbers(number, sound):
    assert is_nhs_number(number) is sound


@pytest.mark.parametrize(
    "text",
    [
        "9434765918 is not an NHS number",
        "LSOA E01006512 and W01000123",
        "January 2019 to 2021-12, 2019/20, Q3 2020, 24 November 2026, 2026-11-24",
        f"protocol sha256:{HEX}",
        "https://doi.org/10.1007/s11292-019-09400-2 and doi 10.1080/9434765919",
        "version 0.14.1, python 3.11.9, scipy 1.15.3, schema 2020-12",
        "rate ratio 0.81 (0.70 to 0.94), p = 0.0055, 1,204,331 rows, 9,434,765,919 in all",
        "0.9434765919 and 51.5074 alone and 1.234,5.678",
        "#B1 2EF and #C101DD and &#163;42,000",
        "logo@2x.png and @media print",
        "SE 0.0753, SE 123, TL;DR, S1 to S4, A1 notice, B2B, M25, W3C, R2, H1",
        "section 4.2/7, 12/14 areas, 24/7, 50/50, 3/2021",
        "/assets/main.css and https://www.gov.uk/home/page and and/or",
        "seed 1234567890123456789",
        "Mann-Whitney U 123456, ICD-10 X85-Y09, outcome 22, chi2(12) = 34.5",
        "00000 00000, 1111111111, 2019 2020 2021 2022",
        "Night bus N11, routes 18 and 82; 15:00 to 23:00",
    ],
)
def test_ordinary_report_language_raises_no_alarm(failures, text):
    assert failures("notes.txt", text) == []
    assert failures("page.html", f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>") == []


def test_digests_of_the_result_and_of_the_files_are_legitimate_but_others_are_not(plan, outcome, reviewed):
    from hashlib import sha256

    from vru.disclosure import review

    bare = outcome.protocol_digest.removeprefix("sha256:")
    assert reviewed("notes.txt", f"digest {bare}")["crime_id"].verdict == "pass"
    page = b"<p>x</p>"
    manifest = f'{{"report.html": "{sha256(page).hexdigest()}"}}'.encode()
    files = {"report.html": page, "manifest.json": manifest}
    assert {f.check: f.verdict for f in review(plan, outcome, files)}["disclosure_crime_id"] == "pass"
    assert {f.check: f.verdict for f in review(plan, outcome, {"manifest.json": manifest})}[
        "disclosure_crime_id"
    ] == "fail"


def test_a_date_that_is_a_rule_of_the_plan_is_nobodys_own(make_plan, outcome):
    from vru.disclosure import review

    text = {"notes.txt": b"Born from 2003-09-01 on; one was of 2003-09-02."}

    def verdict(plan):
        return {f.check: f for f in review(plan, outcome, text)}["disclosure_birth_date"]

    plan = make_plan()
    assert verdict(plan).numbers["found"] == 2
    analyses = [a.model_dump(mode="json") for a in plan.analyses]
    analyses[0]["options"] = {**analyses[0]["options"], "cutoff": "2003-09-01"}
    assert verdict(make_plan(analyses=analyses)).numbers["found"] == 1
