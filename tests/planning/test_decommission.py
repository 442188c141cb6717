"""Taking components out of service: the documented order, what is in the way, and that facts go before words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wizard.planning.decommission import SILENT_FOR, Seen, StepState, finishable, states
from wizard.planning.decommission_order import steps_of
from wizard.planning.decommission_steps import SUBJECT_KINDS, Subject, SubjectKind

NOTHING = Seen()
GONE = Seen(in_vault=False, machines=0, failed_over=0, vcenters=())


def subject(kind: SubjectKind, **fields: object) -> Subject:
    return Subject(**{"kind": kind, "name": "PS01", "address": "192.0.2.30", "vault": "lyon-vault", **fields})  # type: ignore[arg-type]


def ids(found: tuple[StepState, ...]) -> list[str]:
    return [state.step.id for state in found]


def by_id(found: tuple[StepState, ...], step: str) -> StepState:
    return next(state for state in found if state.step.id == step)


@pytest.mark.parametrize("kind", SUBJECT_KINDS)
def test_every_step_can_be_confirmed_in_order_where_the_vault_says_nothing(kind: SubjectKind) -> None:
    one, confirmed = subject(kind, whole=True), set[str]()
    for step in steps_of(one):
        found = states(one, NOTHING, confirmed)
        state = by_id(found, step.id)
        if state.fact is None:
            assert not state.blocked_by, step.id
            later = found[ids(found).index(step.id) + 1 :]
            assert all(after.blocked_by or after.done for after in later), "nothing goes before its turn"
            confirmed.add(step.id)
    assert finishable(states(one, NOTHING, confirmed))


@pytest.mark.parametrize("kind", SUBJECT_KINDS)
def test_every_step_says_what_to_do_in_words_of_its_own(kind: SubjectKind) -> None:
    found = steps_of(subject(kind))
    assert len({step.id for step in found}) == len(found)
    assert all(str(step.title) and str(step.text) for step in found)
    assert all(len(step.id) <= 32 for step in found), "as the column holds"


def test_the_scripts_for_servers_that_cannot_be_revived_are_those_of_the_documents() -> None:
    commands = [
        way.command
        for kind in ("ps_scaleout", "ps_failback", "mt_windows")
        for step in steps_of(subject(kind))
        for way in step.ways
        if way.command
    ]
    line = "perl Unregister-ASRComponent.pl -IPAddress 192.0.2.30 -Component"
    assert [command.splitlines() for command in commands] == [
        ["cd /d %ProgramData%\\ASR\\home\\svsystems\\bin", f"{line} {component}"]
        for component in ("PS", "PS", "MT")
    ]


def test_a_name_is_no_address_for_the_script() -> None:
    (way,) = [way for step in steps_of(subject("ps_failback", address="ps01.lab.test")) for way in step.ways]
    assert way.command.endswith("-IPAddress <IP address> -Component PS")


def test_a_name_with_a_quote_stays_one_value_in_powershell() -> None:
    step = next(step for step in steps_of(subject("cs", name="a'b")) if step.id == "server_deleted")
    assert "-FriendlyName 'a''b'" in step.ways[0].command
    assert "Get-AzRecoveryServicesVault -Name 'lyon-vault'" in step.ways[0].command


def test_machines_on_a_process_server_block_all_that_follows() -> None:
    found = states(subject("ps_scaleout"), Seen(in_vault=True, machines=7, failed_over=0), {"machines_moved"})
    moved = by_id(found, "machines_moved")
    assert (moved.fact, moved.done) == (False, False), (
        "what somebody said does not count against what the vault shows"
    )
    assert "7 machines" in str(moved.evidence)
    assert "First: Move its machines away" in [str(text) for text in by_id(found, "unregistered").blocked_by]
    gone = [str(text) for text in by_id(found, "gone_from_vault").blocked_by]
    assert "7 machines still replicate through it." in gone


def test_a_configuration_server_waits_for_machines_vcenters_and_further_components() -> None:
    seen = Seen(in_vault=True, machines=3, failed_over=2, vcenters=("vc1",), standing=("PS02",))
    found = states(subject("cs", whole=True), seen, ())
    assert ids(found) == [
        "replication_disabled", "policies_removed", "vcenters_deleted", "components_removed", "server_deleted",
        "uninstalled", "machine_removed", "access_revoked",
    ]  # fmt: skip
    blocks = " ".join(str(text) for text in by_id(found, "server_deleted").blocked_by)
    for told in ("3 machines", "2 failed-over", "vc1", "PS02"):
        assert told in blocks
    assert "2 machines are failed over" in " ".join(map(str, by_id(found, "replication_disabled").blocked_by))
    assert "vc1" in str(by_id(found, "vcenters_deleted").evidence)


def test_what_the_vault_shows_no_more_needs_nobodys_word() -> None:
    found = states(subject("cs", whole=True), GONE, {"policies_removed", "uninstalled", "machine_removed"})
    assert [state.step.id for state in found if not state.done] == ["access_revoked"]


@pytest.mark.parametrize(
    ("silent_for", "done"), [(SILENT_FOR - timedelta(seconds=1), False), (SILENT_FOR, True)]
)
def test_an_appliance_is_deleted_after_half_an_hour_of_silence(silent_for: timedelta, done: bool) -> None:
    seen = Seen(in_vault=True, machines=0, silent_for=silent_for)
    found = states(subject("appliance", whole=True), seen, ())
    assert by_id(found, "switched_off").done == done
    assert bool(by_id(found, "appliance_deleted").blocked_by) != done


def test_what_destroys_is_said_to() -> None:
    assert {step.id for kind in SUBJECT_KINDS for step in steps_of(subject(kind)) if step.destroys} == {
        "azure_machine_deleted", "machine_removed", "vcenter_deleted", "server_deleted", "appliance_deleted",
        "infrastructure_removed", "replication_disabled",
    }  # fmt: skip
