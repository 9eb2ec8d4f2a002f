"""Whether more patrol goes on helping, in words that go no further than the test."""

import math
from dataclasses import dataclass

from numpy.random import Generator

from vru.errors import MethodError
from vru.methods.days.dose import Dose
from vru.stats.dose_bend import BendTest, BrokenLine, DoseTable, bend_test, broken_line
from vru.stats.intervals import quantile
from vru.words.p_value import p_is


@dataclass(frozen=True, slots=True)
class Bend:
    """The test of a bend, and the broken line where the test supports one."""

    test: BendTest
    line: BrokenLine | None


def find_bend(dose: Dose, draws: int, level: float, rng: Generator) -> Bend | None:
    """The test of a bend among doses as delivered; None where the data cannot be asked."""
    rows = dose.rows
    table = DoseTable(rows.counts, rows.weight, rows.code, dose.given)
    try:
        test = bend_test(table, draws, rng)
    except MethodError:
        return None
    if test is None:
        return None
    return Bend(test, broken_line(table, test.knots) if test.p < 1 - level else None)


def bend_notes(bend: Bend | None, measure: str, per: float, level: float) -> tuple[str, ...]:
    """What may be said of a plateau: nothing where the test does not support a bend."""
    if bend is None:
        return (
            f"Whether the effect levels off was not tested: {measure} vary too little, or too few areas have offences.",
        )
    test, line = bend.test, bend.line
    if line is None:
        return (
            f"Among doses given, these data cannot tell a straight line from one that bends ({p_is(test.p)} over "
            f"{len(test.knots)} places), so no plateau is reported.",
        )
    low, high = (k * per for k in line.likely)
    below, above = math.exp(line.before), math.exp(line.after)
    words = (
        f"Among doses given, the line bends ({p_is(test.p)}), best at {line.knot * per:.0f} {measure} (likely "
        f"{low:.0f} to {high:.0f}): rate ratio {below:.2f} per {per:g} below, {above:.2f} above. Officers chose the doses, and "
        "that choice can bend the line by itself: this is an association. In simulation a straight line was called bent 6 to 11 "
        "times in 100 instead of 5, and 14 to 16 times where officers stayed longer where more happened."
    )
    return (f"{words} {_plateau(line, test.areas, level)}",)


def _plateau(line: BrokenLine, areas: int, level: float) -> str:
    if line.before_se is None or line.after_se is None:
        return "Whether it levels off there cannot be said."
    t = quantile(level, max(areas - 1, 1))
    falls = line.before + t * line.before_se < 0
    flat = abs(line.after) <= t * line.after_se
    if falls and flat:
        return "Below the bend more goes with fewer offences, above it no change can be seen: a plateau is possible."
    return "It does not level off: above the bend it is not flat, or below it does not fall."
