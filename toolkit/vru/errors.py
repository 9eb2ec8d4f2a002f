"""What can go wrong, in words that an analyst can act on.

Every error says what is wrong, where, what is allowed and what to do next. The command line
prints ``str(error)`` and leaves with exit code 2 (or 1 where the evaluation itself says no).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: what, where, what is allowed, what to try."""

    what: str
    where: str = ""
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        rest = [f"allowed: {self.allowed}"] if self.allowed else []
        rest += [f"hint: {self.hint}"] if self.hint else []
        return "\n    ".join([head, *rest])


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader would ask though nothing is wrong: its name in the plan's ``answers``, and what would make it go away."""

    id: str
    what: str
    hint: str


class VruError(Exception):
    """A failure with one or more problems to put right; shown to the user without a traceback."""

    exit_code = 2

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class ProtocolError(VruError):
    """The plan cannot be read or contradicts itself."""


class DataError(VruError):
    """The data are not what the plan says they are."""


class MethodError(VruError):
    """The method cannot answer with these data."""


class DisclosureError(VruError):
    """Something disclosive would leave the building."""

    exit_code = 1


class LibraryError(VruError):
    """The shared library refused, or holds something that does not verify."""


class RefusedError(VruError):
    """The evaluation says no: a check, an approval or the wording does not allow this step."""

    exit_code = 1
