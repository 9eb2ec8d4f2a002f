"""The page of a search for hot spots: which areas, how steady, what came after, how long to choose on. Internal."""

from vru.hotspots import Board, Found
from vru.hotspots.handed import INTERNAL
from vru.report import wording as w
from vru.report.document import Block, Bullets, Document, Facts, Notice, Paragraph, Part, Table
from vru.report.figures import Drawn

NUMERIC = frozenset({1, 2, 3, 4, 5, 6})


def hot_spots_document(found: Found, board: Board, picture: Drawn | None) -> Document:
    """The search as a report for those who decide where officers go."""
    parts = [
        Part("chosen", "What was chosen", _chosen(found, board, picture)),
        Part("by-itself", "The fall that comes by itself", _falls(found, board)),
        Part("steady", "How steady the choice is", _steady(found, board)),
        Part("how-long", "How many months to choose on", _lengths(found)),
        Part("data", "The data and the rules", _data(found)),
    ]
    title = f"Hot spots: {found.asked.outcome.replace('_', ' ')}"
    return Document(title, f"{found.asked.words}; {_span(found, board)}", INTERNAL, tuple(parts), title)


def told(found: Found, board: Board) -> list[str]:
    """The search in a few lines, for a terminal."""
    n, of = len(found.chosen), len(board.ids)
    lines = [f"{n} of {of:,} {found.asked.words}, chosen on the months {_span(found, board)}"]
    share = float(found.within[found.chosen].sum() / found.within.sum())
    noun = "harm" if found.asked.weights else "events"
    ground = board.ground
    where = (
        ""
        if ground is None
        else f" on {_share(float(ground[found.chosen].sum() / ground.sum()))} of the candidates' ground"
    )
    lines.append(
        f"they hold {_share(share)} of the {noun}{where}: {found.within[found.chosen].sum():,.0f} of {found.within.sum():,.0f}"
    )
    lines.append(_expected(found))
    if found.direct is not None:
        lines.append(_after(found))
    years = [y for y in found.years if y.kept is not None]
    if years and years[-1].kept is not None:
        lines.append(f"of the top {n} of one year, {_share(years[-1].kept)} had been in it the year before")
    best = found.lengths_compared
    if best is not None:
        hit = best.mean(lambda f: f.share_after)
        lines.append(
            f"of the lengths tried, {best.length} months foresaw as much as any, within a point ({_share(hit)} of what followed)"
        )
    lines += [
        f"{'warning' if x.severity != 'info' else 'note'}: {x.text}" + ("" if x.count is None else f" ({x.count:,})")
        for x in found.notes
    ]
    return lines


def _span(found: Found, board: Board) -> str:
    return f"{w.month(board.months[found.first])} to {w.month(board.months[found.last])}"


def _share(value: float | None) -> str:
    if value is None:
        return w.MISSING
    return f"{100 * value:.1f}%" if value < 0.1 else f"{100 * value:.0f}%"


def _times(value: float | None) -> str:
    return w.MISSING if value is None else w.number(value, 2 if value < 100 else 0)


def _way(fall: float) -> str:
    return f"a fall of {_share(fall)}" if fall >= 0 else f"a rise of {_share(-fall)}"


def _expected(found: Found) -> str:
    fall, n = found.expected_fall, len(found.own.each)
    if fall is None:
        return (
            f"the fall to expect without doing anything cannot be measured: the record is too short for a window of "
            f"{found.own.length} months and the {found.own.ahead} after it; fewer (--first, --ahead) may be measurable"
        )
    low, high = min(f.fall for f in found.own.each), max(f.fall for f in found.own.each)
    spread = f", from {_way(low)} to {_way(high)}" if n > 1 else ""
    which = "window of as many months" if found.reaching else "earlier window"
    text = (
        f"expect {_way(fall)} in these areas relative to all areas together, with nothing done: that followed the same choice "
        f"in {w.plural(n, which, which.replace('window', 'windows'))}{spread}{_evidence(found)}"
    )
    if found.reaching:
        text += "; the record before the selection is too short: these windows reach beyond it, with what was done then"
    return text


def _evidence(found: Found) -> str:
    n, apart = len(found.own.each), found.own.apart
    return "" if n == apart else f" (they overlap, and are worth {apart} that do not)"


def _after(found: Found) -> str:
    f = found.direct
    assert f is not None
    text = f"in the {len(found.after_months)} months after, they held {_share(f.share_after)} (hit rate)"
    if f.accuracy is not None:
        text += f", predictive accuracy index {_times(f.accuracy)}"
    return (
        f"{text}, {_share(f.efficiency)} of the best possible; relative to all areas together there was {_way(f.fall)}"
    )


def _chosen(found: Found, board: Board, picture: Drawn | None) -> tuple[Block, ...]:
    lines = told(found, board)
    blocks: list[Block] = [Paragraph(w.sentence(lines[0]), lead=True), Paragraph(w.sentence(lines[1]))]
    blocks += [Notice(w.sentence(n.text), "warning") for n in found.notes if n.severity != "info"]
    if picture is not None:
        blocks.append(picture.figure())
    else:
        blocks.append(Notice("No map: LSOAs were counted by code. With --shapes, a map of them, one is drawn."))
    rows, counted = [], "Harm" if found.asked.weights else "Events"
    for rank, i in enumerate(found.chosen.tolist()[:100], start=1):
        after = (f"{found.after[i]:,.0f}",) if found.after is not None else ()
        tops = (_years(found, i),) if len(found.years) > 1 else ()
        rows.append((board.ids[i], str(rank), f"{found.within[i]:,.0f}", *after, *tops))
    after_column = (f"{counted} in the {len(found.after_months)} months after",) if found.after is not None else ()
    columns = (
        "Area",
        "Rank",
        f"{counted} in the window",
        *after_column,
        *(["Years among the top"] if len(found.years) > 1 else []),
    )
    more = "" if len(found.chosen) <= 100 else f" (the first 100 of {len(found.chosen)})"
    blocks.append(Table(f"Chosen areas{more}", columns, tuple(rows), NUMERIC & set(range(len(columns)))))
    return tuple(blocks)


def _years(found: Found, area: int) -> str:
    return f"{sum(area in y.chosen for y in found.years)} of {len(found.years)}"


def _falls(found: Found, board: Board) -> tuple[Block, ...]:
    blocks: list[Block] = [
        Paragraph(
            "Areas are chosen when they have peaked, and then have fewer events by themselves. The fall here is measured on "
            "the same data: the same choice was made on earlier months, and the months after it were looked at. It is the "
            "fall of the chosen areas' share of all areas' events, so that what falls everywhere is not in it."
        ),
        Paragraph(w.sentence(_expected(found)), lead=True),
    ]
    if found.direct is not None:
        blocks.append(Paragraph(w.sentence(_after(found))))
    blocks.append(
        Notice(
            "A fall of this size after patrols begin says nothing of the patrols. Leave the months chosen on out of the window "
            "that is evaluated, and compare with areas chosen by the same rule.",
        )
    )
    return tuple(blocks)


def _steady(found: Found, board: Board) -> tuple[Block, ...]:
    rows = tuple(
        (
            f"{w.month(board.months[y.first])} to {w.month(board.months[y.last])}",
            _share(y.share),
            _share(y.kept),
            w.number(y.rank_correlation) if y.rank_correlation is not None else w.MISSING,
        )
        for y in found.years
    )
    if not rows:
        return (Paragraph("There are not twelve months up to the end of the selection window."),)
    columns = ("Twelve months", "Share of all events in the top areas", "Top the year before too", "Rank correlation")
    return (
        Paragraph(
            f"Every twelve months counted back from the end of the window, with as many areas ({len(found.chosen)})."
        ),
        Table("The top areas of each year", columns, rows, NUMERIC & set(range(len(columns)))),
    )


def _lengths(found: Found) -> tuple[Block, ...]:
    if not found.lengths:
        return (Paragraph("The record is too short to try windows of several lengths."),)
    rows = tuple(
        (
            f"{t.length} months", str(len(t.each)), str(t.apart), _share(t.mean(lambda f: f.share_after)),
            _times(t.mean(lambda f: f.accuracy)), _share(t.mean(lambda f: f.efficiency)), _share(t.mean(lambda f: f.fall)),
        )
        for t in found.lengths
    )  # fmt: skip
    columns = (
        "Chosen on", "Windows", "Apart", "Hit rate", "Accuracy index (PAI)", "Of the best possible", "Fall by itself",
    )  # fmt: skip
    ahead = found.lengths[0].ahead
    text = (
        f"Windows of each length were rolled over the record, and the {ahead} months after each were looked at; every "
        "length was judged on the same months. Windows overlap: the column Apart says how many share no month."
    )
    return Paragraph(text), Table("Windows of several lengths", columns, rows, NUMERIC)


def _data(found: Found) -> tuple[Block, ...]:
    asked = found.asked
    facts = [("Counted", ", ".join(asked.kinds) or "every event"), ("Candidates and score", asked.words)]
    if asked.weights:
        facts.append(("Weights", "; ".join(f"{k}: {v:g}" for k, v in sorted(asked.weights.items()))))
    notes = [
        w.sentence(n.text + ("" if n.count is None else f" ({n.count:,})")) for n in found.notes if n.severity == "info"
    ]
    blocks: list[Block] = [Facts(tuple(facts))]
    return (*blocks, Bullets(tuple(notes), "What was read and decided")) if notes else tuple(blocks)
