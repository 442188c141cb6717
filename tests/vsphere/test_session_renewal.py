"""A session that the server has ended signs in again, once, and repeats the call that was not carried out."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.vsphere.conftest import account_of, endpoint_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.errors import (
    CertificateChanged,
    ConnectionLost,
    TlsFailed,
    Unreachable,
    VSphereError,
)
from wizard.vsphere.inventory import read_placement
from wizard.vsphere.login import SignIn
from wizard.vsphere.session import Session, explained, sign_in, sign_out

pytestmark = pytest.mark.vcenter


class Lender:
    """Lends an account, and remembers how each login went."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.outcomes: list[str] = []

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Account]:
        try:
            yield self.account
        except VSphereError as error:
            self.outcomes.append(error.code)
            raise
        self.outcomes.append("well")


@pytest.fixture
def lender(vcenter: LabVCenter) -> Lender:
    return Lender(account_of(vcenter))


@contextlib.contextmanager
def signed_in(vcenter: LabVCenter, lender: SignIn, relay: Relay | None = None) -> Iterator[Session]:
    """Beyond the relay where there is one."""
    account = contextlib.nullcontext(account_of(vcenter))
    endpoint, book = endpoint_of(vcenter), vcenter.book
    if relay is not None:
        endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    session = sign_in(endpoint, lambda: account, again=lender, book=book, timeout_s=10.0)
    try:
        yield session
    finally:
        sign_out(session)


def at_once(count: int, call: Callable[[], object]) -> list[object]:
    """What came out of `count` threads that called at the same time: values and errors."""
    outcomes: list[object] = []
    ready = threading.Barrier(count)

    def run() -> None:
        ready.wait()
        try:
            outcomes.append(call())
        except VSphereError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def attempts(vcenter: LabVCenter) -> int:
    return sum(int(counts["attempts"]) for counts in vcenter.control.logins().values())


def test_an_ended_session_signs_in_again_and_the_call_is_carried_out(
    vcenter: LabVCenter, lender: Lender
) -> None:
    with signed_in(vcenter, lender) as session:
        before = session.key
        vcenter.control.expire_sessions()
        assert session.server_time()
        assert (session.renewals, lender.outcomes) == (1, ["well"])
        assert session.key != before
        assert [row["key"] for row in vcenter.control.sessions()] == [session.key]
        vcenter.control.expire_sessions()
        assert session.server_time()
        assert session.renewals == 2
    assert attempts(vcenter) == 3
    assert vcenter.control.sessions() == []


def test_an_inventory_of_which_nothing_may_be_seen_any_more_is_read_again(
    vcenter: LabVCenter, lender: Lender
) -> None:
    with signed_in(vcenter, lender) as session:
        vcenter.control.expire_sessions()
        assert [row.ref.name for row in read_placement(session).datacenters] == ["DC0", "DC1"]
        assert session.renewals == 1


def test_many_who_find_the_session_ended_cause_one_login(
    relay: Relay, vcenter: LabVCenter, lender: Lender
) -> None:
    def late(call: str, body: bytes) -> bytes:
        if call == "Login":
            time.sleep(0.2)
        return body

    with signed_in(vcenter, lender, relay) as session:
        vcenter.control.expire_sessions()
        relay.edit = late
        outcomes = at_once(6, session.server_time)
        assert [outcome for outcome in outcomes if isinstance(outcome, VSphereError)] == []
        assert len(outcomes) == 6
        assert (session.renewals, lender.outcomes, relay.count("Login")) == (1, ["well"], 2)
        assert len(vcenter.control.sessions()) == 1
        # The cookies that the server sent to those who came without a session did not take the place of the new one.
        assert session.server_time()
        assert session.renewals == 1


def test_a_password_that_is_refused_this_time_is_sent_once_whoever_calls(
    vcenter: LabVCenter, lender: Lender
) -> None:
    lender.account = Account(username=lender.account.username, password="changed meanwhile")
    with signed_in(vcenter, lender) as session:
        vcenter.control.expire_sessions()
        outcomes = at_once(5, session.server_time)
        kinds = sorted(type(outcome).__name__ for outcome in outcomes)
        assert kinds == ["ConnectionLost"] * 4 + ["InvalidLogin"]
        told = next(outcome for outcome in outcomes if type(outcome) is ConnectionLost)
        assert str(told) == (
            "The session at vcenter.lab.test:443 has ended, and signing in again failed: "
            "vcenter.lab.test:443 refused the user name or the password."
        )
        assert told.remedy
        assert not session.usable
        with pytest.raises(ConnectionLost):
            session.server_time()
    assert lender.outcomes == ["invalid_login"]
    assert attempts(vcenter) == 2


@pytest.mark.usefixtures("no_goodbye")
def test_a_login_whose_answer_is_lost_is_not_repeated_by_the_next_call(
    relay: Relay, vcenter: LabVCenter, lender: Lender
) -> None:
    def break_off(call: str, body: bytes) -> bytes:
        if call == "Login":
            raise ConnectionAbortedError
        return body

    with signed_in(vcenter, lender, relay) as session:
        vcenter.control.expire_sessions()
        relay.edit = break_off
        for _call in range(3):
            with pytest.raises(ConnectionLost):
                session.server_time()
        assert relay.count("Login") == 2
        assert lender.outcomes == ["connection_lost"]


def test_a_call_whose_connection_broke_is_not_repeated(
    relay: Relay, vcenter: LabVCenter, lender: Lender
) -> None:
    def break_off(call: str, body: bytes) -> bytes:
        if call == "CurrentTime":
            raise ConnectionAbortedError
        return body

    with signed_in(vcenter, lender, relay) as session:
        relay.edit = break_off
        with pytest.raises(ConnectionLost, match="broke during CurrentTime"):
            session.server_time()
        assert relay.count("CurrentTime") == 1
    assert lender.outcomes == []


def test_a_server_that_goes_on_saying_so_is_believed_after_one_login(
    vcenter: LabVCenter, lender: Lender
) -> None:
    with signed_in(vcenter, lender) as session:
        vcenter.control.add_fault("CurrentTime", "NotAuthenticated")
        with pytest.raises(ConnectionLost, match="has ended"), explained(session.endpoint):
            session.server_time()
        assert lender.outcomes == ["well"]
        assert len(vcenter.control.sessions()) == 1, "the session that it spoke of is closed"


def test_no_password_is_asked_for_before_the_certificate_is_compared(
    vcenter: LabVCenter, lender: Lender
) -> None:
    other = vcenter.other_certificate()
    with signed_in(vcenter, lender) as session:
        vcenter.control.expire_sessions()
        vcenter.control.present_certificate(other.certificate, other.key)
        with pytest.raises(CertificateChanged):
            session.server_time()
        assert not session.usable
    assert lender.outcomes == []
    assert attempts(vcenter) == 1


def test_a_login_that_did_not_come_about_is_tried_again_by_the_next_call(
    vcenter: LabVCenter, lender: Lender
) -> None:
    with signed_in(vcenter, lender) as session:
        vcenter.control.expire_sessions()
        vcenter.control.set_gone(True)
        with pytest.raises((ConnectionLost, TlsFailed, Unreachable)):
            session.login.renew(session.renewals)
        assert session.usable
        vcenter.control.set_gone(False)
        assert session.server_time()


def test_nobody_is_left_signed_in_where_the_lender_cannot_note_how_it_went(
    vcenter: LabVCenter, lender: Lender
) -> None:
    @contextlib.contextmanager
    def forgetful() -> Iterator[Account]:
        yield lender.account
        raise OSError("the books are closed")

    with pytest.raises(OSError, match="books"):
        sign_in(endpoint_of(vcenter), forgetful, book=vcenter.book, timeout_s=10.0)
    assert (attempts(vcenter), vcenter.control.sessions()) == (1, [])
    with signed_in(vcenter, forgetful) as session:
        vcenter.control.expire_sessions()
        with pytest.raises(OSError, match="books"):
            session.server_time()
        assert (attempts(vcenter), vcenter.control.sessions()) == (3, [])


def test_nobody_signs_in_again_after_the_session_was_closed_here(vcenter: LabVCenter, lender: Lender) -> None:
    with signed_in(vcenter, lender) as session:
        sign_out(session)
        with pytest.raises(ConnectionLost, match="has ended"), explained(session.endpoint):
            session.server_time()
    assert lender.outcomes == []
    assert vcenter.control.sessions() == []
