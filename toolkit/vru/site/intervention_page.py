"""What a page about one kind of intervention shows: per outcome the answer, how sure to be, and every result."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vru.library.studies import domain
from vru.library.vocabulary import VOCABULARIES
from vru.site import answers
from vru.site.entries import SiteRecord
from vru.site.forest import Diamond, Mark, forest_svg
from vru.site.listing import Row, row
from vru.site.published import OTHER, Report, lead, reports, tally
from vru.site.record_page import LEARNING
from vru.site.results import (
    Result,
    intervention_label,
    is_exercise,
    key_of,
    kind_path,
    one_axis,
    outcome_label,
    results,
    slug,
)
from vru.site.syntheses import Expected, InterventionView, OutcomeView, Pooled, outcome_view
from vru.site.wording import change, organisation_name, plain

DRAWN = 40
NAMED = 4


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
    ways = [r.direction for r in found] + [r.direction for r in answers.beside(found, published)]
    return OutcomeSection(
        code=code,
        label=label,
        anchor=anchor,
        answer=answers.answer(found, pooled) if found else answers.answer_of_published(published),
        span=answers.span(found, pooled) if found else "",
        sure=(
            *(answers.sure(found, pooled) if found else ()),
            *answers.told_with_intervals(found, published),
            *tally(published),
        ),
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


def _on(pooled: Pooled | None, scale: str) -> bool:
    return pooled is not None and pooled.scale == scale


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
