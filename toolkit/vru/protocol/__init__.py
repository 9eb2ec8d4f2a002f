"""The protocol: the plan as a person writes it; read, digest, lock."""

from vru.protocol.fields import Protocol
from vru.protocol.lock import Registration, digest, register, registered_digest, registration
from vru.protocol.reading import load, read_draft
from vru.protocol.schema import json_schema

__all__ = [
    "Protocol",
    "Registration",
    "digest",
    "json_schema",
    "load",
    "read_draft",
    "register",
    "registered_digest",
    "registration",
]
