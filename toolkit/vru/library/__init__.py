"""The shared learning library: draft, publish, read, verify. Records are data that others write."""

from vru.library.comparing import Difference, compare_results, compare_versions
from vru.library.draft import draft_record
from vru.library.effects import effects_csv
from vru.library.events import Event
from vru.library.index import Library, open_library
from vru.library.prior_evidence import Seeded, read_prior_evidence, seed
from vru.library.reading import Scan, StoredRecord, latest, scan
from vru.library.reviewing import confirm_takedown, decide, finish_takedowns, state, take_down, unfinished_takedowns
from vru.library.store import Published, publish
from vru.library.verifying import verify_version
from vru.library.versions import next_version, succeed, version_key

__all__ = [
    "Difference",
    "Event",
    "Library",
    "Published",
    "Scan",
    "Seeded",
    "StoredRecord",
    "compare_results",
    "compare_versions",
    "decide",
    "draft_record",
    "effects_csv",
    "confirm_takedown",
    "finish_takedowns",
    "unfinished_takedowns",
    "latest",
    "next_version",
    "open_library",
    "publish",
    "read_prior_evidence",
    "scan",
    "seed",
    "state",
    "succeed",
    "take_down",
    "verify_version",
    "version_key",
]
