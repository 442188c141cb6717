from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vsphere.conftest import lab_vcenter as lab_vcenter
from tests.vsphere.conftest import relay as relay
from tests.vsphere.conftest import session as session
from tests.vsphere.conftest import sign_in as sign_in
from tests.vsphere.conftest import vcenter as vcenter
from tests.vsphere_ova.importing import Importer
from wizard.lab.control import ControlError
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.session import Session


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's template, right in everything."""
    return make_ova(tmp_path_factory.mktemp("template") / "template.ova")


@pytest.fixture(scope="session")
def large_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose upload takes long enough for something to happen in the middle."""
    return make_ova(tmp_path_factory.mktemp("template") / "large.ova", file_mb=24)


@pytest.fixture
def stopwatch() -> Iterator[None]:
    """The test must not take longer than a person would wait for a form to be checked."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 2.0


@pytest.fixture
def importer(vcenter: LabVCenter, session: Session, template: Path) -> Iterator[Importer]:
    """Imports the template as its test wants it; machines, leases and limits do not outlive the test."""
    control = vcenter.control
    control.reset_uploads()
    known = {machine["moid"] for machine in control.machines()}
    yield Importer(control=control, session=session, template=template)
    control.set_gone(False)
    control.clear_faults()
    control.limit_uploads()
    control.expire_leases()
    while left := [machine for machine in control.machines() if machine["moid"] not in known]:
        # One whose lease has ended may be on its way out at this very moment.
        with contextlib.suppress(ControlError):
            control.remove_machine(left[0]["name"])
