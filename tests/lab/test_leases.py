"""What becomes of import leases when something goes wrong, and when whoever held them is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pyVmomi import vim, vmodl

from tests.lab.client import Client, Import
from tests.lab.test_imports import BROKEN
from tests.waiting import wait_until
from wizard.lab.control import ControlError
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter


def sha1_of(certificate: Path) -> str:
    parsed = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    return parsed.fingerprint(hashes.SHA1()).hex(":").upper()


@pytest.fixture
def operator(vcenter: LabVCenter) -> Iterator[Client]:
    """Signed in with exactly the rights that an import needs; what it began is undone."""
    before = {machine["moid"] for machine in vcenter.control.machines()}
    with Client.connect(vcenter, "asr-operator") as client:
        yield client
        vcenter.control.expire_leases()
        wait_until(lambda: {machine["moid"] for machine in vcenter.control.machines()} <= before)
    assert vcenter.control.open_leases() == []


def state(vcenter: LabVCenter, name: str) -> str:
    return str([lease["state"] for lease in vcenter.control.leases() if lease["name"] == name][-1])


def exists(vcenter: LabVCenter, name: str) -> bool:
    return name in {machine["name"] for machine in vcenter.control.machines()}


def test_a_lease_ends_with_its_machine(vcenter: LabVCenter, operator: Client, template: Path) -> None:
    job = Import(operator, template, "swept-away", provisioning="thin")
    vcenter.control.remove_machine("swept-away")
    assert state(vcenter, "swept-away") == "ended"
    wait_until(lambda: job.state() == "error")
    with pytest.raises(vim.fault.InvalidState):
        job.lease.HttpNfcLeaseProgress(50)


@pytest.mark.parametrize("how", ["logs out", "expires"])
def test_a_lease_ends_with_its_session_and_leaves_its_machine_to_whoever_comes_next(
    vcenter: LabVCenter, template: Path, how: str
) -> None:
    name = f"left when it {how}"
    with Client.connect(vcenter, "asr-operator") as client:
        Import(client, template, name, provisioning="thin")
        assert state(vcenter, name) == "open"
        if how == "expires":
            vcenter.control.expire_sessions()
    assert state(vcenter, name) == "ended"
    assert exists(vcenter, name)
    vcenter.control.remove_machine(name)


def test_a_lease_that_is_to_fail_never_becomes_ready(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    vcenter.control.lease_error("InsufficientResourcesFault", "no host is left")
    job = Import(operator, template, "never-ready", provisioning="thin")
    assert job.state() == "error"
    error = operator.read(job.lease, "error")["error"]
    assert isinstance(error, vim.fault.InsufficientResourcesFault)
    assert error.msg == "no host is left"
    assert state(vcenter, "never-ready") == "failed"
    wait_until(lambda: not exists(vcenter, "never-ready"))
    Import(operator, template, "the-next-one", provisioning="thin").lease.HttpNfcLeaseComplete()
    vcenter.control.remove_machine("the-next-one")


@pytest.mark.parametrize("at", ["progress", "complete"])
def test_a_lease_fails_at_the_call_that_was_named(
    vcenter: LabVCenter, operator: Client, template: Path, at: str
) -> None:
    job = Import(operator, template, f"fails-at-{at}", provisioning="thin")
    vcenter.control.lease_error("FileLocked", "the datastore is locked", at=at, details={"file": "a.vmdk"})
    call = {
        "progress": lambda: job.lease.HttpNfcLeaseProgress(10),
        "complete": job.lease.HttpNfcLeaseComplete,
    }[at]
    with pytest.raises(vim.fault.FileLocked) as refused:
        call()
    assert refused.value.file == "a.vmdk"
    assert job.state() == "error"
    wait_until(lambda: not exists(vcenter, f"fails-at-{at}"))


def test_a_lease_fails_while_a_disk_arrives(vcenter: LabVCenter, operator: Client, template: Path) -> None:
    job = Import(operator, template, "fails-at-upload", provisioning="thin")
    vcenter.control.lease_error("SystemError", "the host ran out of memory", at="upload")
    with pytest.raises(BROKEN):
        job.upload()
    assert job.state() == "error"


def test_a_moment_or_a_fault_that_does_not_exist_is_refused(vcenter: LabVCenter) -> None:
    with pytest.raises(ControlError, match="none of ready, progress, upload, complete"):
        vcenter.control.lease_error("SystemError", "", at="tea")
    with pytest.raises(ControlError, match="NoSuchFault"):
        vcenter.control.lease_error("NoSuchFault", "")


def test_a_lease_times_out_when_nobody_reports(vcenter: LabVCenter, operator: Client, template: Path) -> None:
    vcenter.control.lease_timeout(1)
    job = Import(operator, template, "forgotten", provisioning="thin")
    assert job.info.leaseTimeout == 1
    wait_until(lambda: job.state() == "error")
    assert state(vcenter, "forgotten") == "expired"
    with pytest.raises((vim.fault.InvalidState, vmodl.fault.ManagedObjectNotFound)):
        job.lease.HttpNfcLeaseProgress(10)


def test_upload_addresses_can_name_another_host(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    vcenter.control.device_host("esx-unknown.lab.test")
    job = Import(operator, template, "nowhere", provisioning="thin")
    assert {urlsplit(device.url).hostname for device in job.urls().values()} == {"esx-unknown.lab.test"}


def test_an_upload_is_refused_with_a_status_as_often_as_asked(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    job = Import(operator, template, "refused", provisioning="thin")
    url = next(iter(job.urls().values())).url
    vcenter.control.limit_uploads(status=507, reason="disk full", kills=1)
    assert job.post(url, b"x" * 1000) == 507
    assert [item["state"] for item in vcenter.control.uploads()] == ["refused"]
    assert job.post(url, b"x" * 1000) == 200


def test_an_upload_is_refused_after_some_bytes(vcenter: LabVCenter, operator: Client, template: Path) -> None:
    job = Import(operator, template, "refused-late", provisioning="thin")
    vcenter.control.limit_uploads(status=500, kill_after=100_000)
    assert job.post(next(iter(job.urls().values())).url, b"x" * 150_000) == 500
    (item,) = vcenter.control.uploads()
    assert item["state"] == "refused"
    assert item["bytes"] >= 100_000


def test_another_certificate_of_the_hosts_is_not_the_one_that_vcenter_announces(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    other = vcenter.authority.issue("esxi-changed", ("esx-01.lab.test",))
    before = next(
        iter(Import(operator, template, "before", provisioning="thin").urls().values())
    ).sslThumbprint
    vcenter.control.present_certificate(other.certificate, other.key, hosts=True)
    assert (
        next(iter(Import(operator, template, "after", provisioning="thin").urls().values())).sslThumbprint
        == before
        != sha1_of(other.certificate)
    )


def test_a_fault_meets_the_calls_of_the_lease_of_one_machine(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    job, other = (
        Import(operator, template, "this-one", provisioning="thin"),
        Import(operator, template, "another", provisioning="thin"),
    )
    vcenter.control.add_fault("HttpNfcLeaseProgress", "SystemError", object="lease of this-one")
    other.lease.HttpNfcLeaseProgress(1)
    with pytest.raises(vmodl.fault.SystemError):
        job.lease.HttpNfcLeaseProgress(1)
