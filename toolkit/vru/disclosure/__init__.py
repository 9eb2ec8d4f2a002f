"""The checks that stand before the door: nothing disclosive leaves."""

from vru.disclosure.profiles import PROFILES, Profile, strictest
from vru.disclosure.review import enforce, review
from vru.disclosure.texts import enforce_texts

__all__ = ["PROFILES", "Profile", "enforce", "enforce_texts", "review", "strictest"]
