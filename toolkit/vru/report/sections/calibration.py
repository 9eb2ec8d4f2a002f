"""What the analysis does on these data where nothing was done, and how small an effect it could have seen."""

import math
from typing import Literal

from vru.calibration import Calibration
from vru.protocol import Protocol
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts, Notice, Paragraph
from vru.report.figures import placebo_figure, power_figure
from vru.report.section import Section
from vru.results import Estimate, EvaluationResult
from vru.words.calibration import NOT_CALIBRATED, alarm_words, own_words, smallest_words
from vru.words.terms import terms_of


def build(protocol: Protocol, result: EvaluationResult) -> tuple[Block, ...]:
    """The calibration in words and two figures; or that there is none."""
    found = result.calibration
    if found is None:
        return (Notice(NOT_CALIBRATED, "inset"),)
    primary = result.primary
    blocks: list[Block] = [
        Paragraph(w.sentence(smallest_words(found)), lead=True),
        Paragraph(
            f"The registered analysis was run again {found.replays:,} times where nothing was done. {found.drawn} The runs "
            f"share areas and dates: they are worth {found.effective:.0f} independent ones, dates alone "
            f"{found.effective_dates:.1f}."
        ),
        Notice(w.sentence(alarm_words(found)[0].upper() + alarm_words(found)[1:]), _kind(found)),
        Facts(_facts(found, primary)),
    ]
    falls = next(o for o in protocol.outcomes if o.id == found.outcome).direction == "decrease"
    smallest = 1 - protocol.question.smallest_effect if falls else 1 + protocol.question.smallest_effect
    drawn = (
        placebo_figure(found, "calibration-placebo"),
        power_figure(found, smallest, "calibration-power", terms_of(protocol, found.outcome)),
    )
    blocks += [d.figure() for d in drawn if d is not None]
    if found.notes:
        blocks.append(Bullets(tuple(w.sentence(n) for n in found.notes)))
    return tuple(blocks)


def _kind(found: Calibration) -> Literal["inset", "warning"]:
    return "warning" if found.rate_low > 1 - found.level else "inset"


def _facts(found: Calibration, primary: Estimate) -> tuple[tuple[str, str], ...]:
    told = [
        ("False alarms", f"{found.false_alarms} of {found.replays}"),
        ("p as the method gives it", w.pvalue(primary.p)),
    ]
    if primary.low is not None and primary.high is not None and primary.scale == "log_rate_ratio":
        ends = f"{w.percent_change(math.exp(primary.low))} to {w.percent_change(math.exp(primary.high))}"
        told.append(("Interval as the method gives it", ends))
    told.append(("Calibrated", own_words(found, primary.scale)))
    if found.covered is not None:
        told.append(("Intervals that held no effect", f"{w.percent(found.covered)}, of {w.level(found.level)}"))
    return tuple(told)


SECTION = Section("calibration", "Calibration", build)
