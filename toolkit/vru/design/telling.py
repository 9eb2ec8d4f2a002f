"""A calibration in words: how evaluations of nothing were drawn, what they say, and what they cannot."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from vru.calibration import Calibration
from vru.design.placebos import Frame, Scene
from vru.design.replaying import Replayed
from vru.protocol import Protocol
from vru.words.calibration import alarm_words, own_words, smallest_words

FRAMES: Mapping[Frame, str] = {
    "before": "the evaluation's own areas before its start, arms drawn anew",
    "arms": "the evaluation's own arms before its start, with other dates",
    "untreated": "its comparison areas over the whole window, arms drawn anew",
    "ranked": "other areas that held the same places in the ranking, at other dates",
}


def how_drawn(scene: Scene, protocol: Protocol) -> str:
    """How areas were called treated, as a sentence."""
    if scene.lot == "random_pairs":
        return "Areas were called treated as the plan did: one of each pair of neighbours in rank, by lot."
    if scene.lot == "random_half":
        return "Areas were called treated as the plan did: half of them by lot."
    if scene.lot == "blocks":
        return f"Areas were called treated as the lot did: half of each block of {len(scene.blocks[0])}."
    if scene.lot == "steps":
        return "Areas began one after the other, as the lot had them do, in an order drawn anew."
    if scene.frames == ("arms",):
        return "The plan's own arms were kept and only the date was moved."
    if "ranked" in scene.frames:
        selection = protocol.units.selection
        span = f" from {selection.first} to {selection.last}" if selection is not None else ""
        return (
            "Areas were called treated that held the places in a ranking which the plan's areas held in theirs"
            f"{span}, ranked as long before a made-up start."
        )
    return (
        "The plan does not say on what its areas were chosen, so areas were called treated by a lot that the plan did not "
        "draw. What choosing areas does to a result cannot be seen in this way."
    )


def notes_of(scene: Scene, size: Mapping[str, float], refused: Sequence[Replayed]) -> tuple[str, ...]:
    """What whoever reads the numbers must know of how they came about."""
    told = []
    furthest = max(size.values(), key=lambda f: abs(math.log(f)))
    if abs(math.log(furthest)) > math.log(1.1):
        told.append(
            "Replays have fewer areas or periods than the evaluation: known effects were brought to its size by their "
            f"standard errors (the evaluation's is {furthest:.2f} times theirs)."
        )
    if refused:
        why = Counter(r.refused for r in refused).most_common(1)[0][0].rstrip(".")
        told.append(f"{len(refused)} replays gave no answer: {why}.")
    if scene.panel.missing.any():
        told.append("Periods without data are without data in the replays too.")
    return tuple(told)


def lines(found: Calibration) -> list[str]:
    """For the terminal."""
    frames = "; ".join(f"{n} from {FRAMES[f]}" for f, n in found.frames.items() if f in FRAMES)  # type: ignore[index]
    told = [
        f"{found.analysis} ({found.method}) on {found.outcome}: {found.replays} evaluations of nothing",
        f"  {frames}",
        f"  {found.drawn}",
        f"  worth {found.effective:.0f} independent ones; dates alone {found.effective_dates:.1f}",
        f"false alarms: {alarm_words(found)}",
    ]
    if found.covered is not None:
        told.append(f"coverage of no effect: {100 * found.covered:.0f}% of {100 * found.level:.0f}% intervals held it")
    told += [f"the evaluation itself: {own_words(found)}", "power, by the effect put in:"]
    told += [
        f"  {s.ratio:5.2f}  {100 * s.share:3.0f}%  ({100 * s.low:.0f}% to {100 * s.high:.0f}%)" for s in found.seen
    ]
    return [*told, smallest_words(found), *(f"note: {n}" for n in found.notes)]
