"""The lab for tests of every room: one vCenter simulator a session, and the network around it, on loopback."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools import missing
from wizard.lab.build import LabUnavailable
from wizard.lab.control import ControlError
from wizard.lab.environment import Ports, connect_to
from wizard.lab.ova import NAME, make_ova
from wizard.lab.run import Lab
from wizard.lab.vcenter import LabVCenter
from wizard.text import Text


@pytest.fixture(scope="session")
def lab_vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    """One simulator for all tests that talk to a vCenter."""
    try:
        vcenter = LabVCenter(directory=tmp_path_factory.mktemp("vcenter"))
    except LabUnavailable as error:
        missing(str(error))
    with vcenter:
        yield vcenter


@pytest.fixture
def vcenter(lab_vcenter: LabVCenter) -> Iterator[LabVCenter]:
    """The simulator without faults, counters, machines or a changed certificate left over from another test."""
    control = lab_vcenter.control
    control.reset_logins()
    control.expire_sessions()
    control.reset_uploads()
    known = {machine["moid"] for machine in control.machines()}
    yield lab_vcenter
    control.clear_faults()
    control.set_guests()
    leave_vcenter()
    assert control.sessions() == [], "somebody is still signed in"
    control.restore_datastores()
    control.expire_leases()
    while left := [machine for machine in control.machines() if machine["moid"] not in known]:
        # One whose lease has ended may be on its way out at this very moment.
        with contextlib.suppress(ControlError):
            control.remove_machine(left[0]["name"])


@pytest.fixture
def no_goodbye(vcenter: LabVCenter) -> Iterator[None]:
    """For a test at whose end nobody can log out: the server ends the session itself, as it does with one that idles."""
    yield
    vcenter.control.expire_sessions()


def leave_vcenter() -> None:
    """Log out of every vCenter, as a worker does at its end. Pure rooms have no such sessions, nor the module that keeps them."""
    access = sys.modules.get("wizard.services.vcenter_access")
    if access is not None:
        access.close_sessions()


@pytest.fixture(autouse=True)
def signed_out() -> Iterator[None]:
    """No session outlives its test: the next one may have another vCenter, and counts logins of its own."""
    yield
    leave_vcenter()


@pytest.fixture(scope="session")
def lab_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Names, time, Azure's endpoints and a proxy, beside the simulator that all tests share."""

    def without_simulator() -> Path:
        raise LabUnavailable(Text("The simulator runs already."))

    directory = tmp_path_factory.mktemp("network")
    make_ova(directory / "templates" / f"{NAME}.ova")
    with Lab(directory, ports=Ports.from_base(0), binary=without_simulator) as lab:
        yield lab


@pytest.fixture
def connected(
    vcenter: LabVCenter, lab_network: Lab, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wizard as somebody set it up who has this lab: its own settings, and those of workers that a test starts."""
    found = lab_network.description()
    ports = {name: found[name]["port"] for name in ("dns", "ntp", "front", "proxy")}
    chosen = {
        "CONNECT_TO": connect_to(Ports(vcenter=vcenter.port, control=vcenter.control_port, **ports)),
        "PROBE_CA_FILE": found["ca_file"],
        "TEMPLATE_DIR": str(tmp_path / "templates"),
        "GUEST_WAIT_SECONDS": "5",
        "TASK_LEASE_SECONDS": "3",
    }
    (tmp_path / "templates").mkdir()
    # Reading all the authorities of the system again and again takes most of a preflight against the lab.
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
        kind = type(getattr(settings, name))
        setattr(settings, name, Path(value) if issubclass(kind, Path) else kind(value))
