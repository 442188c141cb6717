"""Faults while the appliance is imported, started and waited for."""

from __future__ import annotations

from tests.faults.ground import VCENTER, Case, Ground, Work
from tests.walk import VM_NAME, Failure

HOST = "esx-0"
RUNNING = "vCenter is running"
READ = "RetrievePropertiesEx"


def nothing_is_left(ground: Ground, failure: Failure) -> None:
    assert ground.deployment.state == "checked"
    assert ground.machines() == []


def it_runs(ground: Ground) -> None:
    assert ground.deployment.state == "deployed"
    (machine,) = ground.machines()
    assert machine["powered_on"]


DEPLOY = Work(kind="deploy_ova", stage="checked", after_failure=nothing_is_left, after_success=it_runs)

IMPORT = (
    Case(
        id="vCenter's name is not known",
        breaks=Ground.unresolvable,
        code="unreachable",
        says=(VCENTER, "not known to the name"),
        remedy="DNS record",
    ),
    Case(
        id="vCenter is gone",
        breaks=lambda ground: ground.control.set_gone(True),
        code="tls_failed",
        says=(VCENTER,),
        remedy="HTTPS port",
    ),
    Case(
        id="vCenter has another certificate",
        breaks=Ground.other_certificate,
        code="certificate_changed",
        says=(VCENTER, "The password was not sent"),
        remedy="compare the fingerprint",
    ),
    Case(
        id="a login is cut",
        breaks=lambda ground: ground.control.break_call("Login", "cut"),
        code="connection_lost",
        says=(VCENTER, "Login"),
        remedy=RUNNING,
    ),
    Case(
        id="the inventory is answered by half",
        breaks=lambda ground: ground.control.break_call(READ, "truncate"),
        code="connection_lost",
        says=(VCENTER, READ),
        remedy=RUNNING,
    ),
    Case(
        id="the session ends while the template is judged",
        breaks=lambda ground: ground.control.expire_sessions("CreateImportSpec"),
    ),
    Case(
        id="vCenter fails while the template is judged",
        breaks=lambda ground: ground.control.add_fault(
            "CreateImportSpec", "SystemError", message="out of memory"
        ),
        code="import_refused",
        says=(VCENTER, "out of memory"),
        remedy="health of vCenter",
    ),
    Case(
        id="the template is judged and nobody hears it",
        breaks=lambda ground: ground.control.break_call("CreateImportSpec", "drop"),
        code="connection_lost",
        says=(VCENTER, "CreateImportSpec"),
        remedy=RUNNING,
    ),
    Case(
        id="the right to import is gone",
        breaks=lambda ground: ground.control.add_fault(
            "ImportVApp", "NoPermission", details={"privilegeId": "VApp.Import"}
        ),
        code="no_permission",
        says=(VCENTER, "VApp.Import"),
        remedy="vSphere administrator",
    ),
    Case(
        id="the import does not reach vCenter",
        breaks=lambda ground: ground.control.break_call("ImportVApp", "cut"),
        code="connection_lost",
        says=(VCENTER, "ImportVApp"),
        remedy=RUNNING,
    ),
    Case(
        id="the import has begun and nobody hears it",
        breaks=lambda ground: ground.control.break_call("ImportVApp", "drop"),
        code="connection_lost",
        says=(VCENTER, "ImportVApp"),
        remedy=RUNNING,
    ),
    Case(
        id="a proxy answers that the import has begun",
        breaks=lambda ground: ground.control.break_call("ImportVApp", "garbage"),
        code="connection_lost",
        says=(VCENTER, "ImportVApp"),
        remedy=RUNNING,
    ),
    Case(
        id="the session ends right before the import",
        breaks=lambda ground: ground.control.expire_sessions("ImportVApp"),
    ),
    Case(
        id="the cluster has no room",
        breaks=lambda ground: ground.control.add_fault(
            "ImportVApp", "InsufficientResourcesFault", message="no host has room"
        ),
        code="import_refused",
        says=(VCENTER, "no host has room"),
        remedy="Free processor or memory",
    ),
    Case(
        id="the lease never becomes ready",
        breaks=lambda ground: ground.control.lease_error("SystemError", "the host lost its datastore"),
        code="lease_failed",
        says=(VCENTER, "the host lost its datastore"),
        remedy="import task in vCenter",
    ),
    Case(
        id="the lease fails when progress is told",
        breaks=lambda ground: ground.control.lease_error("SystemError", "the host restarts", at="progress"),
        code="lease_failed",
        says=(VCENTER, "the host restarts"),
        remedy="import task in vCenter",
    ),
    Case(
        id="the lease fails while a disk is sent",
        breaks=lambda ground: ground.control.lease_error("SystemError", "the host restarts", at="upload"),
        code="lease_failed",
        says=(VCENTER, "the host restarts"),
        remedy="import task in vCenter",
    ),
    Case(
        id="the lease fails when all is there",
        breaks=lambda ground: ground.control.lease_error("SystemError", "the host restarts", at="complete"),
        code="lease_failed",
        says=(VCENTER, "the host restarts"),
        remedy="import task in vCenter",
    ),
    Case(
        id="the import is completed and nobody hears it",
        breaks=lambda ground: ground.control.break_call("HttpNfcLeaseComplete", "drop"),
        code="connection_lost",
        says=(VCENTER, "HttpNfcLeaseComplete"),
        remedy=RUNNING,
    ),
    Case(
        id="progress does not get through once",
        breaks=lambda ground: ground.control.break_call("HttpNfcLeaseProgress", "cut"),
    ),
    Case(
        id="the session ends when all is there",
        breaks=lambda ground: ground.control.expire_sessions("HttpNfcLeaseComplete"),
        code="lease_failed",
        says=(VCENTER, "session"),
        remedy="again",
    ),
    Case(
        id="the machine is removed when all is there",
        breaks=lambda ground: ground.control.remove_machine_at("HttpNfcLeaseComplete", VM_NAME),
        code="lease_failed",
        says=(VCENTER, "gave up the import", "deleted"),
        remedy="vCenter",
    ),
    Case(
        id="the machine is removed while disks are sent",
        breaks=lambda ground: ground.control.remove_machine_at("HttpNfcLeaseProgress", VM_NAME),
        code="lease_failed",
        says=(VCENTER, "gave up the import", "deleted"),
        remedy="vCenter",
    ),
    Case(
        id="the session ends while disks are sent",
        breaks=lambda ground: ground.control.expire_sessions("HttpNfcLeaseProgress"),
        code="lease_failed",
        says=(VCENTER, "session"),
        remedy="again",
    ),
    Case(
        id="the lease times out",
        breaks=lambda ground: timed_out(ground),
        code="lease_failed",
        says=(VCENTER, "gave up the import", "timed out"),
        remedy="import task in vCenter",
    ),
    Case(
        id="the datastore is full before anything is sent",
        breaks=lambda ground: ground.control.add_fault(
            "ImportVApp", "NoDiskSpace", message="LocalDS_0 is full", details={"datastore": "LocalDS_0"}
        ),
        code="import_refused",
        says=(VCENTER, "LocalDS_0"),
        remedy="Free or add space",
    ),
    Case(
        id="uploads are slow",
        breaks=lambda ground: ground.control.limit_uploads(bytes_per_s=5_000_000),
    ),
    Case(
        id="the disk is full",
        breaks=lambda ground: ground.control.limit_uploads(status=507, reason="No space left on device"),
        code="upload_failed",
        says=(HOST, "507", "No space left on device"),
        remedy="datastore",
    ),
    Case(
        id="the disk was full for a moment",
        breaks=lambda ground: ground.control.limit_uploads(
            status=500, reason="No space left on device", kills=1
        ),
    ),
    Case(
        id="an upload breaks once",
        breaks=lambda ground: ground.control.limit_uploads(kill_after=300_000, kills=1),
    ),
    Case(
        id="every upload breaks",
        breaks=lambda ground: ground.control.limit_uploads(kill_after=300_000),
        code="upload_failed",
        says=(HOST, ".vmdk"),
        remedy="TCP 443",
    ),
    Case(
        id="an upload stands still",
        breaks=lambda ground: stalled(ground),
        code="upload_failed",
        says=(HOST, "took nothing of"),
        remedy="datastore",
    ),
    Case(
        id="the host's name is not known",
        breaks=lambda ground: ground.control.device_host("esx-unknown.lab.test"),
        code="upload_failed",
        says=("esx-unknown.lab.test",),
        remedy="resolve",
    ),
    Case(
        id="the host has another certificate",
        breaks=lambda ground: ground.other_certificate(hosts=True),
        code="upload_failed",
        says=(HOST, "fingerprint", "Nothing was sent"),
        remedy="renewed",
    ),
)

GUEST = (
    Case(
        id="the right to power on is gone",
        breaks=lambda ground: ground.control.add_fault(
            "PowerOnVM_Task", "NoPermission", details={"privilegeId": "VirtualMachine.Interact.PowerOn"}
        ),
        code="no_permission",
        says=(VCENTER, "VirtualMachine.Interact.PowerOn"),
        remedy="vSphere administrator",
    ),
    Case(
        id="the host has no memory left",
        breaks=lambda ground: ground.control.add_fault(
            "PowerOnVM_Task", "InsufficientResourcesFault", message="no memory left"
        ),
        code="call_failed",
        says=(VCENTER, "PowerOnVM_Task", "no memory left"),
        remedy="Free processor or memory",
    ),
    Case(
        id="it is powered on and nobody hears it",
        breaks=lambda ground: ground.control.break_call("PowerOnVM_Task", "drop"),
        code="connection_lost",
        says=(VCENTER, "PowerOnVM_Task"),
        remedy=RUNNING,
    ),
    Case(
        id="the session ends when it is to be powered on",
        breaks=lambda ground: ground.control.expire_sessions("PowerOnVM_Task"),
    ),
    Case(
        id="the machine is removed when it is to be powered on",
        breaks=lambda ground: ground.control.remove_machine_at("PowerOnVM_Task", VM_NAME),
        code="not_found",
        says=(VCENTER, "no longer in the inventory"),
        remedy="again",
    ),
    Case(
        id="the guest says nothing",
        breaks=lambda ground: silent(ground),
        says=("192.0.2.10",),
    ),
    Case(
        id="the guest has another address",
        breaks=lambda ground: elsewhere(ground),
        says=("192.0.2.77",),
    ),
    Case(
        id="one look at the guest is lost",
        breaks=lambda ground: ground.control.break_call(READ, "drop", object=VM_NAME),
    ),
    Case(
        id="one look at the guest comes by half",
        breaks=lambda ground: ground.control.break_call(READ, "truncate", object=VM_NAME),
    ),
    Case(
        id="nobody can look at the guest for long",
        breaks=lambda ground: unseen(ground),
        code="left_behind",
        says=(VCENTER, READ, VM_NAME),
        remedy="",
        left=True,
        mend=lambda ground: ground.control.remove_machine(VM_NAME),
    ),
    Case(
        id="the session ends while the guest boots",
        breaks=lambda ground: expire_at_the_guest(ground),
    ),
    Case(
        id="vCenter fails while the guest boots",
        breaks=lambda ground: ground.control.add_fault(
            READ, "SystemError", object=VM_NAME, message="out of memory", count=1
        ),
        code="call_failed",
        says=(VCENTER, "out of memory"),
        remedy="vCenter",
    ),
)


def expire_at_the_guest(ground: Ground) -> None:
    ground.control.expire_sessions(READ, object=VM_NAME)


def silent(ground: Ground) -> None:
    ground.impatient()
    ground.control.set_guests(silent=True)


def elsewhere(ground: Ground) -> None:
    ground.impatient()
    ground.control.set_guests(delay_s=0, address="192.0.2.77")


def unseen(ground: Ground) -> None:
    ground.impatient(removal_s=0.3)
    ground.control.break_call(READ, "cut", object=VM_NAME, count=0)


def stalled(ground: Ground) -> None:
    ground.impatient()
    ground.control.limit_uploads(bytes_per_s=1)


def timed_out(ground: Ground) -> None:
    """Progress is told, and arrives too late."""
    ground.control.lease_timeout(1)
    ground.control.add_delay("HttpNfcLeaseProgress", 2500, count=1)
    ground.control.limit_uploads(bytes_per_s=400_000)
