"""The lab as a whole brings machines to be installed, and lab.json says how to get there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.hosts.connection import HostConnection, open_host
from wizard.hosts.probe import probe_host
from wizard.lab.build import LabUnavailable
from wizard.lab.environment import TARGET_HOSTS, Ports, connect_to
from wizard.lab.linux_host import LinuxHost
from wizard.lab.run import Lab
from wizard.text import Text

# Without a simulator nothing takes the ports of vCenter, and the detours still need one to name.
FREE = replace(Ports.from_base(0), vcenter=Ports().vcenter, control=Ports().control)


def no_simulator() -> Path:
    raise LabUnavailable(Text("There is no Go here."))


def test_what_the_description_says_leads_to_a_session_on_every_machine(tmp_path: Path) -> None:
    with Lab(tmp_path, ports=FREE, binary=no_simulator) as lab:
        found = json.loads(lab.description_file.read_text())
        book = AddressBook.parse(found["connect_to"])
        names = []
        for host in found["hosts"]:
            probe = probe_host(host["name"], host["service_port"], host["transport"], book)
            assert probe.ok
            assert probe.fingerprint_sha256 == host["thumbprint_sha256"]
            connection = HostConnection(
                host=host["name"],
                port=host["service_port"],
                username=host["username"],
                password=host["password"],
                transport=host["transport"],
                auth="password" if host["transport"] == "ssh" else "negotiate",
                fingerprint_sha256=host["thumbprint_sha256"],
                book=book,
            )
            with open_host(connection) as session:
                assert session.run_script("echo 'hello'\n'hello'", deadline_s=10).exit_code == 0
            names.append((host["scenario"], host["name"]))
        assert names == [
            ("healthy", "healthy.lab.test"),
            ("needs_work", "needs-work.lab.test"),
            ("appliance", "appliance.lab.test"),
            ("linuxmt", "linuxmt.lab.test"),
        ]
        for target in TARGET_HOSTS:
            query = dns.message.make_query(target.name, "A")
            response = dns.query.udp(query, "127.0.0.1", timeout=AT_ONCE_S, port=found["dns"]["port"])
            assert response.answer[0][0].to_text() == target.address


def test_the_ways_to_the_machines_are_known_before_the_lab_runs() -> None:
    book = AddressBook.parse(connect_to(Ports()))
    assert book.locate("healthy.lab.test", 5986) == ("127.0.0.1", Ports().healthy)
    assert book.locate("192.0.2.14", 5986) == ("127.0.0.1", Ports().needs_work)
    assert book.locate("linuxmt.lab.test", 22) == ("127.0.0.1", Ports().linuxmt)


def test_fingerprints_stay_the_same_from_run_to_run(tmp_path: Path) -> None:
    seen = []
    for _run in range(2):
        with Lab(tmp_path, ports=FREE, binary=no_simulator) as lab:
            seen.append([host["thumbprint_sha256"] for host in lab.description()["hosts"]])
    assert seen[0] == seen[1]


def test_a_port_that_is_taken_leaves_no_machine_behind(tmp_path: Path) -> None:
    with LinuxHost() as taken:
        ports = replace(FREE, appliance=taken.port)
        lab = Lab(tmp_path, ports=ports, binary=no_simulator)
        with pytest.raises(OSError, match="in use"):
            lab.__enter__()
    assert set(lab.hosts) == {"healthy", "needs_work"}
    for host in lab.hosts.values():
        assert not probe_host("127.0.0.1", host.port, "winrm_https").ok
