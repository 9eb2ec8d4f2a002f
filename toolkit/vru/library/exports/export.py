"""What an export is given and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ulid import ULID

from vru.library.planned import Planned
from vru.library.reading import StoredRecord
from vru.library.reviewing import Standing

READABLE: tuple[Standing, ...] = ("published", "superseded", "retracted")


@dataclass(frozen=True, slots=True)
class Item:
    """One version as an export sees it. ``on`` is None where nobody published it yet."""

    stored: StoredRecord
    standing: Standing
    on: datetime | None

    @property
    def name(self) -> str:
        """``organisation/record``."""
        return f"{self.stored.record.organisation}/{self.stored.record.id}"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is exported: versions (by record and version), announced evaluations without a report, and the day.

    base : address of the site that shows these records, ending in "/"; empty for links relative to the export.
    """

    items: tuple[Item, ...]
    planned: tuple[Planned, ...]
    today: date
    base: str = ""

    @property
    def current(self) -> tuple[Item, ...]:
        """The newest published version of each record: what a table of effects may hold."""
        return tuple(i for i in self.items if i.standing == "published")

    @property
    def readable(self) -> tuple[Item, ...]:
        """Every version that was published, superseded and retracted ones among them."""
        return tuple(i for i in self.items if i.standing in READABLE)


@dataclass(frozen=True, slots=True)
class Export:
    """One format: ``write`` turns holdings into the bytes of one file."""

    name: str
    label: str
    suffix: str
    write: Callable[[Holdings], bytes]


def published_at(stored: StoredRecord, kind: str = "publish") -> datetime | None:
    """When the first event of a kind happened, in UTC; None where there is none."""
    event = next((e for e in stored.events if e.kind == kind), None)
    if event is None:
        return None
    try:
        said = datetime.fromisoformat(event.at)
    except ValueError:
        said = None
    # Events are untrusted: the ULID holds a time too, and that one always is one.
    return (said if said and said.tzinfo else ULID.from_str(event.id).datetime).astimezone(UTC)


def page(item: Item, base: str) -> str:
    """Address of the page of a version."""
    return f"{base}records/{item.name}/v{item.stored.record.version}/index.html"
