"""The review pack as a typed document: plan against what was done, every number, every check, and the numbers made again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vru.library.comparing import Difference
from vru.process.pack.overturning import overturning
from vru.protocol import Protocol
from vru.rating.standards import standards
from vru.report import wording as w
from vru.report.document import Block, Bullets, Document, Facts, Heading, Notice, Paragraph, Part, Table
from vru.report.saying import said, texts_of
from vru.report.sections import SECTIONS
from vru.results import EvaluationResult
from vru.words.terms import terms_of

_MOST = 40
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Again:
    """The command that makes the numbers again, and what it gave; ``why_not`` where it could not be run here."""

    command: str
    result: EvaluationResult | None = None
    differences: tuple[Difference, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack is made of. ``side``: name of a file of the run -> its content, such as ``calibration.json``.

    registrations : (when, what was locked, what had been seen by then), first one first.
    """

    protocol: Protocol
    result: EvaluationResult
    again: Again
    reference: str
    side: Mapping[str, Any]
    registrations: Sequence[tuple[str, str, str]] = ()


def compose_pack(pack: Pack) -> Document:
    """The pack; reads nothing but its argument."""
    p, r = pack.protocol, pack.result
    ours = (
        ("what-would-overturn-it", "What would overturn the finding", (Bullets(overturning(p, r)),)),
        (
            "plan-and-done",
            "The plan against what was done",
            (*_registrations(pack), *_section("plan_and_changes", p, r)),
        ),
        ("every-estimate", "Every estimate, on one axis where the scale is the same", _section("results", p, r)),
        ("checks", "Every check", _section("checks", p, r)),
        ("calibration", "Calibration and specification curve", _calibrated(pack.side)),
        ("strength", "How strong the evidence is", (*_section("strength_of_evidence", p, r), *_standards(p, r))),
        ("data", "The data and what became of them", _section("data", p, r)),
        ("graph", "The causal graph", _section("causal_graph", p, r)),
        ("code", "Code, versions, seed, fingerprints", _section("reproduce", p, r)),
        ("again", "The numbers made again", _again(pack)),
        ("back", "How to answer", _back(pack.reference)),
    )
    terms, own = terms_of(p), texts_of(p)
    parts = tuple(Part(anchor, title, said(blocks, terms, own)) for anchor, title, blocks in ours if blocks)
    subtitle = f"Review pack for a methods reviewer, {p.organisation}, plan version {p.version}"
    return Document(p.title, subtitle, p.disclaimer, parts, f"Methods review pack: {p.title}")


def _section(name: str, protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    return SECTIONS[name].build(protocol, result)


def _registrations(pack: Pack) -> tuple[Block, ...]:
    ended = Facts((("Intervention began", pack.protocol.intervention.start), ("Data end", pack.protocol.window.last)))
    if not pack.registrations:
        return (
            Paragraph("The lock with the dates of registration is with the unit; the record holds only its outcome."),
            ended,
        )
    caption = "Every registration, first one first"
    return (
        Table(caption, ("When", "Digest of the plan", "Reason, and what had been seen"), tuple(pack.registrations)),
        ended,
    )


def _standards(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    e = result.primary
    rating = next((x for x in result.ratings if x.outcome == e.outcome), None)
    if rating is None:
        return ()
    more = any(o.id == e.outcome and o.direction == "increase" for o in protocol.outcomes)
    rows = tuple(
        (f"{s.edition.title} (read {s.edition.read}): {s.edition.definition}", s.value, s.why, s.raise_it or "nothing")
        for s in standards(e, rating.level, more)
    )
    return (Table("The main figure by other standards", ("Standard", "Answer", "Why", "What would raise it"), rows),)


def _calibrated(side: Mapping[str, Any]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    names = {"calibration.json": "Calibration", "specifications.json": "Specification curve"}
    for file, title in names.items():
        blocks.append(Heading(title))
        if file not in side:
            missing = "Not calibrated" if file == "calibration.json" else "No specification curve was made"
            blocks.append(Paragraph(f"{missing}: no {file} lies beside the results."))
            continue
        rows = tuple(_leaves(side[file]))
        blocks.append(Table(f"{title}, as written in {file}", ("What", "Value"), rows[:_MOST]))
        if len(rows) > _MOST:
            blocks.append(Paragraph(f"{len(rows) - _MOST:,} more lines are in {file}."))
    return tuple(blocks)


def _leaves(content: Any, where: str = "") -> list[tuple[str, str]]:
    if isinstance(content, dict):
        return [
            row
            for k, v in content.items()
            for row in _leaves(v, f"{where}, {w.plain(str(k))}" if where else w.plain(str(k)))
        ]
    if isinstance(content, list):
        plain = json.dumps(content, ensure_ascii=False)
        if len(plain) <= _LONGEST and not any(isinstance(v, dict | list) for v in content):
            return [(where, ", ".join(map(str, content)))]
        return [row for i, v in enumerate(content, 1) for row in _leaves(v, f"{where} {i}")]
    if isinstance(content, float):
        return [(where, f"{content:.4g}")]
    return [(where, "not known" if content is None else str(content))]


def _again(pack: Pack) -> tuple[Block, ...]:
    again = pack.again
    command: tuple[Block, ...] = (Facts((("Command", again.command),)),)
    if again.result is None:
        return (*command, Notice(f"Not run for this pack: {again.why_not}", "warning"))
    now = {e.analysis: e for e in again.result.estimates}
    rows = []
    for e in pack.result.estimates:
        other = now.get(e.analysis)
        rows.append(
            (w.plain(e.analysis), _interval(e), "absent" if other is None else _interval(other), _same(e, other))
        )
    table = Table("Estimates as given and as made again", ("Analysis", "Given", "Made again", "Equal"), tuple(rows))
    told: Block
    if again.differences:
        named = ", ".join(d.field for d in again.differences[:10])
        told = Notice(f"{w.plural(len(again.differences), 'field')} came out otherwise: {named}.", "warning")
    else:
        told = Paragraph("Run once more for this pack: every number and every text of the result came out the same.")
    return (*command, told, table)


def _interval(e: Any) -> str:
    if e.low is None or e.high is None:
        return f"{e.value:.6g} (no interval)"
    return f"{e.value:.6g} ({e.low:.6g} to {e.high:.6g})"


def _same(e: Any, other: Any) -> str:
    return "yes" if other is not None and _interval(e) == _interval(other) else "no"


def _back(reference: str) -> tuple[Block, ...]:
    base = f"vru review {reference} --library DIR --by POST --decision"
    lines = (f'{base} comment --text "..."', f'{base} return --text "..."', f"{base} approve")
    first = "Comments and the decision go into the library as events, bound to the version's manifest:"
    return (
        Bullets(lines, first),
        Paragraph("An evaluation that is not in a library yet is laid there with vru publish --for-review."),
    )
