"""Imports that break off: each is told for what it is, and leaves neither machine nor lease behind."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.vsphere.conftest import account_of
from tests.vsphere.relay import Relay
from tests.vsphere_ova.archives import DISK1, DISK2, DISK3, contents, retold
from tests.vsphere_ova.importing import PLAN, SHORT, Importer
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import (
    ConnectionLost,
    LeaseFailed,
    OvaInvalid,
    Stopped,
    TimedOut,
    Unreachable,
    UploadFailed,
    VSphereError,
)
from wizard.vsphere.removal import LeftBehind
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter

MEGABYTE = 2**20


@pytest.fixture
def slow(importer: Importer, large_template: Path) -> Importer:
    """An import of 24 MB that takes some three seconds, all its disks side by side."""
    importer.template = large_template
    importer.control.limit_uploads(bytes_per_s=MEGABYTE * 8 // 3)
    return importer


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_an_import_that_is_stopped_in_the_middle_leaves_nothing(slow: Importer) -> None:
    stop = threading.Event()
    slow.when_sent(2 * MEGABYTE, stop.set)
    slow.should_stop = stop.is_set
    with pytest.raises(Stopped):
        slow.run()
    assert slow.left_behind == []
    assert slow.progress[-1][0] < slow.progress[-1][1]
    assert not [name for name in threads() if name.startswith("upload")]
    assert "lease keep-alive" not in threads()


def test_an_import_that_is_stopped_while_the_host_takes_nothing_does_not_wait_for_it(
    importer: Importer, large_template: Path
) -> None:
    importer.template = large_template
    importer.patience = replace(SHORT, stall_s=60.0)
    importer.control.limit_uploads(bytes_per_s=1)
    asked_at = time.monotonic() + 1.0
    importer.should_stop = lambda: time.monotonic() >= asked_at
    with pytest.raises(Stopped):
        importer.run()
    assert time.monotonic() - asked_at < AT_ONCE_S
    assert importer.left_behind == []


def test_a_host_that_takes_nothing_any_more_is_given_up(importer: Importer, large_template: Path) -> None:
    importer.template = large_template
    importer.patience = replace(SHORT, stall_s=1.0, at_once=1, tries=1)
    importer.control.limit_uploads(bytes_per_s=1)
    with pytest.raises(
        UploadFailed, match=f"esx-01.lab.test took nothing of “{DISK1}” for 1 seconds"
    ) as caught:
        importer.run()
    assert caught.value.address == "esx-01.lab.test:443"
    assert importer.left_behind == []


def test_a_connection_that_breaks_every_time_is_given_up_and_names_the_host(
    importer: Importer, large_template: Path
) -> None:
    importer.template = large_template
    importer.patience = replace(SHORT, tries=2, at_once=1)
    importer.control.limit_uploads(kill_after=3 * MEGABYTE)
    with pytest.raises(UploadFailed, match=f"host esx-01.lab.test broke while “{DISK1}” was sent") as caught:
        importer.run()
    assert "reach it on TCP 443" in str(caught.value.remedy)
    assert (caught.value.address, caught.value.step) == ("esx-01.lab.test:443", "upload")
    assert [item["state"] for item in importer.control.uploads()] == ["killed", "killed"]
    assert importer.left_behind == []


def test_a_disk_whose_connection_broke_is_sent_again_from_its_beginning(
    importer: Importer, large_template: Path
) -> None:
    importer.template = large_template
    importer.control.limit_uploads(kill_after=3 * MEGABYTE, kills=1)
    importer.run()
    states = [item["state"] for item in importer.control.uploads()]
    assert sorted(states) == ["done", "done", "done", "killed"]
    members = contents(large_template)
    assert {item["sha256"] for item in importer.control.uploads() if item["state"] == "done"} == {
        hashlib.sha256(members[name]).hexdigest() for name in (DISK1, DISK2, DISK3)
    }
    (again,) = [phase for phase in importer.phases if "sent again" in phase]
    assert again.endswith("It is sent again from its beginning (try 2 of 3).")
    assert importer.transfers[-1].sent == importer.transfers[-1].total


def test_one_failed_disk_stops_the_others_at_once(importer: Importer, large_template: Path) -> None:
    importer.template = large_template
    importer.patience = replace(SHORT, tries=1)
    importer.control.limit_uploads(kill_after=MEGABYTE, kills=1, bytes_per_s=2 * MEGABYTE)
    with pytest.raises(UploadFailed, match="broke while"):
        importer.run()
    assert "done" not in {item["state"] for item in importer.control.uploads()}
    assert not [name for name in threads() if name.startswith("upload")]
    assert importer.left_behind == []


def test_an_import_that_takes_too_long_is_given_up(slow: Importer) -> None:
    slow.patience = replace(SHORT, import_s=0.8)
    with pytest.raises(TimedOut, match=r"The import into .* did not end within"):
        slow.run()
    assert slow.left_behind == []


def without_hosts(importer: Importer, *names: str) -> None:
    """Let this server know nothing of these hosts (all, where none is named)."""
    book = importer.session.book
    gone = names or ("esx-",)
    kept = tuple(detour for detour in book.detours if not detour.host.startswith(gone))
    importer.session = replace(importer.session, book=AddressBook(kept))


def test_hosts_that_cannot_be_reached_are_told_before_anything_is_changed(importer: Importer) -> None:
    leases = len(importer.control.leases())
    without_hosts(importer)
    with pytest.raises(Unreachable, match="Nothing was changed in vCenter") as caught:
        importer.run(compute="DC0_C0/Resources/Management")
    assert caught.value.step == "hosts"
    assert "esx-01.lab.test" in str(caught.value)
    assert "reach them on TCP 443: esx-01.lab.test" in str(caught.value.remedy)
    assert len(importer.control.leases()) == leases


def test_a_host_that_is_not_the_one_chosen_need_not_be_reached(importer: Importer) -> None:
    without_hosts(importer, "esx-02", "esx-03")
    importer.run(compute="DC0_C0/esx-01.lab.test")
    assert not [phase for phase in importer.phases if phase.startswith("Warning")]


def test_a_star_in_the_address_leads_to_the_server_that_this_session_speaks_to(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    def edit(_call: str, body: bytes) -> bytes:
        body = body.replace(b"https://esx-01.lab.test/", f"https://*:{relay.port}/".encode())
        return re.sub(rb"<sslThumbprint>[^<]*</sslThumbprint>", b"", body)

    relay.edit = edit
    with through(relay, vcenter) as importer.session:
        importer.run()
    assert {item["host"] for item in importer.control.uploads()} == {importer.session.address}
    assert [item["state"] for item in importer.control.uploads()] == ["done"] * 3


OPTIONS = b"""<DeploymentOptionSection><Info>Sizes</Info>
<Configuration ovf:id="small"><Label>Small</Label><Description>-</Description></Configuration>
<Configuration ovf:id="large"><Label>Large</Label><Description>-</Description></Configuration>
</DeploymentOptionSection><NetworkSection>"""


@pytest.mark.parametrize(("chosen", "sent"), [("", "small"), ("large", "large")])
def test_the_deployment_option_is_the_one_chosen_or_the_default(
    importer: Importer, relay: Relay, vcenter: LabVCenter, tmp_path: Path, chosen: str, sent: str
) -> None:
    importer.template = retold(tmp_path / "a.ova", lambda xml: xml.replace(b"<NetworkSection>", OPTIONS))
    with through(relay, vcenter) as importer.session:
        importer.run(deployment_option=chosen)
    (request,) = [body for body in relay.requests if b"<CreateImportSpec" in body]
    assert f"<deploymentOption>{sent}</deploymentOption>".encode() in request


def test_a_lease_that_names_a_host_nobody_knows_names_it_with_the_port_to_open(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    relay.edit = lambda _call, body: body.replace(b"https://esx-01.lab.test/", b"https://esx-98.lab.test/")
    importer.patience = replace(SHORT, tries=2)
    with (
        through(relay, vcenter) as importer.session,
        pytest.raises(UploadFailed, match=r"Host esx-98\.lab\.test takes the disks, but cannot be") as caught,
    ):
        importer.run()
    assert caught.value.step == "dns"
    assert "reach it on TCP 443" in str(caught.value.remedy)
    assert importer.left_behind == []


def test_a_disk_that_is_not_what_the_manifest_promises_is_not_completed(
    importer: Importer, tmp_path: Path
) -> None:
    importer.template = make_ova(tmp_path / "wrong.ova", flaw="wrong_checksum")
    importer.patience = replace(SHORT, at_once=1)
    with pytest.raises(OvaInvalid, match=f"“{DISK3}” is not what the manifest promises") as caught:
        importer.run()
    assert caught.value.reason == "manifest_mismatch"
    assert [item["state"] for item in importer.control.uploads()] == ["done", "done", "done"]
    assert importer.control.leases()[-1]["state"] == "aborted"
    assert importer.left_behind == []


def test_a_lease_that_vcenter_ends_is_told_with_its_reason(slow: Importer) -> None:
    slow.patience = replace(SHORT, keep_alive_s=0.2)
    slow.when_sent(2 * MEGABYTE, slow.control.expire_leases)
    with pytest.raises(LeaseFailed, match=r"vcenter\.lab\.test:443 gave up the import: The lease timed out"):
        slow.run()
    assert slow.left_behind == []


def test_a_keep_alive_that_is_refused_ends_the_import(slow: Importer) -> None:
    slow.patience = replace(SHORT, keep_alive_s=0.2)
    slow.control.add_fault("HttpNfcLeaseProgress", "InvalidState", message="The lease is gone.", skip=2)
    with pytest.raises(
        LeaseFailed, match=r"vcenter.lab.test:443 gave up the import: The lease is gone\.$"
    ) as caught:
        slow.run()
    assert caught.value.step == "HttpNfcLeaseProgress"
    assert slow.left_behind == []


def test_an_import_that_cannot_be_completed_is_undone(importer: Importer) -> None:
    importer.control.add_fault("HttpNfcLeaseComplete", "InvalidState", message="Not now.", count=1)
    with pytest.raises(LeaseFailed, match="Not now") as caught:
        importer.run()
    assert caught.value.step == "HttpNfcLeaseComplete"
    assert importer.left_behind == []


def test_an_abort_that_is_refused_is_tried_again(slow: Importer) -> None:
    slow.control.add_fault("HttpNfcLeaseAbort", "InvalidState", count=1)
    slow.should_stop = lambda: bool(slow.created)
    with pytest.raises(Stopped):
        slow.run()
    assert PLAN.vm_name not in slow.machines


def test_a_machine_that_vcenter_does_not_remove_itself_is_removed(slow: Importer) -> None:
    slow.control.add_fault("HttpNfcLeaseAbort", "InvalidState")
    slow.should_stop = lambda: bool(slow.created)
    with pytest.raises(Stopped):
        slow.run()
    assert PLAN.vm_name not in slow.machines


def test_a_machine_that_may_not_be_removed_is_told_as_left_behind(slow: Importer) -> None:
    slow.control.add_fault("HttpNfcLeaseAbort", "InvalidState")
    slow.control.add_fault("Destroy_Task", "InvalidState", message="It is busy.")
    slow.should_stop = lambda: bool(slow.created)
    slow.patience = replace(SHORT, removal_s=1.5)
    with pytest.raises(LeftBehind, match=r"The import was stopped on request\. .*It is busy") as caught:
        slow.run()
    assert isinstance(caught.value.__cause__, Stopped)
    assert caught.value.moid == slow.created[0]


def test_what_a_callback_raises_comes_out_after_tidying_up(slow: Importer) -> None:
    def full_disk() -> None:
        raise OSError("no space for the log")

    slow.when_sent(2 * MEGABYTE, full_disk)
    with pytest.raises(OSError, match="no space for the log"):
        slow.run()
    assert slow.left_behind == []


def test_vcenter_gone_for_a_moment_leaves_nothing_when_it_is_back(slow: Importer) -> None:
    back = threading.Timer(1.5, slow.control.set_gone, [False])

    def gone() -> None:
        slow.control.set_gone(True)
        back.start()

    slow.when_sent(2 * MEGABYTE, gone)
    slow.patience = replace(SHORT, removal_s=15.0)
    with pytest.raises(UploadFailed):
        slow.run()
    back.join()
    assert slow.left_behind == []


def test_vcenter_gone_for_good_is_told_with_what_may_be_left(slow: Importer) -> None:
    slow.patience = replace(SHORT, removal_s=2.0)
    slow.when_sent(2 * MEGABYTE, lambda: slow.control.set_gone(True))
    with pytest.raises(LeftBehind) as caught:
        slow.run()
    slow.control.set_gone(False)
    (moid,) = slow.created
    assert caught.value.moid == moid
    assert f"“cs01” ({moid}) may still be there" in str(caught.value)
    assert isinstance(caught.value.__cause__, VSphereError)
    assert str(caught.value).startswith(str(caught.value.__cause__))
    assert "delete it from disk before deploying again" in str(caught.value.remedy)


def test_a_session_that_is_closed_in_the_middle_is_told_as_such(slow: Importer) -> None:
    slow.patience = replace(SHORT, keep_alive_s=0.2, removal_s=1.0)
    slow.when_sent(2 * MEGABYTE, slow.control.expire_sessions)
    with pytest.raises(LeftBehind, match="has ended") as caught:
        slow.run()
    assert isinstance(caught.value.__cause__, VSphereError)


@contextmanager
def through(relay: Relay, vcenter: LabVCenter) -> Iterator[Session]:
    """A session whose calls go through the relay; disks go to the hosts directly."""
    endpoint = Endpoint(host="127.0.0.1", port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter), book=vcenter.book, timeout_s=5.0) as session:
        yield session


def test_a_machine_that_is_never_ready_is_waited_for_no_longer_than_agreed(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    relay.edit = lambda _call, body: body.replace(b">ready<", b">initializing<")
    importer.patience = replace(SHORT, ready_s=1.0)
    with (
        through(relay, vcenter) as importer.session,
        pytest.raises(TimedOut, match="within 1 seconds") as caught,
    ):
        importer.run()
    assert caught.value.step == "lease"
    assert importer.created == []
    assert importer.left_behind == []


def test_an_import_that_is_stopped_before_the_machine_is_ready_leaves_nothing(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    relay.edit = lambda _call, body: body.replace(b">ready<", b">initializing<")
    importer.should_stop = lambda: "ImportVApp" in relay.calls
    with through(relay, vcenter) as importer.session, pytest.raises(Stopped):
        importer.run()
    assert importer.created == []
    assert importer.left_behind == []


def test_an_answer_that_is_lost_after_the_machine_was_made_leaves_nothing(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    def swallow(call: str, body: bytes) -> bytes:
        if call == "ImportVApp":
            time.sleep(0.5)
            raise ConnectionAbortedError
        return body

    relay.edit = swallow
    with through(relay, vcenter) as importer.session, pytest.raises(ConnectionLost):
        importer.run()
    assert PLAN.vm_name not in importer.machines


def test_a_stranger_of_the_same_name_is_not_taken_for_our_own(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    """The account was never allowed to import, yet somebody else makes a machine of that name meanwhile."""

    def refuse(call: str, body: bytes) -> bytes:
        if call == "ImportVApp":
            raise ConnectionAbortedError
        return body

    def somebody_is_faster(phase: str) -> None:
        if phase.startswith("Having"):
            stranger = {"folder": PLAN.folder, "compute": "DC0_C0", "datastore": "LocalDS_0"}
            importer.control.add_machine({**stranger, "datacenter": "DC0", "name": "cs01", "disks_gb": [1]})

    importer.on_phase = somebody_is_faster
    relay.edit = refuse
    with through(relay, vcenter) as importer.session, pytest.raises(VSphereError):
        importer.run()
    assert importer.machines.count("cs01") == 1


def hanging_up_on(
    relay: Relay, call: str, *, times: int, also: Callable[[bytes], bytes] = lambda body: body
) -> None:
    def edit(seen: str, body: bytes) -> bytes:
        if seen == call and relay.count(call) <= times:
            raise ConnectionAbortedError
        return also(body)

    relay.edit = edit


def test_a_keep_alive_that_does_not_get_through_once_is_made_up_for(
    slow: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    slow.patience = replace(SHORT, keep_alive_s=0.2)
    hanging_up_on(relay, "HttpNfcLeaseProgress", times=2)
    with through(relay, vcenter) as slow.session:
        slow.run()
    assert relay.count("HttpNfcLeaseProgress") > 4
    assert PLAN.vm_name in slow.machines


def test_a_vcenter_that_cannot_be_told_for_a_whole_lease_ends_the_import(
    slow: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    hanging_up_on(
        relay,
        "HttpNfcLeaseProgress",
        times=99,
        also=lambda body: body.replace(b"<leaseTimeout>300<", b"<leaseTimeout>1<"),
    )
    with through(relay, vcenter) as slow.session, pytest.raises(ConnectionLost) as caught:
        slow.run()
    assert caught.value.step == "HttpNfcLeaseProgress"
    assert slow.progress[-1][0] < slow.progress[-1][1]
    assert slow.left_behind == []


def test_what_vcenter_warns_of_is_passed_on(importer: Importer, relay: Relay, vcenter: LabVCenter) -> None:
    warning = (
        b'<warning><fault xsi:type="OvfUnsupportedSection"><lineNumber>3</lineNumber><name>Blue</name></fault>'
        b"<localizedMessage>The section Blue is left out.</localizedMessage></warning></returnval>"
    )
    relay.edit = lambda call, body: (
        body.replace(b"</returnval>", warning) if call == "CreateImportSpec" else body
    )
    with through(relay, vcenter) as importer.session:
        importer.run()
    assert importer.phases[1] == "vCenter warns: The section Blue is left out."


def test_a_file_that_vcenter_wants_but_gives_no_address_for_is_told(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    relay.edit = lambda _call, body: body.replace(b"<importKey>/cs01/", b"<importKey>/other/")
    with through(relay, vcenter) as importer.session, pytest.raises(LeaseFailed) as caught:
        importer.run()
    assert f"gave no host to send “{DISK1}” to" in str(caught.value)
    assert importer.left_behind == []


def test_a_file_that_the_template_does_not_hold_is_told(
    importer: Importer, relay: Relay, vcenter: LabVCenter
) -> None:
    relay.edit = lambda call, body: (
        body.replace(f"<path>{DISK1}<".encode(), b"<path>other.vmdk<") if call == "CreateImportSpec" else body
    )
    with (
        through(relay, vcenter) as importer.session,
        pytest.raises(OvaInvalid, match=r"asks for “other\.vmdk”"),
    ):
        importer.run()
    assert importer.left_behind == []
