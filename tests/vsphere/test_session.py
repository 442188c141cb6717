"""Signing in: once, on the pinned certificate, out again at the end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import SignIn, account_of, endpoint_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK, answering, dropping, over_tls, refusing_port, saying, serving
from wizard.addresses import AddressBook
from wizard.lab.certificates import Authority
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.errors import (
    AccountLocked,
    CallFailed,
    ConnectionLost,
    InvalidLogin,
    NoPermission,
    NotFound,
    NotVSphere,
    TlsFailed,
    Unreachable,
    VSphereError,
)
from wizard.vsphere.guest import read_guest
from wizard.vsphere.inventory import read_placement
from wizard.vsphere.session import Session, connect

ANY_PIN = ":".join(["AB"] * 32)
SOMEBODY = Account(username="asr-operator@vsphere.local", password="never mind")


def late(call: str, body: bytes) -> bytes:
    if call == "Login":
        time.sleep(1.0)
    return body


def sign_in_at(port: int, pin: str = ANY_PIN, *, timeout_s: float = 2.0) -> VSphereError:
    """The error of signing in at a loopback port where that cannot work."""
    with (
        pytest.raises(VSphereError) as refused,
        connect(Endpoint(host=LOOPBACK, port=port, thumbprint_sha256=pin), SOMEBODY, timeout_s=timeout_s),
    ):
        pytest.fail("signed in")
    return refused.value


@pytest.mark.vcenter
def test_a_session_knows_server_and_user(session: Session, vcenter: LabVCenter) -> None:
    assert session.about.api_type == "VirtualCenter"
    assert session.about.instance_uuid == "5f1c3c60-6f1e-4c0e-9a70-f007401d0001"
    assert session.account_name == session.user_name == "asr-operator@vsphere.local"
    assert session.address == "vcenter.lab.test:443"
    assert abs(session.server_time() - datetime.now(UTC)) < timedelta(seconds=10)
    assert [signed_in["user"] for signed_in in vcenter.control.sessions()] == ["asr-operator@vsphere.local"]


@pytest.mark.vcenter
def test_the_newest_version_that_both_sides_know_is_spoken(relay: Relay, vcenter: LabVCenter) -> None:
    with connect(
        Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256), account_of(vcenter)
    ) as session:
        # HasUserPrivilegeOnEntities came with 6.5: a client that stayed at the oldest version would refuse to send it.
        assert session.content.authorizationManager.HasUserPrivilegeOnEntities(
            [session.content.rootFolder], session.user_name, ["System.Read"]
        )


@pytest.mark.vcenter
@pytest.mark.parametrize("end", ["well", "badly"])
def test_the_session_is_closed_however_the_work_ends(sign_in: SignIn, vcenter: LabVCenter, end: str) -> None:
    try:
        with sign_in():
            assert len(vcenter.control.sessions()) == 1
            if end == "badly":
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert end == "badly"
    assert vcenter.control.sessions() == []


@pytest.mark.vcenter
@pytest.mark.usefixtures("no_goodbye")
def test_a_logout_that_fails_does_not_hide_how_the_work_went(sign_in: SignIn, vcenter: LabVCenter) -> None:
    vcenter.control.add_fault("Logout", "NotAuthenticated")
    with sign_in():
        pass
    with pytest.raises(ZeroDivisionError), sign_in():
        raise ZeroDivisionError


@pytest.mark.vcenter
@pytest.mark.parametrize("username", ["asr-operator@vsphere.local", "nobody@vsphere.local", ""])
def test_a_wrong_password_is_tried_exactly_once(vcenter: LabVCenter, username: str) -> None:
    account = Account(username=username, password="wrong")
    with pytest.raises(InvalidLogin) as refused, connect(endpoint_of(vcenter), account, book=vcenter.book):
        pytest.fail("signed in")
    assert refused.value.step == "login"
    assert refused.value.address == "vcenter.lab.test:443"
    assert "may be locked" in str(refused.value.remedy)
    assert vcenter.control.logins()[username]["attempts"] == 1
    assert vcenter.control.sessions() == []


@pytest.mark.vcenter
def test_a_locked_account_is_refused_like_a_wrong_password_and_the_remedy_says_so(
    vcenter: LabVCenter,
) -> None:
    wrong = Account(username=vcenter.account("asr-fragile").username, password="wrong")
    for _attempt in range(3):
        with pytest.raises(InvalidLogin), connect(endpoint_of(vcenter), wrong, book=vcenter.book):
            pytest.fail("signed in")
    right = account_of(vcenter, "asr-fragile")
    with pytest.raises(InvalidLogin) as refused, connect(endpoint_of(vcenter), right, book=vcenter.book):
        pytest.fail("signed in")
    assert vcenter.control.logins()[right.username]["locked"]
    assert "ask a vSphere administrator to unlock it" in str(refused.value.remedy)


@pytest.mark.vcenter
@pytest.mark.parametrize(
    ("fault", "message", "error", "told"),
    [
        (
            "InvalidLogin",
            "User account is locked. Contact your administrator.",
            AccountLocked,
            "account is locked",
        ),
        ("InvalidLogin", "Account locked out after 5 attempts", AccountLocked, "account is locked"),
        (
            "InvalidLogin",
            "The clock is not synchronised",
            InvalidLogin,
            "refused the user name or the password",
        ),
        ("PasswordExpired", "", InvalidLogin, "password has expired"),
        ("NoPermission", "", NoPermission, "no permission at vcenter.lab.test:443 at all"),
        (
            "InvalidArgument",
            "a specified\n parameter was not correct",
            CallFailed,
            "parameter was not correct",
        ),
    ],
)
def test_what_vcenter_answers_to_a_login_is_told_in_these_words(
    sign_in: SignIn, vcenter: LabVCenter, fault: str, message: str, error: type[VSphereError], told: str
) -> None:
    vcenter.control.add_fault("Login", fault, message=message)
    with pytest.raises(error) as refused, sign_in():
        pytest.fail("signed in")
    assert told in str(refused.value)
    assert refused.value.step == "login"
    assert refused.value.remedy
    assert type(refused.value) is error


@pytest.mark.vcenter
@pytest.mark.usefixtures("no_goodbye")
def test_a_login_without_an_answer_ends_at_the_deadline_and_is_not_repeated(
    relay: Relay, vcenter: LabVCenter
) -> None:
    relay.edit = late
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with (
        pytest.raises(ConnectionLost, match="did not answer Login in time"),
        connect(endpoint, account_of(vcenter), timeout_s=0.5),
    ):
        pytest.fail("signed in")
    assert relay.count("Login") == 1


@pytest.mark.vcenter
@pytest.mark.usefixtures("no_goodbye")
def test_a_login_whose_connection_breaks_is_not_repeated(relay: Relay, vcenter: LabVCenter) -> None:
    def break_off(call: str, body: bytes) -> bytes:
        if call == "Login":
            raise ConnectionAbortedError
        return body

    relay.edit = break_off
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with pytest.raises(ConnectionLost, match="broke during Login"), connect(endpoint, account_of(vcenter)):
        pytest.fail("signed in")
    assert relay.count("Login") == 1


@pytest.mark.vcenter
@pytest.mark.parametrize("body", [b"<html>", b"", b"<a><b/></a>"], ids=["not-xml", "empty", "not-soap"])
def test_an_answer_that_cannot_be_read_is_an_error_of_this_room(
    relay: Relay, vcenter: LabVCenter, body: bytes
) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    relay.edit = lambda call, answer: body if call == "CurrentTime" else answer
    with pytest.raises(VSphereError) as failed, connect(endpoint, account_of(vcenter)) as session:
        session.server_time()
    assert failed.value.address == f"{LOOPBACK}:{relay.port}"
    assert vcenter.control.sessions() == []


@pytest.mark.vcenter
def test_an_expired_session_is_told_and_nobody_signs_in_again(sign_in: SignIn, vcenter: LabVCenter) -> None:
    def work(session: Session) -> None:
        vcenter.control.expire_sessions()
        read_placement(session)

    with pytest.raises(ConnectionLost, match="has ended") as lost, sign_in() as session:
        work(session)
    assert lost.value.remedy
    assert vcenter.control.logins()[session.account_name]["attempts"] == 1


@pytest.mark.vcenter
def test_an_object_that_is_gone_comes_out_as_not_found(sign_in: SignIn) -> None:
    with (
        pytest.raises(NotFound, match="VirtualMachine vm-99999 is no longer in the inventory"),
        sign_in() as session,
    ):
        read_guest(session, "vm-99999")


@pytest.mark.vcenter
def test_a_right_that_lacks_is_named_with_its_object(sign_in: SignIn, vcenter: LabVCenter) -> None:
    machine = vcenter.control.machines()[0]
    with pytest.raises(NoPermission) as refused, sign_in("asr-readonly") as session:
        session.managed(vim.VirtualMachine, machine["moid"]).PowerOnVM_Task(None)
    assert "VirtualMachine.Interact.PowerOn" in str(refused.value)
    assert machine["moid"] in str(refused.value)


@pytest.mark.vcenter
def test_a_broken_connection_is_told_and_the_next_call_makes_a_new_one(
    session: Session, vcenter: LabVCenter
) -> None:
    vcenter.control.drop_connections()
    with pytest.raises(ConnectionLost):
        session.server_time()
    assert session.server_time()


@pytest.mark.vcenter
@pytest.mark.usefixtures("no_goodbye")
def test_a_vcenter_that_goes_away_ends_the_work_without_a_long_goodbye(
    sign_in: SignIn, vcenter: LabVCenter
) -> None:
    def work(session: Session) -> None:
        vcenter.control.set_gone(True)
        session.server_time()

    began = datetime.now(UTC)
    with pytest.raises((ConnectionLost, Unreachable, TlsFailed)), sign_in() as session:
        work(session)
    assert datetime.now(UTC) - began < timedelta(seconds=6)


def test_without_a_pin_nobody_signs_in() -> None:
    with (
        pytest.raises(ValueError, match="thumbprint_sha256 is missing"),
        connect(Endpoint(host="vc"), SOMEBODY),
    ):
        pytest.fail("signed in")


def test_the_layers_below_the_login_have_errors_of_their_own(authority: Authority) -> None:
    pair = authority.issue("session", (LOOPBACK,))
    refused = sign_in_at(refusing_port())
    with dropping() as port:
        dropped = sign_in_at(port, timeout_s=0.4)
    with serving(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        plain = sign_in_at(port)
    with serving(over_tls(pair, answering("404 Not Found", b"no"))) as port:
        page = sign_in_at(port, pair.sha256)
    with serving(over_tls(pair, answering("200 OK", b"<html><p>Hello</html>"))) as port:
        other_page = sign_in_at(port, pair.sha256)
    with serving(over_tls(pair, saying(b"220 ftp\r\n"))) as port:
        other = sign_in_at(port, pair.sha256)
    assert [type(error) for error in (refused, dropped, plain, page, other_page, other)] == [
        Unreachable,
        Unreachable,
        TlsFailed,
        NotVSphere,
        NotVSphere,
        ConnectionLost,
    ]
    assert [error.step for error in (refused, dropped, plain, page)] == ["tcp", "tcp", "tls", "soap"]
    assert all(error.remedy for error in (refused, dropped, plain, page, other_page, other))


def test_a_name_that_does_not_resolve_is_unreachable_at_dns() -> None:
    endpoint = Endpoint(host="no-such-host.invalid", thumbprint_sha256=ANY_PIN)
    with pytest.raises(Unreachable) as refused, connect(endpoint, SOMEBODY, timeout_s=3.0):
        pytest.fail("signed in")
    assert (refused.value.code, refused.value.step) == ("unreachable", "dns")


def test_messages_name_the_host_that_was_meant_even_on_a_detour() -> None:
    book = AddressBook.parse(f"vcenter.example.net:443:{LOOPBACK}:{refusing_port()}")
    endpoint = Endpoint(host="vcenter.example.net", thumbprint_sha256=ANY_PIN)
    with (
        pytest.raises(Unreachable, match=r"vcenter\.example\.net:443 refused"),
        connect(endpoint, SOMEBODY, book=book),
    ):
        pytest.fail("signed in")


@pytest.mark.parametrize("port", [0, 65536, -443])
def test_an_endpoint_has_a_real_port(port: int) -> None:
    with pytest.raises(ValueError, match="is not a TCP port"):
        Endpoint(host="vc", port=port)


@pytest.mark.parametrize(
    "host", ["", "two words", "https://vc", "vc/ui", "vc\r\nX: y", "user@vc", "vc:443", "::1"]
)
def test_an_endpoint_has_a_bare_host(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        Endpoint(host=host)


def test_an_endpoint_brings_its_pin_into_one_spelling() -> None:
    assert Endpoint(host="vc", thumbprint_sha256="ab" * 32).thumbprint_sha256 == ANY_PIN
    with pytest.raises(ValueError, match="is not a SHA256 fingerprint"):
        Endpoint(host="vc", thumbprint_sha256="AB:CD")
