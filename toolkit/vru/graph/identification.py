"""What identification says, as plain data that results and reports can hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identification:
    """What the causal graph licenses: the estimand in words and the adjustment set used."""

    treatment: str
    outcome: str
    edges: tuple[tuple[str, str], ...]
    unobserved: tuple[str, ...]
    adjustment: tuple[str, ...]
    backdoor_sets: tuple[tuple[str, ...], ...]
    estimand: str
    words: str
    assumptions: tuple[str, ...] = ()
    instrument: str = ""
