"""The lab for tests of every room: one vCenter simulator a session, and the network around it, on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.tools import missing
from wizard.lab.build import LabUnavailable
from wizard.lab.control import ControlError
from wizard.lab.vcenter import LabVCenter


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
    control.set_gone(False)
    control.clear_faults()
    control.limit_uploads()
    control.set_guests()
    control.present_certificate(lab_vcenter.pair.certificate, lab_vcenter.pair.key)
    control.expire_leases()
    while left := [machine for machine in control.machines() if machine["moid"] not in known]:
        # One whose lease has ended may be on its way out at this very moment.
        with contextlib.suppress(ControlError):
            control.remove_machine(left[0]["name"])
