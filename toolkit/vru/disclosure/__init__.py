"""The checks that stand before the door: nothing disclosive leaves."""

from vru.disclosure.profiles import PROFILES, Profile
from vru.disclosure.review import enforce, review

__all__ = ["PROFILES", "Profile", "enforce", "review"]
