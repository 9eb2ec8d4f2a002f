"""Observed offences against what was expected without the intervention, month by month."""

from vru.periods import Calendar
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, ORANGE, Drawn, canvas, finish, label_ends, mark_start, month_ticks
from vru.results import Estimate, PathPoint
from vru.words.terms import PLAIN, Terms


def path_figure(estimate: Estimate, outcome: str, start: str, key: str, terms: Terms = PLAIN) -> Drawn | None:
    """Observed and expected offences in all treated areas together, with the band around the expectation.

    ``start`` is the first month with treatment. Months that the estimate has no point for stay
    blank. Returns None where the estimate has no path.
    """
    if not estimate.path:
        return None
    periods = _periods(estimate.path, terms.calendar)
    by_month = {m: p for p in estimate.path for m in periods if p.period <= m <= (p.through or p.period)}
    points = [by_month.get(p) for p in periods]
    at = next((i for i, p in enumerate(periods) if p >= start), len(periods))
    with canvas(key, terms=terms) as drawing:
        axes = drawing.axes
        nan = float("nan")
        x = list(range(len(periods)))
        # Months that are published together are drawn at their mean, without dots.
        axes.plot(x, [p.observed / p.n if p else nan for p in points], color=BLUE)
        dots = [(i, p.observed) for i, p in enumerate(points) if p and p.n == 1]
        axes.plot([i for i, _ in dots], [v for _, v in dots], color=BLUE, linestyle="", marker="o", markersize=2.5)
        axes.plot(x, [p.expected / p.n if p else nan for p in points], color=ORANGE, linestyle="--")
        low = [p.low if p and p.low is not None and p.high is not None else nan for p in points]
        high = [p.high if p and p.low is not None and p.high is not None else nan for p in points]
        axes.fill_between(x, low, high, color=ORANGE, alpha=0.18, linewidth=0)
        axes.set_ylim(bottom=0)
        axes.set_xlim(-0.5, len(periods) - 0.5)
        month_ticks(axes, periods)
        axes.set_ylabel("Offences, all treated areas")
        if at > 0:
            mark_start(axes, at, f"Start, {w.month(start)}")
        last = estimate.path[-1]
        label_ends(
            axes,
            [
                (len(periods) - 1, last.observed / last.n, "Observed"),
                (len(periods) - 1, last.expected / last.n, "Expected"),
            ],
        )
        step = _step(estimate.path, terms.calendar)
        title = _title(estimate.path, start, step)
        until = periods[-1] if _of_patrol_days(estimate.path, terms.calendar) else terms.calendar.last_of(periods[-1])
        subtitle = _subtitle(estimate, outcome, periods[0], until)
        alt = _alt(estimate, title, subtitle, start, step)
        return finish(drawing, alt, title, subtitle, _table(estimate, outcome, step))


def _periods(path: tuple[PathPoint, ...], calendar: Calendar) -> tuple[str, ...]:
    """Every period from first to last; the weeks of patrol days as they are."""
    first, last = path[0].period, path[-1].through or path[-1].period
    if _of_patrol_days(path, calendar):
        return tuple(p.period for p in path)
    return calendar.between(first, calendar.last_of(last))


def _of_patrol_days(path: tuple[PathPoint, ...], calendar: Calendar) -> bool:
    return len(path[0].period) == 10 and not calendar.by_days


def _title(path: tuple[PathPoint, ...], start: str, step: str) -> str:
    after = [p for p in path if p.period >= start] or list(path)
    below = sum(p.observed < p.expected for p in after)
    steps = w.plural(len(after), step)
    if any(p.n > 1 for p in after):
        steps = f"{len(after)} {step}s or spans of them that are shown"
    return f"Recorded offences were below expectation in {below} of the {steps} from the start"


def _step(path: tuple[PathPoint, ...], calendar: Calendar) -> str:
    return "week" if _of_patrol_days(path, calendar) else "month"


def _subtitle(estimate: Estimate, outcome: str, first: str, last: str) -> str:
    band = any(p.low is not None for p in estimate.path)
    text = (
        f"Recorded {outcome} in {w.plural(estimate.n_treated, 'treated area')} together, observed and expected without "
    )
    text += f"the intervention, {w.month(first)} to {w.month(last)}"
    return text + (f"; the band is the {w.level(estimate.level)} interval of what was expected" if band else "")


def _alt(estimate: Estimate, title: str, subtitle: str, start: str, step: str) -> str:
    after = [p for p in estimate.path if p.period >= start] or list(estimate.path)
    observed, expected = sum(p.observed for p in after), sum(p.expected for p in after)
    return (
        f"Line chart. {subtitle}. {title}. Over those {step}s {w.count(observed)} offences were recorded and "
        f"{w.count(expected)} were expected."
    )


def _when(point: PathPoint) -> str:
    return w.month(point.period) + (f" to {w.month(point.through)}" if point.through else "")


def _table(estimate: Estimate, outcome: str, step: str) -> Table:
    rows = tuple(
        (_when(p), w.count(p.observed), w.number(p.expected, 1), w.span(p.low, p.high, 1)) for p in estimate.path
    )
    return Table(
        f"Recorded {outcome} by {step}, observed and expected without the intervention",
        (step.capitalize(), "Observed", "Expected", f"{w.level(estimate.level)} interval of expected"),
        rows,
        frozenset({1, 2, 3}),
    )
