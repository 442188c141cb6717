"""Every door is closed unless somebody has said to whom it opens: pages, operations of the API, pages of the console."""

from __future__ import annotations

from tests.permissions.doors import Outcome, doors
from tests.permissions.table import OPEN
from tests.permissions.world import World
from wizard.models import AuditEntry, Operator

# `metrics` asks for a token of its own, and has no other way in.
CLOSED: tuple[Outcome, ...] = ("out", "forbidden", "hidden", "no method")


def test_a_stranger_gets_in_by_no_door_that_is_not_open_for_a_reason(
    world: World, people: dict[str, Operator | None]
) -> None:
    known = doors()
    assert len(known) > 700
    assert not set(OPEN) - {door.name for door in known}, "a reason for a door that is not there any more"
    inside = [
        (str(door), outcome)
        for door in known
        if door.name not in OPEN and (outcome := world.try_door(None, door)) not in CLOSED
    ]
    assert inside == []


# What everybody may change is their own, or changes nothing.
OWN = {
    "account",
    "password_change",
    "set_password",
    "tokens",
    "revoke_token",
    "disconnect_provider",
    "sessions",
    "end_session",
    "end_other_sessions",
    "second_factors",
    "add_app",
    "remove_app",
    "add_passkey",
    "remove_passkey",
    "recovery_codes",
    "sign_in_again",
    "advise_size",
    "api:openapi-view",
}


def test_who_may_look_changes_nothing_by_any_door(world: World, people: dict[str, Operator | None]) -> None:
    viewer = people["viewer"]
    before = AuditEntry.objects.count()
    changed = [
        (str(door), outcome)
        for door in doors()
        if door.method != "GET"
        and door.name not in OPEN
        and door.name not in OWN
        and (outcome := world.try_door(viewer, door)) not in CLOSED
    ]
    assert changed == []
    assert AuditEntry.objects.count() == before
