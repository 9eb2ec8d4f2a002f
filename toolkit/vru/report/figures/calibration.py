"""The estimate among evaluations of nothing, and how often a known effect was seen."""

import math

from vru.calibration import Calibration
from vru.report import wording as w
from vru.report.document import Table
from vru.report.figures.canvas import BLUE, GREY, INK, ORANGE, Drawn, canvas, finish
from vru.words.terms import PLAIN, Terms

WANTED = 0.8


def placebo_figure(found: Calibration, key: str) -> Drawn | None:
    """Bars: how many evaluations of nothing lie how far from no effect; a line for the evaluation itself.

    Returns None where the method gives no standard error to measure by.
    """
    if not sum(found.bins):
        return None
    edges = found.edges
    with canvas(key, height=3.2) as drawing:
        axes = drawing.axes
        width = edges[1] - edges[0]
        axes.bar(edges[:-1], found.bins, width=0.92 * width, align="edge", color=BLUE)
        axes.set_xlabel("Estimate in its own standard errors (below 0 = fewer)")
        axes.set_ylabel("Evaluations of nothing")
        if found.own is not None:
            at = min(max(found.own, edges[0] - width), edges[-1] + width)
            axes.axvline(at, color=ORANGE, linewidth=3)
            right = at > 0
            axes.annotate(
                "this evaluation",
                (at, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(-6 if right else 6, -2),
                textcoords="offset points",
                va="top",
                ha="right" if right else "left",
                weight="bold",
            )
        axes.set_xlim(edges[0] - 1.5 * width, edges[-1] + 1.5 * width)
        title = _placebo_title(found)
        subtitle = f"Distribution of {found.replays} replays where nothing was done, in standard errors; ends include all beyond"
        rows = _bins(found)
        alt = f"Histogram. {subtitle}. {title}. {'; '.join(f'{a}: {n}' for a, n in rows if n != '0')}."
        table = Table("Evaluations of nothing by how far they lie from no effect", ("Standard errors", "Replays"), rows)
        return finish(drawing, alt, title, subtitle, table)


def _placebo_title(found: Calibration) -> str:
    if found.own is None:
        return f"{found.false_alarms} of {found.replays} evaluations of nothing claimed an effect"
    return (
        f"{found.false_alarms} of {found.replays} evaluations of nothing claimed an effect; this one lies "
        f"{abs(found.own):.1f} standard errors from none"
    )


def _bins(found: Calibration) -> tuple[tuple[str, str], ...]:
    last = len(found.bins) - 1
    names = [f"{w.number(a, 1)} to {w.number(b, 1)}" for a, b in zip(found.edges[:-1], found.edges[1:], strict=True)]
    names[0] = f"below {w.number(found.edges[1], 1)}"
    names[last] = f"from {w.number(found.edges[last], 1)}"
    return tuple((name, str(n)) for name, n in zip(names, found.bins, strict=True))


def power_figure(found: Calibration, smallest: float, key: str, terms: Terms = PLAIN) -> Drawn | None:
    """A line: the share of replays in which an effect of each size was seen, with its Monte Carlo interval.

    smallest : the ratio that the plan calls worth while. Returns None where no effect was put in.
    """
    if not found.seen:
        return None
    ratios = [s.ratio for s in found.seen]
    with canvas(key, height=3.4) as drawing:
        axes = drawing.axes
        for side in (True, False):
            part = [s for s in found.seen if (s.ratio < 1) == side]
            x = [100 * (s.ratio - 1) for s in part]
            axes.fill_between(x, [100 * s.low for s in part], [100 * s.high for s in part], color=BLUE, alpha=0.2, lw=0)
            axes.plot(x, [100 * s.share for s in part], color=BLUE, marker="o", markersize=5)
        axes.axhline(100 * WANTED, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            "80%", (1.0, 100 * WANTED), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", va="center", color=GREY,
        )  # fmt: skip
        axes.axvline(100 * (smallest - 1), color=ORANGE, linewidth=2)
        axes.annotate(
            "worth while", (100 * (smallest - 1), 0.0), xycoords=("data", "axes fraction"), xytext=(4, 4),
            textcoords="offset points", va="bottom", color=INK,
        )  # fmt: skip
        axes.set_ylim(0, 103)
        axes.set_xlim(100 * (min(ratios) - 1) - 2, 100 * (max(ratios) - 1) + 2)
        axes.set_xlabel(terms.say("Known effect put in, percent change in offences"))
        axes.set_ylabel("Seen, percent")
        title = _power_title(found)
        subtitle = (
            "Share of replays in which a known effect was claimed in its direction; band: 95% Monte Carlo interval"
        )
        rows = tuple(
            (w.percent_change(s.ratio), w.percent(s.share), f"{w.percent(s.low)} to {w.percent(s.high)}")
            for s in found.seen
        )
        alt = f"Line chart. {subtitle}. {title}. {'; '.join(f'{a}: {b}' for a, b, _ in rows)}."
        table = Table("How often each known effect was seen", ("Effect put in", "Seen", "Interval"), rows)
        return finish(drawing, alt, title, subtitle, table)


def _power_title(found: Calibration) -> str:
    if found.smallest_fall is None:
        return "No fall that was tried would have been seen with 80% power"
    return f"The smallest fall seen with 80% power is {w.percent_change(math.exp(found.smallest_fall)).removesuffix(' fewer')}"
