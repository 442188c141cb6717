"""What goes wrong while somebody signs in, asks for rights, or reads the clock: each named by address and step, with a
remedy; nobody stays signed in; and once it is over, the same thing goes well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.vsphere.conftest import account_of, endpoint_of
from tests.waiting import wait_until
from wizard.addresses import DIRECT, AddressBook
from wizard.lab.vcenter import LabVCenter
from wizard.text import Text
from wizard.vsphere import errors, inventory, privileges
from wizard.vsphere.errors import VSphereError
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter

TIMEOUT_S = 0.4
LATE_MS = 600
ADDRESS = "vcenter.lab.test:443"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`breaks` is done beforehand; then `error` comes at `step`, and its text holds all that is in `says`."""

    id: str
    breaks: Callable[[LabVCenter], object]
    error: type[VSphereError]
    step: str
    says: tuple[str, ...] = ()
    remedy: str
    book: AddressBook | None = None
    # Its login was carried out, but the answer was lost: nobody can log out a session whose key nobody knows.
    unknown_session: bool = False


def nothing(vcenter: LabVCenter) -> None:
    """The fault lies on the way there."""


def other_certificate(vcenter: LabVCenter, at_method: str | None = None) -> None:
    other = vcenter.other_certificate()
    vcenter.control.present_certificate(other.certificate, other.key, at_method=at_method)


CONNECT = (
    Case(
        id="a name that does not resolve",
        breaks=nothing,
        book=DIRECT,
        error=errors.Unreachable,
        step="dns",
        says=("not known to the name",),
        remedy="DNS record",
    ),
    Case(
        id="a port that refuses",
        breaks=nothing,
        book=AddressBook.parse("::127.0.0.1:1"),
        error=errors.Unreachable,
        step="tcp",
        remedy="Check the port",
    ),
    Case(
        id="nobody there any more",
        breaks=lambda lab: lab.control.set_gone(True),
        error=errors.TlsFailed,
        step="tls",
        remedy="HTTPS port of vCenter",
    ),
    Case(
        id="another certificate",
        breaks=other_certificate,
        error=errors.CertificateChanged,
        step="tls",
        says=("The password was not sent",),
        remedy="compare the fingerprint",
    ),
    Case(
        id="another certificate right before the login",
        breaks=lambda lab: other_certificate(lab, "Login"),
        error=errors.ConnectionLost,
        step="Login",
        says=("Login",),
        remedy="vCenter is running",
    ),
    Case(
        id="the list of versions cut off",
        breaks=lambda lab: lab.control.break_call("vimServiceVersions.xml", "cut"),
        error=errors.ConnectionLost,
        step="vimServiceVersions.xml",
        says=("vimServiceVersions.xml",),
        remedy="vCenter is running",
    ),
    Case(
        id="a proxy's page for the list of versions",
        breaks=lambda lab: lab.control.break_call("vimServiceVersions.xml", "garbage"),
        error=errors.NotVSphere,
        step="soap",
        remedy="address of vCenter",
    ),
    Case(
        id="the list of versions too late",
        breaks=lambda lab: lab.control.add_delay("vimServiceVersions.xml", LATE_MS),
        error=errors.ConnectionLost,
        step="vimServiceVersions.xml",
        says=("in time",),
        remedy="vCenter is running",
    ),
    Case(
        id="a greeting cut in half",
        breaks=lambda lab: lab.control.break_call("RetrieveServiceContent", "truncate"),
        error=errors.ConnectionLost,
        step="RetrieveServiceContent",
        says=("RetrieveServiceContent",),
        remedy="vCenter is running",
    ),
    Case(
        id="a fault instead of the greeting",
        breaks=lambda lab: lab.control.add_fault(
            "RetrieveServiceContent", "HostConnectFault", message="the service is starting"
        ),
        error=errors.CallFailed,
        step="soap",
        says=("the service is starting",),
        remedy="vCenter",
    ),
    Case(
        id="a login that is not answered",
        breaks=lambda lab: lab.control.break_call("Login", "cut"),
        error=errors.ConnectionLost,
        step="Login",
        says=("Login",),
        remedy="vCenter is running",
    ),
    Case(
        id="a login whose answer is lost",
        breaks=lambda lab: lab.control.break_call("Login", "drop"),
        error=errors.ConnectionLost,
        step="Login",
        says=("Login",),
        remedy="vCenter is running",
        unknown_session=True,
    ),
    Case(
        id="a login whose answer is cut in half",
        breaks=lambda lab: lab.control.break_call("Login", "truncate"),
        error=errors.ConnectionLost,
        step="Login",
        says=("Login",),
        remedy="vCenter is running",
        unknown_session=True,
    ),
    Case(
        id="a proxy's page for a login",
        breaks=lambda lab: lab.control.break_call("Login", "garbage"),
        error=errors.ConnectionLost,
        step="Login",
        says=("Login",),
        remedy="vCenter is running",
        unknown_session=True,
    ),
    Case(
        id="a login too late",
        breaks=lambda lab: lab.control.add_delay("Login", LATE_MS),
        error=errors.ConnectionLost,
        step="Login",
        says=("in time",),
        remedy="vCenter is running",
        unknown_session=True,
    ),
    Case(
        id="a password refused",
        breaks=lambda lab: lab.control.add_fault("Login", "InvalidLogin"),
        error=errors.InvalidLogin,
        step="login",
        says=("refused the user name or the password",),
        remedy="tried once",
    ),
    Case(
        id="an account locked",
        breaks=lambda lab: lab.control.add_fault("Login", "InvalidLogin", message="The account is locked."),
        error=errors.AccountLocked,
        step="login",
        says=("locked",),
        remedy="unlock the account",
    ),
    Case(
        id="no permission at all",
        breaks=lambda lab: lab.control.add_fault("Login", "NoPermission"),
        error=errors.NoPermission,
        step="login",
        says=("The password is right",),
        remedy="role on the datacenter",
    ),
)

CLOCK = (
    Case(
        id="a session that ends",
        breaks=lambda lab: lab.control.expire_sessions("CurrentTime"),
        error=errors.ConnectionLost,
        step="CurrentTime",
        says=("has ended",),
        remedy="signs in anew",
    ),
    Case(
        id="an answer that is lost",
        breaks=lambda lab: lab.control.break_call("CurrentTime", "drop"),
        error=errors.ConnectionLost,
        step="CurrentTime",
        says=("CurrentTime",),
        remedy="vCenter is running",
    ),
)

QUESTION = "HasUserPrivilegeOnEntities"

PRIVILEGES = (
    Case(
        id="an answer that is lost",
        breaks=lambda lab: lab.control.break_call(QUESTION, "drop"),
        error=errors.ConnectionLost,
        step=QUESTION,
        says=(QUESTION,),
        remedy="vCenter is running",
    ),
    Case(
        id="half an answer",
        breaks=lambda lab: lab.control.break_call(QUESTION, "truncate"),
        error=errors.ConnectionLost,
        step=QUESTION,
        says=(QUESTION,),
        remedy="vCenter is running",
    ),
    Case(
        id="a proxy's page",
        breaks=lambda lab: lab.control.break_call(QUESTION, "garbage"),
        error=errors.ConnectionLost,
        step=QUESTION,
        says=(QUESTION,),
        remedy="vCenter is running",
    ),
    Case(
        id="an answer too late",
        breaks=lambda lab: lab.control.add_delay(QUESTION, LATE_MS),
        error=errors.ConnectionLost,
        step=QUESTION,
        says=(QUESTION, "in time"),
        remedy="vCenter is running",
    ),
    Case(
        id="a fault",
        breaks=lambda lab: lab.control.add_fault(QUESTION, "SystemError", message="out of memory"),
        error=errors.CallFailed,
        step=QUESTION,
        says=("out of memory", QUESTION),
        remedy="vCenter",
    ),
    Case(
        id="a session that ends",
        breaks=lambda lab: lab.control.expire_sessions(QUESTION),
        error=errors.ConnectionLost,
        step=QUESTION,
        says=("has ended",),
        remedy="signs in anew",
    ),
    Case(
        id="another certificate",
        breaks=lambda lab: other_certificate(lab, QUESTION),
        error=errors.ConnectionLost,
        step=QUESTION,
        says=(QUESTION,),
        remedy="vCenter is running",
        # Whoever shows another certificate is told nothing more, not even goodbye.
        unknown_session=True,
    ),
    Case(
        id="a datacenter that was removed",
        breaks=lambda lab: lab.control.add_fault(QUESTION, "ManagedObjectNotFound", object="DC0"),
        error=errors.NotFound,
        step=QUESTION,
        says=("no longer in the inventory",),
        remedy="Read the inventory again",
    ),
)


def ids(cases: tuple[Case, ...]) -> list[str]:
    return [case.id for case in cases]


@pytest.mark.parametrize("case", CONNECT, ids=ids(CONNECT))
def test_signing_in(case: Case, vcenter: LabVCenter) -> None:
    fails(case, vcenter, lambda session: None)


@pytest.mark.parametrize("case", CLOCK, ids=ids(CLOCK))
def test_reading_the_clock(case: Case, vcenter: LabVCenter) -> None:
    fails(case, vcenter, Session.server_time)


@pytest.mark.parametrize("case", PRIVILEGES, ids=ids(PRIVILEGES))
def test_comparing_privileges(case: Case, vcenter: LabVCenter) -> None:
    fails(case, vcenter, compare)


def compare(session: Session) -> object:
    datacenters = [item.ref for item in inventory.read_placement(session).datacenters]
    return privileges.missing(session, privileges.LEVELS, datacenters)


def fails(case: Case, vcenter: LabVCenter, act: Callable[[Session], object]) -> None:
    endpoint = endpoint_of(vcenter)
    account = account_of(vcenter)

    def attempt(book: AddressBook, seconds: float) -> None:
        with connect(endpoint, account, book=book, timeout_s=seconds) as session:
            act(session)

    case.breaks(vcenter)
    with pytest.raises(VSphereError) as caught:
        attempt(vcenter.book if case.book is None else case.book, TIMEOUT_S)
    failure = caught.value
    assert type(failure) is case.error
    assert (failure.address, failure.step) == (ADDRESS, case.step)
    for fragment in ("vcenter.lab.test", *case.says):
        assert fragment in str(failure.text)
    assert case.remedy in str(failure.remedy)
    assert account.password not in f"{failure!r} {Text.to_json(failure.text)}"
    attempts = vcenter.control.logins().get(account.username, {"attempts": 0})["attempts"]
    assert attempts <= 1, "a password is sent once"

    vcenter.control.clear_faults()
    if case.unknown_session:
        wait_until(lambda: len(vcenter.control.sessions()) == 1)
        vcenter.control.expire_sessions()
    assert vcenter.control.sessions() == []
    attempt(vcenter.book, 10.0)
    assert vcenter.control.sessions() == []
