"""Passwords go to the vCenter whose certificate was confirmed, and once for each time that they are entered."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.services.conftest import Begin
from tests.walk import Walk
from wizard.models import Credential, SignInAccount, Task
from wizard.services import credentials, deployment_progress, deployments, evidence
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.services.tasks.runner import claim
from wizard.text import Text
from wizard.vsphere.errors import InvalidLogin

pytestmark = pytest.mark.vcenter


def attempts(walk: Walk) -> dict[str, int]:
    """How often each account was tried at vCenter."""
    return {user: counts["attempts"] for user, counts in walk.control.logins().items()}


def privileges(task: Task) -> dict[str, list[dict[str, str]]]:
    assert task.result is not None
    found: dict[str, list[dict[str, str]]] = task.result["privileges"]
    return found


def test_a_sign_in_brings_inventory_and_privileges_and_completes_the_step(walk: Walk) -> None:
    walk.to("capacity").trust()
    assert "vcenter" not in deployment_progress.completed_steps(walk.deployment)
    task = walk.done("sign_in_vcenter")
    assert task.result is not None
    assert task.result["signed_in_as"] == "asr-operator@vsphere.local"
    assert abs(task.result["clock_offset_s"]) < 5
    assert [row["ref"]["name"] for row in task.result["inventory"]["datacenters"]] == ["DC0", "DC1"]
    assert privileges(task) == {"discovery": [], "full": [], "appliance": [], "ova": []}
    assert "vcenter" in deployment_progress.completed_steps(walk.deployment)
    assert attempts(walk) == {"asr-operator@vsphere.local": 1}
    assert walk.standing == "accepted"


# --- certificate ------------------------------------------------------------------------------------------------------


def test_a_certificate_that_changed_stops_the_sign_in_before_the_password_is_sent(walk: Walk) -> None:
    walk.to("capacity").trust()
    other = walk.vcenter.other_certificate()
    walk.control.present_certificate(other.certificate, other.key)
    failure = walk.failed("sign_in_vcenter")
    assert failure.code == "certificate_changed"
    assert failure.message == (
        f"vcenter.lab.test:443 presented a certificate with fingerprint {other.sha256}; "
        f"{walk.vcenter.thumbprint_sha256} was confirmed. The password was not sent."
    )
    assert "probe this vCenter again, compare the fingerprint and confirm it" in failure.remedy
    assert "stop: somebody may be listening in" in failure.remedy
    assert attempts(walk) == {}
    assert walk.standing == "untried", "a password that was not sent may still be tried"

    seen = walk.done("probe_vcenter").result
    assert seen is not None
    assert seen["certificate"]["sha256"] == other.sha256
    walk.answer("vcenter", **{**walk.address, "thumbprint_sha256": other.sha256}, credential=walk.credential)
    walk.done("sign_in_vcenter")
    assert attempts(walk) == {"asr-operator@vsphere.local": 1}


def test_nobody_signs_in_before_a_certificate_is_confirmed_and_an_account_entered(walk: Walk) -> None:
    deployments.keep_draft(walk.deployment, "vcenter", {"host": walk.vcenter.name}, actor=walk.operator)
    with pytest.raises(NotReady) as refused:
        walk.launch("sign_in_vcenter")
    assert str(refused.value.remedy) == (
        "Still missing: the confirmation of vCenter's certificate, the account for vCenter"
    )


# --- password ---------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_sent_once_and_never_again_until_another_is_entered(walk: Walk) -> None:
    walk.to("capacity").trust(password="not the password")
    failure = walk.failed("sign_in_vcenter")
    assert failure.code == "invalid_login"
    assert failure.message == "vcenter.lab.test:443 refused the user name or the password."
    assert "was tried once and is not tried again by itself, as vCenter locks accounts" in failure.remedy
    assert walk.standing == "rejected"
    assert attempts(walk) == {"asr-operator@vsphere.local": 1}

    with pytest.raises(
        Conflict, match=r"asr-operator@vsphere\.local was refused before; it is not sent again"
    ) as no:
        walk.launch("sign_in_vcenter")
    assert no.value.code == "credential_rejected"
    assert "Enter the password anew" in str(no.value.remedy)
    assert attempts(walk) == {"asr-operator@vsphere.local": 1}

    walk.enter_password()
    walk.done("sign_in_vcenter")
    assert attempts(walk) == {"asr-operator@vsphere.local": 2}
    assert walk.standing == "accepted"


def test_a_task_that_waited_while_its_password_was_refused_does_not_send_it_again(begin: Begin) -> None:
    """Two deployments with the same account, both told to sign in before any of them did."""
    first, second = begin("first"), begin("second")
    first.to("capacity").trust(password="not the password")
    second.to("capacity").answer("vcenter", **second.address, credential=first.credential)
    waiting = second.launch("sign_in_vcenter")
    first.failed("sign_in_vcenter")
    assert second.execute(waiting).error is not None
    assert waiting.error is not None
    assert waiting.error["code"] == "credential_rejected"
    assert attempts(first) == {"asr-operator@vsphere.local": 1}


def test_after_three_refused_passwords_in_a_row_the_account_is_left_alone_for_half_an_hour(
    walk: Walk,
) -> None:
    user = walk.vcenter.account("asr-fragile").username
    walk.to("capacity")
    for attempt in range(1, 4):
        walk.trust("asr-fragile", f"wrong for the {attempt}. time")
        walk.failed("sign_in_vcenter")
        assert attempts(walk) == {user: attempt}
    assert walk.control.logins()[user]["locked"]

    walk.trust("asr-fragile")
    failure = walk.failed("sign_in_vcenter")
    assert failure.code == "account_at_risk"
    last = SignInAccount.objects.get().last_failed_at
    assert last is not None
    assert f"no more are sent until {last + timedelta(minutes=30):%Y-%m-%d %H:%M} UTC" in failure.message
    assert f"3 passwords in a row were refused for {user} at vcenter.lab.test:443" in failure.message
    assert "signing in to vCenter yourself" in failure.remedy
    assert attempts(walk) == {user: 3}
    assert walk.standing == "untried", "a password that was not sent may still be tried"

    SignInAccount.objects.update(last_failed_at=timezone.now() - timedelta(minutes=31))
    failure = walk.failed("sign_in_vcenter")
    assert failure.code == "invalid_login"
    assert "the account may be locked already: ask a vSphere administrator to unlock it" in failure.remedy
    with pytest.raises(Conflict, match="it is not sent again"):
        walk.launch("sign_in_vcenter")
    assert attempts(walk) == {user: 4}

    walk.control.reset_logins()
    walk.trust("asr-fragile")
    walk.done("sign_in_vcenter")
    assert attempts(walk) == {user: 1}
    assert SignInAccount.objects.get().failed_in_a_row == 0


def test_a_vcenter_that_says_that_the_account_is_locked_is_believed(walk: Walk) -> None:
    walk.to("capacity").trust()
    walk.control.add_fault("Login", "InvalidLogin", message="The account is locked.", count=1)
    failure = walk.failed("sign_in_vcenter")
    assert failure.code == "account_locked"
    assert failure.message == "vcenter.lab.test:443 says that the account is locked."
    assert "unlock the account, or wait until the lockout time is over" in failure.remedy
    assert walk.standing == "rejected"


def test_one_untried_password_is_tried_by_one_task_at_a_time(walk: Walk) -> None:
    walk.to("capacity").trust()
    with credentials.one_attempt(Credential.objects.get(name=walk.credential)):
        failure = walk.failed("sign_in_vcenter")
    assert failure.code == "credential_busy"
    assert "is being tried by another task" in failure.message
    assert attempts(walk) == {}
    walk.done("sign_in_vcenter")


def test_a_password_that_is_entered_while_the_old_one_is_refused_counts_as_not_tried(walk: Walk) -> None:
    walk.to("capacity").trust(password="not the password")

    def is_refused() -> None:
        with credentials.one_attempt(Credential.objects.get(name=walk.credential)):
            walk.enter_password()
            raise InvalidLogin(Text("The old password was refused."))

    with pytest.raises(InvalidLogin):
        is_refused()
    assert walk.standing == "untried"
    walk.done("sign_in_vcenter")


def test_a_password_that_is_entered_before_the_old_one_was_sent_is_not_taken_for_it(walk: Walk) -> None:
    walk.to("capacity").trust()
    read_before = Credential.objects.get(name=walk.credential)
    walk.enter_password()
    with pytest.raises(Conflict) as refused, credentials.one_attempt(read_before):
        pytest.fail("the old password was lent")
    assert refused.value.code == "credential_busy"
    assert walk.standing == "untried"
    walk.done("sign_in_vcenter")


def test_a_worker_that_died_while_it_signed_in_leaves_the_decision_to_a_person(walk: Walk) -> None:
    walk.to("capacity").trust()
    task = walk.launch("sign_in_vcenter")
    claim(task.pk, "a worker that dies")
    Credential.objects.filter(name=walk.credential).update(standing="trying")
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    walk.execute(task)
    assert (task.state, (task.error or {})["code"]) == ("failed", "worker_lost")
    assert attempts(walk) == {}
    assert walk.standing == "untried"
    walk.done("sign_in_vcenter")


# --- rights -----------------------------------------------------------------------------------------------------------


def test_missing_privileges_are_named_by_object_on_both_levels(walk: Walk) -> None:
    walk.to("capacity").trust("asr-readonly")
    found = privileges(walk.done("sign_in_vcenter"))
    assert found["discovery"] == []
    assert Counter(row["object"] for row in found["full"]) == {"DC0": 50, "DC1": 50}
    assert {"object": "DC0", "privilege_id": "VApp.Import", "name": "vApp > Import"} in found["ova"]

    walk.trust("asr-partial")
    found = privileges(walk.done("sign_in_vcenter"))
    assert found["full"] == []
    assert {row["object"] for row in found["ova"]} == {"DC0", "DC1"}
    assert {row["name"] for row in found["ova"]} >= {"vApp > Import"}
    assert walk.standing == "accepted", "an account that may little is still the right one"


def test_an_account_without_any_permission_is_told_that_its_password_is_right(walk: Walk) -> None:
    walk.to("capacity").trust()
    walk.control.add_fault("Login", "NoPermission", count=1)
    failure = walk.failed("sign_in_vcenter")
    assert failure.code == "no_permission"
    assert failure.message == (
        "The password is right, but the account has no permission at vcenter.lab.test:443 at all."
    )
    assert "give the account a role on the datacenter, propagated" in failure.remedy
    assert walk.standing == "untried"


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_a_sign_in_with_an_address_as_it_was_typed_completes_the_step(walk: Walk) -> None:
    walk.to("capacity").enter_password()
    typed = {"host": "https://VCENTER.lab.test/sdk", "port": "443"}
    deployments.keep_draft(walk.deployment, "vcenter", typed, actor=walk.operator)
    confirmed = {"thumbprint_sha256": walk.vcenter.thumbprint_sha256, "credential": walk.credential}
    walk.done("sign_in_vcenter", **confirmed)
    assert "vcenter" in deployment_progress.completed_steps(walk.deployment)


def test_a_sign_in_does_not_overwrite_another_address_that_was_typed_meanwhile(walk: Walk) -> None:
    walk.to("capacity").trust()
    task = walk.launch("sign_in_vcenter")
    deployments.keep_draft(
        walk.deployment, "vcenter", {"host": "other.lab.test", "port": 443}, actor=walk.operator
    )
    assert walk.execute(task).state == "succeeded"
    assert deployments.form_of(walk.deployment, "vcenter")[0] == {"host": "other.lab.test", "port": 443}


def test_signing_in_again_with_the_same_answers_changes_nothing(walk: Walk) -> None:
    walk.to("vcenter")
    before = walk.deployment.revision, walk.deployment.steps.get(step="vcenter").changed_at
    walk.done("sign_in_vcenter")
    assert (walk.deployment.revision, walk.deployment.steps.get(step="vcenter").changed_at) == before


def test_a_sign_in_counts_as_long_as_its_account_is_accepted(walk: Walk) -> None:
    walk.to("vcenter")
    answers = deployments.answers_of(walk.deployment)["vcenter"]
    assert evidence.signed_in(walk.deployment, answers) is not None
    walk.enter_password()
    assert evidence.signed_in(walk.deployment, answers) is None
    assert "vcenter" not in deployment_progress.completed_steps(walk.deployment)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": " "}, "username"),
        ({"secret": ""}, "password"),
        ({"username": "u" * 256}, "username"),
        ({"name": "n" * 101}, "name"),
        ({"kind": "telepathy"}, "kind"),
    ],
)
def test_an_account_that_cannot_be_kept_is_refused_at_its_field(
    walk: Walk, changes: dict[str, Any], field: str
) -> None:
    account = {"name": "lyon", "kind": "vcenter", "username": "asr@vsphere.local", "secret": "a password"}
    with pytest.raises(Invalid) as refused:
        credentials.keep(**{**account, **changes}, actor=walk.operator)
    assert [error.path for error in refused.value.errors] == [field]
    assert not Credential.objects.exists()


def test_an_account_of_another_kind_is_not_overwritten(walk: Walk) -> None:
    kept = {"name": "lyon", "username": "root", "secret": "a password"}
    credentials.keep(**kept, kind="linux", actor=walk.operator)
    with pytest.raises(
        Conflict, match="“lyon” is the name of a credential of another kind: Linux"
    ) as refused:
        credentials.keep(**kept, kind="vcenter", actor=walk.operator)
    assert refused.value.code == "name_taken"
