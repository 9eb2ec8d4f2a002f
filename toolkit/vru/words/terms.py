"""What an evaluation counts, and by which periods, in its own words: admissions by week for offences by month."""

import re
from dataclasses import dataclass, replace

from vru.errors import Problem
from vru.periods import MONTHS, Calendar
from vru.protocol.fields import Outcome, Protocol
from vru.results import Estimate, Finding

OFFENCES = ("offence", "offences")
EVENTS = ("event", "events")
_COUNTED = re.compile(r"\b(?:([Aa])n )?([Oo]ffences?)\b")


@dataclass(frozen=True, slots=True)
class Terms:
    """Texts are written for offences by month; ``say`` puts these words in their place."""

    calendar: Calendar = MONTHS
    counted: tuple[str, str] = OFFENCES

    def say(self, text: str) -> str:
        """The same sentence in these words."""
        text = self.calendar.say(text)
        return text if self.counted == OFFENCES else _COUNTED.sub(self._counted, text)

    def _counted(self, found: re.Match[str]) -> str:
        article, word = found.groups()
        named = self.counted[word.lower().endswith("s")]
        named = named[0].upper() + named[1:] if word[0].isupper() else named
        if article is None:
            return named
        return f"{article}{'n' if named[0].lower() in 'aeiou' else ''} {named}"

    def problem(self, problem: Problem) -> Problem:
        """A problem in these words; where it lies stays."""
        said = {k: self.say(getattr(problem, k)) for k in ("what", "allowed", "hint")}
        return replace(problem, **said)

    def estimate(self, estimate: Estimate) -> Estimate:
        """An estimate whose notes are in these words; its estimand is one of a set that the library compares."""
        return replace(estimate, notes=tuple(map(self.say, estimate.notes)))

    def finding(self, finding: Finding) -> Finding:
        """A finding in these words."""
        return replace(finding, text=self.say(finding.text), threshold=self.say(finding.threshold))


PLAIN = Terms()
"""Offences by month."""


def terms_of(protocol: Protocol, outcome: str | None = None) -> Terms:
    """The words of a plan, for one outcome, or for all of them: events, where they count different things."""
    if protocol.units.shape != "areas":
        return PLAIN
    named = dict.fromkeys(noun_of(o) for o in protocol.outcomes if outcome is None or o.id == outcome)
    return Terms(protocol.calendar, next(iter(named)) if len(named) == 1 else EVENTS)


def noun_of(outcome: Outcome) -> tuple[str, str]:
    """What one and several of an outcome's events are called."""
    if not isinstance(outcome.noun, str):
        return outcome.noun
    return singular(outcome.noun), outcome.noun


def singular(several: str) -> str:
    """One of several, by the usual ending: offences, injuries."""
    return f"{several[:-3]}y" if several.endswith("ies") else several.removesuffix("s")
