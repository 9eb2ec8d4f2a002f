"""Registration keeps the first plan for good and discloses every later change."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vru.errors import ProtocolError
from vru.protocol import Protocol, digest, load, register, registration

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def plan() -> Protocol:
    return load(ROOT / "evaluations" / "op-grip-demo")


def changed(plan: Protocol, **fields: object) -> Protocol:
    return plan.model_copy(update=fields)


def test_layout_and_comments_do_not_change_the_digest(plan: Protocol, tmp_path: Path) -> None:
    import yaml

    (tmp_path / "protocol.yaml").write_text(
        "# another comment\n" + yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=True), encoding="utf-8"
    )
    assert digest(load(tmp_path)) == digest(plan)


def test_deviations_are_outside_the_digest_and_everything_else_is_inside(plan: Protocol) -> None:
    deviation = {"on": "2022-05", "what": "one area left early", "why": "building works"}
    noted = Protocol.model_validate(plan.model_dump(mode="json") | {"deviations": [deviation]})
    assert digest(noted) == digest(plan)
    assert digest(changed(plan, seed=plan.seed + 1)) != digest(plan)


def test_never_registered(plan: Protocol, tmp_path: Path) -> None:
    assert registration(tmp_path, plan).status == "no"


def test_registered_and_unchanged(plan: Protocol, tmp_path: Path) -> None:
    register(tmp_path, plan, NOW, "1")
    assert registration(tmp_path, plan).status == "yes"
    before = (tmp_path / "protocol.lock").read_bytes()
    register(tmp_path, plan, datetime(2027, 1, 1, tzinfo=UTC), "1")
    assert (tmp_path / "protocol.lock").read_bytes() == before


def test_a_change_is_named(plan: Protocol, tmp_path: Path) -> None:
    register(tmp_path, plan, NOW, "1")
    state = registration(tmp_path, changed(plan, seed=7))
    assert state.status == "changed"
    assert state.changes == (f"seed: {plan.seed} became 7",)


def test_a_changed_plan_needs_a_reason_and_the_first_is_kept(plan: Protocol, tmp_path: Path) -> None:
    register(tmp_path, plan, NOW, "1")
    later = changed(plan, seed=7)
    with pytest.raises(ProtocolError, match="2026-01-02 and has changed since"):
        register(tmp_path, later, NOW, "1")
    state = register(tmp_path, later, NOW, "1", amend="wrong seed")
    assert state.status == "changed"
    assert state.changes[0] == "amended 2026-01-02: wrong seed"
    assert registration(tmp_path, plan).status == "yes"


@pytest.mark.parametrize("damage", ["not json", '{"registrations": [{}]}', '{"other": 1}'])
def test_a_damaged_lock_is_said_to_be_damaged(plan: Protocol, tmp_path: Path, damage: str) -> None:
    (tmp_path / "protocol.lock").write_text(damage, encoding="utf-8")
    with pytest.raises(ProtocolError, match="damaged or was edited by hand"):
        registration(tmp_path, plan)


def test_an_edited_lock_is_noticed(plan: Protocol, tmp_path: Path) -> None:
    register(tmp_path, plan, NOW, "1")
    path = tmp_path / "protocol.lock"
    path.write_text(path.read_text().replace(f'"seed": {plan.seed}', '"seed": 7'), encoding="utf-8")
    with pytest.raises(ProtocolError, match="damaged or was edited by hand"):
        registration(tmp_path, plan)
