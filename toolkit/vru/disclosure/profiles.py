"""Suppression rules by where the data come from. Several sources: the strictest applies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vru.protocol.fields import Disclosure


@dataclass(frozen=True, slots=True)
class Profile:
    """A rule for counts.

    smallest, largest : whole counts from ``smallest`` to ``largest``, both included, may not
        leave; None for both where every count may.
    source : where the rule comes from, and how sure that is. confirmed : whether it was read in the owner's own words.
    round_to : what counts are rounded to when published; 1 for not at all.
    """

    name: str
    label: str
    smallest: int | None
    largest: int | None
    source: str
    confirmed: bool = False
    round_to: int = 1

    def hides(self, count: float) -> bool:
        """True if a count of this size may not be shown."""
        if self.smallest is None or self.largest is None:
            return False
        return self.smallest - 0.5 < count < self.largest + 0.5 and (self.smallest == 0 or count > 0)


_ALL = (
    Profile(
        "public_police_uk",
        "Open data from data.police.uk: nothing is suppressed",
        None,
        None,
        "Open Government Licence; published points are already moved to places with at least 8 addresses or none",
        confirmed=True,
    ),
    Profile(
        "police_local",
        "Police records held locally: 1 to 4 are suppressed",
        1,
        4,
        "customary threshold of 5; not written down nationally: an agreement with the force overrides it",
    ),
    Profile(
        "nhs_hes_ecds",
        "Hospital and emergency care records below national level: 1 to 7 are suppressed, others rounded to 5",
        1,
        7,
        "NHS England, disclosure control for HES and ECDS since September 2018",
        round_to=5,
    ),
    Profile(
        "tre",
        "Trusted research environments: 0 to 9 are suppressed",
        0,
        9,
        "threshold of 10 at the ONS Secure Research Service; UK LLC includes zero, and the stricter reading is used",
    ),
)
PROFILES: Mapping[str, Profile] = {p.name: p for p in _ALL}
"""From the mildest to the strictest: each hides everything that those before it hide."""
DEFAULT = "police_local"


def strictest(names: Iterable[str]) -> str:
    """The profile of these that hides most; DEFAULT for none."""
    listed = list(PROFILES)
    return max(names, key=listed.index, default=DEFAULT)


def profile_of(plan: Disclosure) -> Profile:
    """The rule of a plan: its profile, or the stricter one of an agreement that the plan names."""
    base = PROFILES[plan.profile]
    if plan.hide_to is None or (base.largest is not None and plan.hide_to <= base.largest):
        return base
    smallest = 1 if base.smallest is None else base.smallest
    rounded = f", others rounded to {base.round_to}" if base.round_to > 1 else ""
    label = f"{base.label.partition(':')[0]}, by agreement: {smallest} to {plan.hide_to} are suppressed{rounded}"
    return replace(
        base, label=label, smallest=smallest, largest=plan.hide_to, source=str(plan.agreement), confirmed=True
    )


def source_of(profile: Profile) -> str:
    """Where the rule comes from; with a warning where nobody has confirmed it."""
    return profile.source if profile.confirmed else f"{profile.source} (not confirmed: ask the data's owner)"
