"""The simulator as a process: it starts, is the same again, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import ssl
from hashlib import sha256
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.lab.client import Client, signed_in
from tests.waiting import wait_until
from wizard.lab.accounts import ACCOUNTS
from wizard.lab.inventory import INSTANCE_UUID, default_inventory
from wizard.lab.vcenter import NAME, LabVCenter

pytestmark = pytest.mark.vcenter


def shown(vcenter: LabVCenter, name: str | None = None) -> str:
    """SHA-256 of the certificate that a caller is shown who asks for `name`."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection((vcenter.host, vcenter.port), 5)
    with raw, context.wrap_socket(raw, server_hostname=name) as tls:
        certificate = tls.getpeercert(binary_form=True)
    assert certificate
    return sha256(certificate).digest().hex(":").upper()


def where_machines_are(vcenter: LabVCenter) -> set[tuple[str, str, str]]:
    return {(item["moid"], item["path"], item["host"]) for item in vcenter.control.machines()}


def small(simulator: Path, directory: Path) -> LabVCenter:
    """One of half the size, as it is started for a single test."""
    inventory = default_inventory()
    inventory["datacenters"] = inventory["datacenters"][1:]
    return LabVCenter(directory=directory, binary=simulator, inventory=inventory, accounts=ACCOUNTS[:2])


def test_it_introduces_itself_as_a_vcenter_server_of_version_8(admin: Client) -> None:
    about = admin.content.about
    assert (about.apiType, about.version, about.apiVersion) == ("VirtualCenter", "8.0.2", "8.0.2.0")
    assert about.instanceUuid == INSTANCE_UUID
    assert about.fullName.startswith("VMware vCenter Server 8.0.2 build-")


def test_its_certificate_is_valid_for_its_names_and_the_thumbprint_is_the_one_announced(
    vcenter: LabVCenter,
) -> None:
    context = ssl.create_default_context(cafile=str(vcenter.ca_file))
    for name in (NAME, "localhost", "127.0.0.1"):
        with socket.create_connection((vcenter.host, vcenter.port), 5) as raw:
            context.wrap_socket(raw, server_hostname=name).close()
    assert shown(vcenter) == vcenter.thumbprint_sha256


def test_an_esxi_host_shows_a_certificate_of_its_own(vcenter: LabVCenter) -> None:
    assert shown(vcenter, "esx-01.lab.test") != shown(vcenter, NAME)


def test_port_thumbprint_and_object_ids_stay_over_a_restart(simulator: Path, tmp_path: Path) -> None:
    vcenter = small(simulator, tmp_path)
    vcenter.start()
    before = vcenter.port, shown(vcenter), where_machines_are(vcenter)
    vcenter.stop()
    with pytest.raises(ConnectionRefusedError):
        shown(vcenter)
    vcenter.start()
    try:
        assert (vcenter.port, shown(vcenter), where_machines_are(vcenter)) == before
    finally:
        vcenter.stop()


def test_nothing_of_it_stays_when_it_stops(
    simulator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with small(simulator, tmp_path / "lab") as vcenter:
        pid = vcenter.pid
        assert list(scratch.rglob("LocalDS_0*")) or list(scratch.rglob("DC1-LocalDS_0"))
    assert list(scratch.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_ends_when_whoever_started_it_is_gone(simulator: Path, tmp_path: Path) -> None:
    vcenter = small(simulator, tmp_path)
    vcenter.start()
    assert vcenter._process is not None
    assert vcenter._process.stdin is not None
    home = Path(vcenter._home.name)
    assert home.exists()
    vcenter._process.stdin.close()
    try:
        wait_until(lambda: not vcenter.running)
        assert not home.exists()
    finally:
        vcenter.stop()


def test_a_configuration_that_it_cannot_use_is_told_in_its_words(simulator: Path, tmp_path: Path) -> None:
    inventory = default_inventory()
    inventory["datacenters"][0]["vms"][0]["networks"] = ["Nowhere"]
    vcenter = LabVCenter(directory=tmp_path, binary=simulator, inventory=inventory)
    with pytest.raises(RuntimeError, match=r'there is no "Nowhere"'):
        vcenter.start()
    assert not vcenter.running


def test_an_account_that_does_not_exist_is_refused(vcenter: LabVCenter) -> None:
    with pytest.raises(vim.fault.InvalidLogin), signed_in(vcenter, "nobody@vsphere.local", "x"):
        pass
    assert vcenter.control.logins()["nobody@vsphere.local"]["failures"] == 1
