"""What vCenter shows gets into the tables whole, stays fresh by its changes, and is never half a truth."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.builders import make_deployment
from tests.services.conftest import settled
from tests.waiting import wait_until
from wizard import tasks
from wizard.lab.vcenter import LabVCenter
from wizard.models import Credential, Machine, Operator, VCenter
from wizard.services import discovery, renewal, vcenter_access
from wizard.services.discovery import Outcome
from wizard.services.discovery.claim import LEASE, ClaimLost
from wizard.services.discovery.watches import Watches
from wizard.services.errors import Conflict
from wizard.services.tasks.progress import Cancelled
from wizard.vsphere.errors import VSphereError

pytestmark = [pytest.mark.vcenter, pytest.mark.every_database]


@pytest.fixture
def registered(
    connected: None, vcenter: LabVCenter, operator: Operator, transactional_db: None
) -> Iterator[VCenter]:
    """The lab's vCenter as a deployment registered it, with an account whose password is known to be right."""
    account = vcenter.account("asr-operator")
    credential = Credential(
        name="lab", kind=Credential.Kind.VCENTER, username=account.username, created_by=operator
    )
    credential.hold(account.password)
    credential.standing = Credential.Standing.ACCEPTED
    credential.save()
    row = VCenter.objects.create(
        friendly_name="lab",
        host=vcenter.name,
        port=443,
        thumbprint_sha256=vcenter.thumbprint_sha256,
        instance_uuid="5f1c3c60-6f1e-4c0e-9a70-000000000001",
        credential=credential,
    )
    row.deployments.add(make_deployment(operator))
    yield row
    discovery.close_watches()


@pytest.fixture
def watching(registered: VCenter) -> VCenter:
    """The same in a worker, which keeps what it watches."""
    discovery.WATCHES.keep()
    return registered


def refresh(vcenter: VCenter, *, complete: bool = False) -> Outcome:
    claim = discovery.take(vcenter.pk)
    assert claim is not None, "somebody else refreshes it"
    return discovery.refresh(claim, complete=complete)


def test_the_first_refresh_reads_everything(registered: VCenter, vcenter: LabVCenter) -> None:
    shown = vcenter.control.machines()
    outcome = refresh(registered)
    assert (outcome.complete, outcome.read, outcome.written) == (True, len(shown), len(shown))
    assert set(registered.machines.values_list("moid", flat=True)) == {row["moid"] for row in shown}
    machine = registered.machines.get(name="web-02")
    assert machine.guest_full_name == "Red Hat Enterprise Linux 8 (64-bit)"
    assert (machine.cpu_count, machine.memory_mb, machine.disk_count) == (4, 8192, 2)
    assert [disk["label"] for disk in machine.disks] == ["Hard disk 1", "Hard disk 2"]
    assert {disk["controller_key"] for disk in machine.disks} <= {item["key"] for item in machine.controllers}
    assert machine.system == "linux"
    registered.refresh_from_db()
    assert registered.discovered_at == registered.refreshed_at
    assert registered.next_refresh_at is not None


def test_what_stands_around_the_machines_is_kept_with_the_way_to_it(registered: VCenter) -> None:
    refresh(registered)
    machine = registered.machines.get(name="web-02")
    found = {row.moid: row for row in registered.objects_seen.all()}
    assert found[machine.host_moid].type == "HostSystem"
    assert found[machine.folder_moid].path[:3] == ["Datacenters", "DC0", "vm"]
    assert found[machine.folder_moid].path[-1] == found[machine.folder_moid].name
    assert {found[moid].type for moid in machine.datastore_moids} == {"Datastore"}
    assert all(moid in found for moid in machine.network_moids)


def test_a_second_refresh_reads_what_has_changed(watching: VCenter, vcenter: LabVCenter) -> None:
    refresh(watching)
    discovered_at = VCenter.objects.get().discovered_at
    vcenter.control.rename_machine("web-02", "web-two")
    try:
        outcome = refresh(watching)
    finally:
        vcenter.control.rename_machine("web-two", "web-02")
    assert (outcome.complete, outcome.read, outcome.written, outcome.gone) == (False, 1, 1, 0)
    assert watching.machines.filter(name="web-two").exists()
    row = VCenter.objects.get()
    assert row.discovered_at == discovered_at, "not everything was read"
    assert row.refreshed_at is not None
    assert discovered_at is not None
    assert row.refreshed_at > discovered_at


def test_a_machine_that_is_removed_is_kept_as_gone(watching: VCenter, vcenter: LabVCenter) -> None:
    place = {"datacenter": "DC0", "folder": "Workloads/Test", "compute": "DC0_C0", "datastore": "LocalDS_0"}
    refresh(watching)
    vcenter.control.add_machine({**place, "name": "late-01", "disks_gb": [10]})
    refresh(watching)
    late = watching.machines.get(name="late-01")
    assert late.gone_at is None
    vcenter.control.remove_machine("late-01")
    assert refresh(watching).gone == 1
    late.refresh_from_db()
    assert late.gone_at is not None


def test_whoever_keeps_no_watch_reads_everything_and_writes_only_what_differs(
    registered: VCenter, vcenter: LabVCenter
) -> None:
    refresh(registered)
    before = Machine.objects.values_list("seen_at", flat=True)[0]
    # Not those of the pair with one UUID: that one of them is gone changes what is said of the other.
    one, two = registered.machines.exclude(rules__contains="SM-17").filter(is_template=False)[:2]
    assert registered.machines.filter(pk__in=(one.pk, two.pk)).update(gone_at=timezone.now()) == 2
    vcenter.control.rename_machine(one.name, "another-name")
    try:
        outcome = refresh(registered)
    finally:
        vcenter.control.rename_machine("another-name", one.name)
    assert (outcome.complete, outcome.written) == (True, 1)
    assert not Machine.objects.exclude(gone_at=None).exists(), "what is back is back, written anew or not"
    assert not Machine.objects.filter(seen_at__lte=before).exists()


def test_a_watch_whose_session_has_ended_is_replaced(watching: VCenter, vcenter: LabVCenter) -> None:
    refresh(watching)
    vcenter.control.expire_sessions()
    outcome = refresh(watching)
    assert (outcome.complete, outcome.written) == (True, 0)
    assert refresh(watching).complete is False


def test_everything_is_read_once_a_day_however_well_the_watch_works(watching: VCenter) -> None:
    refresh(watching)
    assert refresh(watching).complete is False
    VCenter.objects.update(discovered_at=timezone.now() - timedelta(hours=25))
    assert refresh(watching).complete is True


@pytest.mark.parametrize(("minutes", "kept"), [(0, False), (25, True), (26, False)])
def test_a_worker_keeps_watches_only_where_the_next_refresh_finds_their_session_alive(
    registered: VCenter, settings: Any, minutes: int, kept: bool
) -> None:
    settings.DISCOVERY_MINUTES = minutes
    discovery.keep_watches()
    refresh(registered)
    assert refresh(registered).complete is not kept


def test_a_watch_of_another_address_is_not_used(watching: VCenter, vcenter: LabVCenter) -> None:
    refresh(watching)
    VCenter.objects.update(host=vcenter.host, port=vcenter.port)
    # As after the password was entered anew for it.
    Credential.objects.update(address=f"{vcenter.host}:{vcenter.port}")
    assert refresh(watching).complete is True


def test_the_session_of_a_watch_ends_when_no_deployment_needs_its_vcenter_any_more(
    watching: VCenter, vcenter: LabVCenter
) -> None:
    tasks.refresh_vcenter(str(watching.pk))
    assert discovery.close_unused_watches() == 0
    assert refresh(watching).complete is False, "what is needed stays"
    watching.deployments.clear()
    tasks.refresh_vcenters()
    assert discovery.close_unused_watches() == 0, "the look of the schedule ended it"
    vcenter_access.keep_no_sessions()
    assert settled(lambda: vcenter.control.sessions() == []), vcenter.control.sessions()


def test_a_watch_that_rested_longer_than_vcenter_keeps_its_session_is_given_back(watching: VCenter) -> None:
    now = [0.0]
    watches = Watches(clock=lambda: now[0])
    watches.keep()
    with watches.lend(watching):
        pass
    now[0] = 25 * 60.0
    assert watches.close_unused({watching.pk}, idle_s=25 * 60) == 0
    now[0] += 1
    assert watches.close_unused({watching.pk}, idle_s=25 * 60) == 1
    with watches.lend(watching) as lent:
        assert not lent.kept
    watches.close_all()


# --- one at a time ----------------------------------------------------------------------------------------------------


def test_only_one_refreshes_a_vcenter_until_its_lease_is_over(registered: VCenter) -> None:
    first = discovery.take(registered.pk)
    assert first is not None
    assert discovery.take(registered.pk) is None
    VCenter.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))
    second = discovery.take(registered.pk)
    assert second is not None
    with pytest.raises(ClaimLost):
        discovery.refresh(first)
    assert not Machine.objects.exists(), "who was overtaken writes nothing"
    row = VCenter.objects.get()
    assert row.refresh_failed_at is None
    assert row.refreshing_until is not None
    assert row.refreshing_until > timezone.now() + LEASE / 2, "the other one still works"
    assert discovery.refresh(second).complete


def test_a_refresh_that_waits_longer_for_a_page_than_its_claim_is_believed_is_not_taken_over(
    registered: VCenter, vcenter: LabVCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "BEATS", 1800)  # Of three minutes: ten in a second.
    vcenter.control.add_delay("RetrievePropertiesEx", 3000, count=1)
    claimed = VCenter.objects.filter(refreshing_until__gt=timezone.now())

    def read() -> bool:
        try:
            return discovery.refresh_if_due(registered.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(read)
        wait_until(claimed.exists)
        # As if vCenter had kept it waiting for all of that time.
        VCenter.objects.update(refreshing_until=timezone.now() - timedelta(minutes=10))
        wait_until(lambda: slow.done() or claimed.exists())
        assert not slow.done()
        assert not registered.machines.exists(), "it was renewed before it had an answer"
        second = wait_until(lambda: discovery.take(registered.pk))
        assert slow.result() is True, "the one that came second has waited for it"
    assert VCenter.objects.get().refresh_claim == second.token
    assert discovery.refresh(second, complete=True).complete


def test_a_refresh_that_is_stopped_half_way_marks_nothing_as_gone(
    watching: VCenter, vcenter: LabVCenter
) -> None:
    refresh(watching)
    vcenter.control.rename_machine("web-02", "web-two")

    def stop(read: int) -> None:
        raise Cancelled

    claim = discovery.take(watching.pk)
    assert claim is not None
    with pytest.raises(Cancelled):
        discovery.refresh(claim, complete=True, report=stop)
    assert not Machine.objects.exclude(gone_at=None).exists()
    row = VCenter.objects.get()
    assert (row.refreshing_until, row.refresh_failed_at) == (None, None)
    outcome = refresh(watching)
    # As it was: other tests read the same machines.
    vcenter.control.rename_machine("web-two", "web-02")
    assert (outcome.complete, outcome.gone) == (True, 0), (
        "the changes that nobody heard to their end are lost"
    )


# --- failures ---------------------------------------------------------------------------------------------------------


def test_why_a_refresh_failed_is_kept_until_one_goes_well(registered: VCenter, vcenter: LabVCenter) -> None:
    refresh(registered)
    vcenter.control.add_fault("RetrievePropertiesEx", "NoPermission")
    with pytest.raises(VSphereError):
        refresh(registered)
    row = VCenter.objects.get()
    assert row.refresh_failed_at is not None
    assert str(row.refresh_failure)
    assert str(row.refresh_remedy)
    assert row.refresh_failure_details["address"] == "vcenter.lab.test:443"
    assert row.refresh_failure_details["code"]
    assert row.refresh_failure_details["step"]
    assert row.refreshing_until is None
    assert not Machine.objects.exclude(gone_at=None).exists()
    vcenter.control.clear_faults()
    refresh(registered)
    row = VCenter.objects.get()
    assert row.refresh_failed_at is None
    assert not row.refresh_failure
    assert row.refresh_failure_details == {}


def test_a_password_that_vcenter_refuses_is_not_tried_again_by_the_schedule(
    registered: VCenter, vcenter: LabVCenter
) -> None:
    credential = registered.credential
    credential.hold("not the password")
    credential.standing = Credential.Standing.ACCEPTED
    credential.save()
    assert discovery.refresh_if_due(registered.pk) is False
    row = VCenter.objects.get()
    assert row.refresh_failure_details["code"] == "invalid_login"
    VCenter.objects.update(next_refresh_at=None)
    assert discovery.refresh_if_due(registered.pk) is False
    assert sum(counts["attempts"] for counts in vcenter.control.logins().values()) == 1
    with pytest.raises(Conflict) as refused:
        refresh(registered)
    assert refused.value.code == "credential_rejected"


def test_the_schedule_refreshes_what_is_due_and_nothing_else(registered: VCenter) -> None:
    assert discovery.refresh_if_due(registered.pk) is True
    assert discovery.refresh_if_due(registered.pk) is False, "it was refreshed just now"
    VCenter.objects.update(next_refresh_at=timezone.now())
    assert discovery.refresh_if_due(registered.pk) is True
    registered.deployments.clear()
    VCenter.objects.update(next_refresh_at=None)
    assert discovery.refresh_if_due(registered.pk) is False, "no deployment needs it any more"


def test_machines_that_share_their_instance_uuid_are_both_told_of(registered: VCenter) -> None:
    """The lab has such a pair; which of the two is read first must not matter."""
    refresh(registered)
    uuid = registered.machines.get(name="web-18").instance_uuid
    pair = registered.machines.filter(instance_uuid=uuid)
    assert pair.count() == 2
    assert {row.verdict_classic for row in pair} == {"blocked"}
    assert all("SM-17" in row.rules for row in pair)
    assert refresh(registered).written == 0, "what was judged again is as it would be written"
