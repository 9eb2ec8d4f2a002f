"""What people type beside a record passes the same detectors; a text that is nobody's own may be accepted with a reason."""

from datetime import UTC, datetime

import pytest

from vru.disclosure import PROFILES, enforce_texts, review, strictest
from vru.disclosure.profiles import profile_of
from vru.errors import DisclosureError

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize("text", ["Ring 07700 900123", "PC Smith saw it", "crime 42/123456/23", "lives at l1 8jq"])
def test_a_typed_text_is_refused_without_being_shown(text):
    with pytest.raises(DisclosureError) as refused:
        enforce_texts({"--by": "Head of evidence", "--text": text}, NOW)
    assert text not in str(refused.value)
    assert "--text: looks like a" in str(refused.value)


def test_ordinary_posts_and_reasons_pass():
    enforce_texts({"--by": "Force performance analyst", "--text": "Months 2021-04 to 2022-03 were counted twice."}, NOW)


def test_an_accepted_text_is_a_concern_with_its_reason_and_another_still_fails(make_plan, outcome):
    files = {"notes.txt": b"Childline: 0800 1111 11. Office: 0161 496 0123, home: 0161 496 0999."}
    found = {f.check: f for f in review(make_plan(), outcome, files)}["disclosure_phone"]
    assert (found.verdict, found.numbers["found"]) == ("fail", 2)
    accepted = {"0161 496 0123": "the unit's own number, printed on its site"}
    plan = make_plan(disclosure={"profile": "public_police_uk", "accepted": accepted})
    found = {f.check: f for f in review(plan, outcome, files)}["disclosure_phone"]
    assert (found.verdict, found.numbers) == ("fail", {"found": 1, "accepted": 1})
    both = {**accepted, "0161 496 0999": "a helpline"}
    plan = make_plan(disclosure={"profile": "public_police_uk", "accepted": both})
    found = {f.check: f for f in review(plan, outcome, files)}["disclosure_phone"]
    assert found.verdict == "concern"
    assert "the unit's own number" in found.text
    assert "0161 496 0123" not in found.text


def test_the_strictest_profile_of_several_sources_applies():
    assert strictest(["public_police_uk", "tre", "nhs_hes_ecds"]) == "tre"
    assert strictest([]) == "police_local"


def test_an_agreement_may_hide_more_and_never_less(make_plan):
    def rule(**plan):
        return profile_of(make_plan(disclosure=plan).disclosure)

    agreed = rule(profile="police_local", hide_to=9, agreement="Sharing agreement with Simshire Police, March 2026")
    assert [agreed.hides(n) for n in (0, 1, 9, 10)] == [False, True, True, False]
    assert agreed.source.startswith("Sharing agreement")
    assert "1 to 9 are suppressed" in agreed.label
    assert rule(profile="tre", hide_to=5, agreement="An older one") == PROFILES["tre"]
    opened = rule(profile="public_police_uk", hide_to=2, agreement="A board's own rule")
    assert [opened.hides(n) for n in (0, 2, 3)] == [False, True, False]
    with pytest.raises(ValueError, match="go together"):
        make_plan(disclosure={"profile": "tre", "hide_to": 5})
