"""Long lists cut into pages, so that none of them is too heavy to open or to print."""

from dataclasses import dataclass
from typing import Any

PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Cut:
    """Items ``first`` to ``last`` (from 0, ``last`` left out) of a list of ``total``. ``at`` counts pages from 1."""

    path: str
    at: int
    first: int
    last: int
    total: int
    pages: int


def cuts(stem: str, total: int, per_page: int = PER_PAGE) -> tuple[Cut, ...]:
    """Pages for a list: ``stem.html``, then ``stem/2.html`` and so on; one page for an empty list."""
    pages = max(1, -(-total // per_page))
    return tuple(
        Cut(path_at(stem, i), i, (i - 1) * per_page, min(i * per_page, total), total, pages)
        for i in range(1, pages + 1)
    )


def path_at(stem: str, page: int) -> str:
    """The path of one page of a list."""
    return f"{stem}.html" if page == 1 else f"{stem}/{page}.html"


def pagination(stem: str, cut: Cut, label: str, root: str) -> dict[str, Any] | None:
    """What ``govukPagination`` takes, or None for a list of one page."""
    if cut.pages == 1:
        return None
    near = sorted({1, cut.pages, *range(max(1, cut.at - 1), min(cut.pages, cut.at + 1) + 1)})
    items: list[dict[str, Any]] = []
    for before, page in zip([0, *near], near, strict=False):
        if page > before + 1:
            items.append({"ellipsis": True})
        items.append({"number": page, "href": root + path_at(stem, page), "current": page == cut.at})
    made: dict[str, Any] = {"landmarkLabel": label, "items": items}
    if cut.at > 1:
        made["previous"] = {"href": root + path_at(stem, cut.at - 1)}
    if cut.at < cut.pages:
        made["next"] = {"href": root + path_at(stem, cut.at + 1)}
    return made
