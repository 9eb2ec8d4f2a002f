"""What a section of the report is: a name, a heading, and one function of the plan and the result."""

from collections.abc import Callable
from dataclasses import dataclass

from vru.protocol import Protocol
from vru.report.document import Block
from vru.results import EvaluationResult


@dataclass(frozen=True, slots=True)
class Section:
    """A section. ``build(protocol, result)`` returns its blocks; none means that it is left out."""

    name: str
    title: str
    build: Callable[[Protocol, EvaluationResult], tuple[Block, ...]]
