"""An intervention that ends inside the window: its own months are estimated, those after it are told apart."""

from collections.abc import Mapping, Sequence

from vru.events import DataNote
from vru.geography.tally import Tally
from vru.panel import Role
from vru.protocol.fields import Protocol


def until_the_end(protocol: Protocol) -> Protocol:
    """The plan with a window that ends with the intervention: months after it are carry-over, not its effect."""
    end, window = protocol.intervention.end, protocol.window
    if end is None or not protocol.intervention.start <= end < window.last:
        return protocol
    return protocol.model_copy(update={"window": window.model_copy(update={"last": end})})


def carry_over(whole: Protocol, roles: Mapping[str, Role], tallies: Sequence[Tally]) -> list[DataNote]:
    """What happened in the months of the plan's window after the intervention ended, apart from the estimate."""
    end, start = whole.intervention.end, whole.intervention.start
    if end is None or end >= whole.window.last:
        return []
    ran = until_the_end(whole).periods
    spells = (
        ("before the start", tuple(p for p in whole.periods if p < start)),
        ("while it ran", tuple(p for p in ran if p >= start)),
    )
    # A period that holds the end is in neither.
    after = tuple(p for p in whole.periods if p > end)
    if not after:
        return []
    notes = []
    for t in tallies:
        for o in t.outcomes:
            said = []
            for arm in ("treated", "comparison"):
                own = (
                    t.frame[t.frame["unit"].isin([u for u, r in roles.items() if r == arm])].groupby("period")[o].sum()
                )
                rates = [f"{own.reindex(list(m)).mean():,.1f} {when}" for when, m in (*spells, ("after", after))]
                said.append(f"{arm} areas {', '.join(rates)}")
            text = (
                f"{o}: months after the intervention ended ({end}) are carry-over and are in no estimate; a month on "
                f"average: {'; '.join(said)}"
            )
            notes.append(DataNote("panel", text, len(after)))
    return notes
