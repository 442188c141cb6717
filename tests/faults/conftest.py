"""One deployment, taken once through every stage, and then put back to whichever a test begins with."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.builders import make_operator
from tests.faults.ground import PATIENT, Ground
from tests.faults.reading import OTHER_NAME, USUAL_NAME
from tests.snapshot import Snapshot
from tests.walk import VM_NAME, Walk
from wizard.lab.environment import Ports, connect_to
from wizard.lab.run import Lab
from wizard.lab.vcenter import LabVCenter
from wizard.models import Operator
from wizard.services import appliance
from wizard.services.discovery import WATCHES
from wizard.vsphere import guest, import_attempt, nfc_lease, removal

STAGES = ("checked", "deployed", "registered")


@pytest.fixture(autouse=True)
def _django_db_helper() -> None:
    """In place of pytest-django's, which empties the database after each test: here each begins with all of it put back."""


@pytest.fixture(scope="module")
def in_a_hurry() -> Iterator[None]:
    """A lab on the same machine is looked at again sooner than a vCenter far away."""
    with pytest.MonkeyPatch.context() as patch:
        for module, pause in (
            (import_attempt, "RETRY_S"),
            (removal, "POLL_S"),
            (nfc_lease, "RETRY_S"),
            (guest, "POLL_S"),
        ):
            patch.setattr(module, pause, 0.02)
        patch.setattr(appliance, "PATIENCE", PATIENT)
        # Reading all the authorities of the system again and again takes most of a preflight against the lab.
        patch.setenv("SSL_CERT_FILE", os.devnull)
        yield


@pytest.fixture(scope="module")
def lab_settings(
    lab_vcenter: LabVCenter, lab_network: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    found = lab_network.description()
    ports = {name: found[name]["port"] for name in ("dns", "ntp", "front", "proxy")}
    book = connect_to(Ports(vcenter=lab_vcenter.port, control=lab_vcenter.control_port, **ports))
    with override_settings(
        CONNECT_TO=book,
        PROBE_CA_FILE=type(settings.PROBE_CA_FILE)(found["ca_file"]),
        TEMPLATE_DIR=tmp_path_factory.mktemp("templates"),
        GUEST_WAIT_SECONDS=1,
    ):
        yield


@pytest.fixture(scope="module")
def prepared(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    lab_settings: None,
    in_a_hurry: None,
    lab_vcenter: LabVCenter,
) -> Iterator[tuple[Walk, dict[str, Snapshot]]]:
    """The deployment, and the database as it was at each stage. Its machine is not in vCenter any more."""
    control = lab_vcenter.control
    control.set_guests(delay_s=0, address="192.0.2.10")
    snapshots = {}
    with django_db_blocker.unblock():
        walk = Walk(make_operator("oskar", Operator.Role.OPERATOR), lab_vcenter)
        walk.to("template", file_mb=1)
        for stage in STAGES:
            walk.to(stage)
            snapshots[stage] = Snapshot()
        control.remove_machine(VM_NAME)
        control.set_guests()
        yield walk, snapshots
        call_command("flush", verbosity=0, interactive=False)
    # As it was: other tests read the same machines.
    if any(machine["name"] == OTHER_NAME for machine in control.machines()):
        control.rename_machine(OTHER_NAME, USUAL_NAME)


@pytest.fixture
def ground(prepared: tuple[Walk, dict[str, Snapshot]], vcenter: LabVCenter) -> Iterator[Ground]:
    """Each begins with putting the whole database back, so nothing has to be emptied in between."""
    walk, snapshots = prepared
    vcenter.control.set_guests(delay_s=0, address="192.0.2.10")
    with pytest.MonkeyPatch.context() as patch:
        ground = Ground(walk, snapshots, patch)
        yield ground
        ground.calm()
    WATCHES.close_all()
