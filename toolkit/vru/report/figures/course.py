"""The share of each arm to whom it has not happened yet, by days of follow-up, with how many are still followed up."""

from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, ORANGE, Drawn, canvas, finish, label_ends
from vru.results import CoursePoint, Estimate, SurvivalCourse

COLOURS = (BLUE, ORANGE)
MOST_TICKS = 7


def course_figure(estimate: Estimate, outcome: str, key: str) -> Drawn | None:
    """Both arms by Kaplan and Meier, read at a few days. Returns None where the estimate has no courses."""
    if not estimate.courses or any(len(c.points) < 2 for c in estimate.courses):
        return None
    courses = estimate.courses
    with canvas(key, height=4.6) as drawing:
        axes = drawing.axes
        for course, colour in zip(courses, COLOURS, strict=False):
            day = [p.day for p in course.points]
            axes.plot(day, [p.free for p in course.points], color=colour, marker="o", markersize=4)
            known = [p for p in course.points if p.low is not None and p.high is not None]
            low, high = [p.low or 0.0 for p in known], [p.high or 0.0 for p in known]
            axes.fill_between([p.day for p in known], low, high, color=colour, alpha=0.15, linewidth=0)
        ends = [(c.points[-1].day, c.points[-1].free, c.arm.capitalize()) for c in courses]
        floor = min(p.low if p.low is not None else p.free for c in courses for p in c.points)
        axes.set_ylim(max(0.0, floor - 0.05), 1.0)
        axes.set_ylabel("Share without a first event")
        label_ends(axes, ends)
        _ticks(axes, courses)
        title = _title(courses)
        band = f"with {w.level(estimate.level)} bands; nothing is adjusted"
        subtitle = f"{outcome.capitalize()}: share without it since the start of follow-up (Kaplan and Meier), {band}"
        alt = (
            f"Line chart, one line a group. {subtitle}. {title}. Values and numbers still followed up are in the table."
        )
        return finish(drawing, alt, title, subtitle, _table(courses))


def _ticks(axes: object, courses: tuple[SurvivalCourse, ...]) -> None:
    """Days, and below each how many of either group are still followed up."""
    points = courses[0].points
    step = -(-(len(points) - 1) // (MOST_TICKS - 1))
    at = [*range(0, len(points) - 1, step), len(points) - 1]
    at = [i for i in at if i == len(points) - 1 or (len(points) - 1 - i) * 2 >= step]
    names = [c.arm for c in courses]
    labels = ["\n".join([f"{points[i].day:g}", *(f"{c.points[i].at_risk:,}" for c in courses)]) for i in at]
    axes.set_xticks([points[i].day for i in at], labels)  # type: ignore[attr-defined]
    said = f"Days at risk; below, people still followed up without it: {', then '.join(names)}"
    axes.set_xlabel(said)  # type: ignore[attr-defined]


def _title(courses: tuple[SurvivalCourse, ...]) -> str:
    last = [f"{c.arm} {w.percent(c.points[-1].free)}" for c in courses]
    return f"Without it after {courses[0].points[-1].day:g} days: {', '.join(last)}".strip()


def _table(courses: tuple[SurvivalCourse, ...]) -> Table:
    rows = tuple(_row(c.arm, p) for c in courses for p in c.points)
    columns = ("Group", "Day", "Share without it", "Interval", "Still followed up", "Events since the day before")
    return Table("Each group over time, as observed", columns, rows, frozenset({1, 2, 3, 4, 5}))


def _row(arm: str, p: CoursePoint) -> tuple[str, ...]:
    return (arm, f"{p.day:g}", w.number(p.free, 3), w.span(p.low, p.high, 3), w.count(p.at_risk), w.count(p.events))
