"""What published literature says of one outcome: what was read in each report, reviews first, and how they lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vru.library.studies import domain
from vru.library.vocabulary import VOCABULARIES
from vru.library.ways import Way, of_reported
from vru.parts import Reported
from vru.record import LearningRecord
from vru.site.entries import SiteRecord
from vru.site.literature_page import rating_elsewhere
from vru.site.wording import measure_of

FORMS = {"review": "Review of many studies", "study": "One study", "register_entry": "Entry in a register"}
OTHER = "other_outcomes"
NEAR = (("violence", "police_recorded_violence"), ("admission", "hospital_admissions"), ("crime", "crime"))
"""Word in an outcome's id -> the section in which a reader looks for it. For reading only: nothing is pooled by this."""


@dataclass(frozen=True, slots=True)
class Report:
    """One published report on one outcome, as its record retells it. ``href`` is from the site's root.

    way : better, worse or unknown, by the sign of its first figure alone. direction : where the interval of its first
        figure with one lies: better, unclear, worse; unknown where none has one. tested : what it says of chance:
        significant, not_significant or untold.
    """

    key: str
    title: str
    href: str
    form: str
    review: bool
    measures: tuple[str, ...]
    statements: tuple[str, ...]
    p: str
    rating: str
    way: str
    tested: str
    direction: Way = "unknown"


def reports(entries: Iterable[SiteRecord], drawn: Iterable[str]) -> dict[str, tuple[Report, ...]]:
    """Outcome in the shared vocabulary -> the reports on it, reviews first, then by title.

    drawn : outcomes that have a section of their own, because a result with an effect is there.
    """
    own = frozenset(drawn)
    found: dict[str, list[Report]] = {}
    for entry in entries:
        if entry.record.literature is None:
            continue
        by_topic: dict[str, list[Reported]] = {}
        for one in entry.record.literature.reported:
            if one.outcome:
                by_topic.setdefault(_topic(one.outcome, own), []).append(one)
        for topic, told in by_topic.items():
            found.setdefault(topic, []).append(_report(entry, told))
    order = list(FORMS.values())
    return {t: tuple(sorted(found[t], key=lambda r: (order.index(r.form), r.title))) for t in sorted(found)}


def tally(found: Sequence[Report]) -> tuple[str, ...]:
    """How the reports lie, in words: which way, and what they say of chance."""
    if not found:
        return ()
    n = len(found)
    ways = {w: sum(r.way == w for r in found) for w in ("better", "worse", "unknown")}
    tests = {t: sum(r.tested == t for r in found) for t in ("significant", "not_significant", "untold")}
    many = "1 published report" if n == 1 else f"{n} published reports"
    told = [("for the better", ways["better"]), ("for the worse", ways["worse"]), ("no single figure", ways["unknown"])]
    chance = [
        ("statistically significant", tests["significant"]),
        ("not statistically significant", tests["not_significant"]),
        ("no test that could be read", tests["untold"]),
    ]
    return (
        f"{many}: " + ", ".join(f"{words} in {count}" for words, count in told if count) + ".",
        "By their own account: " + ", ".join(f"{words} in {count}" for words, count in chance if count) + ".",
    )


def lead(found: Sequence[Report]) -> Report | None:
    """The report to read first: a review with a figure, else any review."""
    reviews = [r for r in found if r.review]
    return next((r for r in reviews if r.way != "unknown"), next(iter(reviews), None))


def _topic(outcome: str, own: frozenset[str]) -> str:
    code = domain(outcome)
    if code in own or code in VOCABULARIES["outcome_domains"]["terms"]:
        return code
    return next((topic for word, topic in NEAR if word in code), OTHER)


def _report(entry: SiteRecord, told: Sequence[Reported]) -> Report:
    record = entry.record
    assert record.literature is not None  # the caller's own check
    figure = next((r for r in told if r.value is not None), told[0])
    p = next((r.p for r in told if r.p != "not reported"), "not reported")
    return Report(
        key=f"{record.organisation}/{record.id}",
        title=record.title,
        href=entry.folder + "index.html",
        form=FORMS[record.literature.form],
        review=record.literature.form == "review",
        measures=tuple(dict.fromkeys(measure_of(record, r.outcome) for r in told)),
        statements=tuple(r.statement for r in told),
        p=p,
        rating=rating_elsewhere(record),
        way=_way(record, figure),
        tested=_tested(p),
        direction=next((w for r in told if (w := of_reported(record, r)) != "unknown"), "unknown"),
    )


def _way(record: LearningRecord, figure: Reported) -> str:
    """By the figure's sign (a ratio's: above or below one) against what was hoped for."""
    hoped = next((o.direction for o in record.outcomes if o.id == figure.outcome), None)
    if figure.value is None or hoped is None:
        return "unknown"
    above = figure.value - (1 if figure.unit.endswith("ratio") else 0)
    if above == 0:
        return "unknown"
    return "better" if (above < 0) == (hoped == "decrease") else "worse"


def _tested(p: str) -> str:
    """What a printed p says at the usual 5%."""
    said = p.casefold().strip()
    if said.startswith("not statistically significant"):
        return "not_significant"
    if said.startswith("statistically significant"):
        return "significant"
    try:
        value = float(said.split()[0].lstrip("<"))
    except (ValueError, IndexError):
        return "untold"
    return "significant" if 0 <= value < 0.05 else "not_significant" if value <= 1 else "untold"
