"""The password goes to the pinned server, once, and nowhere else."""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from html import escape

import pytest

from tests.vsphere.conftest import account_of, endpoint_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK, recording
from wizard.lab.certificates import Authority
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.connection import PinnedConnection
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.errors import CallFailed, CertificateChanged, ConnectionLost, InvalidLogin, VSphereError
from wizard.vsphere.inventory import read_placement
from wizard.vsphere.session import Session, connect
from wizard.wire.fingerprint import fingerprint

SECRET = "Xx-S3cret&<Pa55>\"word'"


def account() -> Account:
    return Account(username="asr-operator@vsphere.local", password=SECRET)


def told_by(error: BaseException) -> str:
    """All that a debugging page or an error collector could show: the chain, its frames, their variables."""
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format(chain=True)
    )
    return shown + repr(error) + repr(vars(error)) + repr(error.__context__) + repr(error.__cause__)


def leaks(text: str) -> bool:
    return any(
        form in text for form in (SECRET, escape(SECRET), escape(SECRET, quote=False), repr(SECRET)[1:-1])
    )


def test_not_one_byte_is_sent_to_a_server_with_another_certificate(authority: Authority) -> None:
    pair = authority.issue("impostor", (LOOPBACK,))
    with recording(pair) as (port, received):
        endpoint = Endpoint(host=LOOPBACK, port=port, thumbprint_sha256="AB" * 32)
        with pytest.raises(CertificateChanged) as changed, connect(endpoint, account(), timeout_s=2.0):
            pytest.fail("signed in")
    assert received == b""
    assert changed.value.presented == pair.sha256
    assert changed.value.pinned == endpoint.thumbprint_sha256
    assert pair.sha256 in str(changed.value)
    assert str(endpoint.thumbprint_sha256) in str(changed.value)


def test_a_certificate_of_a_trusted_authority_does_not_replace_the_pin(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where pyVmomi compares a pin itself, it does so only after the chain was found wanting.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    pair = authority.issue("trusted", ("localhost", LOOPBACK))
    with recording(pair) as (port, received):
        endpoint = Endpoint(host="localhost", port=port, thumbprint_sha256="AB" * 32)
        with pytest.raises(CertificateChanged), connect(endpoint, account(), timeout_s=2.0):
            pytest.fail("signed in")
    assert received == b""


@pytest.mark.vcenter
@pytest.mark.usefixtures("no_goodbye")
def test_every_later_connection_of_a_session_is_compared_as_well(vcenter: LabVCenter) -> None:
    other = vcenter.other_certificate()

    def work(session: Session) -> None:
        vcenter.control.present_certificate(other.certificate, other.key)
        assert session.server_time(), "the open connection is still the one that was compared"
        vcenter.control.drop_connections()
        # The first call finds the old connection closed; the second opens one, with the session's cookie at hand.
        with pytest.raises(ConnectionLost):
            session.server_time()
        session.server_time()

    with (
        pytest.raises(CertificateChanged) as changed,
        connect(endpoint_of(vcenter), account_of(vcenter), book=vcenter.book) as session,
    ):
        work(session)
    assert changed.value.presented == other.sha256


@pytest.mark.vcenter
def test_parallel_calls_open_connections_that_are_compared(vcenter: LabVCenter) -> None:
    other = vcenter.other_certificate()
    vcenter.control.add_delay("CurrentTime", 300)
    with connect(endpoint_of(vcenter), account_of(vcenter), book=vcenter.book) as session:
        vcenter.control.present_certificate(other.certificate, other.key)
        outcomes: list[object] = []

        def call() -> None:
            try:
                outcomes.append(session.server_time())
            except CertificateChanged as error:
                outcomes.append(error)

        threads = [threading.Thread(target=call) for _number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    refused = [outcome for outcome in outcomes if isinstance(outcome, CertificateChanged)]
    # One call takes the pooled connection; the two others need connections of their own.
    assert len(outcomes) == 3
    assert len(refused) == 2


def test_a_connection_that_http_client_opens_again_by_itself_is_compared(authority: Authority) -> None:
    first, second = (authority.issue(stem, (LOOPBACK,)) for stem in ("first", "second"))
    with recording(first) as (port, _received):
        connection = PinnedConnection(LOOPBACK, port, thumbprint=first.sha256, timeout=2.0)
        connection.connect()
    with recording(second) as (other_port, received):
        connection.port = other_port
        connection.close()
        with pytest.raises(CertificateChanged):
            connection.request("POST", "/sdk", b"secret")
    assert received == b""


def test_a_host_can_be_pinned_by_sha1_too(authority: Authority) -> None:
    pair = authority.issue("esxi", (LOOPBACK,))
    with recording(pair) as (port, received):
        with pytest.raises(CertificateChanged) as changed:
            PinnedConnection(LOOPBACK, port, thumbprint="AB" * 20, timeout=2.0).connect()
        connection = PinnedConnection(LOOPBACK, port, thumbprint=changed.value.presented.lower(), timeout=2.0)
        connection.request("GET", "/")
        connection.close()
    assert len(changed.value.presented) == len(fingerprint(b"", "sha1"))
    assert received.startswith(b"GET / HTTP/1.1")


@pytest.mark.vcenter
def test_the_password_crosses_the_wire_exactly_once(relay: Relay, vcenter: LabVCenter) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    mine = account_of(vcenter)
    with connect(endpoint, mine) as session:
        read_placement(session)
    carrying = [
        call for call, body in zip(relay.calls, relay.requests, strict=True) if mine.password.encode() in body
    ]
    assert carrying == ["Login"]
    assert relay.calls[0] == "vimServiceVersions.xml"
    assert relay.calls[-1] == "Logout"


@pytest.mark.vcenter
def test_a_refused_password_is_in_no_message_no_variable_and_no_log(
    vcenter: LabVCenter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InvalidLogin) as refused, connect(endpoint_of(vcenter), account(), book=vcenter.book):
        pytest.fail("signed in")
    told = told_by(refused.value)
    assert "Login" in told
    assert not leaks(told)
    assert not leaks(str(refused.value.remedy))
    assert not leaks(caplog.text)
    assert refused.value.__context__ is None


@pytest.mark.vcenter
@pytest.mark.parametrize("how", ["late", "breaks", "unreadable", "not-a-fault"])
def test_a_login_that_fails_on_the_way_keeps_the_password_to_itself(
    relay: Relay, vcenter: LabVCenter, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def spoil(call: str, body: bytes) -> bytes:
        if call != "Login":
            return body
        if how == "breaks":
            raise ConnectionAbortedError
        if how == "late":
            time.sleep(0.8)
        return {"late": body, "unreadable": b"<", "not-a-fault": body.replace(b"Fault", b"Folly")}[how]

    relay.edit = spoil
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with pytest.raises(VSphereError) as failed, connect(endpoint, account(), timeout_s=0.4):
        pytest.fail("signed in")
    assert not leaks(told_by(failed.value))
    assert not leaks(caplog.text)
    assert relay.count("Login") == 1


@pytest.mark.vcenter
@pytest.mark.parametrize("odd", ["\udcff", "\x00", "\x1b"])
def test_a_password_that_xml_cannot_carry_is_refused_without_showing_it(
    vcenter: LabVCenter, odd: str
) -> None:
    strange = Account(username="asr-operator@vsphere.local", password=SECRET + odd)
    with pytest.raises(CallFailed) as failed, connect(endpoint_of(vcenter), strange, book=vcenter.book):
        pytest.fail("signed in")
    assert failed.value.step == "login"
    assert "a character that cannot be sent" in str(failed.value)
    assert not leaks(told_by(failed.value))
    assert vcenter.control.logins() == {}


def test_an_account_does_not_show_its_password() -> None:
    assert not leaks(repr(account()))
    assert not leaks(str(account()))
    assert not leaks(f"{account()}")


@pytest.mark.vcenter
def test_a_session_shows_neither_password_nor_session_key(vcenter: LabVCenter) -> None:
    mine = account_of(vcenter)
    with connect(endpoint_of(vcenter), mine, book=vcenter.book) as session:
        assert mine.password not in repr(session)
        assert session.key not in repr(session)


def test_the_connection_is_closed_when_the_certificate_is_another(authority: Authority) -> None:
    pair = authority.issue("closed", (LOOPBACK,))
    with recording(pair) as (port, _received):
        connection = PinnedConnection(LOOPBACK, port, thumbprint="AB" * 32, timeout=2.0)
        with pytest.raises(CertificateChanged):
            connection.connect()
        assert connection.sock is None
        with socket.create_connection((LOOPBACK, port), 2.0):
            # The server takes one connection after the other, so this one shows that the first is over.
            pass
