"""Names of people without a title or role: recall on made-up names, and places called after people, which must not alarm."""

from itertools import product

from vru.disclosure.personal import DETECTORS, Context, plain

GIVEN = "Sarah Peter Mohammed Aisha Kwame Agnieszka Harpreet Tyrone Wei Jermaine Olumide Katarzyna Simran Dwayne Ngozi".split()  # noqa: SIM905
SURNAMES = ["Smith", "Patel", "O'Connor", "McAllister", "Kowalska", "Begum", "Adeyemi", "Taylor-Jones"]
SENTENCES = (
    "{} told the panel that it had stopped",
    "a letter from {}, received in March",
    "case notes ({}) were left in the export",
)
PLACES = """
Charlotte Dundas Court
the Charlotte Dundas Court hot spot
George Eliot Hospital
Elizabeth Fry Ward
James Cook University Hospital
Thomas Clarkson Academy
Robert Peel Primary School
Daniel Adamson Avenue
Victoria Park ward
Frank Whittle Close
Lee Bank
Grace Mary estate
Scott Hall Road
Florence Nightingale Ward
Jack Straw Lane
Martin Luther King Playground
Stephen Hawking School
Charlotte Street and George Square
Alexandra Road, Margaret Street
"""


def found(text: str) -> list[str]:
    context = Context(frozenset(), 2019)
    return [d.name for d in DETECTORS.values() for _ in d.find(plain(text), context)]


def test_given_names_before_a_surname_are_found_in_free_text() -> None:
    tried = [s.format(f"{g} {n}") for g, n, s in product(GIVEN, SURNAMES, SENTENCES)]
    missed = [t for t in tried if not {"given_name", "person_name"} & set(found(t))]
    assert len(tried) == 360
    assert missed == []


def test_places_called_after_people_raise_no_alarm() -> None:
    lines = [line for line in PLACES.splitlines() if line]
    assert [line for line in lines if found(line)] == []
    inside = [f"Robbery in {line} fell after the start" for line in lines]
    assert [line for line in inside if found(line)] == []


def test_a_person_beside_a_place_is_still_found() -> None:
    assert "given_name" in found("Sarah Jones, Park Road, was seen twice")
    assert "given_name" in found("Emma Watson and the Elizabeth Fry Ward")
