"""Patterns of personal and location data in text. Each detector says what it finds; check digits spare false alarms."""

from collections.abc import Mapping

from vru.disclosure.personal.contact import CONTACT
from vru.disclosure.personal.dates import DATES
from vru.disclosure.personal.detector import Context, Detector, masked, plain
from vru.disclosure.personal.names import NAMES
from vru.disclosure.personal.numbers import NUMBERS
from vru.disclosure.personal.places import PLACES
from vru.disclosure.personal.police import POLICE

DETECTORS: Mapping[str, Detector] = {d.name: d for d in (*NUMBERS, *CONTACT, *NAMES, *DATES, *PLACES, *POLICE)}

__all__ = ["DETECTORS", "Context", "Detector", "masked", "plain"]
