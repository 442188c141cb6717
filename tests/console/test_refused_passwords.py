"""Accounts at vCenter whose passwords were refused: seen by whoever may look, cleared by administrators, on record."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.builders import make_operator
from tests.console.conftest import signed_in
from wizard.models import AuditEntry, Credential, Operator, SignInAccount
from wizard.services.errors import Conflict, NotAllowed
from wizard.services.login_budget import forget_refusals, one_login

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

LIST = "/console/wizard/signinaccount/"
HOST, PORT, USER = "vcenter.lab.test", 443, "asr@vsphere.local"


@pytest.fixture
def at_risk(db: None) -> SignInAccount:
    last = timezone.now() - timedelta(minutes=5)
    # Everybody's, and so what is counted of it is for everybody to see.
    row = Credential(name="vcenter", kind="vcenter", username=USER, address=f"{HOST}:{PORT}")
    row.created_by = make_operator("otto", Operator.Role.OPERATOR)
    row.hold("a password")
    row.save()
    return SignInAccount.objects.create(
        host=HOST, port=PORT, username=USER, failed_in_a_row=3, last_failed_at=last
    )


def clear(client: Client, *accounts: SignInAccount) -> str:
    chosen = [str(account.pk) for account in accounts]
    wish = {"action": "forget_refusals", "_selected_action": chosen, "confirmed": "yes"}
    answer = client.post(LIST, wish, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def none_sent_until(page: str) -> str:
    found: list[str] = re.findall(r'<td class="field-none_sent_until[^>]*>([^<]*)<', page)
    assert len(found) == 1
    return found[0]


def test_an_administrator_clears_a_count_and_passwords_may_be_tried_again(
    deciding: Client, at_risk: SignInAccount
) -> None:
    page = deciding.get(LIST).content.decode()
    assert USER in page
    assert none_sent_until(page) != "-"
    with pytest.raises(Conflict), one_login(HOST, PORT, USER):
        pytest.fail("a fourth password was sent")
    assert "Forget the refused passwords: done for 1 row." in clear(deciding, at_risk)
    entry = AuditEntry.objects.get(action="sign_in_account.cleared")
    assert str(entry.sentence) == f"ada let passwords be tried again for {USER} @ {HOST}:{PORT}."
    assert entry.before is not None
    assert entry.before["failed_in_a_row"] == 3
    assert entry.address == "127.0.0.1"
    assert none_sent_until(deciding.get(LIST).content.decode()) == "-"
    with one_login(HOST, PORT, USER):
        pass


def test_where_nothing_is_counted_nothing_is_cleared_or_recorded(
    deciding: Client, at_risk: SignInAccount
) -> None:
    SignInAccount.objects.update(failed_in_a_row=0, last_failed_at=None)
    assert "No refused password is counted here." in clear(deciding, at_risk)
    assert not AuditEntry.objects.filter(action="sign_in_account.cleared").exists()


def test_a_count_that_is_cleared_while_somebody_signs_in_leaves_them_their_turn(
    admin: Operator, at_risk: SignInAccount
) -> None:
    SignInAccount.objects.update(failed_in_a_row=2)
    with one_login(HOST, PORT, USER):
        held = SignInAccount.objects.get().turn
        assert forget_refusals(at_risk.pk, actor=admin)
        assert SignInAccount.objects.get().turn == held is not None


@pytest.mark.parametrize("role", [Operator.Role.VIEWER, Operator.Role.OPERATOR])
def test_nobody_else_clears_a_count(at_risk: SignInAccount, role: str) -> None:
    person = make_operator("mallory", role, is_staff=True)
    client = signed_in(person)
    page = client.get(LIST).content.decode()
    assert USER in page
    assert "forget_refusals" not in page
    clear(client, at_risk)
    with pytest.raises(NotAllowed):
        forget_refusals(at_risk.pk, actor=person)
    at_risk.refresh_from_db()
    assert at_risk.failed_in_a_row == 3
