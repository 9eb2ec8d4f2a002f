"""Small files beside the versions (events, plans, signatures): each is created once and never changed."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from vru.errors import LibraryError, Problem
from vru.library.index import RECORDS
from vru.library.staging import make_folders, move_file, staged, write_synced
from vru.library.untrusted import list_folder, read_limited, shown

MAX_BYTES = 100_000


def record_folders(library: Path) -> Iterator[tuple[str, Path]]:
    """``organisation/record`` and its folder, for every plain folder below records/, links left out."""
    for organisation in list_folder(library / RECORDS, RECORDS).folders:
        for name in list_folder(library / RECORDS / organisation, organisation).folders:
            yield f"{organisation}/{name}", library / RECORDS / organisation / name


def side_files(folder: Path, where: str, limit: int = MAX_BYTES) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """Name -> bytes of the plain files of a side folder, and what was refused; empty where there is no such folder."""
    if not folder.is_dir():
        return {}, ()
    listing = list_folder(folder, where)
    problems = [*listing.problems, *(Problem("does not belong here", f"{where}/{shown(n)}") for n in listing.folders)]
    found = {}
    for name in listing.files:
        try:
            found[name] = read_limited(folder / name, limit, f"{where}/{shown(name)}")
        except LibraryError as error:
            problems += error.problems
    return found, tuple(problems)


def place(library: Path, target: Path, data: bytes, now: datetime) -> bool:
    """Create a file, whole or not at all; False where it is there already with the same bytes.

    Raises LibraryError where the name holds other bytes, a link is in the way, or the disk refuses.
    """
    refuse_links(library, target)
    where = target.relative_to(library).as_posix()
    try:
        with staged(library) as stage:
            make_folders(target.parent, library)
            write_synced(stage / target.name, data)
            try:
                move_file(stage / target.name, target)
            except FileExistsError:
                if read_limited(target, len(data) + 1, where) == data:
                    return False
                raise LibraryError(Problem("is there already with other content; nothing was changed", where)) from None
    except OSError as error:
        raise LibraryError(Problem(f"could not be written: {error.strerror or error}", where)) from None
    return True


def refuse_links(library: Path, target: Path) -> None:
    """Raise LibraryError if anything between the library and the target is a link."""
    for part in (target, *target.parents):
        if part == library:
            return
        if part.is_symlink():
            raise LibraryError(Problem("is a link; nothing is written through links", where=str(part)))
