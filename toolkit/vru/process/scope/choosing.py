"""Which template the answers lead to, why, and what else was near."""

from dataclasses import dataclass

from vru.process.scope.answers import Answers

FEWEST_DONORS = 19
"""With fewer other areas no 95% interval exists for one treated area (p cannot fall below 1 in 20)."""
_FEW = 3
_FEWEST_PEOPLE = 30
_FEWEST_MONTHS = 12
_WAITING = {"mentoring", "cbt", "sport", "family_therapy"}
_NAVIGATORS = {"ae_navigators", "custody_navigators"}
_BY_CHOICE = {"focused_deterrence": "focused_deterrence", "diversion": "diversion_outcome_22"}


@dataclass(frozen=True, slots=True)
class Choice:
    """``template``: a template, or None where no effect can be looked for yet. ``raise_it``: what would be better."""

    template: str | None
    why: str
    raise_it: tuple[str, ...] = ()


def choose(a: Answers) -> Choice:
    """The best design that the answers allow. Never empty-handed: where there is none, what to do instead."""
    if a.outcome == "no":
        return _process("what should change is recorded for nobody")
    if a.treated == 0:
        return _process("nobody gets it yet")
    if a.unit in ("people", "cases"):
        return _people(a)
    if a.unit == "days":
        return _days(a)
    if a.unit == "schools":
        return _schools(a)
    return _staff(a) if a.unit == "staff" else _areas(a)


def _people(a: Answers) -> Choice:
    if a.treated < _FEWEST_PEOPLE:
        return _process(
            f"{a.treated} are too few for any answer about an effect", "wait until 100 or more have come, or join units"
        )
    if a.lot != "no":
        if a.intervention in _NAVIGATORS:
            return Choice("navigator", "a rota drawn by lot decides who can meet a navigator")
        if a.intervention in _WAITING:
            return Choice("mentoring_or_cbt", "a lot decides who starts at once and who waits")
        return Choice("randomised_programme", "a lot decides who gets it")
    better = "let a lot decide who starts first: with more demand than places nobody loses by it"
    if a.others < _FEWEST_PEOPLE or a.outcome == "treated":
        return _process(
            "nobody comparable is recorded", "record outcomes of people referred who did not take part", better
        )
    known = () if a.known_before == "yes" else ("record what led people to it: without it nothing can be made alike",)
    template = _BY_CHOICE.get(a.intervention, "programme")
    return Choice(
        template, "others were not chosen by lot, and are made alike in what was known beforehand", (*known, better)
    )


def _days(a: Answers) -> Choice:
    if a.lot != "no":
        return Choice("patrol_days", "a lot decides on which days each hot spot is patrolled")
    return Choice(
        "hotspot_patrol" if a.others >= 1 else "simple_before_after",
        "days were chosen by people, who go where they expect trouble: compare areas over months instead",
        ("draw the days by lot: it costs nothing and is the strongest design for patrol",),
    )


def _schools(a: Answers) -> Choice:
    if a.lot != "no":
        return Choice("schools_programme", "a lot decides which schools start when")
    better = ("draw the order in which schools start by lot",)
    if a.others >= 5 and a.outcome == "both":
        return Choice(
            "area_programme", "schools that chose to take part are followed beside others over months", better
        )
    return Choice("simple_before_after", "no school to compare with: no effect may be claimed", better)


def _staff(a: Answers) -> Choice:
    better = ("train teams in an order drawn by lot", "keep counts of teams not yet trained")
    return Choice(
        "trauma_informed_training", "it says what staff do before and after; no effect may be claimed", better
    )


def _areas(a: Answers) -> Choice:
    if a.months_before < _FEWEST_MONTHS:
        return _process(
            f"{a.months_before} months before the start are too few to know what was usual", "ask for two years or more"
        )
    if a.others == 0 or a.outcome == "treated":
        better = ("ask for counts of areas without it: data.police.uk has them for every LSOA",)
        return Choice("simple_before_after", "nothing to compare with: no effect may be claimed", better)
    if a.treated <= _FEW:
        return _few_areas(a)
    lot = () if a.lot != "no" else ("draw by lot which of the worst areas get it, or get it first",)
    if a.staggered == "yes":
        return Choice(
            "area_programme", "areas start one after another and are compared with those that have not yet", lot
        )
    if a.intervention == "hot_spot_policing":
        return Choice("hotspot_patrol", "hot spots are compared with others as hot", lot)
    if a.unit == "places" or a.intervention == "problem_oriented_place":
        return Choice("problem_oriented_place", "places are compared with others nearly as violent", lot)
    return Choice("area_programme", "areas are compared with others over months", lot)


def _few_areas(a: Answers) -> Choice:
    if a.others < 5:
        return Choice(
            "simple_before_after", f"{a.others} other areas foretell nothing", ("find 19 or more other areas",)
        )
    wider = (
        ()
        if a.others >= FEWEST_DONORS
        else (f"with {a.others} other areas there is no 95% interval; find {FEWEST_DONORS} or more",)
    )
    return Choice("street_outreach", "few areas get it, and many others together foretell their course", wider)


def _process(why: str, *raise_it: str) -> Choice:
    said = f"{why}: say who was reached, how much they got and whether it went as planned, and claim no effect"
    first = ("record the outcome for those who get it and those who do not",) if "recorded" in why else ()
    return Choice(None, said, (*first, *raise_it))
