"""Sentences of a page about one kind of intervention: the answer, its span, how sure to be, what published figures add."""

from collections.abc import Sequence

from vru.site.published import Report
from vru.site.results import LICENCE, STRENGTH, Result, strongest
from vru.site.syntheses import Pooled
from vru.site.wording import change

NO_INTERVAL = "No figure here comes with an interval, so none of them says by itself how sure to be."
TOLD = {"better": "better", "worse": "worse", "unclear": "could be either", "unknown": "cannot be said"}


def beside(found: Sequence[Result], published: Sequence[Report]) -> list[Report]:
    """Published reports with an interval that are not among the results already."""
    own = {r.key for r in found}
    return [r for r in published if r.direction != "unknown" and r.key not in own]


def told_with_intervals(found: Sequence[Result], published: Sequence[Report]) -> tuple[str, ...]:
    """What published figures with an interval say, in the words of the counts; that there is none, where nothing else is."""
    with_one = beside(found, published)
    if not with_one:
        return () if found else (NO_INTERVAL,)
    told = ", ".join(
        f"{words} in {n}" for kind, words in TOLD.items() if (n := sum(r.direction == kind for r in with_one))
    )
    many = "1 published report gives" if len(with_one) == 1 else f"{len(with_one)} published reports give"
    return (f"{many} an interval: {told}.",)


def answer_of_published(published: Sequence[Report]) -> str:
    """The answer where only published figures have an interval."""
    first = next((r for r in published if r.direction != "unknown"), None)
    if first is None:
        return "No result with an interval"
    return {"better": "Better, as published", "worse": "Worse, as published"}.get(
        first.direction, "Could be either, as published"
    )


def answer(found: Sequence[Result], pooled: Pooled | None) -> str:
    """The answer in one line: pooled, of one evaluation, or how many point which way."""
    if pooled:
        return f"{change(pooled.estimate, pooled.scale).capitalize()}, over {pooled.k} evaluations together"
    if len(found) == 1:
        return f"{found[0].text.size.capitalize()}, in one evaluation"
    sources = _sources(found)
    if sources == len(found):
        return f"Of {sources} evaluations: {_tally(found)}"
    return (
        f"Of {len(found)} results of {'one evaluation' if sources == 1 else f'{sources} evaluations'}: {_tally(found)}"
    )


def _sources(found: Sequence[Result]) -> int:
    """How many evaluations the results come from: two results of one study are not two that agree."""
    return len({r.key for r in found})


def span(found: Sequence[Result], pooled: Pooled | None) -> str:
    """The interval beside the size, and whether it includes no change."""
    # A reader who sees only the size must see with it when no change is among what the data fit with.
    if pooled:
        low, high = change(pooled.low, pooled.scale), change(pooled.high, pooled.scale)
        words = f"{pooled.level * 100:g}% interval: {low} to {high}"
        return f"{words}, which includes no change" if pooled.low <= 0 <= pooled.high else words
    if len(found) > 1:
        return ""
    words = found[0].text.interval
    return f"{words}, which includes no change" if found[0].direction == "unclear" else words


def sure(found: Sequence[Result], pooled: Pooled | None) -> tuple[str, ...]:
    """How sure to be: how often repeated, by which design, with which checks failed, what to expect elsewhere."""
    lines = []
    if _sources(found) == 1:
        lines.append("One evaluation only: it has not been repeated elsewhere.")
    level = strongest(found)
    if level is None:
        lines.append("No design is rated here, so nothing can be said about what caused the difference.")
    else:
        lines.append(_design(found, level))
    if failed := sum(r.failed > 0 for r in found):
        lines.append(f"A check failed in {failed} of {len(found)}: read {'it' if failed == 1 else 'them'} with care.")
    if pooled and pooled.prediction_low is not None and pooled.prediction_high is not None:
        low, high = change(pooled.prediction_low, pooled.scale), change(pooled.prediction_high, pooled.scale)
        lines.append(f"In a new area the effect may lie anywhere from {low} to {high}.")
    if pooled and pooled.i2 is not None:
        lines.append(f"I² is {pooled.i2:.0f}%: the share of the spread between results that is not chance.")
    return tuple(lines)


def _design(found: Sequence[Result], level: int) -> str:
    if len(found) == 1:
        return f"Its design is {STRENGTH[level]}, level {level} of 5. {LICENCE[level]}"
    best = [r for r in found if r.level == level]
    line = (
        f"The strongest design ({len(best)} of {len(found)}) is {STRENGTH[level]}, level {level} of 5. {LICENCE[level]}"
    )
    if len(best) == len(found):
        return line
    own = f"{'Its' if len(best) == 1 else 'Their'} own {'result' if len(best) == 1 else 'results'}"
    return f"{line} {own}: {_tally(best)}."


def _tally(found: Sequence[Result]) -> str:
    counts = [(words, sum(r.direction == kind for r in found)) for kind, words in TOLD.items()]
    told = [(words, n) for words, n in counts if n]
    return told[0][0] if len(found) == 1 else ", ".join(f"{words} in {n}" for words, n in told)
