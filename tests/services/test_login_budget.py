"""Refused passwords are counted by account, for whoever shares it, and logins to it happen one at a time."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from wizard.models import SignInAccount
from wizard.services import login_budget
from wizard.services.errors import Conflict
from wizard.services.login_budget import one_login, principal
from wizard.text import Text
from wizard.vsphere.errors import (
    AccountLocked,
    CallFailed,
    CertificateChanged,
    ConnectionLost,
    InvalidLogin,
    NoPermission,
    Unreachable,
)

HOST, PORT, USER = "vcenter.lab.test", 443, "asr@vsphere.local"
TOLD: dict[str, Any] = {"address": "vcenter.lab.test:443", "step": "login"}
REFUSED = InvalidLogin(Text("No."), **TOLD)


def log_in(outcome: Exception | None = None, user: str = USER, host: str = HOST) -> None:
    """One login that went well, or failed like this."""
    with contextlib.suppress(type(outcome) if outcome else ()), one_login(host, PORT, user):
        if outcome:
            raise outcome


def account() -> SignInAccount:
    return SignInAccount.objects.get()


@pytest.mark.parametrize(
    ("one", "other"),
    [("VSPHERE.LOCAL\\Admin", "admin@vsphere.local"), (" asr@x ", "ASR@X"), ("STRASSE", "straße")],
)
def test_one_user_is_counted_once_however_the_name_is_spelt(one: str, other: str) -> None:
    assert principal(one) == principal(other)


@pytest.mark.django_db
def test_after_three_refusals_in_a_row_nothing_is_sent_for_half_an_hour() -> None:
    for refusal in (REFUSED, AccountLocked(Text("Locked."), **TOLD), REFUSED):
        log_in(refusal)
    with pytest.raises(Conflict) as refused, one_login("VCENTER.lab.test", PORT, "VSPHERE.LOCAL\\asr"):
        pytest.fail("a fourth password was sent")
    assert refused.value.code == "account_at_risk"
    last = account().last_failed_at
    assert last is not None
    assert str(refused.value) == (
        f"3 passwords in a row were refused for {USER} at {HOST}:443; no more are sent until "
        f"{last + timedelta(minutes=30):%Y-%m-%d %H:%M} UTC, so that the account is not locked."
    )
    assert refused.value.remedy
    log_in(user="another@vsphere.local")
    log_in(host="another.lab.test")
    assert SignInAccount.objects.count() == 3


@pytest.mark.django_db
def test_after_half_an_hour_counting_starts_anew() -> None:
    for _refusal in range(3):
        log_in(REFUSED)
    SignInAccount.objects.update(last_failed_at=timezone.now() - timedelta(minutes=30, seconds=1))
    log_in(REFUSED)
    assert account().failed_in_a_row == 1


@pytest.mark.django_db
@pytest.mark.parametrize("good", [None, NoPermission(Text("Nothing to see."), **TOLD)])
def test_a_password_that_was_right_clears_the_count(good: Exception | None) -> None:
    log_in(REFUSED)
    log_in(REFUSED)
    log_in(good)
    assert (account().failed_in_a_row, account().last_failed_at) == (0, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("failure", "counted"),
    [
        (ConnectionLost(Text("Broke."), address=HOST, step="Login"), 1),
        (ConnectionLost(Text("Broke."), address=HOST, step="RetrieveServiceContent"), 0),
        (Unreachable(Text("Refused."), address=HOST, step="tcp"), 0),
        (CertificateChanged(address=HOST, pinned="AB", presented="CD"), 0),
        (CallFailed(Text("Not to be read."), address=HOST, step="Login"), 1),
        (CallFailed(Text("SystemError."), **TOLD), 0),
        (Conflict(Text("Rejected before.")), 0),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_a_login_that_failed_counts_where_the_password_may_have_been_refused(
    failure: Exception, counted: int
) -> None:
    log_in(REFUSED)
    log_in(failure)
    assert account().failed_in_a_row == 1 + counted
    assert account().turn is None


@pytest.mark.django_db
def test_a_worker_that_died_with_the_password_on_its_way_counts_as_refused() -> None:
    log_in(REFUSED)
    log_in(REFUSED)
    died = timezone.now() - timedelta(seconds=1)
    SignInAccount.objects.update(turn=uuid4(), turn_until=died)
    with pytest.raises(Conflict) as refused, one_login(HOST, PORT, USER):
        pytest.fail("a fourth password was sent")
    assert refused.value.code == "account_at_risk"
    assert (account().failed_in_a_row, account().turn) == (3, None)


@pytest.mark.django_db
def test_nobody_waits_for_ever_for_a_login_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_budget, "PATIENCE_S", 0.3)
    with one_login(HOST, PORT, USER):
        with pytest.raises(Conflict) as refused, one_login(HOST, PORT, USER):
            pytest.fail("two logins at the same time")
        assert refused.value.code == "account_busy"
        assert str(refused.value.remedy)
    assert account().turn is None


@pytest.mark.django_db
def test_a_login_that_took_longer_than_its_turn_leaves_the_turn_of_the_next_alone() -> None:
    with one_login(HOST, PORT, USER):
        SignInAccount.objects.update(turn=(next_one := uuid4()))
    assert account().turn == next_one


@pytest.mark.django_db(transaction=True)
def test_logins_of_one_account_follow_each_other() -> None:
    going_on = threading.Semaphore(1)
    collided: list[bool] = []

    def work() -> None:
        try:
            with one_login(HOST, PORT, USER):
                collided.append(not going_on.acquire(blocking=False))
                going_on.release()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collided == [False] * 4


@pytest.mark.django_db(transaction=True)
def test_nothing_is_counted_in_a_transaction_that_could_take_it_back() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), one_login(HOST, PORT, USER):
        pytest.fail("signed in")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_budget, "LOOK_EVERY_S", 0.02)
