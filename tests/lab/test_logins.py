"""Passwords, counting and locking."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.lab.client import Client, signed_in
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter


def sign_in(vcenter: LabVCenter, user: str, password: str) -> None:
    with signed_in(vcenter, user, password):
        pass


def test_a_wrong_password_is_an_invalid_login_and_counted(vcenter: LabVCenter) -> None:
    user, _password = vcenter.account("asr-operator")
    with pytest.raises(vim.fault.InvalidLogin):
        sign_in(vcenter, user, "wrong")
    assert vcenter.control.logins()[user] == {"attempts": 1, "failures": 1, "locked": False}


def test_the_name_may_be_written_with_the_domain_in_front(vcenter: LabVCenter) -> None:
    _user, password = vcenter.account("asr-operator")
    sign_in(vcenter, "VSPHERE.LOCAL\\asr-operator", password)
    assert vcenter.control.logins()["asr-operator@vsphere.local"]["attempts"] == 1


def test_three_wrong_passwords_lock_an_account_that_locks_and_the_right_one_no_longer_helps(
    vcenter: LabVCenter,
) -> None:
    user, password = vcenter.account("asr-fragile")
    for _attempt in range(3):
        with pytest.raises(vim.fault.InvalidLogin):
            sign_in(vcenter, user, "wrong")
    with pytest.raises(vim.fault.InvalidLogin):
        sign_in(vcenter, user, password)
    assert vcenter.control.logins()[user] == {"attempts": 4, "failures": 4, "locked": True}


def test_a_right_password_in_between_starts_the_count_anew(vcenter: LabVCenter) -> None:
    user, password = vcenter.account("asr-fragile")
    for attempt in ("wrong", "wrong", password, "wrong", "wrong"):
        if attempt == password:
            sign_in(vcenter, user, attempt)
            continue
        with pytest.raises(vim.fault.InvalidLogin):
            sign_in(vcenter, user, attempt)
    assert not vcenter.control.logins()[user]["locked"]
    sign_in(vcenter, user, password)


def test_resetting_the_logins_unlocks_and_forgets(vcenter: LabVCenter) -> None:
    user, password = vcenter.account("asr-fragile")
    for _attempt in range(3):
        with pytest.raises(vim.fault.InvalidLogin):
            sign_in(vcenter, user, "wrong")
    vcenter.control.reset_logins()
    assert vcenter.control.logins() == {}
    sign_in(vcenter, user, password)


def test_the_control_port_lists_who_is_signed_in(vcenter: LabVCenter, admin: Client) -> None:
    users = [session["user"] for session in vcenter.control.sessions()]
    assert users == [vcenter.account("administrator").username]
