"""The account of a link: who was matched, by arm, before and after; and what it makes a reader ask."""

from collections.abc import Iterator

import numpy as np

from vru.errors import Question
from vru.events import DataNote
from vru.intake.linked.custody import Spells
from vru.intake.linked.events import People, near
from vru.intake.linked.follow import Follow
from vru.linkage import Linkage, LinkedArm, uneven
from vru.protocol.linked import LinkedEvents


def linkage(plan: LinkedEvents, events: People, on_record: np.ndarray, found: Follow, held: Spells) -> Linkage:
    """on_record : bool ``(n,)``, False where the holder of the events says that the person was not found."""
    n = len(found.ids)
    before = np.bincount(events.at[events.day < found.first_day], minlength=n) > 0
    last = found.first_day + found.observed(plan.covers, found.days) - 1
    during = (events.day >= found.first_day) & (events.day <= last[events.at])
    after = np.bincount(events.at[during], minlength=n) > 0
    there = np.isin(found.ids, events.known)
    alike = ~there & near(found.ids, there, events.known)
    first = np.full(n, float(found.first_day))
    inside, length = held.days(first, last), last - first + 1
    arms, custody = {}, {}
    for name, side in (("treated", found.treated), ("comparison", ~found.treated)):
        sums = (int((s & side).sum()) for s in (there, before, after, ~on_record, alike))
        arms[name] = LinkedArm(int(side.sum()), *sums)
        custody[name] = float(inside[side].sum() / length[side].sum()) if length[side].sum() > 0 else 0.0
    return Linkage(events.name, arms, dict(events.rows), custody)


def notes(link: Linkage) -> Iterator[DataNote]:
    """For the data log: whole per cent of people, and rows of the extract by what became of them."""
    for name, arm in link.arms.items():
        if arm.n:
            text = f"{link.data}: {_share(arm.any, arm.n)} of the {name} have an event at all, {_share(arm.before, arm.n)} "
            yield DataNote("link", f"{text}before follow-up, {_share(arm.after, arm.n)} in it")
    for reason, n in link.rows.items():
        if n and reason != "rows":
            yield DataNote("link", f"{link.data}: rows {reason}", n)
    if any(link.custody.values()):
        text = ", ".join(f"{share:.0%} of {name}" for name, share in link.custody.items())
        yield DataNote("link", f"{link.data}: share of follow-up in custody: {text}")


def lines(link: Linkage) -> Iterator[str]:
    """For the analyst alone, with counts."""
    for name, arm in link.arms.items():
        said = f"{link.data}: of {arm.n:,} {name}, {arm.any:,} have an event, {arm.before:,} before follow-up and "
        said += f"{arm.after:,} in it"
        yield said + (f"; {arm.not_found:,} not on record, taken as not observed" if arm.not_found else "")


def asked(link: Linkage) -> Iterator[Question]:
    """What in the match may make one arm look better than it did."""
    alike = {name: arm.near for name, arm in link.arms.items() if arm.near}
    if alike:
        listed = ", ".join(f"{n:,} {name}" for name, n in alike.items())
        said = f"{link.data}: {listed} ids without an event are in the extract but for case, signs or zeros. Are they others'?"
        yield Question(f"near_{link.data}", said, "write each id in one way in both files")
    if gap := uneven(link):
        worse, better, moment = gap
        a, b = link.arms[worse], link.arms[better]
        (x, y) = (a.before, b.before) if moment == "before follow-up" else (a.any, b.any)
        said = (
            f"{link.data}: {_share(x, a.n)} of the {worse} and {_share(y, b.n)} of the {better} have an event {moment}. Were "
            f"the {worse} linked as well as the others? Whoever is not linked counts as without an event."
        )
        hint = f"ask the holder who was found, and name that column under linked.{link.data}.found"
        yield Question(f"link_{link.data}", said, hint)


def _share(x: int, n: int) -> str:
    return f"{x / n:.0%}" if n else "none"
