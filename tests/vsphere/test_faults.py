"""What vSphere answers, told with the address, the step and what to do."""

from __future__ import annotations

import pytest
from pyVmomi import vim, vmodl

from tests.vsphere.conftest import SignIn
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.errors import CallFailed, ConnectionLost, NoPermission, NotFound, VSphereError
from wizard.vsphere.faults import LONGEST_MESSAGE, call_of, explain

ADDRESS = "vcenter.lab.test:443"


@pytest.mark.parametrize(
    ("fault", "told", "remedy"),
    [
        (vim.fault.InvalidState(), "in the state that the object is in", "powered on, in maintenance"),
        (vim.fault.InvalidPowerState(), "in the state that the object is in", "powered on, in maintenance"),
        (vim.fault.TaskInProgress(), "another task works on the same object", "recent tasks"),
        (vim.fault.FileFault(file="[ds] x.vmdk"), "a file on the datastore", "not locked"),
        (
            vim.fault.NoDiskSpace(file="x", datastore="ds"),
            "The datastore is full",
            "another one in the placement",
        ),
        (vim.fault.InsufficientResourcesFault(), "not enough resources", "reservations or admission control"),
        (vim.fault.InsufficientMemoryResourcesFault(), "not enough resources", "Free processor or memory"),
        (vmodl.fault.SystemError(reason="x"), "failed inside", "health of vCenter's services"),
        (vmodl.RuntimeFault(), "failed inside", "health of vCenter's services"),
        (vim.fault.HostConnectFault(), "could not reach the ESXi host", "Reconnect the host"),
        (vmodl.fault.HostNotConnected(), "could not reach the ESXi host", "Reconnect the host"),
        (vim.fault.RestrictedVersion(), "licence", "free edition of ESXi only lets others read"),
        (vim.fault.LicenseRestricted(), "licence", "assign a licence"),
        (vim.fault.Timedout(), "took too long", "load of vCenter"),
        (vmodl.fault.RequestCanceled(), "was cancelled", "who cancelled it"),
        (vmodl.fault.NotSupported(), "answered CloneVM_Task with NotSupported", "event at this time"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, vmodl.MethodFault) else "",
)
def test_a_fault_is_told_with_address_step_and_remedy(
    fault: vmodl.MethodFault, told: str, remedy: str
) -> None:
    fault.msg = "what\n the server  says"
    error = explain(fault, address=ADDRESS, step="CloneVM_Task")
    assert type(error) is CallFailed
    name = type(fault).__name__.rpartition(".")[2]
    for part in (told, ADDRESS, "CloneVM_Task", name, "what the server says"):
        assert part in str(error)
    assert remedy in str(error.remedy)
    assert (error.address, error.step) == (ADDRESS, "CloneVM_Task")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (vim.fault.NotAuthenticated(), ConnectionLost),
        (vim.fault.NoPermission(privilegeId="VApp.Import"), NoPermission),
        (vmodl.fault.ManagedObjectNotFound(), NotFound),
    ],
)
def test_faults_with_an_error_of_their_own_name_the_step_too(
    fault: vmodl.MethodFault, kind: type[VSphereError]
) -> None:
    error = explain(fault, address=ADDRESS, step="ImportVApp")
    assert type(error) is kind
    assert ADDRESS in str(error)
    assert "ImportVApp" in str(error)
    assert str(error.remedy)


def test_a_server_that_says_very_much_does_not_fill_the_page() -> None:
    fault = vmodl.fault.SystemError(reason="x", msg="a" * 10_000)
    assert len(str(explain(fault, address=ADDRESS, step="Login"))) < LONGEST_MESSAGE + 100


@pytest.mark.vcenter
def test_a_fault_that_leaves_a_session_names_the_call_it_answered(
    sign_in: SignIn, vcenter: LabVCenter
) -> None:
    vcenter.control.add_fault("CurrentTime", "InvalidState", message="busy")
    with pytest.raises(CallFailed) as failed, sign_in() as session:
        session.server_time()
    assert failed.value.step == "CurrentTime"
    assert "refused CurrentTime in the state that the object is in: InvalidState, busy" in str(failed.value)


def test_a_fault_that_answered_no_call_is_known_by_its_name() -> None:
    assert call_of(vim.fault.InvalidState()) == "InvalidState"
