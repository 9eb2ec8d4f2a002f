"""One-line summaries for the terminal, of a result and of a stored record."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vru.library import StoredRecord, state
from vru.library.reviewing import plain
from vru.parts import Reported
from vru.protocol import Protocol
from vru.record import Effect
from vru.results import Estimate, EvaluationResult
from vru.words.terms import EVENTS, OFFENCES, PLAIN, Terms, singular, terms_of


def result_lines(result: EvaluationResult, protocol: Protocol) -> list[str]:
    """Headline, analyses, checks and rating of a result."""
    lines = [
        f"{e.analysis} ({e.role}, {e.method}): {estimate_text(e, _terms(protocol, e.outcome))}"
        for e in result.estimates
    ]
    verdicts = [f.verdict for f in result.findings]
    counted = ", ".join(f"{verdicts.count(v)} {v}" for v in ("pass", "concern", "fail", "not_run") if v in verdicts)
    lines.append(f"checks: {counted or 'none'}")
    lines += [f"  {f.verdict}: {f.check}: {f.text}" for f in result.findings if f.verdict in ("fail", "concern")]
    lines += [f"strength: {r.instrument} {r.level}, {r.label}" for r in result.ratings]
    lines.append(f"preregistered: {result.preregistered}")
    return lines


def _terms(protocol: Protocol, outcome: str) -> Terms:
    """Of people, events: their outcomes may be suspensions or attendances."""
    return Terms(counted=EVENTS) if protocol.units.shape == "people" else terms_of(protocol, outcome)


def estimate_text(e: Estimate, terms: Terms = PLAIN) -> str:
    """``rate ratio 0.81 (95% interval 0.74 to 0.89), 312 offences fewer (…)``."""
    prevented = None if e.events_prevented is None else e.events_prevented.value
    text = _text(e.scale, e.estimand, e.value, (e.low, e.high), e.level, prevented, e.unit)
    return terms.say(f"per {e.per}: {text}" if e.per else text)


def effect_text(e: Effect, plan: Mapping[str, Any] | None = None) -> str:
    """The same of a published effect, in the words of the plan inside its record."""
    text = _text(e.scale, e.estimand, e.estimate, (e.ci_low, e.ci_high), e.ci_level, e.events_prevented)
    own = (o.get("noun") for o in (plan or {}).get("outcomes", ()) if o.get("id") == e.outcome)
    noun = next((n for n in own if n), OFFENCES[1])
    counted = (singular(noun), noun) if isinstance(noun, str) else (str(noun[0]), str(noun[1]))
    return Terms(counted=counted).say(text)


def record_row(stored: StoredRecord) -> str:
    """One line of ``vru library list``."""
    r = stored.record
    effect = r.primary_effect
    found = (
        effect_text(effect, r.protocol)
        if effect
        else reported_text(r.literature.reported[0])
        if r.literature
        else "no result"
    )
    notice = " [from published literature]" if r.literature else ""
    now = state(stored)
    tag = "" if now == "published" else f" [{plain(now)}]"
    return f"{r.organisation}/{r.id}@v{r.version}{tag}  {r.title}{notice}\n    {found}"


def reported_text(r: Reported) -> str:
    """A published figure as its source reports it."""
    return f"{r.statement} (p: {r.p}; {r.mark})"


def holds(stored: StoredRecord, words: Sequence[str]) -> bool:
    """Whether a record's words (plan and result aside) hold all of these, in any order, whatever their case."""
    text = stored.record.model_dump_json(exclude={"protocol", "result"}).replace("_", " ").casefold()
    return all(word.replace("_", " ").casefold() in text for word in words)


def record_lines(stored: StoredRecord) -> list[str]:
    """``vru library show``."""
    r = stored.record
    lines = [
        f"{r.organisation}/{r.id}@v{r.version} ({plain(state(stored))})",
        r.title,
        "",
        *([r.disclaimer, ""] if r.disclaimer and not r.summary.startswith(r.disclaimer) else []),
    ]
    lines += [r.summary, ""]
    lines += [f"{e.analysis} ({e.role}, {e.method}): {effect_text(e, r.protocol)}" for e in r.effects]
    lines += [f"strength: {x.instrument} {x.level}, {x.label}" for x in r.ratings]
    lines += [f"check {f.check}: {f.verdict}" for f in r.findings]
    if r.literature:
        cited = {c.id: c for c in r.literature.citations}
        lines += [f"reported: {reported_text(x)} [{x.source}]" for x in r.literature.reported]
        lines += [f"rated by {x.by}: {x.label} [{x.source}]" for x in r.literature.outside_ratings]
        lines += [f"not pooled: {r.literature.not_poolable}"] if r.literature.not_poolable else []
        lines += [f"[{name}] {c.text} {c.link}".rstrip() for name, c in cited.items()]
        return [*lines, f"folder: {stored.path}"]
    lines += [f"preregistered: {r.preregistered}", f"protocol: {r.protocol_digest}", f"folder: {stored.path}"]
    return lines


def _text(
    scale: str,
    estimand: str,
    value: float,
    bounds: Sequence[float | None],
    level: float,
    prevented: float | None,
    unit: str = "offences",
) -> str:
    name, shape = _SHAPES[scale]
    name = next((w for w in ("risk ratio", "hazard ratio") if name == "rate ratio" and w in estimand), name)
    name = "difference of mean days after a first event" if "mean days" in estimand else name
    name = unit if scale == "count_difference" else name
    shown = [None if v is None else shape(v) for v in (value, *bounds)]
    low, high = (s or "not available" for s in shown[1:])
    bounds_text = f"{low} to {high}" if any(shown[1:]) else "not available"
    text = f"{name} {shown[0]} ({level:.0%} interval {bounds_text})"
    if prevented is None:
        return text
    of_people = "risk" in estimand or scale in ("mean_difference", "risk_difference")
    noun = "events" if of_people else "offences"
    return f"{text}, about {abs(prevented):,.0f} {noun} {'fewer' if prevented >= 0 else 'more'} than expected"


_SHAPES: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "log_rate_ratio": ("rate ratio", lambda v: f"{math.exp(v):.3f}"),
    "count_difference": ("offences", lambda v: f"{v:+,.0f}"),
    "mean_difference": ("difference of means", lambda v: f"{v:+,.3g}"),
    "risk_difference": ("difference of shares", lambda v: f"{v:+.3f}"),
}
