"""What a study of disproportionality says in sentences: the finding with what is missing in it, and its limits."""

from vru.disclosure.profiles import PROFILES, source_of
from vru.equity.figured import Step, Study
from vru.report import wording as w
from vru.report.document import Block, Bullets, Facts

CANNOT = (
    "Residents are not the people who were there to be stopped. Who is in public at the places and hours of patrols differs "
    "from who lives there: visitors, students and people passing through are counted when stopped and not as residents.",
    "A ratio of a whole force mixes places. Where groups live and where officers are sent differ, and a ratio can be above 1 "
    "for the force and 1 in every part of it, or the other way round.",
    "A ratio says that rates differ. It does not say why, and neither proves nor rules out unequal treatment.",
    "Nothing here is adjusted for age or sex, in which ethnic groups differ.",
    "Rows are events. One person stopped ten times is ten rows, and no name links them.",
    "A census ages: groups grow and move after it, and the same numbers of residents stand behind every period.",
    "What was not recorded is not a random part. The bounds are what could be, not what is likely.",
)
HIT_RATES = (
    "A lower share of searches that end in an outcome can mean that a group is searched on weaker grounds. It need not: groups "
    "can differ in how likely an average search is to find something even where the same threshold was used for all (the problem "
    "of infra-marginality), outcomes can be decided unequally themselves, and objects of search differ by place. Read it as a "
    "question."
)


def lead(study: Study) -> list[str]:
    """The first sentences of everything: what is missing, then the largest ratio with its bounds."""
    kind = "self-defined ethnicity" if study.agreed is not None else "ethnicity"
    if study.missing is None:
        lines = [f"of {study.rows:,} rows, a number too small to be shown have no {kind} recorded"]
    else:
        lines = [
            f"{study.missing:,} of {study.rows:,} rows ({100 * study.missing / study.rows:.1f}%) have no {kind} recorded at "
            f"{study.asked.detail}"
        ]
    head = next((s for s in study.steps if s.per_head and s.ethnicity == "recorded"), None)
    known = [x for x in head.lines if x.ratio.value] if head else []
    if head and known:
        top = max(known, key=lambda x: x.ratio.value or 0)
        interval = f"{w.level(study.asked.level)} interval {w.span(top.ratio.low, top.ratio.high)}"
        times = f"{w.number(top.ratio.value)} times that of {study.asked.against} ({interval})"
        text = (
            f"of those with one, the largest ratio shown is that of the group {top.group}: its rate of a "
            f"{head.stage} per head of {head.against} was {times}"
        )
        if top.bounds.low is not None:
            text += f"; whatever those not recorded are, it lies from {w.number(top.bounds.low)} to {w.number(top.bounds.high)}"
        lines.append(text)
    lines += [n.text for n in study.notes if n.severity == "question"]
    if study.gone:
        lines.append(
            f"no data for {len(study.gone)} of the months from the first to the last: {', '.join(study.gone[:12])}"
        )
    return lines


def bounds_words(study: Study, step: Step) -> list[str]:
    """What the table of bounds shows, and which group's direction it leaves open."""
    texts = [
        f"Rates of groups leave out those whose ethnicity is not recorded. If all of them were {study.asked.against}, each ratio "
        "would be the lower number; if all belonged to the group of the row, the higher. No other division of them lies outside."
    ]
    held = [x for x in step.lines if x.bounds.low is not None and x.bounds.high is not None]
    open_ = [x.group for x in held if (x.bounds.low or 0) <= 1 <= (x.bounds.high or 0)]
    over = [x.group for x in held if (x.bounds.low or 0) > 1]
    if over:
        texts.append(f"Above {study.asked.against} whatever those not recorded are: {', '.join(over)}.")
    if under := [x.group for x in held if (x.bounds.high or 0) < 1]:
        texts.append(f"Below {study.asked.against} whatever those not recorded are: {', '.join(under)}.")
    if open_:
        texts.append(f"Could be above or below, by what those not recorded are: {', '.join(open_)}.")
    if any(s.ethnicity == "filled" for s in study.steps):
        texts.append(
            "The officer's record, where there is one, is one guess at who they are; it assumes that officers see what "
            "people would say."
        )
    return texts


def data_blocks(study: Study) -> tuple[Block, ...]:
    """Definitions, denominators, the rule for small counts, and what was read and decided."""
    asked, profile = study.asked, PROFILES[study.asked.profile]
    how = "of rates per head exact given both counts together, of shares by the score"
    if asked.interval == "log":
        how = "by the logarithm, as most published tables; none where a count is 0"
    facts = [
        ("Months with data", f"{len(study.months)}, {study.months[0]} to {study.months[-1]}"),
        ("Rate against residents", "rows with recorded ethnicity, per 1,000 residents and year of data"),
        ("Ratio", f"rate of the group over rate of {asked.against}"),
        ("Intervals", f"{w.level(asked.level)}; {how}"),
        (
            "Small counts",
            f"{profile.label}; source: {source_of(profile)}; with each, a further one from which it could be worked out",
        ),
        *(
            (f"Denominator {name}", "; ".join(f"{g} {n:,.0f}" for g, n in sizes.items()))
            for name, sizes in study.sizes.items()
        ),
    ]
    notes = tuple(w.sentence(n.text + ("" if n.count is None else f" ({n.count:,})")) for n in study.notes)
    return (Facts(tuple(facts)), Bullets(notes, "What was read and decided")) if notes else (Facts(tuple(facts)),)
