"""``vru fetch``: a public file into the workspace, looked into before it stays."""

import tempfile
from pathlib import Path

from vru.errors import DataError, Problem
from vru.geography.vintages import read_lookup
from vru.protocol.whole_file import write_whole
from vru.sources.fetching import PublicFile, fetch, public_files
from vru.sources.source import Progress


def fetch_public(word: str, to: Path, address: str | None, progress: Progress) -> tuple[Path, PublicFile, int]:
    """Fetch what ``word`` names into the folder ``to``; the path, what it is, and how many codes it has.

    Raises DataError where it is unknown, cannot be had, or is not what it should be; what was there before stays then.
    """
    known = public_files()
    if word not in known:
        raise DataError(Problem(f"{word!r} is not known", "vru fetch", ", ".join(known)))
    what = known[word]
    found = fetch(address or what.address, progress)
    with tempfile.TemporaryDirectory(prefix="vru-fetch-") as folder:
        tried = Path(folder) / what.name
        tried.write_bytes(found)
        codes = len(read_lookup(tried, "lsoa11").unit)
    to.mkdir(parents=True, exist_ok=True)
    write_whole(to / what.name, found)
    return to / what.name, what, codes
