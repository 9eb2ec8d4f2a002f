"""Where the shipped templates, notebooks, demo, method cards and vocabularies are.

In an installed wheel they lie inside the package under ``shipped/``; in a checkout they are the
repository's own folders, two levels above the package.
"""

import re
from pathlib import Path

from vru.errors import Problem, VruError

PACKAGE = Path(__file__).resolve().parent
_HEADING = re.compile(r"## +`?([a-z][a-z0-9_]*)`?\s*")
_PART = re.compile(r"# part: ([a-z_]+)")
_FENCE = re.compile(r"^(```|~~~)")


def templates_dir() -> Path:
    """The folder of protocol templates, one folder each. Raises VruError if it is absent."""
    return _find("the templates", "templates", "evaluations/templates")


def template_text(name: str) -> str:
    """A template's whole plan: where it says ``# part: NAME``, what templates share. Raises VruError if one is absent."""
    folder = templates_dir()
    lines = []
    for line in (folder / name / "protocol.yaml").read_text(encoding="utf-8").splitlines(keepends=True):
        found = _PART.fullmatch(line.rstrip())
        if found and not (folder / "parts" / f"{found[1]}.yaml").is_file():
            raise VruError(
                Problem(f"template {name} names a part {found[1]!r} that is not there", str(folder / "parts"))
            )
        lines.append((folder / "parts" / f"{found[1]}.yaml").read_text(encoding="utf-8") if found else line)
    return "".join(lines)


def notebooks_dir() -> Path:
    """The folder of parameterised notebooks. Raises VruError if it is absent."""
    return _find("the notebooks", "notebooks", "notebooks")


def demo_dir() -> Path:
    """The folder of the demonstration evaluation (protocol.yaml, README.md). Raises VruError if it is absent."""
    return _find("the demonstration", "demo", "evaluations/op-grip-demo")


def methods_page() -> Path:
    """METHODS.md, the file of method cards. Raises VruError if it is absent."""
    return _find("the method cards", "METHODS.md", "toolkit/METHODS.md")


def vocab_dir() -> Path:
    """The folder of controlled vocabularies. Raises VruError if it is absent."""
    return _find("the vocabularies", "vocab", "shared_learning/vocab")


def prior_evidence_dir() -> Path:
    """The folder of published evaluations as YAML, one file each. Raises VruError if it is absent."""
    return _find("the prior evidence", "prior_evidence", "shared_learning/prior_evidence")


def method_cards() -> dict[str, str]:
    """Every method's card in Markdown, by the method's name. Raises VruError if METHODS.md is absent."""
    return split_cards(methods_page().read_text(encoding="utf-8"))


def split_cards(markdown: str) -> dict[str, str]:
    """Cut METHODS.md into method name -> card: the Markdown under each ``## name`` heading.

    Lines inside fenced blocks are never headings. Text before the first such heading, and under
    second-level headings that are more than a method's name, belongs to no card.
    """
    cards: dict[str, list[str]] = {}
    current: list[str] | None = None
    fenced = False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        if not fenced and line.startswith("## "):
            found = _HEADING.fullmatch(line)
            current = cards.setdefault(found.group(1), []) if found else None
        elif current is not None:
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in cards.items()}


def method_card(name: str) -> str:
    """One method's card with its heading. Raises VruError if METHODS.md has none."""
    cards = method_cards()
    if name not in cards:
        raise VruError(Problem(f"METHODS.md has no card for {name!r}", allowed=", ".join(sorted(cards))))
    return f"## {name}\n\n{cards[name]}"


def _find(what: str, shipped: str, in_checkout: str) -> Path:
    # A stray shipped/ folder cannot hide the checkout's own files: the wheel has no pyproject.toml above it.
    root = PACKAGE.parents[1]
    checkout = (root / "pyproject.toml").is_file() and PACKAGE.parent.name == "toolkit"
    path = root / in_checkout if checkout else PACKAGE / "shipped" / shipped
    if not path.exists():
        raise VruError(
            Problem(
                f"{what} cannot be found",
                where=str(path),
                hint="restore it from version control" if checkout else "install the vru-toolkit package again",
            )
        )
    return path
