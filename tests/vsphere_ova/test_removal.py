"""Taking a machine out of the inventory, however vCenter resists at first."""

from __future__ import annotations

import time

import pytest

from tests.vsphere_ova.importing import PLAN, Importer
from tests.waiting import AT_ONCE_S
from wizard.vsphere import removal
from wizard.vsphere.errors import CallFailed, ConnectionLost, NoPermission
from wizard.vsphere.removal import remove_vm

pytestmark = pytest.mark.vcenter

READ = "RetrievePropertiesEx"


@pytest.fixture
def moid(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A machine that is there."""
    monkeypatch.setattr(removal, "POLL_S", 0.02)
    return importer.run().moid


def test_the_first_look_is_repeated_too(importer: Importer, moid: str) -> None:
    importer.control.break_call(READ, "cut", object=moid, count=2)
    assert remove_vm(importer.session, moid) is True
    assert PLAN.vm_name not in importer.machines


def test_a_passing_refusal_is_no_end(importer: Importer, moid: str) -> None:
    importer.control.add_fault("Destroy_Task", "TaskInProgress", count=2)
    assert remove_vm(importer.session, moid) is True
    assert PLAN.vm_name not in importer.machines


@pytest.mark.parametrize(("how", "error"), [("cut", ConnectionLost), ("fault", CallFailed)])
def test_what_does_not_pass_is_told_in_the_end(
    importer: Importer, moid: str, how: str, error: type[Exception]
) -> None:
    if how == "cut":
        importer.control.break_call(READ, "cut", object=moid, count=0)
    else:
        importer.control.add_fault("Destroy_Task", "TaskInProgress")
    with pytest.raises(error):
        remove_vm(importer.session, moid, timeout_s=0.2)
    assert PLAN.vm_name in importer.machines


def test_what_is_not_allowed_is_not_tried_again(importer: Importer, moid: str) -> None:
    importer.control.add_fault("Destroy_Task", "NoPermission")
    began = time.monotonic()
    with pytest.raises(NoPermission):
        remove_vm(importer.session, moid, timeout_s=60.0)
    assert time.monotonic() - began < AT_ONCE_S
