"""Faults while vCenter is registered, its machines are discovered, and what has changed among them is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.faults.ground import VCENTER, Act, Case, Ground, Work
from tests.walk import VM_NAME, Failure
from wizard.models import Machine, VCenter
from wizard.services.discovery import WATCHES

RUNNING = "vCenter is running"
READ = "RetrievePropertiesEx"
QUESTION = "HasUserPrivilegeOnEntities"

# The names of one machine, which changes from one to the other and back.
USUAL_NAME, OTHER_NAME = "web-02", "web-02~"


# --- what must be true ------------------------------------------------------------------------------------------------


def nothing_is_registered(ground: Ground, failure: Failure) -> None:
    assert ground.deployment.state == "deployed"
    assert not VCenter.objects.exists()
    assert not Machine.objects.exists()


def it_is_registered(ground: Ground) -> None:
    assert ground.deployment.state == "registered"
    fresh(ground)


def nothing_changed_but_the_reason_is_kept(ground: Ground, failure: Failure) -> None:
    assert ground.deployment.state == "registered"
    vcenter = VCenter.objects.get()
    assert str(vcenter.refresh_failure) == failure.message
    assert str(vcenter.refresh_remedy) == failure.remedy
    assert vcenter.refresh_failure_details["code"] == failure.code
    assert vcenter.refreshing_until is None
    assert not vcenter.machines.exclude(gone_at=None).exclude(name=VM_NAME).exists()


def fresh(ground: Ground) -> None:
    """The rows say what vCenter shows, nobody holds the right to write them, and no failure is remembered."""
    vcenter = VCenter.objects.get()
    assert (str(vcenter.refresh_failure), vcenter.refreshing_until) == ("", None)
    here = {machine.moid: machine.name for machine in vcenter.machines.filter(gone_at=None)}
    assert here == {machine["moid"]: machine["name"] for machine in ground.control.machines()}


REGISTER = Work(
    kind="register_vcenter",
    stage="deployed",
    after_failure=nothing_is_registered,
    after_success=it_is_registered,
)
DISCOVER = Work(
    kind="discover_machines",
    stage="registered",
    inputs={"full": True},
    after_failure=nothing_changed_but_the_reason_is_kept,
    after_success=fresh,
)


def watch_and_change(ground: Ground) -> None:
    """A worker that watches this vCenter already, and a machine that has another name since."""
    WATCHES.keep()
    ground.walk.done("discover_machines")
    names = {machine["name"] for machine in ground.control.machines()}
    name, other = (USUAL_NAME, OTHER_NAME) if USUAL_NAME in names else (OTHER_NAME, USUAL_NAME)
    ground.control.rename_machine(name, other)


REFRESH = Work(
    kind="discover_machines",
    stage="registered",
    before=watch_and_change,
    after_failure=nothing_changed_but_the_reason_is_kept,
    after_success=fresh,
)


# --- what breaks ------------------------------------------------------------------------------------------------------


def failing(method: str, fault: str, message: str = "", **options: Any) -> Act:
    return lambda ground: ground.control.add_fault(method, fault, message=message, **options)


def broken(method: str, how: str, **options: Any) -> Act:
    return lambda ground: ground.control.break_call(method, how, **options)


def lost(name: str, method: str, how: str, **options: Any) -> Case:
    return Case(
        id=name,
        breaks=broken(method, how, **options),
        code="connection_lost",
        says=(VCENTER, method),
        remedy=RUNNING,
    )


def faulty(name: str, method: str, **options: Any) -> Case:
    return Case(
        id=name,
        breaks=failing(method, "SystemError", "out of memory", count=1, **options),
        code="call_failed",
        says=(VCENTER, method, "out of memory"),
        remedy="health of vCenter",
    )


def survived(name: str, breaks: Act) -> Case:
    return Case(id=name, breaks=breaks)


def ended(name: str, method: str, **options: Any) -> Case:
    return survived(name, lambda ground: ground.control.expire_sessions(method, **options))


UNRESOLVABLE = Case(
    id="vCenter's name is not known",
    breaks=Ground.unresolvable,
    code="unreachable",
    says=(VCENTER, "not known to the name"),
    remedy="DNS record",
)
GONE = Case(
    id="vCenter is gone",
    breaks=lambda ground: ground.control.set_gone(True),
    code="tls_failed",
    says=(VCENTER,),
    remedy="HTTPS port",
)
CHANGED = Case(
    id="vCenter has another certificate",
    breaks=Ground.other_certificate,
    code="certificate_changed",
    says=(VCENTER, "The password was not sent"),
    remedy="compare the fingerprint",
    unknown_sessions=True,
)
LATE = Case(
    id="vCenter does not answer in time",
    breaks=lambda ground: late(ground),
    code="connection_lost",
    says=(VCENTER, READ, "in time"),
    remedy=RUNNING,
)


def late(ground: Ground) -> None:
    ground.impatient()
    ground.control.add_delay(READ, 700, count=1)


def changed_at(method: str) -> Case:
    """Whoever shows another certificate is told nothing more, not even goodbye."""
    return Case(
        id=f"vCenter is restarted with another certificate at {method}",
        breaks=lambda ground: ground.other_certificate(method),
        code="connection_lost",
        says=(VCENTER, method),
        remedy=RUNNING,
        unknown_sessions=True,
    )


def wrong_password(ground: Ground) -> None:
    ground.control.add_fault("Login", "InvalidLogin")


def enter_it_again(ground: Ground) -> None:
    ground.walk.enter_password()


REFUSED = Case(
    id="the password is refused",
    breaks=wrong_password,
    code="invalid_login",
    says=(VCENTER, "refused the user name or the password"),
    remedy="tried once",
    mend=enter_it_again,
)

REGISTRATION = (
    UNRESOLVABLE,
    GONE,
    CHANGED,
    REFUSED,
    LATE,
    lost("a login is cut", "Login", "cut"),
    lost("the rights are asked for and nobody hears the answer", QUESTION, "drop"),
    lost("the rights are answered by half", QUESTION, "truncate"),
    faulty("vCenter fails while rights are compared", QUESTION),
    ended("the session ends while rights are compared", QUESTION),
    lost("the placement is answered by a proxy", READ, "garbage"),
    lost("the watch is set up and nobody hears it", "CreateFilter", "drop"),
    faulty("vCenter fails while the watch is set up", "CreateFilter"),
    lost("the version is answered by half", "WaitForUpdatesEx", "truncate"),
    changed_at("CreateFilter"),
)

DISCOVERY = (
    UNRESOLVABLE,
    GONE,
    CHANGED,
    REFUSED,
    LATE,
    lost("a login is cut", "Login", "cut"),
    lost("the view is made and nobody hears it", "CreateContainerView", "drop"),
    faulty("vCenter fails while the view is made", "CreateContainerView"),
    faulty("vCenter fails while the watch is set up", "CreateFilter"),
    lost("the machines are asked for in vain", READ, "cut"),
    lost("the machines are answered by half", READ, "truncate"),
    lost("a proxy answers for the machines", READ, "garbage"),
    faulty("vCenter fails while the machines are read", READ),
    lost("the version is answered by half", "WaitForUpdatesEx", "truncate"),
    ended("the session ends before the view is made", "CreateContainerView"),
    survived("a machine is removed while all are read", lambda ground: remove_the_changed(ground)),
    changed_at(READ),
)


def after_a_break(case: Case, breaks: Act) -> Case:
    """A watch has a connection that knows its way; only a new one asks for name and certificate."""

    def both(ground: Ground) -> None:
        breaks(ground)
        ground.control.drop_connections()

    return replace(case, breaks=both)


CHANGES = (
    after_a_break(UNRESOLVABLE, Ground.unresolvable),
    GONE,
    after_a_break(CHANGED, Ground.other_certificate),
    survived("the version is too old", failing("WaitForUpdatesEx", "InvalidCollectorVersion", count=1)),
    ended("the session has ended since", "WaitForUpdatesEx"),
    survived("the session had ended long ago", lambda ground: ground.control.expire_sessions()),
    survived("the changes are answered by half", broken("WaitForUpdatesEx", "truncate")),
    survived("the changes are told and nobody hears it", broken("WaitForUpdatesEx", "drop")),
    faulty("vCenter fails while changes are told", "WaitForUpdatesEx"),
    faulty("vCenter fails while the changed machine is read", READ),
    survived("the changed machine is answered by half", broken(READ, "truncate")),
    survived(
        "the changed machine is removed at this moment",
        lambda ground: remove_the_changed(ground),
    ),
)


def remove_the_changed(ground: Ground) -> None:
    """Told of as changed, and gone when it is read."""
    place = {"datacenter": "DC0", "folder": "Workloads/Test", "compute": "DC0_C0", "datastore": "LocalDS_0"}
    ground.control.add_machine({**place, "name": "short-lived", "disks_gb": [1]})
    ground.control.remove_machine_at(READ, "short-lived")
