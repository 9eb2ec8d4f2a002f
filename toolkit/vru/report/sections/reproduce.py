"""How anyone with the data can compute these numbers again."""

from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Table
from vru.report.section import Section
from vru.results import EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Digests, versions, seed and the command."""
    p = result.provenance
    blocks: list[Block] = [
        Bullets(
            (
                "vru verify RECORD --library DIR checks that nothing in the published record has changed.",
                "vru verify RECORD --library DIR --data DIR also computes every number again from the data.",
            ),
            "With the vru toolkit installed and this evaluation's record from the library:",
        ),
        Facts(
            (
                ("Evaluation", f"{result.protocol_id}, plan version {protocol.version}"),
                ("Digest of the plan", result.protocol_digest),
                ("Random seed", str(p.seed)),
                ("Licence", protocol.licence),
            )
        ),
    ]
    if p.data:
        rows = tuple((k, v) for k, v in sorted(p.data.items()))
        blocks.append(Table("Fingerprints of the data", ("Data", "Digest"), rows))
    if p.truth:
        rows = tuple((w.plain(k), w.number(v, 3)) for k, v in p.truth.items())
        blocks.append(Table("Known true values of this exercise", ("Name", "Value"), rows, frozenset({1})))
    if p.versions:
        rows = tuple((k, v) for k, v in sorted(p.versions.items()))
        blocks.append(Table("Software", ("Package", "Version"), rows))
    return tuple(blocks)


SECTION = Section("reproduce", "Reproduce this", build)
