"""Who is affected: what was planned on fairness, and plainly what was not looked at."""

from vru.protocol import Protocol
from vru.report.document import Block, Bullets, Facts, Notice
from vru.report.section import Section
from vru.results import EvaluationResult


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """The plan and the groups; "not analysed" where no data were there. This result holds no equity figures."""
    e = protocol.equity
    if e.data_available:
        notice = (
            "Data by group were said to be available. Their analysis is not part of this report; "
            "ask for it before deciding."
        )
    else:
        notice = (
            "Not analysed in this evaluation: no data by group were available. Nothing here shows whether the "
            "intervention fell on some groups more than on others."
        )
    blocks: list[Block] = [Notice(notice, "warning"), Facts((("Plan", e.plan),))]
    if e.groups:
        blocks.append(Bullets(tuple(e.groups), "Groups that the plan names"))
    return tuple(blocks)


SECTION = Section("equity", "Equity", build)
