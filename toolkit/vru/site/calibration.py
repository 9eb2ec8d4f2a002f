"""What a record says of its own analysis where nothing was done: a few rows, from a result that is not trusted."""

from pydantic import TypeAdapter, ValidationError

from vru.calibration import Calibration
from vru.record import LearningRecord
from vru.words.calibration import NOT_CALIBRATED, alarm_words, own_words, smallest_words

LONGEST = 600


def calibration_rows(record: LearningRecord) -> tuple[tuple[str, str], ...]:
    """Label and text; that there was none for an evaluation without; nothing for literature."""
    if record.result is None:
        return ()
    content = record.result.get("calibration")
    if content is None:
        return (("Calibration", NOT_CALIBRATED),)
    try:
        found = TypeAdapter(Calibration).validate_python(content)
    except ValidationError:
        return (("Calibration", "The record holds one that cannot be read."),)
    scale = record.primary_effect.scale if record.primary_effect else ""
    rows = (
        ("What it could have seen", smallest_words(found)),
        ("False alarms", alarm_words(found)),
        ("Its own estimate", own_words(found, scale)),
        ("How replays were drawn", found.drawn),
    )
    return tuple((label, text[:1].upper() + text[1:LONGEST]) for label, text in rows)
