"""``lots.json``: a draw kept beside the plan, and what of the plan or the data is not as it was drawn."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from vru.design.lots import Lots, draw_blocks
from vru.errors import Problem, ProtocolError
from vru.panel import Panel
from vru.protocol import Protocol
from vru.protocol.whole_file import write_whole
from vru.run.outputs import sha256
from vru.version import __version__

FILE = "lots.json"


def write_lots(folder: Path, lots: Lots, now: datetime) -> Path:
    """Keep a draw. Raises ProtocolError where one was kept before: a second draw is no lot."""
    path = folder / FILE
    if path.exists():
        raise ProtocolError(
            Problem(
                "a lot was drawn before, and drawing until one likes it is no lot",
                str(path),
                hint="if that draw was never used, move the file away and say so under deviations",
            )
        )
    content: dict[str, Any] = {
        "lots": asdict(lots),
        "drawn_at": now.isoformat(timespec="seconds"),
        "toolkit": __version__,
    }
    content["sha256"] = _seal(content)
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    return path


def read_lots(folder: Path) -> Lots | None:
    """The draw kept beside a plan; None where there is none. Raises ProtocolError where it was altered."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        lots = TypeAdapter(Lots).validate_python(content["lots"])
        sealed = content.pop("sha256") == _seal(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise ProtocolError(
            Problem("is no lot that this toolkit can read", FILE, hint="bring back the original")
        ) from None
    if not sealed or (
        lots.scheme in ("blocked", "paired") and draw_blocks(lots.scheme, lots.seed, lots.blocks) != lots
    ):
        raise ProtocolError(Problem("was changed after it was drawn", FILE, hint="bring back the original"))
    return lots


def kept_lot(folder: Path, protocol: Protocol, data: object) -> Lots | None:
    """The draw beside a plan that keeps to it; None without one, or where something is not as it was drawn."""
    lots = read_lots(folder)
    return None if lots is None or lots_changes(folder, protocol, data) else lots


def _seal(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(dict(content), sort_keys=True, ensure_ascii=False).encode())


def lots_changes(folder: Path, protocol: Protocol, data: object) -> list[str]:
    """What is not as the lot drew it, each a sentence to disclose. Raises ProtocolError where the file was altered."""
    lots = read_lots(folder)
    if lots is None:
        return []
    if lots.days:
        return _days(lots, data)
    units = protocol.units
    if lots.starts:
        planned = {u: units.starts.get(u, protocol.intervention.start) for u in units.treated}
        other = sorted(u for u in {*planned, *lots.starts} if planned.get(u) != lots.starts.get(u))
        return _told(other, "begins at another time than the lot drew")
    arms = dict.fromkeys(units.treated, "treated") | dict.fromkeys(units.comparison, "comparison")
    return _told(
        sorted(u for u in {*arms, *lots.arms} if arms.get(u) != lots.arms.get(u)), "is not in the arm that was drawn"
    )


def _days(lots: Lots, data: object) -> list[str]:
    if not isinstance(data, Panel) or data.schedule is None:
        return ["lots.json draws days, and the plan has no schedule of days"]
    wrong = 0
    for i, unit in enumerate(data.units):
        drawn = np.isin(np.asarray(data.periods), lots.days.get(unit, ()))
        wrong += int((drawn != data.schedule.assigned[i]).sum())
    strangers = sorted(set(lots.days) ^ set(data.units))
    told = [f"the schedule differs from the lot on {wrong} days of areas"] if wrong else []
    return told + _told(strangers, "is in the lot or in the schedule, not in both")


def _told(units: list[str], what: str) -> list[str]:
    if not units:
        return []
    named = ", ".join(units[:3]) + (f" and {len(units) - 3} more" if len(units) > 3 else "")
    return [f"lots.json: {len(units)} areas, of which each {what}: {named}"]
