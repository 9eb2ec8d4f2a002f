"""What every part of a protocol is made of: a closed section, and the forms of months, ids and texts."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _month(text: str) -> str:
    if not _MONTH.match(text):
        if _DAY.match(text):
            raise ValueError("is a full date: write months as YYYY-MM, for example 2021-04")
        raise ValueError("write months as YYYY-MM, for example 2021-04")
    return text


def _moment(text: str) -> str:
    if _MONTH.match(text):
        return text
    try:
        return date.fromisoformat(text).isoformat() if _DAY.match(text) else _month(text)
    except ValueError:
        raise ValueError("write months as YYYY-MM, or days as YYYY-MM-DD where the plan counts days") from None


Moment = Annotated[str, AfterValidator(_moment)]
Month = Annotated[str, AfterValidator(_month)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=4000)]
Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Options = dict[str, Any]


class Section(BaseModel):
    """A part of the protocol: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
