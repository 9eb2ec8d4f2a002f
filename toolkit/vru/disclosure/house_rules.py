"""The workspace's own rules: a small file that a manager edits, stricter than the shipped profiles and never milder.

``disclosure.yaml`` beside ``evaluations/`` (or in it) names profiles, what they hide at least, by which source and since when::

    police_local: {hide_to: 9, source: "Sharing agreement with Simshire Police, section 4", since: 2026-03-01}

A plan under that profile is refused until it says so itself (``disclosure.hide_to`` and ``agreement``): so
the rule stands in the plan, and whoever verifies the record applies the same.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from vru.disclosure.profiles import PROFILES, profile_of
from vru.errors import Problem
from vru.protocol import Protocol

FILE = "disclosure.yaml"
_MAX_BYTES = 100_000


class Rule(BaseModel):
    """What a profile hides at least here, who asks for it, and since when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hide_to: Annotated[int, Field(ge=1, le=99)]
    source: Annotated[str, Field(min_length=5, max_length=300)]
    since: date


def house_problems(folder: Path, protocol: Protocol) -> list[Problem]:
    """Where the file is wrong, or the plan hides less than it asks for; none where there is no such file."""
    found = [p for p in (folder.parent.parent / FILE, folder.parent / FILE) if p.is_file()]
    return [problem for path in found for problem in _problems(path, protocol)]


def _problems(path: Path, protocol: Protocol) -> list[Problem]:
    known = ", ".join(n for n, p in PROFILES.items() if p.largest is not None)
    try:
        raw = yaml.safe_load(path.read_bytes()[:_MAX_BYTES].decode()) or {}
        rules = TypeAdapter(dict[str, Rule]).validate_python(raw)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        told = _first(error) if isinstance(error, ValidationError) else "cannot be read"
        hint = f'police_local: {{hide_to: 9, source: "who asks for it", since: 2026-03-01}}; profiles: {known}'
        return [Problem(f"is no list of rules: {told}", str(path), hint=hint)]
    if odd := sorted(set(rules) - set(known.split(", "))):
        return [Problem(f"{odd[0]!r} is no profile", str(path), known)]
    own = profile_of(protocol.disclosure)
    found = []
    for name, rule in rules.items():
        # A plan cannot take a milder profile than its sources', so a rule binds the plans that name its profile.
        if name == protocol.disclosure.profile and (own.largest is None or own.largest < rule.hide_to):
            what = f"hides counts to {own.largest}, and the workspace asks for {rule.hide_to} ({rule.source}, since {rule.since})"
            hint = f'disclosure: {{profile: {name}, hide_to: {rule.hide_to}, agreement: "{rule.source}"}}'
            found.append(Problem(what, "disclosure.hide_to", f"{rule.hide_to} or more", hint))
    return found


def _first(error: ValidationError) -> str:
    one = error.errors(include_input=False)[0]
    return f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
