"""The checks that stand before the door: nothing disclosive leaves."""

from vru.disclosure.house_rules import house_problems
from vru.disclosure.others import subtracted
from vru.disclosure.profiles import PROFILES, Profile, strictest
from vru.disclosure.releases import Other
from vru.disclosure.review import enforce, review
from vru.disclosure.suppression import Account, merging, suppress
from vru.disclosure.texts import enforce_texts
from vru.disclosure.versions import given_away

__all__ = [
    "PROFILES",
    "Account",
    "Other",
    "Profile",
    "enforce",
    "enforce_texts",
    "given_away",
    "house_problems",
    "merging",
    "review",
    "strictest",
    "subtracted",
    "suppress",
]
