"""Ratings: how strong the evidence is, and which words that licenses."""

from vru.rating.maryland import rate
from vru.rating.wording import allowed_verb, overclaims

__all__ = ["allowed_verb", "overclaims", "rate"]
