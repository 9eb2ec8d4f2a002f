"""Reports: from plan and result to a typed document, and from that to a web page, Word and a workbook."""

from vru.report.compose import compose
from vru.report.render_docx import write_docx
from vru.report.render_html import render_html
from vru.report.workbook import write_workbook

__all__ = ["compose", "render_html", "write_docx", "write_workbook"]
