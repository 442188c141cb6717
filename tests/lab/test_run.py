"""The whole lab: what it writes down holds true, and it goes as it came."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.lab import arm_client
from tests.waiting import AT_ONCE_S, PATIENCE_S, wait_until
from wizard.addresses import AddressBook
from wizard.lab import build
from wizard.lab.build import LabUnavailable
from wizard.lab.environment import Ports, azure_names, environment
from wizard.lab.inventory import default_inventory, host_names
from wizard.lab.ova import sha256_of
from wizard.lab.run import Lab
from wizard.text import Text

ROOT = Path(__file__).parents[2]
FREE = Ports.from_base(0)


def no_simulator() -> Path:
    raise LabUnavailable(Text("There is no Go here."))


@pytest.mark.vcenter
def test_the_description_leads_to_everything(simulator: Path, tmp_path: Path) -> None:
    with Lab(tmp_path, ports=FREE, binary=lambda: simulator) as lab:
        found = json.loads(lab.description_file.read_text())
        book = AddressBook.parse(found["connect_to"])
        assert lab.vcenter is not None
        vcenter = ("127.0.0.1", found["vcenter"]["port"])
        assert found["vcenter"]["thumbprint_sha256"] == lab.vcenter.thumbprint_sha256
        assert (
            found["vcenter"]["accounts"]["asr-operator"]["password"] == lab.vcenter.account("asr-operator")[1]
        )
        for name in ("vcenter.lab.test", *host_names(default_inventory())):
            assert book.locate(name, 443) == vcenter
        for name in azure_names():
            assert book.locate(name, 443) == ("127.0.0.1", found["front"]["port"])
        for host, port in [
            vcenter,
            ("127.0.0.1", found["front"]["port"]),
            ("127.0.0.1", found["proxy"]["port"]),
        ]:
            socket.create_connection((host, port), 2).close()
        server, port = book.locate("192.0.2.53", 53)
        query = dns.message.make_query("cs01.lab.test", "A")
        response = dns.query.udp(query, server, timeout=AT_ONCE_S, port=port)
        assert response.answer[0][0].to_text() == found["appliance"]["address"]
        assert sha256_of(Path(found["ova"])) == found["ova_sha256"]
        assert Path(found["ca_file"]).exists()
        assert found["azure"]["subscription"] == "00000000-0000-0000-0000-000000000001"
        client = arm_client.Client.connect(lab.azure)
        names = {vault.name for vault in client.vaults.vaults.list_by_subscription_id()}
        client.close()
        assert names == {vault["name"] for vault in found["azure"]["vaults"]}
        assert {"lyon-vault", "lyon-appliance-vault", "essen-vault"} == names
        assert found["azure"]["url"] == lab.azure.url
        assert lab.description_file.stat().st_mode & 0o077 == 0
    assert not lab.description_file.exists()


def test_without_a_simulator_the_other_parts_run_and_the_reason_is_told(tmp_path: Path) -> None:
    with Lab(tmp_path, ports=FREE, binary=no_simulator) as lab:
        found = json.loads(lab.description_file.read_text())
        assert found["vcenter"] is None
        assert found["unavailable"] == "There is no Go here."
        socket.create_connection(("127.0.0.1", found["front"]["port"]), 2).close()


def test_a_template_that_lies_there_already_is_kept(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    kept = tmp_path / "templates" / "asr-configuration-server-lab.ova"
    kept.write_bytes(b"mine")
    with Lab(tmp_path, ports=FREE, binary=no_simulator):
        pass
    assert kept.read_bytes() == b"mine"


def test_a_start_that_fails_half_way_leaves_no_server_behind(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = Ports(vcenter=0, control=0, dns=0, ntp=0, front=0, proxy=taken.getsockname()[1])
        lab = Lab(tmp_path, ports=ports, binary=no_simulator)
        with pytest.raises(OSError, match="in use"):
            lab.__enter__()
    with pytest.raises(RuntimeError, match="not running"):
        _ = lab._front.port
    assert not lab.description_file.exists()


def test_the_settings_for_the_wizard_are_known_before_the_lab_runs(tmp_path: Path) -> None:
    settings = environment(tmp_path)
    book = AddressBook.parse(settings["CONNECT_TO"])
    assert book.locate("login.microsoftonline.com", 443) == ("127.0.0.1", Ports().front)
    assert book.locate("127.0.0.1", 53) == ("127.0.0.1", Ports().dns)
    assert book.locate("time.windows.com", 123) == ("127.0.0.1", Ports().ntp)
    assert book.locate("vcenter.example.net", 443) == ("vcenter.example.net", 443)
    assert settings["AZURE_EMULATOR"] == f"http://127.0.0.1:{Ports().azure}/"
    assert Path(settings["PROBE_CA_FILE"]).read_text().startswith("-----BEGIN CERTIFICATE")


def test_ports_are_in_a_row_from_a_base() -> None:
    ports = Ports.from_base(7000)
    assert sorted(getattr(ports, field.name) for field in fields(ports)) == [*range(7000, 7011)]


@pytest.mark.vcenter
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stays_until_it_is_told_to_stop(
    simulator: Path, tmp_path: Path, number: signal.Signals
) -> None:
    assert simulator == build.DEFAULT_DIRECTORY / "vcsim"
    description = tmp_path / "lab" / "lab.json"
    environ = {
        **os.environ,
        "FOOTHOLD_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
    }
    spoken = tmp_path / "spoken"
    with spoken.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "lab", "--port-base", "0"],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: str(description) in spoken.read_text() or process.poll() is not None)
        port = json.loads(description.read_text())["vcenter"]["port"]
        process.send_signal(number)
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, spoken.read_text()
    assert f"https://127.0.0.1:{port}" in spoken.read_text()
    # Whoever tries the manual path finds a machine and its account here, as well as in lab.json.
    assert re.search(r"^WinRM +healthy\.lab\.test:5986 +\S+ +\S+$", spoken.read_text(), re.MULTILINE)
    assert re.search(r"^SSH +linuxmt\.lab\.test:22 +\S+ +\S+$", spoken.read_text(), re.MULTILINE)
    assert not description.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
