"""What a page about one kind of intervention shows: per outcome the answer, how sure to be, and every result."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vru.library.studies import domain
from vru.library.vocabulary import VOCABULARIES
from vru.site.entries import SiteRecord
from vru.site.forest import Diamond, Mark, forest_svg
from vru.site.listing import Row, row
from vru.site.published import OTHER, Report, lead, reports, tally
from vru.site.record_page import LEARNING
from vru.site.results import (
    LICENCE,
    STRENGTH,
    Result,
    intervention_label,
    is_exercise,
    key_of,
    kind_path,
    one_axis,
    outcome_label,
    results,
    slug,
    strongest,
)
from vru.site.syntheses import Expected, InterventionView, OutcomeView, Pooled, outcome_view
from vru.site.wording import change, organisation_name, plain

DRAWN = 40
NAMED = 4
NO_INTERVAL = "No figure here comes with an interval, so none of them says by itself how sure to be."
TOLD = {"better": "better", "worse": "worse", "unclear": "could be either", "unknown": "cannot be said"}


@dataclass(frozen=True, slots=True)
class PooledRow:
    """The pooled figure as the last row of a table."""

    label: str
    size: str
    level: str
    interval: str
    reading: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Results of one scale: the drawing, what it leaves out, and the rows of its table."""

    svg: Markup
    cut: str
    rows: tuple[Result, ...]
    pooled: PooledRow | None


@dataclass(frozen=True, slots=True)
class OutcomeSection:
    """One outcome: answer, how sure to be, plots by scale, and what stands against a pooled figure.

    total : results with an effect; evaluations : of them not from literature. published : reports as
    their records retell them, ``first`` the one to read first; reports : how many, those with an effect included.
    """

    code: str
    label: str
    anchor: str
    answer: str
    span: str
    sure: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    plots: tuple[Plot, ...]
    pooled_words: str
    refused: tuple[str, ...]
    total: int
    evaluations: int = 0
    reports: int = 0
    published: tuple[Report, ...] = ()
    first: Report | None = None
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one evaluation reported beside its numbers."""

    title: str
    href: str
    organisation: str
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class InterventionPage:
    """A kind of intervention; exercises stand apart from what is known."""

    code: str
    name: str
    label: str
    path: str
    evaluations: int
    outcomes: tuple[OutcomeSection, ...]
    lessons: tuple[Lesson, ...]
    costs: tuple[Lesson, ...]
    exercises: tuple[Result, ...]
    literature: tuple[Row, ...] = ()


def intervention_pages(
    current: Sequence[SiteRecord], syntheses: Mapping[str, InterventionView]
) -> tuple[InterventionPage, ...]:
    """One page per kind of intervention that a published record names, in alphabetical order."""
    by_kind: dict[str, list[SiteRecord]] = {}
    for entry in current:
        by_kind.setdefault(entry.record.intervention.type, []).append(entry)
    return tuple(_page(code, by_kind[code], syntheses.get(code)) for code in sorted(by_kind, key=plain))


def _page(code: str, entries: Sequence[SiteRecord], view: InterventionView | None) -> InterventionPage:
    real = [e for e in entries if not is_exercise(e.record)]
    by_outcome: dict[str, list[Result]] = {}
    for result in results(real):
        by_outcome.setdefault(domain(result.outcome), []).append(result)
    published = reports(real, by_outcome)
    keys = {o: [r.key for r in found] for o, found in by_outcome.items()}
    return InterventionPage(
        code=code,
        name=plain(code),
        label=_label(code, real),
        path=kind_path(code),
        evaluations=len({key_of(e.record) for e in real if not e.record.literature}),
        outcomes=tuple(
            _section(o, by_outcome.get(o, []), published.get(o, ()), outcome_view(view, o, keys.get(o, ())))
            for o in outcomes_in_order(
                {o: len(keys.get(o, ())) + len(published.get(o, ())) for o in {*keys, *published}},
                {o for o in {*keys, *published} if _harm(by_outcome.get(o, []), published.get(o, ()))},
            )
        ),
        lessons=_lessons(real, [name for name in LEARNING if name != "cost"]),
        costs=_lessons(real, ["cost"]),
        exercises=results(e for e in entries if is_exercise(e.record)),
        literature=tuple(row(e) for e in entries if e.record.literature),
    )


def _label(code: str, entries: Sequence[SiteRecord]) -> str:
    """The vocabulary's words; of "other", which gathers what has no word, the names that records give."""
    names = sorted({e.record.intervention.name for e in entries})
    if code != "other" or not names:
        return intervention_label(code)
    return "; ".join(names[:NAMED]) + ("; and others" if len(names) > NAMED else "")


def _harm(found: Sequence[Result], published: Sequence[Report]) -> bool:
    return any(r.direction == "worse" for r in found) or any(r.direction == "worse" for r in published)


def outcomes_in_order(size: Mapping[str, int], harmed: Collection[str] = ()) -> list[str]:
    """What got worse somewhere before all, then violence, then by how much is known; outcomes without a word last."""
    violence = next(iter(VOCABULARIES["outcome_domains"]["terms"]))
    return sorted(size, key=lambda o: (o not in harmed, o == OTHER, o != violence, -size[o], o))


def section_label(code: str) -> str:
    """What a section is called."""
    return "Other outcomes" if code == OTHER else outcome_label(code)


def _section(code: str, found: Sequence[Result], published: tuple[Report, ...], view: OutcomeView) -> OutcomeSection:
    pooled = view.pooled
    label, anchor = section_label(code), f"outcome-{slug(code)}"
    plots = tuple(
        _plot(rows, s, label, f"{anchor}-{i}" if i else anchor, pooled if _on(pooled, s) else None)
        for i, (s, rows) in enumerate(one_axis(found))
    )
    ways = [r.direction for r in found] + [r.direction for r in _beside(found, published)]
    return OutcomeSection(
        code=code,
        label=label,
        anchor=anchor,
        answer=_answer(found, pooled) if found else _answer_of_published(published),
        span=_span(found, pooled) if found else "",
        sure=(*(_sure(found, pooled) if found else ()), *_told_with_intervals(found, published), *tally(published)),
        counts=tuple((kind, ways.count(kind)) for kind in ("better", "unclear", "worse", "unknown")),
        plots=plots,
        pooled_words=pooled.words if pooled else "",
        refused=view.refused,
        total=len(found),
        evaluations=sum(not r.literature for r in found),
        reports=len({*(p.key for p in published), *(r.key for r in found if r.literature)}),
        published=published,
        first=lead(published),
        expected=view.expected if pooled else None,
    )


def _beside(found: Sequence[Result], published: Sequence[Report]) -> list[Report]:
    """Published reports with an interval that are not among the results already."""
    own = {r.key for r in found}
    return [r for r in published if r.direction != "unknown" and r.key not in own]


def _told_with_intervals(found: Sequence[Result], published: Sequence[Report]) -> tuple[str, ...]:
    """What published figures with an interval say, in the words of the counts; that there is none, where nothing else is."""
    with_one = _beside(found, published)
    if not with_one:
        return () if found else (NO_INTERVAL,)
    told = ", ".join(
        f"{words} in {n}" for kind, words in TOLD.items() if (n := sum(r.direction == kind for r in with_one))
    )
    many = "1 published report gives" if len(with_one) == 1 else f"{len(with_one)} published reports give"
    return (f"{many} an interval: {told}.",)


def _answer_of_published(published: Sequence[Report]) -> str:
    first = next((r for r in published if r.direction != "unknown"), None)
    if first is None:
        return "No result with an interval"
    return {"better": "Better, as published", "worse": "Worse, as published"}.get(
        first.direction, "Could be either, as published"
    )


def _on(pooled: Pooled | None, scale: str) -> bool:
    return pooled is not None and pooled.scale == scale


def _answer(found: Sequence[Result], pooled: Pooled | None) -> str:
    if pooled:
        return f"{change(pooled.estimate, pooled.scale).capitalize()}, over {pooled.k} evaluations together"
    if len(found) == 1:
        return f"{found[0].text.size.capitalize()}, in one evaluation"
    return f"Of {len(found)} evaluations: {_tally(found)}"


def _span(found: Sequence[Result], pooled: Pooled | None) -> str:
    # A reader who sees only the size must see with it when no change is among what the data fit with.
    if pooled:
        low, high = change(pooled.low, pooled.scale), change(pooled.high, pooled.scale)
        words = f"{pooled.level * 100:g}% interval: {low} to {high}"
        return f"{words}, which includes no change" if pooled.low <= 0 <= pooled.high else words
    if len(found) > 1:
        return ""
    words = found[0].text.interval
    return f"{words}, which includes no change" if found[0].direction == "unclear" else words


def _sure(found: Sequence[Result], pooled: Pooled | None) -> tuple[str, ...]:
    lines = []
    if len(found) == 1:
        lines.append("One evaluation only: it has not been repeated elsewhere.")
    level = strongest(found)
    if level is None:
        lines.append("No design is rated here, so nothing can be said about what caused the difference.")
    else:
        lines.append(_design(found, level))
    if failed := sum(r.failed > 0 for r in found):
        lines.append(f"A check failed in {failed} of {len(found)}: read {'it' if failed == 1 else 'them'} with care.")
    if pooled and pooled.prediction_low is not None and pooled.prediction_high is not None:
        low, high = change(pooled.prediction_low, pooled.scale), change(pooled.prediction_high, pooled.scale)
        lines.append(f"In a new area the effect may lie anywhere from {low} to {high}.")
    if pooled and pooled.i2 is not None:
        lines.append(f"I² is {pooled.i2:.0f}%: the share of the spread between results that is not chance.")
    return tuple(lines)


def _design(found: Sequence[Result], level: int) -> str:
    if len(found) == 1:
        return f"Its design is {STRENGTH[level]}, level {level} of 5. {LICENCE[level]}"
    best = [r for r in found if r.level == level]
    line = (
        f"The strongest design ({len(best)} of {len(found)}) is {STRENGTH[level]}, level {level} of 5. {LICENCE[level]}"
    )
    if len(best) == len(found):
        return line
    own = f"{'Its' if len(best) == 1 else 'Their'} own {'result' if len(best) == 1 else 'results'}"
    return f"{line} {own}: {_tally(best)}."


def _tally(found: Sequence[Result]) -> str:
    counts = [(words, sum(r.direction == kind for r in found)) for kind, words in TOLD.items()]
    told = [(words, n) for words, n in counts if n]
    return told[0][0] if len(found) == 1 else ", ".join(f"{words} in {n}" for words, n in told)


def _plot(rows: Sequence[Result], scale: str, label: str, anchor: str, pooled: Pooled | None) -> Plot:
    drawn, cut = list(rows), ""
    if len(rows) > DRAWN:
        keep = sorted(rows, key=_width)[:DRAWN]
        drawn = [r for r in rows if r in keep]
        cut = f"The figure shows the {DRAWN} results with the narrowest intervals of {len(rows)}; the table has all."
    marks = [
        Mark(r.title, r.organisation, r.effect.estimate, r.effect.ci_low, r.effect.ci_high, r.text.size, r.text.span)
        for r in drawn
    ]
    diamond, last = _pooled(pooled) if pooled else (None, None)
    name = f"{anchor}-{scale.replace('_', '-')}"
    svg = forest_svg(marks, scale, f"{label}: results side by side", name, diamond)
    return Plot(svg, cut, tuple(rows), last)


def _pooled(pooled: Pooled) -> tuple[Diamond, PooledRow]:
    label = f"Pooled, {pooled.k} evaluations"
    size = change(pooled.estimate, pooled.scale)
    span = f"{change(pooled.low, pooled.scale)} to {change(pooled.high, pooled.scale)}"
    numbers = (pooled.estimate, pooled.low, pooled.high, pooled.prediction_low, pooled.prediction_high)
    reading = "The whole interval is below no change" if pooled.high < 0 else "The whole interval is above no change"
    if pooled.low <= 0 <= pooled.high:
        reading = "Could be either: the interval includes no change"
    return Diamond(label, *numbers, size, span), PooledRow(label, size, f"{pooled.level * 100:g}%", span, reading)


def _width(result: Result) -> float:
    low, high = result.effect.ci_low, result.effect.ci_high
    return float("inf") if low is None or high is None else high - low


def _lessons(entries: Sequence[SiteRecord], names: Sequence[str]) -> tuple[Lesson, ...]:
    made = []
    for entry in entries:
        learning = entry.record.learning
        texts = tuple(
            (LEARNING[n], getattr(learning, n)) for n in names if getattr(learning, n).strip() != "not reported"
        )
        if texts:
            href = entry.folder + "index.html"
            made.append(Lesson(entry.record.title, href, organisation_name(entry.record.organisation), texts))
    return tuple(made)
