"""The report as a Word document: pandoc from the same templates, then plain styles, no dates and no author."""

import base64
import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from vru.report.document import Document, Figure
from vru.report.render_html import templates

EPOCH = "1980-01-01T00:00:00Z"
COMMENTS = "word/comments.xml"
FACE = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="Arial" w:cs="Arial"/>'
A4 = (
    '<w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/>'
)
RULES = "".join(f'<w:{side} w:val="single" w:sz="4" w:color="B1B4B6"/>' for side in ("top", "bottom", "insideH"))
TABLE_TEXT = (
    '<w:style w:type="paragraph" w:customStyle="1" w:styleId="TableText"><w:name w:val="Table Text"/>'
    '<w:basedOn w:val="Compact"/><w:rPr><w:sz w:val="17"/><w:szCs w:val="17"/></w:rPr></w:style>'
)


def write_docx(document: Document, path: Path) -> None:
    """Write the report to ``path``; the file appears whole or not at all. The same report twice is the same bytes."""
    import pypandoc

    html = (
        templates()
        .get_template("word.html")
        .render(
            document=document,
            pictures=_pictures(document),
            figures=[b for b in document.blocks() if isinstance(b, Figure)],
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "report.docx"
        extra = ["--metadata=lang:en-GB", f"--metadata=title:{document.title}", "--sandbox"]
        pypandoc.convert_text(html, "docx", format="html", outputfile=str(raw), extra_args=extra)
        finished = _finish(raw.read_bytes())
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(finished)
    partial.replace(path)


def _pictures(document: Document) -> dict[str, str]:
    """Block id, as the templates count them, -> PNG as a data address; never empty, for empty means "not Word"."""
    found = {
        f"{part.anchor}-{i}": "data:image/png;base64," + base64.b64encode(b.png).decode()
        for part in document.parts
        for i, b in enumerate(part.blocks, start=1)
        if isinstance(b, Figure)
    }
    return found or {"none": ""}


def _finish(raw: bytes) -> bytes:
    mend: dict[str, Callable[[str], str]] = {
        "docProps/core.xml": _core,
        "word/document.xml": _body,
        "word/styles.xml": _styles,
        "word/_rels/document.xml.rels": _relations,
        "[Content_Types].xml": _types,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(set(old.namelist()) - {COMMENTS}, key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(name)
            if name in mend:
                content = mend[name](content.decode()).encode()
            new.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _core(text: str) -> str:
    text = re.sub(r"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rf"\g<1>{EPOCH}", text)
    return re.sub(r"<dc:creator>[^<]*</dc:creator>", "<dc:creator></dc:creator>", text)


def _relations(text: str) -> str:
    return re.sub(r'<Relationship [^>]*Target="comments.xml"[^>]*/>', "", text)


def _types(text: str) -> str:
    return re.sub(rf'<Override PartName="/{COMMENTS}"[^>]*/>', "", text)


def _body(text: str) -> str:
    # The title is a property of the file; on the page the disclaimer comes first, then the heading.
    text = re.sub(r'<w:p>\s*<w:pPr>\s*<w:pStyle w:val="Title" />.*?</w:p>', "", text, count=1, flags=re.DOTALL)
    text = re.sub(r'<pic:cNvPr descr="data:[^"]*"', '<pic:cNvPr descr=""', text)
    text = re.sub(
        r"<w:tbl>.*?</w:tbl>",
        lambda m: m[0].replace('<w:pStyle w:val="Compact" />', '<w:pStyle w:val="TableText" />'),
        text,
        flags=re.DOTALL,
    )
    text = text.replace("<w:tr><w:tc>", "<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>")
    text = text.replace("<w:trPr><w:tblHeader", "<w:trPr><w:cantSplit/><w:tblHeader")
    return text.replace("</w:sectPr>", f"{A4}</w:sectPr>")


def _styles(text: str) -> str:
    text = re.sub(r"<w:rFonts [^>]*/>", FACE, text)
    text = re.sub(r'<w:color w:themeColor="accent1"[^>]*/>', '<w:color w:val="12436D"/>', text)
    text = re.sub(
        r'(<w:rPrDefault>.*?)<w:sz w:val="24" />\s*<w:szCs w:val="24" />',
        r'\1<w:sz w:val="21"/><w:szCs w:val="21"/>',
        text,
        count=1,
        flags=re.DOTALL,
    )
    table = r'(w:styleId="Table" w:type="table">.*?<w:tblInd [^>]*/>)'
    text = re.sub(table, rf"\1<w:tblBorders>{RULES}</w:tblBorders>", text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<w:tblStylePr w:type="firstRow">)', r"\1<w:rPr><w:b/><w:bCs/></w:rPr>", text, count=1)
    text = re.sub(
        r'(w:styleId="FigureText".*?)</w:style>', r"\1<w:pPr><w:keepNext/></w:pPr></w:style>", text, flags=re.DOTALL
    )
    return text.replace("</w:styles>", f"{TABLE_TEXT}</w:styles>")
