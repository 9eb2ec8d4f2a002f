"""Ratings: how strong the evidence is, and which words that licenses."""

from vru.rating.maryland import Carried, rate
from vru.rating.wording import allowed_verb, overclaims

__all__ = ["Carried", "allowed_verb", "overclaims", "rate"]
