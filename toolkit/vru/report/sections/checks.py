"""What was done to break the result, what broke, and what each verdict means."""

from vru.protocol import Protocol
from vru.report import naming
from vru.report import wording as w
from vru.report.document import Block, Bullets, Heading, Notice, Paragraph, Table
from vru.report.section import Section
from vru.results import EvaluationResult, Finding

ORDER = ("fail", "concern", "not_run", "pass")


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """Failed checks first; then what the verdicts mean."""
    if not result.findings:
        return (Notice("No checks were registered, so nothing has tested the assumptions.", "warning"),)
    findings = sorted(result.findings, key=lambda f: ORDER.index(f.verdict))
    blocks: list[Block] = []
    failed = [f for f in findings if f.verdict == "fail"]
    if failed:
        blocks.append(Notice(f"{w.plural(len(failed), 'check')} failed: {w.listing(_names(failed))}.", "warning"))
    rows = tuple(
        (naming.check(f.check), _analysis(f), naming.VERDICTS[f.verdict], w.sentence(naming.check_question(f.check)))
        for f in findings
    )
    blocks.append(Table("Checks, failed first", ("Check", "Analysis", "Verdict", "What it asks"), rows))
    present = [v for v in ORDER if any(f.verdict == v for f in findings)]
    meanings = tuple(f"{naming.VERDICTS[v]}: {naming.VERDICT_MEANINGS[v]}." for v in present)
    blocks.append(Bullets(meanings, "What the verdicts mean"))
    for f in findings:
        blocks += _details(f)
    return tuple(blocks)


def _details(finding: Finding) -> list[Block]:
    found: list[Block] = [
        Heading(f"{naming.check(finding.check)}, {_analysis(finding)}: {naming.VERDICTS[finding.verdict].lower()}"),
        Paragraph(w.sentence(finding.text)),
    ]
    if finding.threshold:
        found.append(Paragraph(f"Where the line is drawn: {w.sentence(finding.threshold)}"))
    return found


def _analysis(finding: Finding) -> str:
    return w.plain(finding.analysis) if finding.analysis else "whole evaluation"


def _names(findings: list[Finding]) -> list[str]:
    return list(dict.fromkeys(naming.lower_first(naming.check(f.check)) for f in findings))


SECTION = Section("checks", "Checks", build)
