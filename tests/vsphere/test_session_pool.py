"""One session for all who need the same one: lent, shared, closed when nobody needs it any more."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.vsphere.conftest import account_of, endpoint_of
from tests.vsphere.test_session_renewal import Lender, at_once, attempts
from tests.waiting import wait_until
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.errors import (
    CertificateChanged,
    ConnectionLost,
    InvalidLogin,
    NotFound,
    TlsFailed,
    Unreachable,
)
from wizard.vsphere.guest import read_guest
from wizard.vsphere.session import Session
from wizard.vsphere.session_pool import SessionPool

pytestmark = pytest.mark.vcenter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A pool, and a borrower's way to it."""

    def __init__(self, vcenter: LabVCenter, **options: Any) -> None:
        self.clock = Clock()
        self.pool = SessionPool(**{"clock": self.clock, **options})
        self.vcenter = vcenter
        self.lender = Lender(account_of(vcenter))

    def lend(
        self, key: str = "operator", *, fresh: bool = False, endpoint: Endpoint | None = None
    ) -> contextlib.AbstractContextManager[Session]:
        return self.pool.lend(
            key,
            self.lender,
            again=self.lender,
            endpoint=endpoint or endpoint_of(self.vcenter),
            book=self.vcenter.book,
            timeout_s=10.0,
            fresh=fresh,
        )

    @property
    def open(self) -> list[str]:
        return [row["key"] for row in self.vcenter.control.sessions()]


@pytest.fixture
def desk(vcenter: LabVCenter) -> Iterator[Desk]:
    desk = Desk(vcenter)
    yield desk
    desk.pool.close_all()


# --- sharing ----------------------------------------------------------------------------------------------------------


def test_the_next_borrower_gets_the_same_session(desk: Desk) -> None:
    with desk.lend() as first:
        assert first.server_time()
    with desk.lend() as second:
        assert second is first
        assert second.server_time()
    assert desk.lender.outcomes == ["well"]
    assert desk.open == [first.key], "it stays open for the next one"


def test_those_who_come_at_once_share_one_login(desk: Desk) -> None:
    desk.vcenter.control.add_delay("Login", 200)
    together = threading.Barrier(5)

    def work() -> object:
        with desk.lend() as session:
            together.wait(10)
            return session

    sessions = at_once(5, work)
    assert len(sessions) == 5
    assert len(set(map(id, sessions))) == 1
    assert attempts(desk.vcenter) == 1


def test_another_key_is_another_session(desk: Desk) -> None:
    with desk.lend("one") as one, desk.lend("other") as other:
        assert one is not other
        assert set(desk.open) == {one.key, other.key}
    assert desk.pool.known() == {"one", "other"}


def test_a_borrower_that_fails_leaves_the_session_to_the_others(desk: Desk) -> None:
    with desk.lend() as kept:
        with pytest.raises(ZeroDivisionError), desk.lend():
            raise ZeroDivisionError
        with pytest.raises(NotFound), desk.lend() as session:
            read_guest(session, "vm-99999")
        assert kept.server_time()
    with desk.lend() as again:
        assert again is kept
    assert attempts(desk.vcenter) == 1


def test_where_the_first_is_refused_those_who_wait_try_for_themselves(desk: Desk) -> None:
    """Whether their password may be sent is for those to say who lend it."""
    desk.lender.account = Account(username="nobody@vsphere.local", password="wrong")

    def work() -> object:
        with desk.lend() as session:
            return session

    outcomes = at_once(2, work)
    assert [type(outcome) for outcome in outcomes] == [InvalidLogin, InvalidLogin]
    assert desk.pool.known() == frozenset()


# --- what has become of it --------------------------------------------------------------------------------------------


def test_a_session_that_vcenter_ended_is_signed_in_again_before_it_is_lent(desk: Desk) -> None:
    with desk.lend() as session:
        pass
    desk.vcenter.control.expire_sessions()
    with desk.lend() as again:
        assert (again is session, again.renewals) == (True, 1)
        assert desk.open == [again.key]
    assert desk.lender.outcomes == ["well", "well"]


def test_connections_that_were_cut_while_nobody_used_them_do_not_matter(desk: Desk) -> None:
    with desk.lend() as session:
        pass
    desk.vcenter.control.drop_connections()
    with desk.lend() as again:
        assert again is session
        assert again.server_time()
    assert attempts(desk.vcenter) == 1


def test_a_vcenter_that_is_gone_is_told_when_the_session_is_asked_for(desk: Desk) -> None:
    with desk.lend():
        pass
    desk.vcenter.control.set_gone(True)
    with pytest.raises((Unreachable, TlsFailed, ConnectionLost)), desk.lend():
        pytest.fail("lent")
    desk.vcenter.control.set_gone(False)
    with desk.lend() as session:
        assert session.server_time()


def test_a_session_is_not_lent_once_the_certificate_has_changed(desk: Desk) -> None:
    with desk.lend():
        pass
    other = desk.vcenter.other_certificate()
    desk.vcenter.control.present_certificate(other.certificate, other.key)
    with pytest.raises(CertificateChanged) as changed, desk.lend():
        pytest.fail("lent")
    assert changed.value.presented == other.sha256
    assert desk.open == [], "the connection that was compared served to say goodbye"
    with pytest.raises(CertificateChanged), desk.lend():
        pytest.fail("lent")
    assert attempts(desk.vcenter) == 1
    confirmed = Endpoint(host=desk.vcenter.name, thumbprint_sha256=other.sha256)
    with desk.lend("other pin", endpoint=confirmed) as session:
        assert session.server_time()


def test_a_certificate_that_changes_while_it_is_lent_ends_the_lending(desk: Desk) -> None:
    other = desk.vcenter.other_certificate()

    def work(session: Session) -> None:
        desk.vcenter.control.present_certificate(other.certificate, other.key)
        session.stub.DropConnections()
        session.server_time()

    with pytest.raises(CertificateChanged), desk.lend() as session:
        work(session)
    assert desk.pool.known() == frozenset()
    desk.vcenter.control.expire_sessions()


def test_a_password_that_is_refused_when_it_is_lent_again_ends_the_session(desk: Desk) -> None:
    with desk.lend():
        pass
    desk.vcenter.control.expire_sessions()
    right = desk.lender.account
    desk.lender.account = Account(username=right.username, password="wrong")
    with pytest.raises(InvalidLogin), desk.lend():
        pytest.fail("lent")
    assert desk.pool.known() == frozenset()
    desk.lender.account = right
    with desk.lend() as session:
        assert session.renewals == 0
    assert desk.lender.outcomes == ["well", "invalid_login", "well"]


# --- the end of it ----------------------------------------------------------------------------------------------------


def test_a_fresh_one_replaces_what_there_is_once_nobody_uses_that(desk: Desk) -> None:
    with desk.lend() as old:
        with desk.lend(fresh=True) as new:
            assert new is not old
            assert set(desk.open) == {old.key, new.key}
        assert old.server_time()
    assert desk.open == [new.key]
    with desk.lend() as next_one:
        assert next_one is new
    with desk.lend(fresh=True) as newest:
        assert desk.open == [newest.key]


def test_what_is_forgotten_is_closed_when_its_last_borrower_returns_it(desk: Desk) -> None:
    with desk.lend() as first:
        with desk.lend():
            desk.pool.forget("operator")
        assert first.server_time()
        assert desk.pool.known() == frozenset()
    assert desk.open == []
    desk.pool.forget("operator")


def test_what_nobody_used_for_long_is_logged_out(desk: Desk) -> None:
    with desk.lend() as busy:
        with desk.lend("other"):
            pass
        desk.clock.now += 599
        desk.pool.sweep()
        assert len(desk.open) == 2
        desk.clock.now += 1
        desk.pool.sweep()
        assert desk.open == [busy.key]
    desk.pool.sweep()
    assert desk.open == [busy.key], "its time counts from when it was given back"


def test_idle_sessions_are_logged_out_without_anybody_asking(vcenter: LabVCenter) -> None:
    desk = Desk(vcenter, idle_s=0.1, clock=time.monotonic)
    with desk.lend(), desk.lend("other"):
        time.sleep(0.15)
        assert len(desk.open) == 2
    wait_until(lambda: not desk.open, 0.02)
    assert desk.pool.known() == frozenset()
    with desk.lend() as session:
        assert session.server_time()
    desk.pool.close_all()


def test_all_are_closed_at_the_end_and_late_callers_do_not_sign_in_again(desk: Desk) -> None:
    with desk.lend("idle"):
        pass

    def work(session: Session) -> None:
        desk.pool.close_all()
        assert desk.open == []
        session.server_time()

    with pytest.raises(ConnectionLost, match="has ended"), desk.lend() as session:
        work(session)
    assert attempts(desk.vcenter) == 2
    assert desk.open == []


def test_before_the_end_idle_ones_are_closed_and_the_others_as_they_come_back(desk: Desk) -> None:
    with desk.lend("idle"):
        pass
    with desk.lend() as busy:
        desk.pool.wind_down()
        assert desk.open == [busy.key]
        with desk.lend("late") as late:
            assert late.server_time()
        assert desk.open == [busy.key]
    assert desk.open == []


def test_a_child_process_leaves_its_parents_sessions_alone(desk: Desk) -> None:
    with desk.lend() as session:
        pass
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        desk.pool.close_all()
        os.write(writing, str(len(desk.pool.known())).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.read() == "0"
    assert desk.open == [session.key]
    with desk.lend() as still:
        assert still is session
        assert still.server_time()
        assert still.renewals == 0
