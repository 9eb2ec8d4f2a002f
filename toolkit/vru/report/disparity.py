"""The page of a study of disproportionality: who is missing first, and what the numbers cannot say last. Internal."""

from vru.equity.figured import Line, Step, Study
from vru.equity.handed import INTERNAL
from vru.report import wording as w
from vru.report.disparity_words import CANNOT, HIT_RATES, bounds_words, data_blocks, lead
from vru.report.document import Block, Bullets, Document, Heading, Notice, Paragraph, Part, Table
from vru.report.figures import Drawn
from vru.report.figures.disparity import absent_figure, ratio_cell, ratios_figure, trend_figure

HIDDEN = "hidden"
Pictures = dict[str, Drawn]


def disparity_document(study: Study) -> tuple[Document, Pictures]:
    """The study as a report for a scrutiny panel, and its pictures by name."""
    pictures: Pictures = {}
    parts = [Part("missing", "Whose ethnicity is not recorded", _missing(study, pictures))]
    heads = [s for s in study.steps if s.per_head and s.ethnicity == "recorded"]
    if heads:
        parts.append(Part("rates", "Rates and ratios at each stage", _rates(study, heads, pictures)))
        parts.append(Part("bounds", "How far those not recorded could move the answer", _bounds(study)))
    shares = tuple(s for s in study.steps if not s.per_head)
    if shares or study.left:
        parts.append(Part("stages", "From each stage to the next", _stages(study, shares, pictures)))
    if study.trend is not None and len(study.trend.periods) > 1:
        parts.append(Part("trend", "Over time", _trend(study, pictures)))
    if study.agreed is not None:
        parts.append(Part("agreement", "Self-defined and officer-defined ethnicity", _agreement(study)))
    parts.append(Part("cannot", "What these numbers cannot say", (Bullets(CANNOT),)))
    parts.append(Part("data", "The data and the rules", data_blocks(study)))
    title = f"Disproportionality by ethnic group: {study.asked.first}"
    span = f"{w.month(study.months[0])} to {w.month(study.months[-1])}"
    place = (
        study.asked.areas_where[1] if study.asked.areas_where else ", ".join(study.asked.area[:3]) or study.asked.force
    )
    span = f"{place}: {study.rows:,} rows, {span}" if place else f"{study.rows:,} rows, {span}"
    subtitle = f"{span}; groups at {study.asked.detail}, against {study.asked.against}"
    return Document(title, subtitle, INTERNAL, tuple(parts), title), pictures


def told(study: Study) -> list[str]:
    """The study in a few lines, for a terminal: missing first."""
    lines = lead(study)
    for step in study.steps:
        if step.ethnicity != "recorded":
            continue
        each = [f"{x.group} {ratio_cell(x)}" for x in step.lines if x.ratio.value is not None]
        against = f"per {step.against}" if step.per_head else f"of {step.against}"
        if each:
            lines.append(f"{_name(step)} {against}, ratio to {study.asked.against}: {'; '.join(each)}")
    lines += [f"not told: {name}: {why}" for name, why in study.left.items()]
    lines.append(
        "residents are not the people who were there to be stopped: the page says what else these numbers cannot say"
    )
    return lines


def _name(step: Step) -> str:
    return step.stage.replace("_", " ")


def _keep(pictures: Pictures, name: str, drawn: Drawn | None) -> tuple[Block, ...]:
    if drawn is None:
        return ()
    pictures[name] = drawn
    return (drawn.figure(),)


def _missing(study: Study, pictures: Pictures) -> tuple[Block, ...]:
    blocks: list[Block] = [Paragraph(w.sentence(text), lead=i == 0) for i, text in enumerate(lead(study))]
    by = next((k for k in study.absent if k in ("month", "quarter", "year")), None)
    if by is not None:
        blocks += _keep(pictures, "missing", absent_figure(study.absent[by], by, "missing", study.asked.first))
    for what, found in study.absent.items():
        if what in ("object", "outcome"):
            rows = tuple((a.value, _count(a.rows), _count(a.missing), _share(a.missing, a.rows)) for a in found)
            columns = (what.capitalize(), "Rows", "Not recorded", "Share")
            blocks.append(Table(f"Ethnicity not recorded, by {what}", columns, rows, frozenset({1, 2, 3})))
    return tuple(blocks)


def _rates(study: Study, heads: list[Step], pictures: Pictures) -> tuple[Block, ...]:
    blocks: list[Block] = [
        Paragraph(
            f"Each ratio is the group's rate over that of {study.asked.against}. Intervals treat every row as a separate event; "
            "the same person stopped again counts again, so the true uncertainty is larger. They hold chance alone: where one "
            "group is left unrecorded more often than another they miss the truth, and only the bounds below hold it."
        )
    ]
    for step in heads:
        first = step.stage == study.asked.first
        if first:
            blocks.append(Heading(f"Against {step.against}"))
            blocks += _keep(pictures, f"ratios-{len(pictures)}", ratios_figure(step, study, f"ratios{len(pictures)}"))
        rate = "Per 1,000 a year" if step.against == "residents" else f"Per one in {step.against}"
        rows = tuple((x.group, _line_count(x), _size(x), _rate(x, step), _ratio(x, study)) for x in step.lines)
        columns = ("Group", "Rows", step.against.capitalize(), rate, f"Ratio to {study.asked.against}")
        extra = f"; {_count(step.unknown)} without recorded ethnicity are in no row"
        blocks.append(
            Table(f"{_name(step).capitalize()} against {step.against}{extra}", columns, rows, frozenset({1, 2, 3, 4}))
        )
    first_step = heads[0]
    if bare := [x.group for x in first_step.lines if x.count == 0 and x.rate is None]:
        text = f"No row is of {', '.join(bare)}. The records may not have these groups: their people are then counted in others."
        blocks.append(Notice(text, "warning"))
    return tuple(blocks)


def _bounds(study: Study) -> tuple[Block, ...]:
    step = next(s for s in study.steps if s.per_head and s.ethnicity == "recorded" and s.stage == study.asked.first)
    others = {s.ethnicity: {x.group: x for x in s.lines} for s in study.steps if s.ethnicity != "recorded"}
    columns = ["Group", "As recorded", f"All to {study.asked.against}", "All to this group"]
    names = {"filled": "Officer's record where none", "officer-defined": "Officer's record throughout"}
    columns += [names[k] for k in names if k in others]
    rows = []
    for x in step.lines:
        if x.group == study.asked.against:
            continue
        cells = [x.group, ratio_cell(x), w.number(x.bounds.low), w.number(x.bounds.high)]
        rows.append((*cells, *(ratio_cell(others[k][x.group]) for k in names if k in others)))
    caption = f"Ratio to {study.asked.against}, {_name(step)} against {step.against}, by what is assumed of those not recorded"
    return (
        *(Paragraph(text) for text in bounds_words(study, step)),
        Table(caption, tuple(columns), tuple(rows), frozenset(range(1, len(columns)))),
    )


def _stages(study: Study, shares: tuple[Step, ...], pictures: Pictures) -> tuple[Block, ...]:
    blocks: list[Block] = [Paragraph(HIT_RATES)]
    for step in shares:
        blocks.append(Heading(f"{_name(step).capitalize()}, of {step.against.replace('_', ' ')}"))
        blocks += _keep(pictures, f"stage-{step.stage}", ratios_figure(step, study, f"stage{len(pictures)}"))
        rows = tuple(
            (
                x.group,
                _line_count(x),
                _size(x),
                _rate(x, step),
                _ratio(x, study),
                _bound(x),
            )
            for x in step.lines
        )
        columns = (
            "Group",
            _name(step).capitalize(),
            f"Of {step.against}",
            "Share",
            f"Ratio to {study.asked.against}",
            "Whatever the unrecorded are",
        )
        blocks.append(Table(f"{_name(step).capitalize()} by group", columns, rows, frozenset({1, 2, 3, 4, 5})))
    blocks += [
        Notice(w.sentence(f"{name.replace('_', ' ')} is not shown: {why}"), "warning")
        for name, why in study.left.items()
    ]
    return tuple(blocks)


def _trend(study: Study, pictures: Pictures) -> tuple[Block, ...]:
    assert study.trend is not None  # the caller looked
    blocks: list[Block] = list(_keep(pictures, "trend", trend_figure(study.trend, study, "trend")))
    partial = [p.label for p in study.trend.periods if p.months < p.of]
    if partial:
        blocks.append(
            Notice(
                f"Not every month of these has data: {', '.join(partial)}. Ratios hold within them; counts do not compare."
            )
        )
    groups = list(study.trend.periods[0].counts)
    rows = tuple(
        (p.label, str(p.months), *(_count(p.counts[g]) for g in groups), _count(p.unknown)) for p in study.trend.periods
    )
    columns = (study.trend.by.capitalize(), "Months", *groups, "Not recorded")
    blocks.append(Table(f"Rows by group and {study.trend.by}", columns, rows, frozenset(range(1, len(columns)))))
    return tuple(blocks)


def _agreement(study: Study) -> tuple[Block, ...]:
    agreed = study.agreed
    assert agreed is not None  # the caller looked
    found = agreed.found
    text = "No row has both."
    if found.share is not None:
        kappa = "" if found.kappa is None else f" (kappa {w.number(found.kappa)}, agreement beyond chance)"
        text = f"Of {found.n:,} rows with both, {100 * found.share:.1f}% agree{kappa}."
    rows = tuple((name, *map(_count, cells)) for name, cells in zip(agreed.groups, agreed.table, strict=True))
    columns = ("Self-defined, by officer-defined", *agreed.groups)
    bare = ", ".join(agreed.lacking)
    gap = f"Officers recorded nobody as {bare}: no row of theirs can agree, and their ratios by the officer's record are none."
    return (
        Paragraph(text, lead=True),
        *((Notice(gap, "warning"),) if bare else ()),
        Paragraph(
            "Officers record what they perceive; people say who they are. The two are kept apart, and neither corrects the other."
        ),
        Table("Rows by both records", columns, rows, frozenset(range(1, len(columns)))),
    )


def _ratio(line: Line, study: Study) -> str:
    return "reference" if line.group == study.asked.against else ratio_cell(line)


def _bound(line: Line) -> str:
    return w.MISSING if line.bounds.low is None else w.span(line.bounds.low, line.bounds.high)


def _count(n: int | None) -> str:
    return HIDDEN if n is None else f"{n:,}"


def _line_count(line: Line) -> str:
    return HIDDEN if line.hidden else _count(line.count)


def _size(line: Line) -> str:
    return HIDDEN if line.size is None and line.hidden else w.MISSING if line.size is None else w.count(line.size)


def _rate(line: Line, step: Step) -> str:
    if line.rate is None:
        return w.MISSING
    return w.number(line.rate) if step.per_head else f"{100 * line.rate:.1f}%"


def _share(part: int | None, whole: int | None) -> str:
    return HIDDEN if part is None or whole is None else f"{100 * part / whole:.1f}%" if whole else w.MISSING
