"""A stored password of vCenter goes to one address alone; those who may use it are not those who know it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import make_operator
from tests.services.conftest import Begin
from tests.walk import Walk
from wizard.lab.vcenter import LabVCenter
from wizard.models import Credential, Operator
from wizard.services import credentials
from wizard.services.errors import Conflict

pytestmark = pytest.mark.vcenter


def stored(walk: Walk) -> Credential:
    return Credential.objects.get(name=walk.credential)


def elsewhere(walk: Walk) -> dict[str, Any]:
    """The same vCenter under its bare address: another far end as far as anybody can tell beforehand."""
    return {**walk.address, "host": walk.vcenter.host, "port": walk.vcenter.port}


def test_the_first_sign_in_binds_the_password_to_its_address(walk: Walk) -> None:
    walk.to("capacity").trust()
    assert stored(walk).address == ""
    walk.done("sign_in_vcenter")
    assert stored(walk).address == "vcenter.lab.test:443"


def test_nobody_has_it_sent_to_another_address_whose_certificate_they_confirm(
    begin: Begin, vcenter: LabVCenter
) -> None:
    first = begin("first").to("vcenter")
    second = begin("second").to("capacity")
    vcenter.control.reset_logins()
    with pytest.raises(Conflict) as refused:
        second.launch("sign_in_vcenter", **elsewhere(second), credential=first.credential)
    assert refused.value.code == "credential_bound"
    assert str(refused.value.text) == (
        f"The password of “first-vcenter” is for vcenter.lab.test:443; it is not sent to {vcenter.host}:{vcenter.port}."
    )
    assert "under another name" in str(refused.value.remedy)
    assert vcenter.control.logins() == {}


def test_a_task_that_was_launched_before_it_was_bound_does_not_send_it_either(walk: Walk) -> None:
    walk.to("capacity").enter_password()
    walk.answer("vcenter", **elsewhere(walk), credential=walk.credential)
    task = walk.launch("sign_in_vcenter")
    Credential.objects.update(address="vcenter.lab.test:443")
    walk.control.reset_logins()
    walk.execute(task)
    assert (task.error or {})["code"] == "credential_bound"
    assert walk.control.logins() == {}


def test_who_enters_the_password_anew_says_where_it_goes(walk: Walk) -> None:
    walk.to("vcenter")
    walk.enter_password()
    assert stored(walk).address == ""
    walk.answer("vcenter", **elsewhere(walk), credential=walk.credential)
    walk.done("sign_in_vcenter")
    assert stored(walk).address == f"{walk.vcenter.host}:{walk.vcenter.port}"


def test_of_two_first_uses_at_once_one_binds_it(operator: Operator) -> None:
    row = credentials.keep(name="lyon", kind="vcenter", username="asr", secret="a secret", actor=operator)
    read_before = Credential.objects.get(pk=row.pk)
    with credentials.one_attempt(row, "first.example.com:443"):
        pass
    with (
        pytest.raises(Conflict) as refused,
        credentials.one_attempt(read_before, "second.example.com:443"),
    ):
        pytest.fail("it was lent for another address")
    assert refused.value.code == "credential_bound"
    with credentials.one_attempt(read_before, "first.example.com:443"):
        pass


def test_an_account_of_machines_is_for_all_of_them(operator: Operator) -> None:
    row = credentials.keep(name="local", kind="windows", username="asr", secret="a secret", actor=operator)
    for _machine in range(2):
        with credentials.one_attempt(credentials.usable("local", Credential.Kind.WINDOWS)):
            pass
    row.refresh_from_db()
    assert row.address == ""


def test_somebody_else_of_the_same_role_is_bound_as_well(walk: Walk) -> None:
    walk.to("vcenter")
    walk.operator = make_operator("otto", Operator.Role.OPERATOR)
    with pytest.raises(Conflict) as refused:
        walk.launch("sign_in_vcenter", **elsewhere(walk), credential=walk.credential)
    assert refused.value.code == "credential_bound"
