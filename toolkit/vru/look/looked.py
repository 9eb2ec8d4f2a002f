"""What is said of a file that was looked at; and its coverage in time as one line of text."""

from dataclasses import dataclass
from statistics import median

LOW = 0.5
"""A month with less than this part of the usual rows is shown as low."""
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A column, a force, a crime type or a layer: its name and what was understood of it."""

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows by month: ``months`` without a gap, YYYY-MM, and as many counts."""

    name: str
    months: tuple[str, ...]
    rows: tuple[int, ...]

    @property
    def empty(self) -> tuple[str, ...]:
        """Months between the first and the last without a row."""
        return tuple(m for m, n in zip(self.months, self.rows, strict=True) if n == 0)

    @property
    def low(self) -> tuple[str, ...]:
        """Months with some rows, and less than half as many as usual."""
        usual = median([n for n in self.rows if n] or [0])
        return tuple(m for m, n in zip(self.months, self.rows, strict=True) if 0 < n < LOW * usual)

    @property
    def line(self) -> str:
        """One bar a month, a dot where there is no row; several months to a bar where they are many."""
        step = -(-len(self.rows) // _MOST_BARS)
        sums = [sum(self.rows[i : i + step]) / len(self.rows[i : i + step]) for i in range(0, len(self.rows), step)]
        top = max([*sums, 1])
        bars = "".join("·" if s == 0 else _BARS[min(7, int(8 * s / top))] for s in sums)
        each = "a bar is a month" if step == 1 else f"a bar is {step} months"
        return f"{bars} {self.months[0]} to {self.months[-1]}, {each}, the highest {top:,.0f} rows a month"


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked at.

    head : what it is. parts : what each part seems to hold. questions : what whoever knows the data should answer before
    anything is computed. plan : YAML to paste into protocol.yaml.
    """

    name: str
    head: str
    parts: tuple[Part, ...]
    coverage: tuple[Coverage, ...]
    questions: tuple[str, ...]
    plan: str

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it for a terminal."""
        width = max((len(p.name) for p in self.parts), default=0)
        said = [f"{self.name}: {self.head}", *(f"  {p.name:<{width}}  {p.said}" for p in self.parts)]
        for c in self.coverage:
            said.append(f"coverage of {c.name}: {c.line}")
            said += [f"  no row in {_few(c.empty)}"] if c.empty else []
            said += [f"  under half of the usual rows in {_few(c.low)}"] if c.low else []
        said += [f"question: {q}" for q in self.questions]
        said += ["to paste into protocol.yaml:", *(f"  {line}" for line in self.plan.splitlines())]
        return tuple(map(_plain, said))


def _few(months: tuple[str, ...], n: int = 12) -> str:
    return ", ".join(months[:n]) + (f" and {len(months) - n} more" if len(months) > n else "")


def _plain(line: str) -> str:
    """A line without signs that steer a terminal, which a file's names may hold."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
