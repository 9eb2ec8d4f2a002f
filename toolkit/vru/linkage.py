"""How an extract of events was matched with the people of a plan: who was found, by arm, before and after their start."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkedArm:
    """One arm. n : people. any, before, after : of them, with an event at all; before their follow-up; in it.

    not_found : said by the holder of the events not to be on record. near : without an event, whose id is another's but for
    case, signs or leading zeros.
    """

    n: int
    any: int
    before: int
    after: int
    not_found: int = 0
    near: int = 0


@dataclass(frozen=True, slots=True)
class Linkage:
    """One extract. data : its id in the plan. arms : "treated" and "comparison".

    rows : reason -> rows of the extract: what each row became. custody : arm -> share of follow-up in custody.
    """

    data: str
    arms: Mapping[str, LinkedArm]
    rows: Mapping[str, int]
    custody: Mapping[str, float]
