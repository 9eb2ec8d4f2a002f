"""What practice data are: files, the words of the plan that fit them, and the truth; and how they are known again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vru.errors import Problem, ProtocolError

MARK = "simulated.json"
"""Beside the files: their digests and the truth. A file that was changed is no longer known as made up."""


@dataclass(frozen=True, slots=True)
class Practice:
    """Made-up data of one template.

    files : name under ``data/`` -> content. filled : words of the template -> words that fit these data, each found once.
    truth : name -> true value. told : the truth in a sentence.
    """

    files: Mapping[str, bytes]
    filled: Mapping[str, str]
    truth: Mapping[str, float]
    told: str


def csv(frame: pd.DataFrame) -> bytes:
    """The table as a file."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def listed(names: list[str]) -> str:
    """Names as a list of YAML."""
    return "[" + ", ".join(names) + "]"


def written(text: str, made: Practice) -> str:
    """The template's text with what fits the data. Raises ProtocolError where the template no longer has the words."""
    for words, instead in made.filled.items():
        if text.count(words) != 1:
            raise ProtocolError(Problem(f"the template has {words!r} {text.count(words)} times instead of once"))
        text = text.replace(words, instead)
    return text


def mark(made: Practice, seed: int) -> bytes:
    """The content of the mark."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in made.files.items()}
    content = {"simulated": made.told, "seed": seed, "truth": dict(made.truth), "sha256": digests}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def truth_beside(path: Path) -> dict[str, float]:
    """The truth of a data file that is known to be made up, byte for byte; empty of any other."""
    beside = path.parent / MARK
    if not (path.is_file() and beside.is_file()):
        return {}
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        digest, truth = content["sha256"][path.name], {str(k): float(v) for k, v in content["truth"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return truth if hashlib.sha256(path.read_bytes()).hexdigest() == digest else {}
