import io
import json
import math
import zipfile
from dataclasses import replace

import pytest

from vru.disclosure import PROFILES, enforce, review
from vru.errors import DisclosureError
from vru.results import Arm, Finding, to_json

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{}</dc:creator></cp:coreProperties>'
)


def packed(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def word(body: str, **parts: str) -> bytes:
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return packed({"word/document.xml": document, **{k.replace("__", "/") + ".xml": v for k, v in parts.items()}})


def paragraph(*runs: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def svg_path() -> str:
    points = " L ".join(f"{51.12345 + i * 0.7071:.5f} {-1.98765 + math.sin(i):.5f}" for i in range(200))
    return f'<path d="M {points}" style="fill:none;stroke:#12436D"/>'


def test_a_realistic_report_raises_no_alarm(failures, outcome):
    rows = "".join(
        f"<tr><th scope='row'>{m}</th><td>{v:.0f}</td><td>120.12</td><td>100.50 to 140.25</td></tr>"
        for m, v in zip(outcome.series[0].periods, outcome.series[0].values, strict=True)
    )
    weights = "".join(f"<tr><td>E010{6000 + i:05d}</td><td>{1 / (i + 3):.4f}</td></tr>" for i in range(60))
    page = f"""<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Night buses</title>
    <style>.a{{color:#12436D;background:#C101DD;margin:0 51.50735px 0.12775px}} /* jo@example.org */
    @media print{{.b{{width:01632960123px}}}}</style></head>
    <body class="E1 2AB"><h1>Patrols on night bus routes</h1>
    <svg viewBox="51.50735 -0.12775 640 480" xmlns="http://www.w3.org/2000/svg" aria-labelledby="t1">
    <title id="t1">Offences by month, January 2019 to December 2021</title>
    <defs><style>*{{stroke-linejoin: round}}</style>
    <clipPath id="p9434765919"><rect x="51.50735" y="-0.12775"/></clipPath></defs>
    {svg_path()}<use xlink:href="#m{"3f8a" * 16}" x="51.50735" y="-1.27750" style="stroke:#28A197"/>
    <g transform="translate(53.408410 -2.991570)"><text x="53.40841" y="-2.99157">Jan 2019</text></g></svg>
    <img alt="Map" src="data:image/png;base64,AB12CDEAB123456C">
    <table><caption>Offences</caption><tr><th>Month</th><th>Observed</th><th>Expected</th><th>95%</th></tr>{rows}</table>
    <table><tr><th>Area</th><th>Weight</th></tr>{weights}</table>
    <p>Plan {outcome.protocol_digest}; data sha256:{"5a" * 32}; seed 1234567890123456789.</p>
    <p>Source: <a href="https://doi.org/10.1007/s11292-019-09400-2">paper</a>; OGL v3.0; numpy 2.4.6.</p>
    <script>!function(){{var a="0123456789abcdef",b=1e3;window.a=a.charAt(b%16)}}()</script></body></html>"""
    assert failures("report.html", page) == []


def test_the_result_itself_raises_no_alarm(failures, outcome):
    assert failures("result.json", to_json(outcome)) == []


@pytest.mark.parametrize(
    ("profile", "hidden", "shown"),
    [
        ("public_police_uk", (), (0, 1, 4, 7)),
        ("police_local", (1, 4), (0, 5)),
        ("nhs_hes_ecds", (1, 7), (0, 8)),
        ("tre", (0, 1, 9), (10,)),
    ],
)
def test_thresholds_of_the_profiles(make_plan, outcome, profile, hidden, shown):
    plan = make_plan(disclosure={"profile": profile})
    for count, verdict in [*((c, "fail") for c in hidden), *((c, "pass") for c in shown)]:
        values = (float(count), *outcome.series[0].values[1:])
        bare = tuple(replace(e, path=(), counts={}) for e in outcome.estimates)
        result = replace(outcome, estimates=bare, series=(replace(outcome.series[0], values=values),))
        finding = review(plan, result, {})[0]
        assert (finding.check, finding.verdict) == ("disclosure_small_counts", verdict), count
    assert PROFILES[profile].source


def test_small_counts_in_paths_and_totals_are_found_and_model_quantities_are_not(plan, outcome):
    def verdict(**changes):
        first = replace(outcome.estimates[0], **changes)
        return review(plan, replace(outcome, estimates=(first,)), {})[0]

    path = (replace(outcome.primary.path[0], observed=2.0), *outcome.primary.path[1:])
    assert verdict(path=path).verdict == "fail"
    assert "observed 2019-01" in verdict(path=path).text
    assert verdict(counts={"T0": 3.0}).verdict == "fail"
    assert verdict(counts={"phi": 3.0, "expected": 2.0, "T0": 300.0}).verdict == "pass"
    missing = replace(outcome, series=(replace(outcome.series[0], values=(None, *outcome.series[0].values[1:])),))
    assert review(plan, missing, {})[0].verdict == "pass"


def test_small_arms_and_the_events_in_them_are_found(plan, outcome):
    def verdict(*arms, **changes):
        first = replace(outcome.estimates[0], **{"arms": arms, "estimand": "risk ratio", "path": (), **changes})
        return review(plan, replace(outcome, estimates=(first,)), {})[0]

    usual = Arm("comparison", 50, 48, 0.25)
    assert verdict(Arm("treated", 40, 40, 0.5), usual).verdict == "pass"
    assert "treated" in verdict(Arm("treated", 3, 3, 0.0), usual).text
    assert "treated: events" in verdict(Arm("treated", 40, 40, 0.05), usual).text
    assert "without the outcome" in verdict(Arm("treated", 40, 40, 0.95), usual).text
    # A yes or no that the plan calls a measure gives the same people away.
    measured = {"estimand": "difference in means", "events_prevented": None}
    assert "treated: events" in verdict(Arm("treated", 60, 60, 0.05), usual, **measured).text
    assert verdict(Arm("treated", 60, 60, 14.2), usual, **measured).verdict == "pass"
    assert verdict(usual, counts={"smallest_cluster": 3.0}).verdict == "fail"
    # How the comparison was made is no count of what happened to people.
    assert verdict(usual, counts={"lost_treated": 2.0, "clusters_treated": 3.0, "cutoff": 1.0}).verdict == "pass"


def test_few_losses_are_a_persons_to_decide(plan, outcome):
    def finding(lost):
        first = replace(outcome.estimates[0], arms=(Arm("treated", 40, 40 - lost, 0.5),))
        found = review(plan, replace(outcome, estimates=(first,)), {})
        return next(f for f in found if f.check == "disclosure_losses")

    assert [finding(lost).verdict for lost in (0, 2, 9)] == ["pass", "concern", "pass"]


def test_word_files_are_read_through(reviewed, failures):
    assert failures("report.docx", word(paragraph("All is well"))) == []
    split = word(paragraph("Patient 943 ", "476 ", "5919"))
    assert reviewed("report.docx", split)["nhs_number"].verdict == "fail"
    footer = word("", word__footer1=f'<w:ftr xmlns:w="{WORD}">{paragraph("jo@example.org")}</w:ftr>')
    assert reviewed("report.docx", footer)["email"].verdict == "fail"


@pytest.mark.parametrize(
    "parts",
    [
        {"docProps__core": CORE.format("Jo Bloggs")},
        {"word__comments": f'<w:comments xmlns:w="{WORD}"><w:comment w:author="Jo"/></w:comments>'},
        {"customXml__item1": "<a>Jo Bloggs</a>"},
    ],
)
def test_what_a_word_file_hides_is_found_and_the_name_not_told(reviewed, parts):
    finding = reviewed("report.docx", word(paragraph("x"), **parts))["hidden"]
    assert finding.verdict == "fail"
    assert "Bloggs" not in finding.text


def test_tracked_changes_are_found_and_their_deleted_text_read(reviewed):
    body = '<w:p><w:del w:author="Jo"><w:r><w:delText>jo@example.org</w:delText></w:r></w:del></w:p>'
    found = reviewed("report.docx", word(body))
    assert (found["hidden"].verdict, found["email"].verdict) == ("fail", "fail")


def test_harmless_parts_of_a_word_file_are_let_through(failures):
    parts = {
        "docProps__core": CORE.format("norchester-vru"),
        "word__comments": f'<w:comments xmlns:w="{WORD}"/>',
        "customXml__item1": '<b:Sources xmlns:b="x" StyleName="APA"/>',
    }
    assert failures("report.docx", word(paragraph("x"), **parts)) == []


def test_real_workbooks_and_documents(reviewed, failures, tmp_path):
    import docx
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "Offences by month"
    for i in range(40):
        sheet.append([f"2019-{i % 12 + 1:02d}", 100 + i, 0.5])
    book.save(tmp_path / "a.xlsx")
    assert failures("tables.xlsx", (tmp_path / "a.xlsx").read_bytes()) == []
    sheet["D9"] = "L1 8JQ"
    book.create_sheet("raw").sheet_state = "hidden"
    book.properties.creator = "Jo Bloggs"
    book.save(tmp_path / "a.xlsx")
    found = reviewed("tables.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert found["postcode"].verdict == "fail"
    assert "a hidden sheet" in found["hidden"].text
    assert "creator" in found["hidden"].text
    document = docx.Document()
    document.add_paragraph("All is well")
    document.save(str(tmp_path / "a.docx"))
    assert failures("report.docx", (tmp_path / "a.docx").read_bytes()) == []
    document.core_properties.last_modified_by = "Jo Bloggs"
    document.save(str(tmp_path / "a.docx"))
    assert reviewed("report.docx", (tmp_path / "a.docx").read_bytes())["hidden"].verdict == "fail"


def test_row_level_cells_of_a_workbook_are_found(reviewed, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["custody", "month"])
    for i in range(50):
        book.active.append([f"C{i:06d}", "2021-01"])
    book.save(tmp_path / "a.xlsx")
    assert reviewed("tables.xlsx", (tmp_path / "a.xlsx").read_bytes())["row_level"].verdict == "fail"


def listing(header: list[str], rows: list[list[object]]) -> str:
    return "\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n"


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (["ref", "month"], [[f"NV/{i:05d}/21", "2021-01"] for i in range(40)]),
        (["person id", "score"], [[i, 3] for i in range(40)]),
        (["when", "score"], [[f"2021-01-{i % 28 + 1:02d} 1{i % 10}:{i + 10}", 3] for i in range(40)]),
        (["victim", "score"], [[f"Name{i}", 3] for i in range(40)]),
    ],
)
def test_tables_with_a_row_per_person_or_case_are_found(reviewed, header, rows):
    assert reviewed("table.csv", listing(header, rows))["row_level"].verdict == "fail"
    records = json.dumps([dict(zip(header, row, strict=True)) for row in rows])
    assert reviewed("table.json", records)["row_level"].verdict == "fail"
    assert reviewed("table.csv", listing(header, rows[:20]))["row_level"].verdict == "pass"


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (
            ["period", "observed", "expected"],
            [[f"20{y}-{m:02d}", 100 + m, 99.123 + y] for y in (19, 20, 21) for m in range(1, 13)],
        ),
        (["area", "weight"], [[f"E01{i:06d}", 0.01 * i] for i in range(200)]),
        (["unit", "offences"], [[f"E01{i:06d}", i] for i in range(200)]),
        (["event_time", "value"], [[i - 20, 0.001 * i] for i in range(40)]),
        (["check", "verdict"], [[f"check{i % 5}", "pass"] for i in range(60)]),
    ],
)
def test_tables_of_results_are_not_taken_for_rows_of_people(failures, header, rows):
    assert failures("table.csv", listing(header, rows)) == []


def test_a_printed_data_frame_is_found(reviewed):
    page = '<table border="1" class="dataframe"><tr><th></th><th>a</th></tr><tr><td>0</td><td>1</td></tr></table>'
    assert "a data frame" in reviewed("report.html", page)["row_level"].text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("places.json", '{"latitude": 53.40841}'),
        ("places.json", '{"features": [{"geometry": {"coordinates": [[-2.99157, 53.40841]]}}]}'),
        ("places.csv", "id,Longitude\n1,-2.99157\n"),
        ("places.csv", "easting,n\n334512,4\n"),
        ("places.yaml", "lat: 53.40841\n"),
    ],
)
def test_places_are_found_by_the_name_of_their_field(reviewed, name, text):
    assert reviewed(name, text)["coordinates"].verdict == "fail"


def test_coarse_places_pass(failures):
    assert failures("places.json", '{"latitude": 53.41, "longitude": -2.99}') == []
    assert failures("places.csv", "easting,n\n334000,40\n") == []


@pytest.mark.parametrize("name", ["notebook.ipynb", "run.py", "data.parquet", "figure.png", "noending", "x.html.exe"])
def test_only_listed_kinds_of_file_may_leave(reviewed, name):
    finding = reviewed(name, b"x")["file_types"]
    assert finding.verdict == "fail"
    assert name in finding.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", b"not a zip"),
        ("a.xlsx", b""),
        ("a.docx", packed({"word/document.xml": "<broken"})),
        ("a.docx", packed({"word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]><a>&a;</a>'})),
        ("a.json", b"{"),
        ("a.json", b"[" * 100_000),
        ("a.yaml", b"a: [}"),
        ("a.html", b"\xff\xfe\x00"),
        ("a.csv", "é".encode("latin-1")),
    ],
)
def test_what_cannot_be_looked_through_fails(reviewed, name, data):
    assert reviewed(name, data)["unreadable"].verdict == "fail"


def test_a_zip_bomb_is_not_unpacked(reviewed, monkeypatch):
    monkeypatch.setattr("vru.disclosure.office.MAX_BYTES", 1_000_000)
    bomb = packed({"word/document.xml": " " * 5_000_000})
    assert len(bomb) < 100_000
    assert "more than can be looked through" in reviewed("a.docx", bomb)["unreadable"].text


def test_everything_is_told_at_once_and_only_disclosure_is_enforced(plan, outcome):
    page = b"<p>jo@example.org and L1 8JQ</p>"
    with pytest.raises(DisclosureError) as caught:
        enforce(review(plan, outcome, {"a.html": page, "b.exe": b""}))
    assert len(caught.value.problems) == 3
    assert caught.value.exit_code == 1
    assert "jo@example.org" not in str(caught.value)
    enforce(review(plan, outcome, {}))
    enforce([Finding("placebo_date", "main", "fail", "another matter")])


def test_what_software_did_not_look_for_is_said(reviewed):
    finding = reviewed("a.txt", "x")["by_hand"]
    assert finding.verdict == "not_run"
    assert "names of people" in finding.text


def test_every_check_reports_even_when_nothing_is_wrong(plan, outcome):
    findings = review(plan, outcome, {})
    assert len({f.check for f in findings}) == len(findings) == 33
    assert all(f.check.startswith("disclosure_") for f in findings)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The toolkit's own report, document and workbook of a plan and result."""
    from vru.report import compose, render_html, write_docx, write_workbook

    def render(plan, result):
        folder = tmp_path_factory.mktemp("rendered")
        document = compose(plan, result)
        write_docx(document, folder / "report.docx")
        write_workbook(plan, result, folder / "tables.xlsx")
        files = {name: (folder / name).read_bytes() for name in ("report.docx", "tables.xlsx")}
        return {"report.html": render_html(document).encode(), "result.json": to_json(result).encode(), **files}

    return render


def test_the_toolkits_own_outputs_raise_no_alarm_but_a_planted_number_does(plan, make_plan, outcome, rendered):
    findings = review(plan, outcome, rendered(plan, outcome))
    assert [f for f in findings if f.verdict not in ("pass", "not_run")] == []
    where = {**plan.intervention.model_dump(mode="json"), "why": "Patient 943 476 5919 said so."}
    planted = make_plan(intervention=where)
    found = {f.check: f for f in review(planted, outcome, rendered(planted, outcome))}["disclosure_nhs_number"]
    assert found.verdict == "fail"
    for name in ("report.html", "report.docx"):
        assert name in found.text
