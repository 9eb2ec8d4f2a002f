"""From plan and result to a typed report; nothing else is read."""

from vru.protocol import Protocol
from vru.report import claim
from vru.report.document import Document, Part
from vru.report.saying import said, texts_of
from vru.report.sections import SECTIONS
from vru.results import EvaluationResult
from vru.words.terms import terms_of


def compose(protocol: Protocol, result: EvaluationResult) -> Document:
    """The report of one evaluation.

    Reads only its two arguments, so that any report can be drawn again without the data.

    Raises
    ------
    VruError : a section made a figure without alternatives or a table that does not fit.
    """
    parts, terms, own = [], terms_of(protocol), texts_of(protocol)
    for section in SECTIONS.values():
        blocks = said(section.build(protocol, result), terms, own)
        if blocks:
            parts.append(Part(section.name.replace("_", "-"), section.title, blocks))
    return Document(
        title=protocol.title,
        subtitle=f"Evaluation report, {protocol.organisation}, plan version {protocol.version}",
        disclaimer=protocol.disclaimer,
        parts=tuple(parts),
        description=claim.headline(protocol, result, result.primary),
    )
